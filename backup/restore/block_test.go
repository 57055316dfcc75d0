package restore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"lightproof/backup/direct"
	"lightproof/backup/vault"
)

// planned is a plan over small, large and linked files, with names that gave way, and its packed originals.
func planned(t testing.TB) ([]*item, func(*item) ([]byte, []vault.BundleRef, error)) {
	l := newLibrary(t)
	l.sample(20)
	l.link("album", "2001/IMG_0001.JPG")
	p := l.plan(t.TempDir(), KeepBoth)
	for i, it := range p.items {
		it.n, it.replace, it.deleted = int32(i), i%3 == 0, i%4 == 0
		if i%5 == 0 {
			it.rename(it.name() + " (2)")
			it.note("one")
			it.note("two")
		}
		if i%7 == 0 {
			it.state = stateBlocked
			it.why("why")
			it.fail(ReasonName, nil)
		}
	}
	return p.items, func(it *item) ([]byte, []vault.BundleRef, error) {
		return p.sel.packed(context.Background(), int(it.n))
	}
}

func encoded(t testing.TB) ([]*item, []byte) {
	items, packed := planned(t)
	var block blockEncoder
	if _, err := block.encode(items[1:3], packed); err != nil { // what it leaves behind must not show
		t.Fatal(err)
	}
	row, err := block.encode(items, packed)
	if err != nil {
		t.Fatal(err)
	}
	return items, row
}

func TestABlockGivesItsItemsAndOriginalsBack(t *testing.T) {
	items, row := encoded(t)
	n := 0
	err := decodeBlock(row, map[folder]*folder{}, func(i int, got *item, o *original) {
		want := items[i]
		got.n = int32(i)
		if o.file.Path != want.path || (o.file.Target != "") != want.link || len(o.file.Versions) != 1 || int64(o.version().Size) != want.size || o.file.Mode != 0o644 {
			t.Errorf("file %d: %+v", i, o.file)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("item %d:\n%+v\nwant\n%+v", i, got, want)
		}
		n++
	})
	if err != nil || n != len(items) {
		t.Fatal(n, err)
	}
	b, err := parseBlock(row)
	if err != nil {
		t.Fatal(err)
	}
	if o, err := b.original(3); err != nil || o.file.Path != items[3].path {
		t.Error(o, err)
	}
	if _, err := b.original(len(items)); !errors.Is(err, vault.ErrMalformed) {
		t.Error("an item beyond the block:", err)
	}
}

// What did not fit into memory is looked up in the catalogue again, and is the same.
func TestAnOriginalThatIsNotInMemoryIsLookedUp(t *testing.T) {
	l := newLibrary(t)
	l.sample(60)
	l.link("album", "2001/IMG_0001.JPG")
	kept, looked := l.selection(Options{}), l.selection(Options{})
	for i := range looked.Items {
		if looked.Items[i].packed == nil {
			t.Fatal("nothing is kept in memory")
		}
		looked.Items[i].packed = nil
		a, at, err1 := kept.packed(t.Context(), i)
		b, bt, err2 := looked.packed(t.Context(), i)
		if err1 != nil || err2 != nil || !bytes.Equal(a, b) || !slices.Equal(at, bt) {
			t.Fatalf("%s: %d bytes, looked up %d; %v %v", kept.Items[i].Path, len(a), len(b), err1, err2)
		}
	}
	p, err := MakePlan(t.Context(), looked, Target{t.TempDir()}, PlanOptions{Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), l.jobs(t.TempDir()), p, l.options())
	if err != nil || !r.Whole() {
		t.Fatal(r.Sums(), err)
	}
	delete(l.files, looked.Items[5].File)
	if _, err := MakePlan(t.Context(), looked, Target{p.Target.Dir}, PlanOptions{Now: noon}); !errors.Is(err, vault.ErrMissing) {
		t.Error("a file that the catalogue has lost:", err)
	}
}

func TestTheLastResultOfAnItemIsInForce(t *testing.T) {
	items, _ := planned(t)
	var first, second packer
	for _, it := range items {
		it.result = Written
		appendResult(&first, it)
	}
	items[2].has = true
	items[3].fail(ReasonNotIdentical, errDiffers)
	items[3].has = true
	items[3].rename("elsewhere")
	items[3].found(&vault.Hash{9})
	for _, it := range items[2:4] {
		appendResult(&second, it)
	}
	again, _ := planned(t)
	for _, batch := range [][]byte{first.b, second.b} {
		if err := applyResults(batch, again); err != nil {
			t.Fatal(err)
		}
	}
	for i, it := range again {
		want := items[i]
		if it.result != want.result || it.has != want.has || it.final() != want.final() || it.reason() != want.reason() || !reflect.DeepEqual(it.rest(), want.rest()) {
			t.Errorf("item %d: %+v, want %+v", i, it, want)
		}
	}
	if err := applyResults(append(first.b, 0xff), again); !errors.Is(err, vault.ErrMalformed) {
		t.Error(err)
	}
}

func FuzzSavedBlock(f *testing.F) {
	_, row := encoded(f)
	f.Add(row, 3)
	f.Add(row[:len(row)/2], 0)
	f.Add([]byte{0, 1, 1, 0}, 0)
	f.Fuzz(func(t *testing.T, row []byte, i int) {
		kept := bytes.Clone(row)
		if err := decodeBlock(row, map[folder]*folder{}, func(int, *item, *original) {}); err != nil && !errors.Is(err, vault.ErrMalformed) && !errors.Is(err, vault.ErrNewer) {
			t.Error(err)
		}
		if b, err := parseBlock(row); err == nil {
			b.original(max(0, i%300))
		}
		applyResults(row, make([]*item, 0))
		applyResults(row, []*item{{}, {}, {}})
		if !bytes.Equal(kept, row) {
			t.Error("the row was changed")
		}
	})
}

// Files large enough are hashed when they are read back only. Wrong parts are told from a wrong disk then, and take the name away again.
func TestWhatIsWrongWithALargeFileIsFoundOutAfterwards(t *testing.T) {
	l := newLibrary(t)
	content := bytes.Repeat([]byte("film "), direct.From/2)
	l.big("parts.mov", content, 1, func(_ *readerFile, v *vault.Version) { v.Sum[0] ^= 1 })
	l.big("disk.mov", content, 1)
	l.big("good.mov", content, 1)
	target := t.TempDir()
	o := l.options()
	o.hooks.beforeProof = func() {
		f, err := os.OpenFile(filepath.Join(target, "Pictures", "disk.mov"), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteAt([]byte("!"), 1000)
		f.Close()
	}
	r, err := Run(context.Background(), l.jobs(t.TempDir()), l.plan(target, KeepBoth), o)
	if err != nil {
		t.Fatal(err)
	}
	l.sums(r)
	if r.Written != 1 || r.NotRestored[ReasonDamaged] != 1 || r.NotRestored[ReasonNotIdentical] != 1 {
		t.Fatal(r.Sums(), r.NotRestored)
	}
	for _, line := range l.lines(r) {
		if line.Reason == ReasonNotIdentical && (!line.WasRead || line.Read == line.Expected) {
			t.Errorf("%s: what was read is not told", line.Origin)
		}
	}
	if _, err := os.Lstat(filepath.Join(target, "Pictures", "parts.mov")); !errors.Is(err, os.ErrNotExist) {
		t.Error("wrong parts kept the name:", err)
	}
}

// A part in the middle that is lost ends the file, and gives the memory of those beside it back: the next files need it.
func TestALostPartHoldsNothingUp(t *testing.T) {
	l := newLibrary(t)
	for i := range 3 * openAtOnce {
		content := bytes.Repeat([]byte{byte(i), 2, 3, 4}, 300_000)
		f := l.big(string(rune('a'+i))+".mov", content, 1)
		if i%3 > 0 {
			parts := f.Versions[0].Parts
			delete(l.objects, vault.ChunkName(parts[i%len(parts)].Cap.CID))
		}
	}
	r := l.restore(t.TempDir(), KeepBoth)
	if r.Written != openAtOnce || r.NotRestored[ReasonMissing] != 2*openAtOnce {
		t.Error(r.Sums(), r.NotRestored)
	}
}
