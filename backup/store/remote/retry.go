package remote

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"lightproof/backup/store"
)

// Clock is the time as this package sees it.
type Clock interface {
	Now() time.Time
	// After delivers once, when d has passed.
	After(d time.Duration) <-chan time.Time
}

// Patience is how a call that failed for a reason that may pass is tried again. Waits grow from First by doubling up to Most and are drawn evenly
// from the upper half of that ("equal jitter"), so that many who failed together do not come back together. A server that says how long to
// wait (Retry-After) is obeyed, up to Longest, by all callers.
type Patience struct {
	Tries   int           // in all, at least 1
	First   time.Duration // the longest first wait
	Most    time.Duration // the longest wait that is our own choice
	Longest time.Duration // the longest that a server may ask for
}

// Usual is the patience of the product: with it a call gives up after some two minutes, or when the server asks for more than five.
var Usual = Patience{Tries: 7, First: time.Second, Most: 32 * time.Second, Longest: 5 * time.Minute}

// Retry makes a Store try again what failed with a store.TemporaryError. Every method may be tried again: an object that was put although its
// answer was lost is recognised by its bytes. What still fails after the last try is returned as it is.
func Retry(inner store.Store, p Patience, clock Clock) store.Store {
	r := &retrying{Store: inner, p: p, clock: clock}
	if h, ok := inner.(store.Historian); ok {
		return struct {
			*retrying
			store.Historian
		}{r, h}
	}
	return r
}

type retrying struct {
	store.Store
	p     Patience
	clock Clock

	mu    sync.Mutex
	until time.Time // no call goes out before, because a server said so
}

// again calls fn until it succeeds, fails for good or has no try left. tried is how often it failed before in a way that may have worked
// all the same.
func (r *retrying) again(ctx context.Context, fn func(tried int) error) error {
	var err error
	wait := r.p.First
	for tried := range r.p.Tries {
		if err := r.hold(ctx); err != nil {
			return err
		}
		err = fn(tried)
		var passing *store.TemporaryError
		if err == nil || !errors.As(err, &passing) || ctx.Err() != nil || errors.Is(err, store.ErrUntrusted) || tried == r.p.Tries-1 {
			return err
		}
		pause := wait/2 + rand.N(wait/2+1)
		if passing.After > 0 {
			if passing.After > r.p.Longest {
				return err
			}
			pause = passing.After + rand.N(r.p.First+1)
			r.quiet(passing.After)
		}
		wait = min(2*wait, r.p.Most)
		select {
		case <-r.clock.After(pause):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
	return err
}

// quiet keeps all calls back for d.
func (r *retrying) quiet(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.clock.Now().Add(d); t.After(r.until) {
		r.until = t
	}
}

// hold waits until the server wants to hear from us again.
func (r *retrying) hold(ctx context.Context) error {
	for {
		r.mu.Lock()
		left := r.until.Sub(r.clock.Now())
		if left > r.p.Longest { // the clock was set back
			r.until, left = time.Time{}, 0
		}
		r.mu.Unlock()
		if left <= 0 {
			return ctx.Err()
		}
		select {
		case <-r.clock.After(left):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// PutNew tries again. An earlier try may have stored the object although no answer came: then its own bytes stand there.
func (r *retrying) PutNew(ctx context.Context, name string, data []byte) error {
	return r.again(ctx, func(tried int) error {
		err := r.Store.PutNew(ctx, name, data)
		if tried == 0 || !errors.Is(err, store.ErrExists) {
			return err
		}
		have, gerr := r.Store.Get(ctx, name, store.GetOptions{Fresh: true, Staged: true})
		switch {
		case gerr == nil && bytes.Equal(have, data), errors.Is(gerr, store.ErrNotExist): // the second: staged by the earlier try
			return nil
		case gerr != nil:
			return gerr
		}
		return err
	})
}

func (r *retrying) Barrier(ctx context.Context) error {
	return r.again(ctx, func(int) error { return r.Store.Barrier(ctx) })
}

func (r *retrying) Get(ctx context.Context, name string, o store.GetOptions) (b []byte, err error) {
	err = r.again(ctx, func(int) error { b, err = r.Store.Get(ctx, name, o); return err })
	return b, err
}

func (r *retrying) Stat(ctx context.Context, name string) (i store.Info, err error) {
	err = r.again(ctx, func(int) error { i, err = r.Store.Stat(ctx, name); return err })
	return i, err
}

// List tries again, and does not tell its caller twice of what it told before the failure.
func (r *retrying) List(ctx context.Context, prefix string, fn func(store.Info) error) error {
	told := map[string]bool{}
	var own error // the caller's, which ends it whatever its class
	err := r.again(ctx, func(int) error {
		err := r.Store.List(ctx, prefix, func(i store.Info) error {
			if told[i.Name] {
				return nil
			}
			told[i.Name] = true
			own = fn(i)
			return own
		})
		if own != nil {
			return nil
		}
		return err
	})
	if own != nil {
		return own
	}
	return err
}

func (r *retrying) Replace(ctx context.Context, name string, data []byte) error {
	return r.again(ctx, func(int) error { return r.Store.Replace(ctx, name, data) })
}

func (r *retrying) Delete(ctx context.Context, name string) error {
	return r.again(ctx, func(int) error { return r.Store.Delete(ctx, name) })
}

func (r *retrying) Check(ctx context.Context) error {
	return r.again(ctx, func(int) error { return r.Store.Check(ctx) })
}

func (r *retrying) Room(ctx context.Context) (room store.Room, err error) {
	err = r.again(ctx, func(int) error { room, err = r.Store.Room(ctx); return err })
	return room, err
}

func parseSeconds(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }
