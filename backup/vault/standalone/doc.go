// Package standalone restores every file of a Space from a folder, the kit's words and the passphrase. It is a second reading of
// FORMAT.md, written from that text alone: it shares no code with the packages vault, vault/writer and vault/reader, and a test over
// its imports holds it to that. Where the two readings differ, one of them or the document is wrong.
//
// It is small rather than fast, and more careful than clever: files are held in memory whole, and of the control chain it judges what
// a plain history needs. A chain in which branches fight or entries were voided is refused with ErrBeyond; the program itself can
// judge those. Nothing is ever written.
package standalone

import "errors"

// The ways in which a restore can fail. The texts name the part that failed and nothing secret.
var (
	ErrMissing   = errors.New("a stored object is missing")
	ErrAltered   = errors.New("stored bytes do not match what vouches for them")
	ErrMalformed = errors.New("a record breaks the rules of the format")
	ErrNewer     = errors.New("written by a newer version")
	ErrKey       = errors.New("the key does not open this")
	ErrBeyond    = errors.New("this chain needs a judgement that the stand-alone reader does not make")
)
