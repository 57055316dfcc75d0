package fault

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"lightproof/backup/store"
)

// Store is a Store with a Plan.
type Store struct {
	inner store.Store
	plan  *Plan

	mu     sync.Mutex // held while staged objects are put, moved or lost
	staged []object   // only where a crash is planned; in the order they were put
}

type object struct {
	name string
	data []byte
}

var _ store.Store = (*Store)(nil)

// Wrap puts the plan before a Store. A plan serves one Store.
//
// Where a crash is planned, objects that were put wait in this decorator until their Barrier, so that a crash can lose them all;
// a crash that keeps them makes them durable below. Otherwise every call goes straight through.
func (p *Plan) Wrap(inner store.Store) *Store { return &Store{inner: inner, plan: p} }

// call runs one counted call.
func (s *Store) call(ctx context.Context, op Op, size int, fn func(crash *planned) error) error {
	crash, err := s.plan.enter(ctx, op, int64(size))
	if err == nil {
		err = fn(crash)
	}
	if crash != nil && crash.crash {
		return s.crash(crash)
	}
	if s.plan.Crashed() { // another call crashed while this one ran
		return ErrCrashed
	}
	return err
}

// crash ends the process that the tests imagine.
func (s *Store) crash(f *planned) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan.mu.Lock()
	already := s.plan.crashed
	s.plan.crashed = true
	s.plan.mu.Unlock()
	if already {
		return ErrCrashed
	}
	kept := s.staged
	switch f.mode {
	case Lose:
		kept = nil
	case KeepOther:
		kept = nil
		for i := 0; i < len(s.staged); i += 2 {
			kept = append(kept, s.staged[i])
		}
	}
	s.staged = nil
	// The imagined process is dead, so nobody's context ends this.
	if _, err := s.move(context.Background(), kept); err != nil {
		return fmt.Errorf("%w, and what it was to keep could not be kept: %w", ErrCrashed, err)
	}
	return ErrCrashed
}

// move puts objects into the Store below and makes them durable; taken are those whose names were not free.
func (s *Store) move(ctx context.Context, objects []object) (taken []string, err error) {
	for _, o := range objects {
		switch err := s.inner.PutNew(ctx, o.name, o.data); {
		case errors.Is(err, store.ErrExists):
			taken = append(taken, o.name)
		case err != nil:
			return taken, err
		}
	}
	err = s.inner.Barrier(ctx)
	if be, ok := errors.AsType[*store.BarrierError](err); ok {
		return append(taken, be.Taken...), nil
	}
	return taken, err
}

// PutNew passes the object on, or keeps it where a crash is planned.
func (s *Store) PutNew(ctx context.Context, name string, data []byte) error {
	return s.call(ctx, PutNew, len(data), func(*planned) error {
		if !s.plan.buffered {
			return s.inner.PutNew(ctx, name, data)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.plan.Crashed() {
			return ErrCrashed
		}
		for _, o := range s.staged {
			if o.name == name {
				return fmt.Errorf("put %s: %w", name, store.ErrExists)
			}
		}
		switch _, err := s.inner.Stat(ctx, name); {
		case err == nil:
			return fmt.Errorf("put %s: %w", name, store.ErrExists)
		case !errors.Is(err, store.ErrNotExist):
			return err
		}
		s.staged = append(s.staged, object{name, append([]byte{}, data...)})
		return nil
	})
}

// Barrier passes on what was kept.
func (s *Store) Barrier(ctx context.Context) error {
	return s.call(ctx, Barrier, 0, func(crash *planned) error {
		if !s.plan.buffered {
			return s.inner.Barrier(ctx)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.plan.Crashed() {
			return ErrCrashed
		}
		if crash != nil && crash.lose {
			s.staged = nil
			return ErrLost
		}
		batch := s.staged
		if crash != nil && !crash.after {
			batch = batch[:min(crash.part, len(batch))]
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		// Once begun it is not cut short: what a cancelled move had put below would meet itself as taken the next time.
		taken, err := s.move(context.WithoutCancel(ctx), batch)
		if err != nil {
			return err // what was put below meanwhile counts as taken the next time; the caller compares
		}
		s.staged = nil
		if taken != nil {
			return &store.BarrierError{Taken: taken}
		}
		return nil
	})
}

// Get passes through.
func (s *Store) Get(ctx context.Context, name string, o store.GetOptions) (data []byte, err error) {
	err = s.call(ctx, Get, 0, func(*planned) (err error) { data, err = s.inner.Get(ctx, name, o); return err })
	if err != nil {
		data = nil
	}
	return data, err
}

// Stat passes through.
func (s *Store) Stat(ctx context.Context, name string) (info store.Info, err error) {
	err = s.call(ctx, Stat, 0, func(*planned) (err error) { info, err = s.inner.Stat(ctx, name); return err })
	return info, err
}

// List passes through.
func (s *Store) List(ctx context.Context, prefix string, fn func(store.Info) error) error {
	return s.call(ctx, List, 0, func(*planned) error { return s.inner.List(ctx, prefix, fn) })
}

// Replace passes through.
func (s *Store) Replace(ctx context.Context, name string, data []byte) error {
	return s.call(ctx, Replace, len(data), func(*planned) error { return s.inner.Replace(ctx, name, data) })
}

// Delete passes through, and takes back what is kept under the name.
func (s *Store) Delete(ctx context.Context, name string) error {
	return s.call(ctx, Delete, 0, func(*planned) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		for i, o := range s.staged {
			if o.name == name {
				s.staged = append(s.staged[:i:i], s.staged[i+1:]...)
				break
			}
		}
		return s.inner.Delete(ctx, name)
	})
}

// Check passes through.
func (s *Store) Check(ctx context.Context) error {
	return s.call(ctx, Check, 0, func(*planned) error { return s.inner.Check(ctx) })
}

// Room passes through.
func (s *Store) Room(ctx context.Context) (room store.Room, err error) {
	err = s.call(ctx, Room, 0, func(*planned) (err error) { room, err = s.inner.Room(ctx); return err })
	return room, err
}

// Properties are those of the Store below.
func (s *Store) Properties() store.Properties { return s.inner.Properties() }

// Close drops what waits for a Barrier and closes the Store below, after a crash too.
func (s *Store) Close() error {
	s.mu.Lock()
	s.staged = nil
	s.mu.Unlock()
	return s.inner.Close()
}
