package backup

import (
	"fmt"
	"testing"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/source"
)

// seenAndRecorded are an original as it is seen, and its row.
func seenAndRecorded() (source.Item, catalog.File) {
	at := time.Unix(1_700_000_000, 123_456_789)
	it := source.Item{Path: "a/b.jpg", Kind: source.KindFile, State: source.Found, Size: 5, ModTime: at, BirthTime: at.Add(-time.Hour),
		ID: source.Identity{Device: 1, Inode: 7, ChangeTime: at.Add(time.Minute)}}
	return it, catalog.File{State: catalog.StateStored, Size: it.Size, ModTimeNS: at.UnixNano(), CTimeNS: it.ID.ChangeTime.UnixNano(),
		BirthNS: it.BirthTime.UnixNano(), Inode: 7, Dev: 1, VersionID: [16]byte{1}}
}

func TestEachSignOfAChangeIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		change func(it *source.Item, f *catalog.File)
		same   bool
		listed bool // told from the list of what is known, without a look at the row
	}{
		"nothing":                {func(*source.Item, *catalog.File) {}, true, true},
		"mode only":              {func(it *source.Item, _ *catalog.File) { it.Mode = 0o600 }, true, true},
		"drive connected anew":   {func(it *source.Item, _ *catalog.File) { it.ID.Device = 9 }, true, true},
		"size":                   {func(it *source.Item, _ *catalog.File) { it.Size++ }, false, false},
		"modification time":      {func(it *source.Item, _ *catalog.File) { it.ModTime = it.ModTime.Add(1) }, false, false},
		"change time":            {func(it *source.Item, _ *catalog.File) { it.ID.ChangeTime = it.ID.ChangeTime.Add(1) }, false, false},
		"inode":                  {func(it *source.Item, _ *catalog.File) { it.ID.Inode++ }, false, false},
		"birth time":             {func(it *source.Item, _ *catalog.File) { it.BirthTime = it.BirthTime.Add(1) }, false, false},
		"birth time unknown now": {func(it *source.Item, _ *catalog.File) { it.BirthTime = time.Time{} }, true, false},
		"birth time unknown":     {func(_ *source.Item, f *catalog.File) { f.BirthNS = 0 }, true, false},
		"unsettled":              {func(_ *source.Item, f *catalog.File) { f.Unsettled = true }, false, false},
		"not stored":             {func(_ *source.Item, f *catalog.File) { f.State = catalog.StatePending }, false, false},
	} {
		it, f := seenAndRecorded()
		c.change(&it, &f)
		if got := unchanged(&f, it); got != c.same {
			t.Errorf("%s: unchanged %v", name, got)
		}
		kn := newKnown()
		path := kn.path([16]byte{1}, it.Path)
		kn.enter(knownSlot{path, kn.recorded(path, &f)})
		is, first, same := kn.find(path, kn.sighted(path, it))
		if !is || !first || same != c.listed {
			t.Errorf("%s: known %v, first %v, same %v", name, is, first, same)
		}
	}
}

func TestKnownFindsWhatWasEnteredAndWhatWasNotSeen(t *testing.T) {
	const n = 50_000
	kn := newKnown()
	_, f := seenAndRecorded()
	name := func(i int) uint64 { return kn.path([16]byte{byte(i % 3)}, fmt.Sprint(i)) }
	for i := range n {
		f.Size = int64(i)
		kn.enter(knownSlot{name(i), kn.recorded(name(i), &f)})
	}
	it, _ := seenAndRecorded()
	for i := range n {
		if i%7 == 0 {
			continue // not come to
		}
		it.Size = int64(i)
		if i%5 == 0 {
			it.Size++
		}
		is, first, same := kn.find(name(i), kn.sighted(name(i), it))
		if !is || !first || same != (i%5 != 0) {
			t.Fatalf("%d: known %v, first %v, same %v", i, is, first, same)
		}
		if _, again, _ := kn.find(name(i), 0); again {
			t.Fatalf("%d was first twice", i)
		}
	}
	if is, first, same := kn.find(kn.path([16]byte{1}, "another"), 0); is || first || same {
		t.Error("a path that was never entered is known")
	}
	for i := range n {
		if kn.wasSeen(name(i)) != (i%7 != 0) {
			t.Fatalf("%d: seen %v", i, kn.wasSeen(name(i)))
		}
	}
	if !kn.wasSeen(kn.path([16]byte{1}, "another")) {
		t.Error("what came after the records were loaded counts as not seen")
	}
}

func TestReasonsAreKnownToo(t *testing.T) {
	kn := newKnown()
	path := kn.path([16]byte{1}, "a")
	kn.enter(knownSlot{path, kn.recorded(path, &catalog.File{State: catalog.StateSkipped, Reason: "junk file"})})
	for _, c := range []struct {
		state  catalog.FileState
		reason string
		same   bool
	}{{catalog.StateSkipped, "junk file", true}, {catalog.StateSkipped, "by-choice", false}, {catalog.StateFailed, "junk file", false}} {
		if _, _, same := kn.find(path, kn.otherwise(path, c.state, c.reason)); same != c.same {
			t.Errorf("%v %s: same %v", c.state, c.reason, same)
		}
	}
}

func TestPiecesAreAsManyAsTheRowsNeed(t *testing.T) {
	const rows = knownPiece/knownSlotBytes + 3
	k := newKeptKnown()
	_, f := seenAndRecorded()
	for i := range rows {
		f.Size = int64(i)
		k.add(catalog.FileKey{Folder: [16]byte{byte(i % 2)}, Path: fmt.Sprint(i)}, &f)
	}
	if len(k.pieces) != 2 || len(k.pieces[0]) != knownPiece || len(k.pieces[1]) != 3*knownSlotBytes {
		t.Fatalf("%d pieces", len(k.pieces))
	}
	mark := make([]byte, catalog.MarkSize)
	mark[3] = 9
	h, err := parseKnownHead(k.head(mark))
	if err != nil || h.rows != rows || h.pieces != 2 || string(h.mark) != string(mark) || h.kn.paths != k.kn.paths || h.kn.values != k.kn.values {
		t.Errorf("%+v %v", h, err)
	}
	if n := h.kn.files[[16]byte{1}]; n != rows/2 {
		t.Errorf("%d rows of the second folder", n)
	}
}

// FuzzKnownHead: a head of any bytes is refused or says what would be written.
func FuzzKnownHead(f *testing.F) {
	k := newKeptKnown()
	k.add(catalog.FileKey{Path: "a"}, &catalog.File{})
	f.Add(k.head(make([]byte, catalog.MarkSize)))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseKnownHead(b)
		if err == nil && (h.rows < 0 || h.rows > int64(h.pieces)*knownPiece/knownSlotBytes || h.pieces > maxKnownPieces && h.rows > 0) {
			t.Fatalf("%d rows in %d pieces", h.rows, h.pieces)
		}
	})
}
