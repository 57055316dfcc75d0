package library

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"lightproof/backup/catalog"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// Each calls fn for every file of the catalogue, wherever that is, until fn returns an error. fn neither keeps nor changes the files.
func (l *Library) Each(ctx context.Context, fn func(*reader.File) error) error {
	return l.EachAtOnce(ctx, oneByOne(fn))
}

// oneByOne lets fn be called from several goroutines.
func oneByOne(fn func(*reader.File) error) func(*reader.File) error {
	var mu sync.Mutex
	return func(f *reader.File) error {
		mu.Lock()
		defer mu.Unlock()
		return fn(f)
	}
}

// EachAtOnce is Each from several goroutines.
func (l *Library) EachAtOnce(ctx context.Context, fn func(*reader.File) error) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.broken != nil {
		return l.broken
	}
	if l.lean {
		return l.kept(ctx, fn)
	}
	for _, f := range l.cat.Files {
		if err := fn(f); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Count is how many files there are.
func (l *Library) Count(ctx context.Context) (int, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.broken != nil {
		return 0, l.broken
	}
	if l.lean {
		return l.db.Entries.Count(ctx)
	}
	return len(l.cat.Files), ctx.Err()
}

// File gives one file, to be read only. An error matching vault.ErrMissing means that there is none.
func (l *Library) File(ctx context.Context, id vault.FileID) (*reader.File, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.broken != nil {
		return nil, l.broken
	}
	if l.lean {
		return l.entry(ctx, id)
	}
	f := l.cat.Files[id]
	if f == nil {
		return nil, fmt.Errorf("file %s: %w", id, vault.ErrMissing)
	}
	g := *f // commits that are read later change f
	g.Versions, g.Bundles = slices.Clone(f.Versions), slices.Clip(f.Bundles)
	return &g, nil
}

// kept calls fn for every file of the local catalogue, from several goroutines.
func (l *Library) kept(ctx context.Context, fn func(*reader.File) error) error {
	return l.db.Entries.EachPart(ctx, min(runtime.NumCPU(), 4), func(_ int, _ [16]byte, b []byte) error {
		f, err := fileOf(b)
		if err != nil {
			return err
		}
		return fn(f)
	})
}

// entry reads one file of the local catalogue.
func (l *Library) entry(ctx context.Context, id vault.FileID) (*reader.File, error) {
	b, err := l.db.Entries.Get(ctx, id)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, fmt.Errorf("file %s: %w", id, vault.ErrMissing)
	}
	if err != nil {
		return nil, err
	}
	return fileOf(b)
}

func fileOf(page []byte) (*reader.File, error) {
	p, err := vault.ParsePage(page)
	if err != nil {
		return nil, err
	}
	f, err := vault.FileOfPage(p)
	if err != nil {
		return nil, err
	}
	return &reader.File{File: *f}, nil
}

// takeUp prepares the catalogue for commits: its files come into memory, or, where that is to be spared, onto its shelf. l.mu is held.
func (l *Library) takeUp(ctx context.Context) error {
	if !l.frugal || !l.lean {
		return l.loadFiles(ctx)
	}
	l.lean = false
	l.shelf = &diskShelf{ctx: ctx, l: l}
	l.cat.PutOn(l.shelf)
	return l.kept(ctx, oneByOne(func(f *reader.File) error {
		l.cat.Shelved(f)
		return nil
	}))
}

// diskShelf is the local catalogue while commits are read. It is written to while the next pages are read. A row says that it is in the middle of that: what
// a stop leaves there is thrown away at the next start.
type diskShelf struct {
	ctx     context.Context // of the Sync
	l       *Library
	writing chan error // of the Keep that is on its way, nil if none is
}

// File implements reader.Shelf.
func (s *diskShelf) File(id vault.FileID) (*reader.File, error) {
	if err := s.wait(); err != nil {
		return nil, err
	}
	return s.l.entry(s.ctx, id)
}

// Keep implements reader.Shelf. An error is given by the next call.
func (s *diskShelf) Keep(files []*reader.File, joined map[vault.FileID]vault.FileID) error {
	if err := s.wait(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		done <- s.l.db.Update(s.ctx, func(r *catalog.Reader) error {
			if err := r.State.Put(s.ctx, []byte(rowReading), []byte{1}); err != nil {
				return err
			}
			return keepFiles(s.ctx, r, files, joined)
		})
	}()
	s.writing = done
	return nil
}

// wait waits until everything is written.
func (s *diskShelf) wait() error {
	if s.writing == nil {
		return nil
	}
	err := <-s.writing
	s.writing = nil
	return err
}

// whole brings the files into memory for what needs all of them at a time.
func (l *Library) whole(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	l.frugal = false
	return l.loadFiles(ctx)
}
