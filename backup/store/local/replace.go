package local

import (
	"context"
	"errors"
	"fmt"
	"path"

	"lightproof/backup/store"
)

// Replace writes the bytes beside the object, flushes them, and moves them over it: a reader or a crash sees the old or the new.
func (s *Store) Replace(ctx context.Context, name string, data []byte) error {
	if err := store.CheckName(name); err != nil {
		return err
	}
	if len(data) > store.MaxObject {
		return fmt.Errorf("replace %s: %d bytes are more than an object may have", name, len(data))
	}
	if err := s.guard(ctx); err != nil {
		return err
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.yield()
	if _, err := s.stat(name); err != nil {
		return err
	}
	w, err := s.openWriter()
	if err != nil {
		return err
	}
	tmp, err := w.writeChecked(s.root, data, true, ctx.Err)
	if err != nil {
		return s.classifyIO("replace "+name, err)
	}
	if err := s.root.Rename(path.Join(w.name, tmp), name); err != nil {
		w.remove(s.root, tmp)
		return s.classifyIO("replace "+name, err)
	}
	return s.flushDir(path.Dir(name))
}

// Delete removes the object, or what is staged under its name.
func (s *Store) Delete(ctx context.Context, name string) error {
	if err := store.CheckName(name); err != nil {
		return err
	}
	if err := s.guard(ctx); err != nil {
		return err
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.yield()
	s.mu.Lock()
	if st := s.staged[name]; st != nil {
		s.writer.remove(s.root, st.tmp)
		delete(s.staged, name)
	}
	s.mu.Unlock()
	if _, err := s.stat(name); errors.Is(err, store.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if err := s.root.Remove(name); err != nil && !isMissing(err) {
		return s.classifyIO("delete "+name, err)
	}
	return s.flushDir(path.Dir(name))
}

func (s *Store) flushDir(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return s.classifyIO("flush a folder", err)
	}
	defer d.Close()
	if err := errors.Join(syncDir(d), s.flushBatchEnd()); err != nil {
		return s.classifyIO("flush a folder", err)
	}
	return nil
}
