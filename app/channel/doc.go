// Package channel is the local line between the processes of one user: the engine's owner serves a [backup.Service] on it, the
// window and the terminal dial it and get the same interface back.
//
// It speaks HTTP/1.1 with JSON over a Unix socket or a Windows pipe, never over TCP, and both ends check that the other belongs to
// the same user. Any program of that user can reach it: the line keeps other users and web pages out and a locked screen honest, it
// is no wall against malware that runs as the user.
//
//	GET  /v1/hello                  who serves: protocol number, build, pid, start time, home
//	GET  /v1/state                  the newest State
//	GET  /v1/events                 one JSON object a line; "?only=beat" leaves all but the beats out
//	POST /v1/do/{command}           one command, decoded strictly
//	GET  /v1/list/{what}            a page of rows
//	GET  /v1/object/{name}          stored ciphertext, with Range
//	GET  /v1/objects                names and sizes, one JSON object a line
//	POST /v1/sealed                 finished objects: a JSON line, then their bytes
//	POST /v1/unlock/challenge       32 random bytes sealed to the reader keyset
//	POST /v1/unlock/prove           gives them back, opens named lists to this caller
//
// The package also holds the locks that decide which process owns what, and the small line by which a second start of the window
// raises the first.
package channel

import (
	"errors"
	"time"

	"lightproof/backup/store"
)

// Bounds of what travels, in bytes where not said otherwise.
const (
	MaxCommand      = 1 << 20         // body of a command
	MaxObject       = store.MaxObject // one sealed object
	MaxSealed       = 64 << 20        // all objects of one Sealed call together
	MaxSealedCount  = 4096            // objects of one Sealed call
	maxAnswer       = 16 << 20        // JSON that the client reads at once: 500 rows with long paths
	maxLine         = 1 << 20         // one event
	queuedEvents    = 256             // events that wait for one slow reader before it gets a resync
	maxHeader       = 16 << 10        // request headers
	rememberedLimit = 128             // finished commands whose answers are kept for a repeat
	rememberedFor   = 10 * time.Minute
)

// Silence is how long the engine may say nothing before it counts as hung. It beats every 20 s.
const Silence = 60 * time.Second

// host is the only Host that a request may name. No browser sends it: a page would have to reach a Unix socket first.
const host = "lightproof"

// Headers of the protocol.
const (
	headerProtocol = "Lightproof-Protocol" // the caller's protocol number
	headerInstance = "Lightproof-Instance" // one run of the server; in a request: "only if it is still this one"
	headerCommand  = "Lightproof-Command"  // id of a command: 32 hex digits, repeated in a retry
	headerSession  = "Lightproof-Session"  // names an event stream
	headerProof    = "Lightproof-Proof"    // token of a caller that proved the unlock
)

// Errors of the line itself; those of the engine are of package backup.
var (
	// ErrHung means that the engine's process lives but has not answered or beaten for Silence.
	ErrHung = errors.New("the background part does not answer")
	// ErrOtherProtocol means that the two ends are of different versions; only Hello and Retire are understood.
	ErrOtherProtocol = errors.New("the background part is of another version")
	// ErrStranger means that the other end or the socket's folder belongs to somebody else.
	ErrStranger = errors.New("the socket belongs to another user")
	// ErrTooLarge means that a message is over its bound.
	ErrTooLarge = errors.New("message is too large")
	// ErrBadRequest means that the server could not make sense of a request.
	ErrBadRequest = errors.New("request not understood")
)
