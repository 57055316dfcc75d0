// Package evil is a destination in the hands of an attacker: a decorator that alters what is stored and lies about it, for tests
// that must end in a named error or in success, never in wrong plaintext.
//
// There are two sorts of attack. Those at rest (rest.go) change the bytes of the wrapped Store once, when they are called; healing
// can undo them. Those on the wire (wire.go) stay and change what each call returns, until Lift. Attacks add up in the order they
// were made. Each counts how often it was met; MustHaveHit fails a test whose attack nobody ran into.
package evil

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lightproof/backup/store"
)

// Match chooses the names an attack concerns.
type Match func(name string) bool

// Name matches the given names.
func Name(names ...string) Match {
	return func(name string) bool {
		for _, n := range names {
			if n == name {
				return true
			}
		}
		return false
	}
}

// Prefix matches names that start with one of the prefixes.
func Prefix(prefixes ...string) Match {
	return func(name string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(name, p) {
				return true
			}
		}
		return false
	}
}

// All matches every name.
func All(string) bool { return true }

// Attack is one attack. Its zero value is not useful; the Store's methods make it.
type Attack struct {
	what   string
	hits   atomic.Int64
	lifted atomic.Bool

	// At rest: the names it changed. A call that asks for one of them, or lists it or its gap, has met the attack.
	touched map[string]bool

	// On the wire; nil where the attack leaves the call alone.
	before func(ctx context.Context, op op, name string) error
	put    func(name string) (swallow bool)
	read   func(name string, o store.GetOptions, data []byte, err error) ([]byte, error, bool)
	stat   func(info store.Info, err error) (store.Info, error, bool)
	list   func(prefix string, infos []store.Info) ([]store.Info, bool)
}

type op uint8

const (
	opPut op = iota
	opBarrier
	opRead
	opStat
	opList
)

// Hits returns how many calls met the attack.
func (a *Attack) Hits() int { return int(a.hits.Load()) }

// Lift ends an attack on the wire; one at rest stays until its objects are healed.
func (a *Attack) Lift() { a.lifted.Store(true) }

// MustHaveHit fails the test if nobody met the attack.
func (a *Attack) MustHaveHit(t testing.TB) {
	t.Helper()
	if a.Hits() == 0 {
		t.Errorf("the attack %q was never met", a.what)
	}
}

// Store is a Store under attack. Without attacks it passes the contract suite.
type Store struct {
	inner store.Store

	mu      sync.Mutex
	attacks []*Attack
}

var _ store.Store = (*Store)(nil)

// New wraps a Store.
func New(inner store.Store) *Store { return &Store{inner: inner} }

// Inner returns the Store below, where nothing lies.
func (s *Store) Inner() store.Store { return s.inner }

// MustHaveHit fails the test for every attack that nobody met.
func (s *Store) MustHaveHit(t testing.TB) {
	t.Helper()
	for _, a := range s.all() {
		a.MustHaveHit(t)
	}
}

func (s *Store) add(a *Attack) *Attack {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attacks = append(s.attacks, a)
	return a
}

func (s *Store) all() []*Attack {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Attack{}, s.attacks...)
}

// active gives the attacks that are not lifted, after their before hooks and their notice of a touched name.
func (s *Store) active(ctx context.Context, op op, name string) ([]*Attack, error) {
	var on []*Attack
	for _, a := range s.all() {
		if a.lifted.Load() {
			continue
		}
		on = append(on, a)
		switch {
		case op == opBarrier:
		case op == opList:
			for n := range a.touched {
				if strings.HasPrefix(n, name) {
					a.hits.Add(1)
					break
				}
			}
		case a.touched[name]:
			a.hits.Add(1)
		}
		if a.before != nil {
			if err := a.before(ctx, op, name); err != nil {
				return nil, err
			}
		}
	}
	return on, nil
}

// swallows reports that an attack takes a write for itself, which then seems to have succeeded.
func (s *Store) swallows(ctx context.Context, name string) (bool, error) {
	on, err := s.active(ctx, opPut, name)
	if err != nil {
		return false, err
	}
	for _, a := range on {
		if a.put != nil && a.put(name) {
			a.hits.Add(1)
			return true, store.CheckName(name)
		}
	}
	return false, nil
}

// PutNew passes the object on unless an attack swallows it.
func (s *Store) PutNew(ctx context.Context, name string, data []byte) error {
	if swallowed, err := s.swallows(ctx, name); swallowed || err != nil {
		return err
	}
	return s.inner.PutNew(ctx, name, data)
}

// Barrier passes on.
func (s *Store) Barrier(ctx context.Context) error {
	if _, err := s.active(ctx, opBarrier, ""); err != nil {
		return err
	}
	return s.inner.Barrier(ctx)
}

// Get reads the object, lets each attack change it whole, and cuts the range out afterwards.
func (s *Store) Get(ctx context.Context, name string, o store.GetOptions) ([]byte, error) {
	on, err := s.active(ctx, opRead, name)
	if err != nil {
		return nil, err
	}
	if err := store.CheckName(name); err != nil {
		return nil, err
	}
	if o.Offset < 0 || o.Length < 0 {
		return s.inner.Get(ctx, name, o)
	}
	data, err := s.inner.Get(ctx, name, store.GetOptions{Fresh: o.Fresh})
	if err != nil && !errors.Is(err, store.ErrNotExist) {
		return nil, err
	}
	for _, a := range on {
		if a.read == nil {
			continue
		}
		changed, e, hit := a.read(name, o, data, err)
		if hit {
			a.hits.Add(1)
			data, err = changed, e
		}
	}
	if err != nil {
		return nil, err
	}
	data = data[min(o.Offset, int64(len(data))):]
	if o.Length > 0 {
		data = data[:min(o.Length, int64(len(data)))]
	}
	return data, nil
}

// Stat passes on what the attacks leave of the truth.
func (s *Store) Stat(ctx context.Context, name string) (store.Info, error) {
	on, err := s.active(ctx, opStat, name)
	if err != nil {
		return store.Info{}, err
	}
	info, err := s.inner.Stat(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotExist) {
		return info, err
	}
	info.Name = name
	for _, a := range on {
		if a.stat == nil {
			continue
		}
		changed, e, hit := a.stat(info, err)
		if hit {
			a.hits.Add(1)
			info, err = changed, e
		}
	}
	if err != nil {
		return store.Info{}, err
	}
	return info, nil
}

// List collects the whole listing, since attacks reorder it.
func (s *Store) List(ctx context.Context, prefix string, fn func(store.Info) error) error {
	on, err := s.active(ctx, opList, prefix)
	if err != nil {
		return err
	}
	lying := false
	for _, a := range on {
		lying = lying || a.list != nil
	}
	if !lying {
		return s.inner.List(ctx, prefix, fn)
	}
	var infos []store.Info
	err = s.inner.List(ctx, prefix, func(i store.Info) error { infos = append(infos, i); return nil })
	if err != nil {
		return err
	}
	for _, a := range on {
		if a.list == nil {
			continue
		}
		changed, hit := a.list(prefix, infos)
		if hit {
			a.hits.Add(1)
			infos = changed
		}
	}
	for _, info := range infos {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := fn(info); err != nil {
			return err
		}
	}
	return nil
}

// Replace passes on: an attacker who wants a healing to fail uses Forget or ServeBytes.
func (s *Store) Replace(ctx context.Context, name string, data []byte) error {
	if swallowed, err := s.swallows(ctx, name); swallowed || err != nil {
		return err
	}
	return s.inner.Replace(ctx, name, data)
}

// Delete passes on.
func (s *Store) Delete(ctx context.Context, name string) error { return s.inner.Delete(ctx, name) }

// Check passes on.
func (s *Store) Check(ctx context.Context) error { return s.inner.Check(ctx) }

// Room passes on.
func (s *Store) Room(ctx context.Context) (store.Room, error) { return s.inner.Room(ctx) }

// Properties passes on.
func (s *Store) Properties() store.Properties { return s.inner.Properties() }

// Close passes on.
func (s *Store) Close() error { return s.inner.Close() }
