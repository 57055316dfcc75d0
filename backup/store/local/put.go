package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"lightproof/backup/store"
)

// staged is an object that is complete in the writer's directory and waits for its Barrier.
type staged struct {
	name string // the object's
	tmp  string // the file's, within the writer's directory
}

// PutNew writes the object to a temporary file; Barrier gives it its name.
func (s *Store) PutNew(ctx context.Context, name string, data []byte) error {
	if err := store.CheckName(name); err != nil {
		return err
	}
	if len(data) > store.MaxObject {
		return fmt.Errorf("put %s: %d bytes are more than an object may have", name, len(data))
	}
	if err := s.guard(ctx); err != nil {
		return err
	}
	if err := s.free(name); err != nil {
		return err
	}
	w, err := s.openWriter()
	if err != nil {
		return err
	}
	tmp, err := w.writeChecked(s.root, data, false, ctx.Err)
	if err != nil {
		return s.classifyIO("put "+name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.stagable(name); err != nil {
		w.remove(s.root, tmp)
		return err
	}
	s.staged[name] = &staged{name: name, tmp: tmp}
	return nil
}

func (s *Store) stagable(name string) error {
	switch {
	case s.closed:
		return errClosed
	case s.broken != nil:
		return s.broken
	case s.staged[name] != nil:
		return fmt.Errorf("put %s: %w: it is staged", name, store.ErrExists)
	}
	return nil
}

// free says whether the name can still be had.
func (s *Store) free(name string) error {
	s.mu.Lock()
	err := s.stagable(name)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	switch _, err := s.root.Lstat(name); {
	case err == nil, isNotDir(err):
		// Whoever meets a name that is taken may rely on the object there. It may be another process's that has not flushed the
		// directory yet, so the next Barrier does.
		s.mu.Lock()
		s.dirty[path.Dir(name)] = true
		s.mu.Unlock()
		return fmt.Errorf("put %s: %w", name, store.ErrExists)
	case errors.Is(err, os.ErrNotExist):
		return nil
	default:
		return s.classifyIO("put "+name, err)
	}
}

func (s *Store) openWriter() (*writer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if s.writer == nil {
		w, err := newWriter(s.root)
		if err != nil {
			return nil, err
		}
		s.writer = w
	}
	return s.writer, nil
}

// Barrier makes the staged objects durable: contents first, then names, then directories, each step once for the whole batch. If
// ctx ends while the system flushes, Barrier returns and the next one goes on from there. After an error of a flush itself, which
// the system reports once and then forgets, every later write fails: what was staged may be lost, and the Store must be reopened.
func (s *Store) Barrier(ctx context.Context) error {
	if err := s.guard(ctx); err != nil {
		return err
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		defer s.yield()
		done <- s.barrier(ctx)
	}()
	select {
	case err := <-done:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) > 0 {
		err := &store.BarrierError{Taken: s.taken}
		s.taken = nil
		return err
	}
	return nil
}

func (s *Store) barrier(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errClosed
	}
	batch := make([]*staged, 0, len(s.staged))
	for _, st := range s.staged {
		batch = append(batch, st)
	}
	s.mu.Unlock()
	if len(batch) > 0 {
		if err := s.flushContents(batch); err != nil {
			return s.breakDown("flush the staged objects", err)
		}
	}
	// One directory after the other, so that each is opened once.
	slices.SortFunc(batch, func(a, b *staged) int { return strings.Compare(a.name, b.name) })
	for len(batch) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		dir := path.Dir(batch[0].name)
		n := 1
		for n < len(batch) && path.Dir(batch[n].name) == dir {
			n++
		}
		if err := s.moveAll(dir, batch[:n]); err != nil {
			return err
		}
		batch = batch[n:]
	}
	return s.flushDirs(ctx)
}

// moveAll gives the objects of one directory their names.
func (s *Store) moveAll(dir string, batch []*staged) error {
	d, err := s.openDir(dir)
	if isNotDir(err) || errors.Is(err, os.ErrExist) {
		for _, st := range batch { // an object stands where a directory is needed
			s.settle(st, true)
		}
		return nil
	}
	if err != nil {
		return s.classifyIO("make a folder", err)
	}
	defer d.Close()
	for _, st := range batch {
		switch err := moveNew(s.root, s.writer, st.tmp, d, dir, path.Base(st.name)); {
		case err == nil:
			s.settle(st, false)
		case errors.Is(err, os.ErrExist):
			s.settle(st, true)
		default:
			return s.classifyIO("name an object", err)
		}
	}
	return nil
}

// settle ends an object's staging.
func (s *Store) settle(st *staged, taken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.staged, st.name)
	s.dirty[path.Dir(st.name)] = true
	if taken {
		s.taken = append(s.taken, st.name)
		s.writer.remove(s.root, st.tmp)
	}
}

// openDir opens a directory of objects, making it where it is missing. The first time this Store touches a directory, those above
// it are flushed as well: a process that was killed may have made it and not got so far.
func (s *Store) openDir(dir string) (*os.File, error) {
	s.mu.Lock()
	known := s.touched[dir]
	if !known {
		s.touched[dir] = true
		for up := dir; up != "."; {
			up = path.Dir(up)
			s.dirty[up] = true
		}
	}
	s.mu.Unlock()
	d, err := s.root.Open(dir)
	if errors.Is(err, os.ErrNotExist) {
		if err := s.root.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		d, err = s.root.Open(dir)
	}
	if err != nil {
		return nil, err
	}
	if info, err := d.Stat(); err != nil || !info.IsDir() {
		d.Close()
		return nil, os.ErrExist
	}
	return d, nil
}

// flushDirs flushes the directories that changed, once. One that changes meanwhile is left to the next Barrier.
func (s *Store) flushDirs(ctx context.Context) error {
	s.mu.Lock()
	dirs := slices.Collect(maps.Keys(s.dirty))
	clear(s.dirty)
	s.mu.Unlock()
	if len(dirs) == 0 {
		return nil
	}
	flushed := 0
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, dir := range dirs[flushed:] {
			s.dirty[dir] = true
		}
	}()
	switch together, err := s.flushNames(len(dirs)); {
	case err != nil:
		return s.breakDown("flush the folders", err)
	case together:
		flushed = len(dirs)
	}
	for ; flushed < len(dirs); flushed++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.flushChanged(dirs[flushed]); err != nil {
			return err
		}
	}
	if err := s.flushBatchEnd(); err != nil {
		return s.breakDown("flush the drive", err)
	}
	return nil
}

// flushChanged flushes one directory of a batch.
func (s *Store) flushChanged(dir string) error {
	d, err := s.root.Open(dir)
	if isMissing(err) { // a taken name's, removed since
		return nil
	}
	if err != nil {
		return s.classifyIO("flush a folder", err)
	}
	defer d.Close()
	if err := syncDir(d); err != nil {
		return s.breakDown("flush a folder", err)
	}
	return nil
}

// breakDown records that the system could not keep what it had accepted.
func (s *Store) breakDown(what string, err error) error {
	err = s.classifyIO(what, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = fmt.Errorf("an earlier flush failed, the destination must be opened again: %w", err)
	return err
}
