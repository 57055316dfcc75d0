// Package vault is the encrypted format: identifiers, key derivations, chunks, bundles, envelopes, object lists, commits, pages and
// the control chain, as FORMAT.md beside this file defines them. It is pure: no network, no clock, no database, no files.
//
// The package and its sub-package writer work at writer level: they can store, deduplicate, sign and check, and cannot read what is
// stored. Everything that decrypts stored content lives in the sub-package reader, which neither imports.
package vault

import "errors"

// The ways in which stored bytes can fail. Callers decide with errors.Is; texts name the part that failed and nothing secret.
var (
	ErrTampered  = errors.New("stored bytes were altered")                   // wrong bytes under a name, a failed seal or signature
	ErrRollback  = errors.New("older state than already seen")               // heads behind what a pin, cache or kit vouches for
	ErrFork      = errors.New("two histories that do not join")              // differing entries at one place of a chain
	ErrVanished  = errors.New("an entry that was accepted is gone")          // stored once, missing now
	ErrMissing   = errors.New("a stored object is missing")                  // referenced, not there
	ErrNewer     = errors.New("written by a newer version of Lightproof")    // unknown version, suite or control type
	ErrMalformed = errors.New("malformed record")                            // violates the encoding rules of FORMAT.md
	ErrCondemned = errors.New("the name is given up to a collection")        // must be neither written nor referred to any more
	ErrWrongKey  = errors.New("the key does not open this")                  // an unlock secret does not fit
	ErrKDFBounds = errors.New("key derivation parameters are out of bounds") // refused before allocation
)

// Sizes in bytes, fixed by the format.
const (
	MaxChunk        = 8 << 20          // longest chunk plaintext
	MinChunkPad     = 16 << 10         // shortest padded chunk plaintext
	ChunkOverhead   = 44 + 32 + 8 + 16 // header, commitment, length, tag
	MaxChunkObject  = MaxChunk + ChunkOverhead
	MaxSmall        = 64 << 10 // longest content that goes into a bundle
	MaxBundleRecord = 4096     // records in a bundle
	RecordOverhead  = 16       // tag of a record
	MaxEnvelope     = 5 << 20
	MaxPayload      = 1 << 20 // commit payload
	MaxListPart     = 4 << 20 // object list in an envelope of its own
	MaxInlineList   = 64 << 10
	MaxPageBytes    = 4 << 20
	MaxPageEntries  = 500
	MaxEntryBytes   = 1 << 20
	MaxParts        = 64 // parts that stand in a file entry itself
)
