// Package limit holds the traffic with a destination to so many bytes a second, up and down, whatever kind of Store it is.
//
// The bytes of PutNew, Replace and Get are counted; names, listings and flushes are not. A Store takes and gives whole objects, so an
// object is never slowed down while it moves: uploads wait before, until there was time for all their bytes, and downloads wait after, for
// the size of an object may be known only then. Calls take their turns in the order in which they came, one object each; nobody starves and
// nobody overtakes.
//
// What holds, for a line of r bytes a second: in any stretch of t seconds no more than r·t bytes move, plus once, of uploads, the larger of one
// second's worth and one object, and of downloads, which move before their time has passed, one second's worth and one object. Downloads that do
// not say how much they want are taken for as large as the ones before; those that run side by side may once exceed the above by as much as they
// were misjudged. A caller that always has work gets r, as long as the destination is faster than that.
package limit

import (
	"context"
	"errors"
	"fmt"

	"lightproof/backup/store"
)

// Bounds of a limit in bytes a second. Below Least one object of the largest size would take more than a quarter of an hour, and it would
// look as if nothing happened; above Most there is nothing to limit.
const (
	Least = 8_000
	Most  = 1_000_000_000_000
)

// ErrBounds means a limit that is neither 0 nor between Least and Most.
var ErrBounds = errors.New("a limit is 0 for none, or 8 kB to 1 TB a second")

// Limits are bytes a second in each direction; 0 is no limit.
type Limits struct {
	Up   int64 `json:"up,omitempty"`
	Down int64 `json:"down,omitempty"`
}

// Check reports ErrBounds for a limit that cannot be kept to.
func (l Limits) Check() error {
	for _, n := range []int64{l.Up, l.Down} {
		if n != 0 && (n < Least || n > Most) {
			return fmt.Errorf("%d bytes a second: %w", n, ErrBounds)
		}
	}
	return nil
}

// Rates are the two lines to one destination. They outlive a Store that is opened anew, and may be changed at any moment.
type Rates struct{ up, down line }

// New makes Rates. All Stores wrapped by them share the limits.
func New(clock Clock, l Limits) *Rates {
	r := &Rates{up: newLine(clock), down: newLine(clock)}
	r.Set(l)
	return r
}

// Set changes the limits at once, also for calls that wait at present. A limit below 0 counts as none.
func (r *Rates) Set(l Limits) {
	r.up.set(l.Up)
	r.down.set(l.Down)
}

// Limits are those in force.
func (r *Rates) Limits() Limits { return Limits{Up: r.up.limit(), Down: r.down.limit()} }

// Wrap puts the limits before a Store. Without a limit every call goes straight through.
func (r *Rates) Wrap(inner store.Store) store.Store { return &limited{Store: inner, rates: r} }

type limited struct {
	store.Store
	rates *Rates
}

// PutNew waits until there was time for the object, then passes it on. Bytes of an object that is refused count too: they may have moved.
func (s *limited) PutNew(ctx context.Context, name string, data []byte) error {
	if err := s.rates.up.before(ctx, int64(len(data))); err != nil {
		return fmt.Errorf("put %s: %w", name, err)
	}
	return s.Store.PutNew(ctx, name, data)
}

// Replace waits like PutNew.
func (s *limited) Replace(ctx context.Context, name string, data []byte) error {
	if err := s.rates.up.before(ctx, int64(len(data))); err != nil {
		return fmt.Errorf("replace %s: %w", name, err)
	}
	return s.Store.Replace(ctx, name, data)
}

// Get begins once all earlier bytes had their time, and returns once its own had.
func (s *limited) Get(ctx context.Context, name string, o store.GetOptions) ([]byte, error) {
	t, err := s.rates.down.begin(ctx, o.Length)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", name, err)
	}
	data, err := s.Store.Get(ctx, name, o)
	if werr := s.rates.down.end(ctx, t, int64(len(data))); err == nil && werr != nil {
		return nil, fmt.Errorf("get %s: %w", name, werr)
	}
	return data, err
}
