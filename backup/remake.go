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

// errContentGone tells that a small content that a bundle needs is in no original any more.
var errContentGone = errors.New("an original of a bundle has changed")

// remake makes a lost object again from unchanged originals: the format is deterministic, so the bytes must be the recorded ones.
func (e *Engine) remake(ctx context.Context, cid vault.CID, want vault.Hash) (obj []byte, err error) {
	_, err = e.remakeAll(ctx, map[vault.CID]vault.Hash{cid: want}, func(_ vault.CID, b []byte) error {
		obj = bytes.Clone(b)
		return nil
	})
	if err == nil && obj == nil {
		err = fmt.Errorf("no good copy of an object is left: %w", vault.ErrMissing)
	}
	return obj, err
}

// remakeAll makes objects again, reading each original once, and hands each to fn, valid only during the call. What cannot be made is
// left out; unknown tells of which no original is known that still holds it.
func (e *Engine) remakeAll(ctx context.Context, wanted map[vault.CID]vault.Hash, fn func(vault.CID, []byte) error) (unknown map[vault.CID]bool, err error) {
	unknown = map[vault.CID]bool{}
	if len(wanted) == 0 {
		return unknown, nil
	}
	type original struct {
		key  catalog.FileKey
		file catalog.File
	}
	var bundles []vault.CID
	for cid := range wanted {
		if ok, err := e.db.Bundles.Has(ctx, cid); err != nil {
			return nil, err
		} else if ok {
			bundles = append(bundles, cid)
		}
		unknown[cid] = true
	}
	var originals []original
	err = e.db.Files.Each(ctx, func(k catalog.FileKey, f catalog.File) error {
		if f.State != catalog.StateStored {
			return nil
		}
		needed := false
		for _, c := range f.Objects {
			if unknown[c] {
				needed = true
				delete(unknown, c)
			}
		}
		if needed {
			originals = append(originals, original{k, f})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, cid := range bundles {
		row, err := e.db.Bundles.Get(ctx, cid)
		if err != nil {
			return nil, err
		}
		obj, err := e.remakeBundle(ctx, row, wanted[cid])
		if err == nil {
			err = fn(cid, obj)
		} else if ctx.Err() == nil {
			if errors.Is(err, errContentGone) {
				unknown[cid] = true
			}
			err = nil
		}
		if err != nil {
			return nil, err
		}
	}
	buf := vault.NewChunkBuffer()
	for _, o := range originals {
		var failed error
		err := e.eachChunk(ctx, o.key, o.file, buf, func(n int) error {
			failed = e.resealed(buf, n, wanted, fn)
			return failed
		})
		if failed != nil || ctx.Err() != nil {
			return nil, err
		}
	}
	return unknown, nil
}

// resealed seals a buffer under each generation and hands it on if it is one of the wanted objects.
func (e *Engine) resealed(buf *vault.ChunkBuffer, n int, wanted map[vault.CID]vault.Hash, fn func(vault.CID, []byte) error) error {
	isWanted := func(cid vault.CID) bool { _, ok := wanted[cid]; return ok }
	keep := bytes.Clone(buf.Room()[:n])
	for _, g := range e.keys.Generations {
		copy(buf.Room(), keep)
		variant, ok := g.Variant(buf, n, isWanted)
		if !ok {
			continue
		}
		s, err := g.Seal(buf, n, variant, nil)
		if err != nil {
			return err
		}
		if want, ok := wanted[s.Cap.CID]; ok && s.Cap.Object == want {
			return fn(s.Cap.CID, s.Object)
		}
	}
	return nil
}

// openUnchanged opens an original that is still what was stored. ErrChanged: it is not.
func (e *Engine) openUnchanged(ctx context.Context, key catalog.FileKey, file catalog.File) (source.File, error) {
	var folder source.Folder
	for _, f := range e.folders() {
		if f.ID == key.Folder {
			folder = f
		}
	}
	if folder.Root == "" {
		return nil, source.ErrFolderMissing
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
		return nil, err
	}
	if !found || !unchanged(&file, item) {
		return nil, source.ErrChanged
	}
	return e.tree.Open(ctx, folder, item)
}

// eachChunk reads an unchanged original in the pieces in which it was stored: fn gets each that is a chunk in buf's Room.
func (e *Engine) eachChunk(ctx context.Context, key catalog.FileKey, file catalog.File, buf *vault.ChunkBuffer, fn func(n int) error) error {
	f, err := e.openUnchanged(ctx, key, file)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, sp := range spansOf(file.Size, file.Cuts) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := io.ReadFull(f, buf.Room()[:sp.n]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return source.ErrChangedWhileRead
		} else if err != nil {
			return err
		}
		if sp.small {
			continue
		}
		if err := fn(sp.n); err != nil {
			return err
		}
	}
	if err := atEnd(f); err != nil {
		return err
	}
	return f.Finish()
}

// readPart reads a part of an unchanged original. Whether it is what was stored, only the bundle that it goes into can tell.
func (e *Engine) readPart(ctx context.Context, key catalog.FileKey, file catalog.File, part catalog.BundleContent) ([]byte, error) {
	f, err := e.openUnchanged(ctx, key, file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, part.Len)
	if _, err := f.ReadAt(b, int64(part.Offset)); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
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
			return nil, fmt.Errorf("%w: %w", errContentGone, gone)
		}
		content, err := e.readPart(ctx, p.key, p.file, c)
		if err != nil || c.Len > vault.MaxSmall {
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
