package library

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lightproof/backup/catalog"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// Each calls fn for every file of the catalogue, wherever that is, until fn returns an error. fn neither keeps nor changes the files.
func (l *Library) Each(ctx context.Context, fn func(*reader.File) error) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
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

// File gives one file, to be read only. An error matching vault.ErrMissing means that there is none.
func (l *Library) File(ctx context.Context, id vault.FileID) (*reader.File, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
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

// kept calls fn for every file of the local catalogue.
func (l *Library) kept(ctx context.Context, fn func(*reader.File) error) error {
	return l.db.Entries.Each(ctx, func(_ [16]byte, b []byte) error {
		f, err := fileOf(slices.Clone(b))
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

// fileOf may go on using page.
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
	l.cat.PutOn(diskShelf{ctx, l})
	return l.kept(ctx, func(f *reader.File) error {
		l.cat.Shelved(f)
		return nil
	})
}

// diskShelf is the local catalogue while commits are read. What a stop leaves there is read again from the same commits, and stays the same.
type diskShelf struct {
	ctx context.Context // of the Sync
	l   *Library
}

// File implements reader.Shelf.
func (s diskShelf) File(id vault.FileID) (*reader.File, error) { return s.l.entry(s.ctx, id) }

// Keep implements reader.Shelf.
func (s diskShelf) Keep(files []*reader.File, joined map[vault.FileID]vault.FileID) error {
	return s.l.db.Update(s.ctx, func(r *catalog.Reader) error { return keepFiles(s.ctx, r, files, joined) })
}

// whole brings the files into memory for what needs all of them at a time.
func (l *Library) whole(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frugal = false
	return l.loadFiles(ctx)
}
