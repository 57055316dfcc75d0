// Package backup is the engine's face: [Service], its commands, its typed events and its immutable [State].
//
// The engine behind it holds the writer keyset only: it backs up, reads back and repairs, and cannot read a stored photo. The
// unlocked side (timeline, restore, opened proofs) is backup/library, which reaches stored bytes through a Service.
package backup

import (
	"context"
	"errors"
	"time"
)

// Errors that callers decide on.
var (
	ErrNotSetUp     = errors.New("no vault has been set up here")
	ErrAlreadySetUp = errors.New("a vault has been set up here already")
	ErrLocked       = errors.New("this needs the passphrase first")
	ErrBusy         = errors.New("another Lightproof holds the engine")
	ErrGone         = errors.New("the background part is not running")
	ErrHeadMoved    = errors.New("newer records were written meanwhile")
)

// Hello identifies a running engine.
type Hello struct {
	Protocol int       `json:"protocol"`
	Build    string    `json:"build"`
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
	Home     string    `json:"home"`
}

// Protocol is the number of the local channel's protocol. Fields are added to it, never re-used.
const Protocol = 1

// Event is one change. The first event of a stream and every "resync" carry a whole State.
type Event struct {
	Seq   uint64    `json:"seq"`
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"` // "state", "beat", "resync", "activity"
	State *State    `json:"state,omitempty"`
	Code  string    `json:"code,omitempty"` // activity: message code
	Count int64     `json:"count,omitempty"`
}

// Command is one intent. Each is a plain struct that travels as JSON under its name.
type Command interface{ CommandName() string }

// Reply is the answer to a command; the fields used depend on it.
type Reply struct {
	ID    string  `json:"id,omitempty"`    // of what was added
	Run   *Run    `json:"run,omitempty"`   // of BackUp and Check
	Probe *Probe  `json:"probe,omitempty"` // of TestDestination
	Lines []Issue `json:"lines,omitempty"`
}

// Issue is one user-facing message about one thing; Path stands only in answers to an unlocked or local caller.
type Issue struct {
	Code  string            `json:"code"`
	Path  string            `json:"path,omitempty"`
	Count int64             `json:"count,omitempty"`
	Args  map[string]string `json:"args,omitempty"`
}

// Run is the outcome of one backup or check.
type Run struct {
	Started    time.Time     `json:"started"`
	Took       time.Duration `json:"took"`
	Looked     int64         `json:"looked"`      // originals seen
	New        int64         `json:"new"`         // versions stored
	Removed    int64         `json:"removed"`     // deletions recorded
	Bytes      int64         `json:"bytes"`       // read from originals
	StoredByte int64         `json:"stored_byte"` // sent to destinations
	Objects    int64         `json:"objects"`     // objects checked or written
	Copied     int64         `json:"copied"`      // objects that a destination never had, copied to it
	Bad        int64         `json:"bad"`         // damaged or missing objects found
	Repaired   int64         `json:"repaired"`
	Issues     []Issue       `json:"issues"` // at most 1,000; all of them in List
	Stopped    bool          `json:"stopped"`
}

// Probe is the outcome of testing a destination: write, read back, delete, room.
type Probe struct {
	OK    bool   `json:"ok"`
	Code  string `json:"code,omitempty"`
	Total int64  `json:"total"`
	Free  int64  `json:"free"`
}

// Query asks for a page of rows. What is "problems", "folders", "files", "activity" or "versions".
type Query struct {
	What   string `json:"what"`
	After  string `json:"after,omitempty"`
	Limit  int    `json:"limit"` // at most 500
	Filter string `json:"filter,omitempty"`
}

// Row is one line of a list; Path is empty without the proof of unlock.
type Row struct {
	Key   string            `json:"key"`
	Path  string            `json:"path,omitempty"`
	State string            `json:"state,omitempty"`
	Code  string            `json:"code,omitempty"`
	Since time.Time         `json:"since"`
	Size  int64             `json:"size,omitempty"`
	Args  map[string]string `json:"args,omitempty"`
}

// Page is a page of rows; Next is empty at the end.
type Page struct {
	Rows []Row  `json:"rows"`
	Next string `json:"next,omitempty"`
}

// SealedObject is a finished object that the unlocked side built and the engine only stores.
type SealedObject struct {
	Name  string `json:"name"`
	Class uint8  `json:"class"` // object list class; 255 = envelope
	Data  []byte `json:"data"`
}

// SealedBatch is a fold or a trust change. A fold's commit fields are signed by the engine (the log key is writer level).
type SealedBatch struct {
	Objects    []SealedObject `json:"objects"`    // chunks and pages, made durable first
	Envelopes  []SealedObject `json:"envelopes"`  // control entries, epoch objects, signed by the unlocked side
	Payload    []byte         `json:"payload"`    // fold: sealed commit payload (HPKE), nil for a trust change
	Extends    [32]byte       `json:"extends"`    // hash of the log head the fold was built on
	FoldedTo   uint64         `json:"folded_to"`  // seq up to which deltas are contained
	ListedCIDs [][]byte       `json:"listed_cid"` // list records (cid32 || cth32 || u32 size || u8 class) of Objects
	Idle       bool           `json:"idle"`       // refused, not waited with, while a run goes on
}

// Service is what the window and the terminal see of the engine, whether it runs in this process or behind the local channel.
// Every method may be called concurrently.
type Service interface {
	Hello(ctx context.Context) (Hello, error)
	// State returns the newest snapshot at once.
	State(ctx context.Context) (*State, error)
	// Events streams until ctx ends or the engine is gone, then closes the channel. A slow reader loses events and gets a "resync".
	Events(ctx context.Context) (<-chan Event, error)
	// Do carries out one command and waits for its end; ctx stops it (what was stored stays).
	Do(ctx context.Context, c Command) (Reply, error)
	List(ctx context.Context, q Query) (Page, error)
	// Object reads stored ciphertext from the best destination, or from the one named (32 hex digits). fresh: not from a cache.
	Object(ctx context.Context, name, destination string, fresh bool) ([]byte, error)
	// Objects lists stored object names and sizes under a prefix at one destination.
	Objects(ctx context.Context, prefix, destination string, fn func(name string, size int64) error) error
	// Sealed stores what the unlocked side built.
	Sealed(ctx context.Context, b SealedBatch) error
	// Challenge returns 32 random bytes sealed to the reader keyset; Prove gives them back and opens the named lists to this caller.
	Challenge(ctx context.Context) ([]byte, error)
	Prove(ctx context.Context, answer []byte) error
}
