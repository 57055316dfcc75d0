package reader

import (
	"bytes"
	"fmt"
	"slices"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// Fold is a whole catalogue as page chunks and the payload of a full commit.
type Fold struct {
	Chunks  []vault.Sealed // pages, then the root page; each Object is a copy of its own
	Payload []byte         // plaintext
}

// BuildFold packs the catalogue into pages. Files are sorted by fileID, so that new ones come last and earlier pages stay as they are
// (an unchanged page seals to the same chunk).
func BuildFold(c *Catalogue, g *vault.Generation) (*Fold, error) {
	files := make([]*File, 0, len(c.Files))
	for _, f := range c.Files {
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b *File) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	out := &Fold{}
	buf := vault.NewChunkBuffer()
	seal := func(b []byte) (vault.Cap, error) {
		if len(b) > vault.MaxPageBytes {
			return vault.Cap{}, fmt.Errorf("page of %d bytes: %w", len(b), vault.ErrMalformed)
		}
		n := copy(buf.Room(), b)
		s, err := g.Seal(buf, n, 0, nil)
		if err != nil {
			return vault.Cap{}, err
		}
		s.Object = bytes.Clone(s.Object)
		out.Chunks = append(out.Chunks, s)
		return s.Cap, nil
	}
	root := vault.Page{}
	for _, s := range c.Sources {
		root.Sources = append(root.Sources, s)
	}
	slices.SortFunc(root.Sources, func(a, b vault.Source) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	page := vault.NewPageBuilder()
	var first vault.FileID
	flush := func() error {
		if page.Files() == 0 {
			return nil
		}
		cp, err := seal(page.Encode())
		root.Children = append(root.Children, vault.Child{First: first, Cap: cp})
		page = vault.NewPageBuilder()
		return err
	}
	for _, f := range files {
		for _, piece := range split(&f.File) {
			if !page.Add(piece) {
				if err := flush(); err != nil {
					return nil, err
				}
				page.Add(piece)
			}
			if page.Files() == 1 {
				first = piece.ID
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	cp, err := seal(root.Encode())
	if err != nil {
		return nil, err
	}
	out.Payload = vault.Payload{Root: &cp}.Encode()
	return out, nil
}

// split cuts a file whose entry would be too long into entries that go on with it. They take the fileIDs that follow the file's own, so
// that they stand behind it, and come out the same in the next fold.
func split(f *vault.File) []*vault.File {
	if len(f.Entry.Encode()) <= vault.MaxEntryBytes {
		return []*vault.File{f}
	}
	bare := f.Entry
	bare.Versions = nil
	base := len(bare.Encode()) + 64
	var out []*vault.File
	size := vault.MaxEntryBytes
	for _, v := range f.Versions {
		n := len(v.Encode()) + 4
		if size += n; size > vault.MaxEntryBytes {
			piece := &vault.File{Entry: bare, Bundles: f.Bundles}
			if len(out) > 0 {
				piece.ID, piece.Continues = following(out[len(out)-1].ID), &f.ID
			}
			out, size = append(out, piece), base+n
		}
		last := out[len(out)-1]
		last.Versions = append(last.Versions, v)
	}
	return out
}

func following(id vault.FileID) vault.FileID {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]++; id[i] != 0 {
			break
		}
	}
	return id
}

// Records are the object-list rows of a fold's chunks.
func (f *Fold) Records() (out []vault.ObjectRecord) {
	for _, s := range f.Chunks {
		out = append(out, vault.ObjectRecord{CID: s.Cap.CID, Object: s.Cap.Object, Size: uint32(len(s.Object)), Class: vault.ClassPage})
	}
	return out
}

// Objects are a fold's chunks under both their names.
func (f *Fold) Objects() (out []writer.Built) {
	for _, s := range f.Chunks {
		out = append(out, writer.Built{Name: s.Name(), Object: s.Object}, writer.Built{Name: vault.Mirror(s.Name()), Object: s.Object})
	}
	return out
}
