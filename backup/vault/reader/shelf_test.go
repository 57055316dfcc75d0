package reader

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"lightproof/backup/vault"
)

// memoryShelf keeps files encoded, as a database does.
type memoryShelf struct {
	files  map[vault.FileID][]byte
	joined map[vault.FileID]vault.FileID
	looked int
	err    error
}

func (s *memoryShelf) File(id vault.FileID) (*File, error) {
	s.looked++
	if s.err != nil {
		return nil, s.err
	}
	p, err := vault.ParsePage(slices.Clone(s.files[id]))
	if err != nil {
		return nil, err
	}
	f, err := vault.FileOfPage(p)
	return &File{*f}, err
}

func (s *memoryShelf) Keep(files []*File, joined map[vault.FileID]vault.FileID) error {
	for _, f := range files {
		s.files[f.ID] = f.Page().Encode()
	}
	maps.Copy(s.joined, joined)
	return s.err
}

// pages is a seeded history: files appear, change, move, go, and are told anew under other identifiers.
func pages(seed uint64, n int) (out []vault.Page) {
	rng := rand.New(rand.NewPCG(seed, 1))
	var ids []vault.FileID
	for i := range n {
		var p vault.Page
		used := map[vault.FileID]bool{}
		for range 1 + rng.IntN(6) {
			id := vault.NewFileID(uint64(i + 1))
			if len(ids) > 0 && rng.IntN(3) > 0 {
				id = ids[rng.IntN(len(ids))]
			}
			if used[id] {
				continue
			}
			used[id], ids = true, append(ids, id)
			e := vault.Entry{ID: id, Path: fmt.Sprintf("%d.jpg", rng.IntN(12)), ModTime: int64(i)}
			if rng.IntN(8) == 0 {
				e.Continues = &ids[rng.IntN(len(ids))]
			}
			v := vault.Version{ID: vault.NewVersionID(), Size: uint64(rng.IntN(3)), Recorded: int64(i), Removed: rng.IntN(5) == 0}
			if v.Removed {
				v.Size = 0
			} else if v.Size > 0 {
				v.Lists = []vault.Cap{{Len: uint32(i + 1)}}
			}
			e.Versions = []vault.Version{v}
			p.Entries = append(p.Entries, e)
		}
		slices.SortFunc(p.Entries, func(a, b vault.Entry) int { return slices.Compare(a.ID[:], b.ID[:]) })
		out = append(out, p)
	}
	return out
}

// A catalogue that keeps its files on a shelf comes to the same files as one that has them all in memory, also where both begin anew in the middle, and
// where they read some pages over again.
func TestACatalogueOnAShelfIsTheSame(t *testing.T) {
	for seed := range uint64(60) {
		history := pages(seed, 60)
		s := &memoryShelf{files: map[vault.FileID][]byte{}, joined: map[vault.FileID]vault.FileID{}}
		want, c := NewCatalogue(), NewCatalogue()
		c.PutOn(s)
		c.shelf.after = 3
		apply := func(pages []vault.Page) {
			t.Helper()
			for _, p := range pages {
				if err := errors.Join(want.Apply(p), c.Apply(p)); err != nil {
					t.Fatal(err)
				}
			}
			s.Keep(c.TakeChanged(), c.TakeJoined())
			if s.looked == 0 || len(s.files) != len(want.Files) {
				t.Fatalf("seed %d: %d files on the shelf, %d in memory", seed, len(s.files), len(want.Files))
			}
			for id, f := range want.Files {
				got, err := s.File(id)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got.Page().Encode(), f.Page().Encode()) {
					t.Fatalf("seed %d: %s:\n%+v\nwant\n%+v", seed, id, got, f)
				}
			}
		}
		apply(history[:40])
		old := want
		want, c = NewCatalogue(), NewCatalogue()
		c.PutOn(s)
		c.shelf.after = 3
		for _, id := range slices.SortedFunc(maps.Keys(s.files), func(a, b vault.FileID) int { return bytes.Compare(a[:], b[:]) }) {
			want.Load(old.Files[id])
			f, err := s.File(id)
			if err != nil {
				t.Fatal(err)
			}
			c.Shelved(f)
		}
		maps.Copy(want.joined, s.joined)
		maps.Copy(c.joined, s.joined)
		apply(history[40-10*int(seed%2):])
		if c.Unload(); len(c.Files) != 0 || c.ShelfErr() != nil {
			t.Error("something is left")
		}
	}
}

// After an error of its shelf a catalogue keeps nothing any more: what it holds would be half of it.
func TestAShelfThatFailsEndsTheCatalogue(t *testing.T) {
	s := &memoryShelf{files: map[vault.FileID][]byte{}, joined: map[vault.FileID]vault.FileID{}}
	c := NewCatalogue()
	c.PutOn(s)
	c.shelf.after = 1
	history := pages(3, 30)
	for _, p := range history[:20] {
		if err := c.Apply(p); err != nil {
			t.Fatal(err)
		}
	}
	s.err = errors.New("the disk is gone")
	var err error
	for _, p := range history[20:] {
		err = errors.Join(err, c.Apply(p))
	}
	kept := len(s.files)
	if !errors.Is(err, s.err) || !errors.Is(c.ShelfErr(), s.err) {
		t.Error(err, c.ShelfErr())
	}
	s.err = nil
	if c.Apply(pages(9, 1)[0]) == nil || len(s.files) != kept {
		t.Error("it went on")
	}
}
