// Package keeper is the desktop side of the background part: the tray with its menu, notifications, start at login, and notice of
// sleep. It shows what the engine says and hands on what the person wants; it decides nothing about copies.
//
// On screen the background part has no other name than that. The package draws nothing and imports no window toolkit: with the tray
// alone it stays within a few megabytes.
package keeper
