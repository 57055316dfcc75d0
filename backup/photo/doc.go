// Package photo answers what a file is, when, where and with what it was taken, which embedded pictures may be drawn, and what
// belongs together. It reads through an io.ReaderAt, never writes, has no clock and no network, and uses names only for groups and
// for saying that a name does not fit the content.
//
// Nothing here decides whether a file is protected: a file that cannot be parsed is stored like any other. So no function
// fails; what could not be read is absent, what cannot be believed is doubtful with its reason, and damage is a Hint.
//
// Foreign bytes are never handed to a foreign parser. The package walks each container itself inside the limits of limits.go and keeps the
// few plausible EXIF entries that are asked for (see entries.go); only the numbers among them go to github.com/rwcarlsen/goexif, each as a
// directory entry of our own making. Decoding of pixels lives in the package tile, so that a process that reads only metadata links no picture decoder.
package photo
