package reader

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"lightproof/backup/store/evil"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

func version(n byte, recorded int64) vault.Version {
	return vault.Version{ID: vault.VersionID{n}, Sum: vault.Hash{n}, Recorded: recorded}
}

func entry(id byte, path string, v ...vault.Version) vault.Entry {
	return vault.Entry{ID: vault.FileID{id}, Path: path, Versions: v}
}

func apply(t *testing.T, c *Catalogue, e ...vault.Entry) {
	t.Helper()
	if err := c.Apply(vault.Page{Entries: e}); err != nil {
		t.Fatal(err)
	}
}

func TestANewFileIDJoinsTheLiveFileOfItsPathOnly(t *testing.T) {
	c := NewCatalogue()
	apply(t, c, entry(1, "a", version(1, 10)))
	apply(t, c, entry(2, "a", version(2, 20)))
	if f := c.Files[vault.FileID{1}]; len(c.Files) != 1 || len(f.Versions) != 2 || f.Latest().ID != (vault.VersionID{2}) {
		t.Fatal("a second identifier of a live path must join it")
	}
	apply(t, c, entry(1, "a", vault.Version{ID: vault.VersionID{3}, Recorded: 30, Removed: true}))
	apply(t, c, entry(4, "a", version(4, 40)))
	if len(c.Files) != 2 || c.Files[vault.FileID{1}].At(35) != nil || c.Files[vault.FileID{4}].Latest().ID != (vault.VersionID{4}) {
		t.Error("a file after a deletion is a new one")
	}
	// A file that moves away frees its path.
	apply(t, c, entry(4, "b"), entry(5, "a", version(5, 50)))
	if len(c.Files) != 3 || c.Files[vault.FileID{4}].Path != "b" {
		t.Error("a moved file's path is taken")
	}
}

func TestARepairReplacesPartsAndKeepsWhatItsWriterCannotKnow(t *testing.T) {
	c := NewCatalogue()
	full := version(1, 10)
	full.EXIF, full.Tile = &vault.EXIF{Make: "Cam"}, &vault.Part{Cap: vault.Cap{Len: 5}}
	full.Size, full.Sum = 3, vault.Hash{9}
	full.Damaged, full.Parts = true, []vault.Part{{Cap: vault.Cap{CID: vault.CID{1}, Len: 3}}}
	apply(t, c, entry(1, "a", full))
	repair := vault.Version{ID: full.ID, Size: 3, Sum: full.Sum, Recorded: 10, Parts: []vault.Part{{Cap: vault.Cap{CID: vault.CID{2}, Len: 3}}}}
	apply(t, c, entry(1, "a", repair))
	v := c.Files[vault.FileID{1}].Latest()
	if v.Parts[0].Cap.CID != (vault.CID{2}) || v.Damaged || v.EXIF == nil || v.Tile == nil {
		t.Errorf("%+v", v)
	}
	repair.Sum = vault.Hash{8}
	err := c.Apply(vault.Page{Entries: []vault.Entry{entry(1, "a", repair, version(7, 70)), entry(2, "b", version(1, 1))}})
	if !errors.Is(err, vault.ErrTampered) || c.Files[vault.FileID{1}].Versions[0].Sum != full.Sum {
		t.Error("a repair with other content:", err)
	}
	if c.Files[vault.FileID{2}] == nil || len(c.Files[vault.FileID{1}].Versions) != 2 {
		t.Error("what is wrong with one version kept others out")
	}
}

// A computer that lost its records writes everything once more, under identifiers of its own: no file and no version comes of it.
func TestWhatIsWrittenOnceMoreJoinsWhatItIs(t *testing.T) {
	c := NewCatalogue()
	content := func(id, sum byte, recorded int64, cid byte) vault.Version {
		return vault.Version{ID: vault.VersionID{id}, Size: 3, Sum: vault.Hash{sum}, Recorded: recorded, Parts: []vault.Part{{Cap: vault.Cap{CID: vault.CID{cid}, Len: 3}}}}
	}
	apply(t, c, entry(1, "a", content(1, 1, 10, 1), content(2, 2, 20, 2)))
	apply(t, c, entry(9, "a", content(3, 2, 30, 3)))
	f := c.Files[vault.FileID{1}]
	if len(c.Files) != 1 || len(f.Versions) != 2 {
		t.Fatalf("%d files, %+v", len(c.Files), f.Versions)
	}
	if v := f.Latest(); v.ID != (vault.VersionID{2}) || v.Recorded != 20 || v.Parts[0].Cap.CID != (vault.CID{3}) {
		t.Errorf("the newest version is now %+v", v)
	}
	// What it does with the file later, under its own fileID, is done to the file.
	apply(t, c, entry(9, "renamed"))
	if f.Path != "renamed" || len(c.Files) != 1 {
		t.Errorf("%q, %d files", f.Path, len(c.Files))
	}
	if got := c.TakeJoined(); len(got) != 1 || got[vault.FileID{9}] != (vault.FileID{1}) || len(c.TakeJoined()) != 0 {
		t.Errorf("joined %v", got)
	}
	// An older version that comes back is a new one, and so is a link that leads elsewhere.
	apply(t, c, entry(9, "renamed", content(4, 1, 40, 1)))
	if len(f.Versions) != 3 {
		t.Errorf("%+v", f.Versions)
	}
	link := entry(5, "l", vault.Version{ID: vault.VersionID{5}, Recorded: 1})
	link.Type, link.Target = vault.TypeSymlink, "x"
	apply(t, c, link)
	link.Target, link.Versions = "y", []vault.Version{{ID: vault.VersionID{6}, Recorded: 2}}
	apply(t, c, link)
	if n := len(c.Files[vault.FileID{5}].Versions); n != 2 {
		t.Errorf("%d versions of a link that was changed", n)
	}
}

func TestTwoTablesMayNameOneBundleDifferently(t *testing.T) {
	c := NewCatalogue()
	row := vault.BundleRef{Cap: vault.Cap{CID: vault.CID{1}, Key: [32]byte{1}, Len: 100}}
	evil := row
	evil.Cap.Key = [32]byte{66}
	v := func(n byte) vault.Version {
		return vault.Version{ID: vault.VersionID{n}, Size: 3, Sum: vault.Hash{n}, Parts: []vault.Part{{Small: true, Ref: vault.Ref{Off: 40, Len: 3}}}}
	}
	for i, b := range []vault.BundleRef{evil, row} {
		if err := c.Apply(vault.Page{Bundles: []vault.BundleRef{b}, Entries: []vault.Entry{entry(1, "a", v(byte(i)))}}); err != nil {
			t.Fatal(err)
		}
	}
	f := c.Files[vault.FileID{1}]
	if f.Bundles[f.Versions[1].Parts[0].Ref.Bundle] != row {
		t.Error("a reference was moved to another device's row")
	}
}

func TestAnEntryThatGrowsTooLongIsCutAndComesBackWhole(t *testing.T) {
	c := NewCatalogue()
	e := entry(1, "big")
	e.ID[15] = 0xff
	for i := range 300 {
		v := vault.Version{ID: vault.VersionID{byte(i), byte(i >> 8)}, Sum: vault.Hash{byte(i), byte(i >> 8)}, Recorded: int64(i)}
		for j := range vault.MaxParts {
			v.Parts = append(v.Parts, vault.Part{Cap: vault.Cap{CID: vault.CID{byte(i), byte(j)}, Len: 1}})
			v.Size++
		}
		e.Versions = append(e.Versions, v)
	}
	if len(e.Encode()) <= vault.MaxEntryBytes {
		t.Fatal("not long enough to matter")
	}
	for i, v := range e.Versions { // as commits bring them
		if part := e; true {
			part.Versions = []vault.Version{v}
			if err := c.Apply(vault.Page{Entries: []vault.Entry{part}}); err != nil {
				t.Fatal(i, err)
			}
		}
	}
	apply(t, c, entry(9, "other", version(1, 1)))
	fold, err := BuildFold(c, fuzzGeneration())
	if err != nil {
		t.Fatal(err)
	}
	again, err := BuildFold(c, fuzzGeneration())
	if err != nil || len(again.Chunks) != len(fold.Chunks) || again.Chunks[0].Cap != fold.Chunks[0].Cap {
		t.Error("a second fold differs")
	}
	back := NewCatalogue()
	for _, s := range fold.Chunks {
		b, err := OpenChunk(vault.SpaceID{1}, s.Cap, s.Object)
		if err != nil {
			t.Fatal(err)
		}
		p, err := vault.ParsePage(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := back.Apply(p); err != nil {
			t.Fatal(err)
		}
	}
	f := back.Files[e.ID]
	if len(back.Files) != 2 || f == nil || len(f.Versions) != 300 || f.Path != "big" || f.Continues != nil {
		t.Fatalf("%d files", len(back.Files))
	}
	if !bytes.Equal(f.Entry.Encode(), c.Files[e.ID].Entry.Encode()) {
		t.Error("the entry came back changed")
	}
}

func TestLostPagesOfAFoldAreReadFromTheDeltasBefore(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	tag := s.second.Writer.Tag
	st := s.attacked()
	full := vault.CommitName(tag, s.heads[tag].Seq)
	oc, err := s.second.Writer.OpenCommit(full, s.place.Bytes(full))
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.second.Reader.OpenPayload(oc.Header, oc.Body.Payload)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Erase(ctx, evil.Name(both(vault.ChunkName(p.Root.CID))...)); err != nil {
		t.Fatal(err)
	}
	out := s.restore(placed{st}, s.keys)
	if !s.whole(out) || !out.has(vault.ErrMissing) {
		t.Errorf("%d files, %v", len(out.contents), out.errs)
	}
	// The kit printed after the first device saw nothing of the second: all of it is restored, too.
	if out := s.restore(placed{s.early.Open()}, s.keys); len(out.contents) != 3 || len(out.errs) != 0 {
		t.Errorf("a kit one minute old: %d files, %v", len(out.contents), out.errs)
	}
}

func TestCommitsThatAFoldDoesNotContainStillApply(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	tag := s.second.Writer.Tag
	d := &device{s: s, w: s.second.Writer, prev: s.heads[tag], control: s.control}
	delta := func(typ vault.CommitType, path string, n byte) {
		e, rec := d.file(path, n, []byte(path+" content"), int64(n))
		d.commit(typ, 0, vault.Payload{Body: vault.Page{Entries: []vault.Entry{e}}.Encode()}, []vault.ObjectRecord{rec}, false)
	}
	delta(vault.CommitRepair, "repaired", 20)
	foldedTo := d.prev.Seq - 1
	delta(vault.CommitDelta, "running", 21)
	empty, err := BuildFold(NewCatalogue(), s.second.Writer.Current())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range empty.Objects() {
		s.place.Set(o.Name, o.Object)
	}
	d.commit(vault.CommitFull, foldedTo, vault.Payload{Root: rootOf(t, empty)}, empty.Records(), false)
	d.commit(vault.CommitHeartbeat, 0, vault.Payload{}, nil, false)
	delta(vault.CommitDelta, "later", 22)
	out := s.restore(placed{s.place.Open()}, s.keys)
	for _, path := range []string{"repaired", "running", "later"} {
		if sha256.Sum256(out.contents[path]) != sha256.Sum256([]byte(path+" content")) {
			t.Errorf("%s is lost: %v", path, out.errs)
		}
	}
	// A walk that resumes sees what came since, and a list that is gone does not end it.
	names, resumed := s.place.Names(), vault.Head{}
	view := s.second.Writer
	chain, _, _, err := writer.LoadChain(ctx, placed{s.place.Open()}, view, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if vault.IsListName(n) {
			s.place.Remove(n)
			s.place.Remove(vault.Mirror(n))
		}
	}
	seen := 0
	resumed, found, err := writer.WalkLog(ctx, placed{s.place.Open()}, view, chain, tag, vault.Head{}, func(writer.LogCommit) error { seen++; return nil })
	if err != nil || resumed != d.prev || seen != int(d.prev.Seq) || len(found) == 0 {
		t.Error("without its lists:", seen, resumed.Seq, found, err)
	}
	stop := fmt.Errorf("enough")
	if _, _, err := writer.WalkLog(ctx, placed{s.place.Open()}, view, chain, tag, s.heads[tag], func(lc writer.LogCommit) error {
		if lc.Header.Seq != s.heads[tag].Seq+1 {
			t.Error("resumed at", lc.Header.Seq)
		}
		return stop
	}); !errors.Is(err, stop) {
		t.Error(err)
	}
}
