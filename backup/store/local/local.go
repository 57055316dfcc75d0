// Package local keeps sealed objects in a folder: on this computer's disk, on an external drive or on a mounted share.
//
// A place is set up once with [Create], which leaves two small public files in it, and opened afterwards with [Open], which never
// creates anything but demands that those files name the place that was set up. Everything is done through the directory that was
// open then: when a drive is unplugged and another one, or the empty mount point, stands at the same path, nothing reaches it.
//
// Layout below the folder, directories 0700 and files 0600:
//
//	space.json          which vault (public, constant)
//	place.json          which copy of it (random, made by Create)
//	tmp/w<16 hex>/      staged objects of one living writer, which holds a lock on tmp/w…/lock
//	<object name>       an object; a name's slashes are directories
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"lightproof/backup/store"
)

// Store is a folder as a destination. It implements [store.Store].
type Store struct {
	path string // where the place was found; only ever compared with, never written through
	want Identity
	root *os.Root
	dir  *os.File    // the root directory itself
	info os.FileInfo // of dir, to notice that the path leads elsewhere
	fs   filesystem

	turn chan struct{} // held by whatever moves or removes named objects: Barrier, Replace, Delete, Close

	mu      sync.Mutex
	writer  *writer            // nil until the first write: a place that is only read may be read-only
	staged  map[string]*staged // by object name
	dirty   map[string]bool    // directories with entries that are not flushed yet
	touched map[string]bool    // directories whose parents were flushed or marked dirty by this Store
	taken   []string           // to be reported by the next Barrier
	broken  error              // a flush failed: what was staged may be lost although the system forgets the error
	closed  bool
}

var _ store.Store = (*Store)(nil)

// errClosed is what a Store answers after Close.
var errClosed = fmt.Errorf("%w: it was closed", store.ErrAway)

// Open opens the place at dir, which Create has set up. want comes from Create or ReadIdentity; its Filesystem is not compared.
// Errors match store.ErrAway where the folder is missing or holds no place (an unmounted drive's mount point), ErrWrongPlace where
// another place is there, ErrRefused where permission is missing. Open creates nothing; it removes what dead writers left in tmp/
// as far as it may.
func Open(dir string, want Identity) (*Store, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w: its folder is missing: %w", store.ErrAway, err)
		}
		return nil, classify("open the destination", err)
	}
	s := &Store{
		path: dir, want: want, root: root,
		turn:   make(chan struct{}, 1),
		staged: map[string]*staged{}, dirty: map[string]bool{}, touched: map[string]bool{},
	}
	err = s.start()
	if err != nil {
		if s.dir != nil {
			s.dir.Close()
		}
		root.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) start() (err error) {
	if s.dir, err = s.root.Open("."); err != nil {
		return classify("open the destination", err)
	}
	if s.info, err = s.dir.Stat(); err != nil {
		return classify("open the destination", err)
	}
	if err = matchIdentity(s.root, s.want); err != nil {
		return err
	}
	s.fs = inspect(s.root, s.dir)
	sweep(s.root)
	return nil
}

// Check reads the markers again and compares the folder that was opened with what stands at its path now. If the same place came
// back as another directory (a drive plugged in again), the error matches ErrAway too: Close this Store and Open a new one.
func (s *Store) Check(ctx context.Context) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	if err := s.samePath(); err != nil {
		return err
	}
	return matchIdentity(s.root, s.want)
}

// guard is the cheap part of Check, run before every write: two looks at directory entries, no file is opened.
func (s *Store) guard(ctx context.Context) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	if err := s.samePath(); err != nil {
		return err
	}
	if _, err := s.root.Lstat(store.PlaceFile); err != nil {
		return markerError(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

func (s *Store) usable(ctx context.Context) error {
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

// samePath tells whether the path still leads to the directory that was opened.
func (s *Store) samePath() error {
	now, err := os.Stat(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: its folder is missing: %w", store.ErrAway, err)
	}
	if err != nil {
		return classifyPlace("look at the destination", err)
	}
	if os.SameFile(now, s.info) {
		return nil
	}
	other, err := os.OpenRoot(s.path)
	if err != nil {
		return classifyPlace("look at the destination", err)
	}
	defer other.Close()
	if err := matchIdentity(other, s.want); err != nil {
		return classifyPlace("look at the destination", err)
	}
	return fmt.Errorf("%w: it was connected anew and must be opened again", store.ErrAway)
}

// Room reports the space that this user may still fill.
func (s *Store) Room(ctx context.Context) (store.Room, error) {
	if err := s.usable(ctx); err != nil {
		return store.Room{Total: -1, Free: -1}, err
	}
	if err := s.samePath(); err != nil {
		return store.Room{Total: -1, Free: -1}, err
	}
	room, err := roomOf(s.dir, s.path)
	if err != nil {
		return store.Room{Total: -1, Free: -1}, classify("ask for free space", err)
	}
	return room, nil
}

// Properties tells what the file system under the folder can do.
func (s *Store) Properties() store.Properties {
	return store.Properties{
		Kind: "folder", Remote: s.fs.remote, CreateExclusive: true, Parallel: 4, CacheBypass: s.fs.bypass,
	}
}

// Close drops what was staged without a Barrier and removes this Store's temporary files. It waits for a running Barrier.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.writer != nil {
		s.writer.close(s.root)
	}
	return errors.Join(s.dir.Close(), s.root.Close())
}

// take waits for the exclusive turn.
func (s *Store) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) yield() { <-s.turn }
