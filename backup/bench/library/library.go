package library

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// ErrRoom means a disk with too little room.
var ErrRoom = errors.New("not enough room on the disk")

// Room checks that the disk of dir, which exists, has at least the given number of free bytes and a twentieth more. Error: ErrRoom.
func Room(dir string, bytes int64) error {
	free, err := freeBytes(dir)
	if err != nil {
		return fmt.Errorf("ask for the free room of %s: %w", dir, err)
	}
	if need := bytes + bytes/20; free < need {
		return fmt.Errorf("%s has %.1f GB free, %.1f GB are needed (a smaller -scale needs less): %w", dir, float64(free)/1e9, float64(need)/1e9, ErrRoom)
	}
	return nil
}

// Library is one on the disk, in Dir, and what was done to it.
type Library struct {
	Dir    string
	files  []File // as they were made
	now    []File // as they are, in the same order; new ones follow
	thumbs *thumbnails
}

// Make writes a library into dir, which must not exist yet. Error: ErrRoom before anything is written.
func Make(ctx context.Context, s Spec, dir string) (*Library, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	if err := Room(dir, s.Bytes()); err != nil {
		return nil, err
	}
	l := &Library{Dir: dir, files: s.Files(), thumbs: newThumbnails()}
	l.now = append([]File(nil), l.files...)
	return l, l.write(ctx, l.files)
}

// write makes the given files with as many workers as there are cores.
func (l *Library) write(ctx context.Context, files []File) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan File)
	var workers sync.WaitGroup
	for range max(runtime.NumCPU(), 1) {
		workers.Go(func() {
			m := newMaker(l.thumbs)
			for f := range next {
				if err := m.create(filepath.Join(l.Dir, filepath.FromSlash(f.Path)), f); err != nil {
					cancel(fmt.Errorf("make %s: %w", f.Path, err))
				}
			}
		})
	}
	for _, f := range files {
		if ctx.Err() != nil {
			break
		}
		next <- f
	}
	close(next)
	workers.Wait()
	return context.Cause(ctx)
}

// create writes one file beside its name and moves it there, as careful editors do: what was there before is replaced by a new file.
func (m *maker) create(path string, f File) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	making := path + ".making"
	file, err := os.OpenFile(making, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(making))
		}
	}()
	err = m.write(file, f)
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chtimes(making, time.Time{}, f.Time)
	}
	if err == nil {
		err = os.Rename(making, path)
	}
	return err
}

func (m *maker) write(w io.Writer, f File) error {
	switch f.kind {
	case jpegFile:
		return m.photo(w, f)
	case rawFile:
		return m.negative(w, f)
	case xmpFile:
		_, err := io.WriteString(w, sidecar(f))
		return err
	case filmFile:
		return m.film(w, f)
	}
	return fmt.Errorf("kind %d is not known", f.kind)
}
