// Package store is what Lightproof asks of a destination: a place that keeps named, immutable, already sealed objects.
//
// The package knows nothing of keys, photos or networks. Every kind of destination (a folder or drive; S3, SFTP, WebDAV, an rclone remote)
// implements [Store] and passes the contract suite in storetest.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// MaxObject is the size in bytes of the largest object a Store must accept (the largest sealed chunk, see FORMAT.md, "Chunk").
const MaxObject = 8_388_708

// Sentinel errors. Implementations wrap them with what was being done; callers decide with errors.Is.
var (
	ErrNotExist    = errors.New("object does not exist")
	ErrExists      = errors.New("object exists already")
	ErrFull        = errors.New("destination is full")
	ErrAway        = errors.New("destination is not connected")                  // drive unplugged, empty mount point, server gone
	ErrWrongPlace  = errors.New("another disk stands at the destination's path") // identity differs: nothing may be written
	ErrRefused     = errors.New("destination refused access")                    // permission, login
	ErrInvalidName = errors.New("invalid object name")
	ErrDamaged     = errors.New("object is damaged")                         // it cannot be what was stored, whatever its bytes are: larger than MaxObject
	ErrArchived    = errors.New("object is archived and cannot be read now") // it is listed, but must be brought back from a slow storage class first
	ErrUntrusted   = errors.New("who answers is not proven to be the destination")
	ErrClock       = errors.New("this computer's clock and the destination's differ too much") // it accepts no signed request
)

// Distrust says why who answers at a destination's address is not taken for the destination. It is the code of a message of its own.
type Distrust string

// The reasons of a TrustError.
const (
	OldTLS      Distrust = "tls-too-old"      // it offers no TLS 1.3
	NoTLS       Distrust = "tls-missing"      // it does not speak TLS at all
	WrongName   Distrust = "tls-wrong-name"   // its certificate is for another name
	Expired     Distrust = "tls-expired"      // its certificate has expired, or is not valid yet by this computer's clock
	UnknownCA   Distrust = "tls-unknown-ca"   // nobody that is trusted here vouches for its certificate
	HostKey     Distrust = "host-key-changed" // its SSH host key is not the one that was confirmed at set-up
	Certificate Distrust = "tls-certificate"  // its certificate is bad in another way
)

// TrustError means that a connection ended before anything of ours was sent, because the other end could not be trusted. It matches
// ErrUntrusted.
type TrustError struct {
	Reason Distrust
	Err    error
}

func (e *TrustError) Error() string { return fmt.Sprintf("%v (%s): %v", ErrUntrusted, e.Reason, e.Err) }

// Unwrap gives ErrUntrusted and the cause.
func (e *TrustError) Unwrap() []error { return []error{ErrUntrusted, e.Err} }

// TemporaryError is a failure that may pass by itself: a connection that broke, a server that is overloaded. It matches ErrAway: who does not
// try again treats the destination as not connected.
type TemporaryError struct {
	After time.Duration // what the server asked to wait (Retry-After); 0: it did not say
	Err   error
}

func (e *TemporaryError) Error() string { return e.Err.Error() }

// Unwrap gives ErrAway and the cause.
func (e *TemporaryError) Unwrap() []error { return []error{ErrAway, e.Err} }

// OfPlace tells whether an error of a Store's method concerns the destination as a whole, or the call itself (its ctx ended, it took too
// long). Every other error concerns the one object that was asked for: it says nothing about those beside it.
func OfPlace(err error) bool {
	for _, place := range []error{ErrAway, ErrWrongPlace, ErrRefused, ErrFull, ErrUntrusted, ErrClock, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, place) {
			return true
		}
	}
	var late interface{ Timeout() bool }
	return errors.As(err, &late) && late.Timeout()
}

// BarrierError is returned by Barrier when some staged objects could not take their name because the name was taken meanwhile.
// All other objects of the batch are durable under their names. It matches ErrExists.
type BarrierError struct{ Taken []string }

func (e *BarrierError) Error() string {
	return fmt.Sprintf("%d staged objects met a name that is taken", len(e.Taken))
}

// Is makes errors.Is(err, ErrExists) true.
func (e *BarrierError) Is(target error) bool { return target == ErrExists }

// Info describes one listed object. Size is in bytes.
type Info struct {
	Name string
	Size int64
}

// Properties are what a caller must know of a kind of destination to treat it well.
type Properties struct {
	Kind            string // "folder", "s3", "sftp", "webdav", "rclone"
	Remote          bool   // bytes leave this computer: the network gate applies
	CreateExclusive bool   // PutNew is atomic against other writers
	Immediate       bool   // PutNew makes an object visible and durable at once; a Barrier finds nothing left to do
	Parallel        int    // useful number of concurrent requests, at least 1
	CacheBypass     bool   // Get with Fresh really reads the medium, not this computer's cache
}

// Room is what is left at a destination, in bytes; Total and Free are -1 where it cannot be told.
type Room struct{ Total, Free int64 }

// GetOptions steers one read.
type GetOptions struct {
	Offset int64  // first byte
	Length int64  // bytes wanted; 0 = to the end
	Fresh  bool   // must come from the medium, not from this computer's cache (a read-back that proves something)
	Staged bool   // may also be what this Store has staged under the name and no Barrier has made durable yet
	Buffer []byte // may be used for the result where its capacity suffices; direct.Buffer makes the best ones
}

// Historian is what a Store can do beside, where the destination keeps what was overwritten or deleted.
type Historian interface {
	// Earlier calls fn with the bytes of each earlier version of an object, newest first, until fn answers true. A version that cannot be read
	// is passed over. It is no error if there is none.
	Earlier(ctx context.Context, name string, fn func(data []byte) (enough bool)) error
}

// Store keeps objects. All methods may be called concurrently and return promptly once ctx is done.
//
// Names are relative, "/"-separated, of [a-z0-9._-] segments, never starting with "tmp/" (the store's own).
type Store interface {
	// PutNew stages a new object. It fails with ErrExists if the name is known to be taken. The object is guaranteed visible and
	// durable only once a later Barrier has returned nil; until then a crash may lose it, and Get or List may or may not show it.
	// data must not be changed until PutNew returns and is not kept afterwards.
	PutNew(ctx context.Context, name string, data []byte) error
	// Barrier makes every object staged before the call durable under its name. A name taken meanwhile is reported by *BarrierError.
	Barrier(ctx context.Context) error
	// Get reads an object or a range of it. ErrNotExist if it is not there; a range beyond the end gives what exists.
	Get(ctx context.Context, name string, o GetOptions) ([]byte, error)
	// Stat returns size, or ErrNotExist.
	Stat(ctx context.Context, name string) (Info, error)
	// List calls fn for every object whose name starts with prefix, in no promised order; an error of fn ends it and is returned.
	// Staged and temporary objects are not listed.
	List(ctx context.Context, prefix string, fn func(Info) error) error
	// Replace overwrites an existing object durably and atomically with bytes known to be right; only healing may call it.
	Replace(ctx context.Context, name string, data []byte) error
	// Delete removes an object; in this version only expired mailboxes and set-up probes may be deleted. Missing is no error.
	Delete(ctx context.Context, name string) error
	// Check proves that this is the destination that was set up (ErrAway, ErrWrongPlace, ErrRefused otherwise). It never writes.
	Check(ctx context.Context) error
	// Room reports free space.
	Room(ctx context.Context) (Room, error)
	Properties() Properties
	Close() error
}
