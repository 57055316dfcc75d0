// Package memory keeps objects in memory: a destination for tests that is fast and whose whole state can be copied and put back.
package memory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"lightproof/backup/store"
)

// Place is what outlives a Store: the durable objects. Several Stores may be opened on it, as several processes on one folder.
type Place struct {
	mu      sync.Mutex
	objects map[string][]byte // values are never changed, only exchanged
}

// NewPlace makes an empty place.
func NewPlace() *Place { return &Place{objects: map[string][]byte{}} }

// Open opens the place.
func (p *Place) Open() *Store { return &Store{place: p, staged: map[string][]byte{}} }

// Clone copies the durable state; staged objects belong to a Store and are not part of it.
func (p *Place) Clone() *Place {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &Place{objects: maps.Clone(p.objects)}
}

// Restore puts the whole state of a Clone back.
func (p *Place) Restore(from *Place) {
	objects := from.Clone().objects
	p.mu.Lock()
	defer p.mu.Unlock()
	p.objects = objects
}

// Names returns the names of all durable objects, sorted.
func (p *Place) Names() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.objects))
}

// Bytes returns a copy of an object's bytes, nil if there is none.
func (p *Place) Bytes(name string) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := p.objects[name]
	if !ok {
		return nil
	}
	return append([]byte{}, b...)
}

// Set puts bytes under any name, taken or not, past all rules: what only somebody else at the place can do.
func (p *Place) Set(name string, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.objects[name] = slices.Clone(data)
}

// Remove removes an object, past all rules.
func (p *Place) Remove(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.objects, name)
}

// Store is an opened Place. It implements store.Store.
type Store struct {
	place  *Place
	mu     sync.Mutex // taken before place.mu
	staged map[string][]byte
	closed bool
}

var _ store.Store = (*Store)(nil)

// New opens a new, empty place.
func New() *Store { return NewPlace().Open() }

// Place returns what the Store is opened on.
func (s *Store) Place() *Place { return s.place }

// Clone opens a copy of the durable state.
func (s *Store) Clone() *Store { return s.place.Clone().Open() }

var errClosed = errors.New("the destination was closed")

// enter checks what every method checks first.
func (s *Store) enter(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := store.CheckName(name); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	return nil
}

// PutNew keeps a copy of data until Barrier.
func (s *Store) PutNew(ctx context.Context, name string, data []byte) error {
	if err := s.enter(ctx, name); err != nil {
		return err
	}
	if len(data) > store.MaxObject {
		return fmt.Errorf("put %s: %d bytes are more than an object may have", name, len(data))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	if _, ok := s.place.objects[name]; ok || s.staged[name] != nil {
		return fmt.Errorf("put %s: %w", name, store.ErrExists)
	}
	s.staged[name] = append([]byte{}, data...)
	return nil
}

// Barrier moves the staged objects into the place.
func (s *Store) Barrier(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	var taken []string
	for name, data := range s.staged {
		if _, ok := s.place.objects[name]; ok {
			taken = append(taken, name)
			continue
		}
		s.place.objects[name] = data
	}
	clear(s.staged)
	if taken != nil {
		slices.Sort(taken)
		return &store.BarrierError{Taken: taken}
	}
	return nil
}

func (s *Store) find(name string) ([]byte, error) {
	s.place.mu.Lock()
	defer s.place.mu.Unlock()
	data, ok := s.place.objects[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, store.ErrNotExist)
	}
	return data, nil
}

// Get returns a copy of the range.
func (s *Store) Get(ctx context.Context, name string, o store.GetOptions) ([]byte, error) {
	if err := s.enter(ctx, name); err != nil {
		return nil, err
	}
	if o.Offset < 0 || o.Length < 0 {
		return nil, fmt.Errorf("get %s: negative range", name)
	}
	data, err := s.find(name)
	if err != nil {
		return nil, err
	}
	data = data[min(o.Offset, int64(len(data))):]
	if o.Length > 0 {
		data = data[:min(o.Length, int64(len(data)))]
	}
	return append([]byte{}, data...), nil
}

// Stat returns the size.
func (s *Store) Stat(ctx context.Context, name string) (store.Info, error) {
	if err := s.enter(ctx, name); err != nil {
		return store.Info{}, err
	}
	data, err := s.find(name)
	if err != nil {
		return store.Info{}, err
	}
	return store.Info{Name: name, Size: int64(len(data))}, nil
}

// List calls fn without holding a lock, so fn may call the Store.
func (s *Store) List(ctx context.Context, prefix string, fn func(store.Info) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	s.place.mu.Lock()
	var infos []store.Info
	for name, data := range s.place.objects {
		if strings.HasPrefix(name, prefix) {
			infos = append(infos, store.Info{Name: name, Size: int64(len(data))})
		}
	}
	s.place.mu.Unlock()
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

// Replace exchanges an object's bytes.
func (s *Store) Replace(ctx context.Context, name string, data []byte) error {
	if err := s.enter(ctx, name); err != nil {
		return err
	}
	if _, err := s.find(name); err != nil {
		return err
	}
	s.place.Set(name, data)
	return nil
}

// Delete removes an object or what is staged under its name.
func (s *Store) Delete(ctx context.Context, name string) error {
	if err := s.enter(ctx, name); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.staged, name)
	s.mu.Unlock()
	s.place.Remove(name)
	return nil
}

// Check always finds the right place.
func (s *Store) Check(ctx context.Context) error { return s.enter(ctx) }

// Room cannot be told.
func (s *Store) Room(ctx context.Context) (store.Room, error) {
	return store.Room{Total: -1, Free: -1}, s.enter(ctx)
}

// Properties describes memory.
func (s *Store) Properties() store.Properties {
	return store.Properties{Kind: "memory", CreateExclusive: true, Parallel: 8, CacheBypass: true}
}

// Close drops what is staged.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	clear(s.staged)
	return nil
}
