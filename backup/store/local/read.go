package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"lightproof/backup/direct"
	"lightproof/backup/store"
)

// listBatch is how many entries of a directory are held at a time.
const listBatch = 256

// Get reads an object or a part of it. With Fresh the bytes come from the medium as far as Properties().CacheBypass promises it.
func (s *Store) Get(ctx context.Context, name string, o store.GetOptions) ([]byte, error) {
	if err := store.CheckName(name); err != nil {
		return nil, err
	}
	if o.Offset < 0 || o.Length < 0 {
		return nil, fmt.Errorf("get %s: negative range", name)
	}
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	f, size, err := s.openObject(name)
	if o.Staged && errors.Is(err, store.ErrNotExist) {
		f, size, err = s.openStaged(name)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	length := max(size-o.Offset, 0)
	if o.Length > 0 {
		length = min(length, o.Length)
	}
	if length > store.MaxObject {
		// Whoever can write to the drive can grow a file; memory is not spent on it.
		return nil, fmt.Errorf("get %s: %w: %d bytes are more than an object may have", name, store.ErrDamaged, length)
	}
	if length == 0 {
		return []byte{}, nil
	}
	var r io.ReaderAt = f
	if o.Fresh {
		fresh, err := s.freshReader(f, name)
		if err != nil {
			return nil, s.classifyIO("read "+name, err)
		}
		defer fresh.Close()
		r = fresh
	}
	b := o.Buffer
	if int64(cap(b)) < length {
		b = direct.Buffer(int(length))
	}
	whole := b[:cap(b)] // direct reads are of whole blocks
	for at := int64(0); at < length; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		end := min(at+pieceSize, length)
		if blocks := (end + direct.Align - 1) &^ (direct.Align - 1); o.Fresh && blocks <= int64(len(whole)) {
			end = blocks
		}
		n, err := r.ReadAt(whole[at:end], o.Offset+at)
		at = min(at+int64(n), length)
		if at == length {
			break
		}
		if errors.Is(err, io.EOF) { // it was cut meanwhile
			return whole[:at], nil
		}
		if err != nil {
			return nil, s.classifyIO("read "+name, err)
		}
	}
	return whole[:length], nil
}

func (s *Store) openObject(name string) (*os.File, int64, error) {
	f, err := s.root.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, 0, s.readError(name, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, 0, s.readError(name, err)
	}
	return f, info.Size(), nil
}

// openStaged opens what is staged under a name. A Barrier may give it that name at any moment.
func (s *Store) openStaged(name string) (*os.File, int64, error) {
	s.mu.Lock()
	st, w := s.staged[name], s.writer
	s.mu.Unlock()
	if st != nil {
		if f, size, err := s.openObject(path.Join(w.name, st.tmp)); err == nil {
			return f, size, nil
		}
	}
	return s.openObject(name)
}

func (s *Store) readError(name string, err error) error {
	if isMissing(err) {
		// A drive that is gone and an object that is gone look alike from here; only the second is damage.
		if e := s.samePath(); e != nil {
			return e
		}
		if _, e := s.root.Lstat(store.PlaceFile); e != nil {
			return markerError(e)
		}
		return fmt.Errorf("%s: %w", name, store.ErrNotExist)
	}
	return s.classifyIO("read "+name, err)
}

// Stat returns the size of an object.
func (s *Store) Stat(ctx context.Context, name string) (store.Info, error) {
	if err := store.CheckName(name); err != nil {
		return store.Info{}, err
	}
	if err := s.usable(ctx); err != nil {
		return store.Info{}, err
	}
	return s.stat(name)
}

func (s *Store) stat(name string) (store.Info, error) {
	info, err := s.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return store.Info{}, s.readError(name, err)
	}
	return store.Info{Name: name, Size: info.Size()}, nil
}

// List walks the directories that can hold names with the prefix, a few entries at a time. Files whose names no object can have,
// symbolic links and everything else that is no plain file are passed over; a folder that cannot be read is an error, never a gap.
func (s *Store) List(ctx context.Context, prefix string, fn func(store.Info) error) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	// A folder that is gone must not look like an empty one.
	if err := s.samePath(); err != nil {
		return err
	}
	if _, err := s.root.Lstat(store.PlaceFile); err != nil {
		return markerError(err)
	}
	dir := "."
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		dir = prefix[:i]
		if store.CheckName(dir) != nil {
			return nil // no object's name starts so
		}
	}
	return s.walk(ctx, dir, prefix, fn)
}

func (s *Store) walk(ctx context.Context, dir, prefix string, fn func(store.Info) error) error {
	d, err := s.root.OpenFile(dir, os.O_RDONLY|nonBlocking, 0)
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return s.classifyIO("list a folder", err)
	}
	defer d.Close()
	if info, err := d.Stat(); err != nil || !info.IsDir() {
		return classify("list a folder", err)
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		infos, err := d.Readdir(listBatch)
		for _, info := range infos {
			if err := s.visit(ctx, path.Join(dir, info.Name()), prefix, info, fn); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return s.classifyIO("list a folder", err)
		}
	}
}

func (s *Store) visit(ctx context.Context, name, prefix string, info fs.FileInfo, fn func(store.Info) error) error {
	if store.CheckName(name) != nil {
		return nil
	}
	switch {
	case info.IsDir():
		// Go on where the prefix lies below this directory, or this directory lies below the prefix.
		if within := name + "/"; strings.HasPrefix(within, prefix) || strings.HasPrefix(prefix, within) {
			return s.walk(ctx, name, prefix, fn)
		}
	case info.Mode().IsRegular() && strings.HasPrefix(name, prefix):
		if err := ctx.Err(); err != nil {
			return err
		}
		return fn(store.Info{Name: name, Size: info.Size()})
	}
	return nil
}
