package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"lightproof/backup/catalog"
	"lightproof/backup/source"
	"lightproof/backup/vault"
)

var errFound = errors.New("found")

// remake makes a lost object again from unchanged originals: the format is deterministic, so the bytes must be the recorded ones.
func (e *Engine) remake(ctx context.Context, cid vault.CID, want vault.Hash) ([]byte, error) {
	gone := fmt.Errorf("no good copy of an object is left: %w", vault.ErrMissing)
	if row, err := e.db.Bundles.Get(ctx, cid); err == nil {
		return e.remakeBundle(ctx, row, want)
	}
	var key catalog.FileKey
	var file catalog.File
	err := e.db.Files.Each(ctx, func(k catalog.FileKey, f catalog.File) error {
		for _, c := range f.Objects {
			if c == cid && f.State == catalog.StateStored {
				key, file = k, f
				return errFound
			}
		}
		return nil
	})
	if !errors.Is(err, errFound) {
		return nil, gone
	}
	var obj []byte
	buf := vault.NewChunkBuffer()
	err = e.eachBuffer(ctx, key, file, buf, func(n int) error {
		for _, g := range e.keys.Generations {
			keep := bytes.Clone(buf.Room()[:n])
			s, err := g.Seal(buf, n, 0, nil)
			if err != nil {
				return err
			}
			if s.Cap.CID == cid && s.Cap.Object == want {
				obj = bytes.Clone(s.Object)
				return errFound
			}
			copy(buf.Room(), keep)
		}
		return nil
	})
	if obj == nil {
		return nil, gone
	}
	if !errors.Is(err, errFound) {
		return nil, err
	}
	return obj, nil
}

// eachBuffer reads an unchanged original in the pieces in which it was stored.
func (e *Engine) eachBuffer(ctx context.Context, key catalog.FileKey, file catalog.File, buf *vault.ChunkBuffer, fn func(n int) error) error {
	var folder source.Folder
	for _, f := range e.folders() {
		if f.ID == key.Folder {
			folder = f
		}
	}
	if folder.Root == "" {
		return source.ErrFolderMissing
	}
	var item source.Item
	found := false
	_, err := e.tree.Scan(ctx, folder, source.ScanOptions{Under: key.Path}, func(it source.Item) error {
		if it.Path == key.Path && it.State == source.Found {
			item, found = it, true
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !found || !unchanged(&file, item) {
		return source.ErrChanged
	}
	f, err := e.tree.Open(ctx, folder, item)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		n, err := io.ReadFull(f, buf.Room())
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		if n > 0 {
			if err := fn(n); err != nil {
				return err
			}
		}
		if last {
			return f.Finish()
		}
	}
}

// remakeBundle makes a bundle again with its recorded salt; every content must still be what it was.
func (e *Engine) remakeBundle(ctx context.Context, row catalog.Bundle, want vault.Hash) ([]byte, error) {
	gone := fmt.Errorf("the originals of a bundle have changed: %w", vault.ErrMissing)
	type place struct {
		key  catalog.FileKey
		file catalog.File
	}
	byVersion := map[[16]byte]place{}
	for _, c := range row.Contents {
		byVersion[c.VersionID] = place{}
	}
	err := e.db.Files.Each(ctx, func(k catalog.FileKey, f catalog.File) error {
		if _, ok := byVersion[f.VersionID]; ok && f.State == catalog.StateStored {
			byVersion[f.VersionID] = place{k, f}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	contents := make([][]byte, 0, len(row.Contents))
	buf := vault.NewChunkBuffer()
	for _, c := range row.Contents {
		p := byVersion[c.VersionID]
		if p.key.Path == "" {
			return nil, gone
		}
		var content []byte
		if err := e.eachBuffer(ctx, p.key, p.file, buf, func(n int) error {
			content = append(content, buf.Room()[:n]...)
			return nil
		}); err != nil || int(c.Len) != len(content) {
			return nil, gone
		}
		contents = append(contents, content)
	}
	for _, g := range e.keys.Generations {
		b := g.RebuildBundle(buf, row.Salt)
		for _, c := range contents {
			if _, _, err := b.Add(c); err != nil {
				return nil, err
			}
		}
		s, err := b.Close()
		if err != nil {
			return nil, err
		}
		if s.Cap.Object == want {
			return bytes.Clone(s.Object), nil
		}
	}
	return nil, gone
}
