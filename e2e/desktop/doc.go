// Package desktop drives the real program as a person does: its window on a display of its own, with a window manager, by keys and
// clicks; its tray and notifications over a session bus of its own; its keys in a real Secret Service. It reads the screen as a
// person does too: by looking for words in the picture (sight_test.go). Nothing in the product knows of these tests.
//
// The program comes from LIGHTPROOF_BIN, which make sets. With LIGHTPROOF_SHOTS, pictures of every step stay in that folder.
package desktop
