package restore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"lightproof/backup/direct"
	"lightproof/backup/vault"
)

// planned is a plan over small, large and linked files, with names that gave way.
func planned(t testing.TB) []*item {
	l := newLibrary(t)
	l.sample(20)
	l.link("album", "2001/IMG_0001.JPG")
	items := l.plan(t.TempDir(), KeepBoth).items
	for i, it := range items {
		it.n, it.taken, it.replace, it.deleted = i, "2001-02-03T04:05:06", i%3 == 0, i%4 == 0
		if i%5 == 0 {
			it.final, it.notes = it.name+" (2)", []string{"one", "two"}
		}
		if i%7 == 0 {
			it.state, it.detail = stateBlocked, "why"
			it.fail(ReasonName, nil)
		}
	}
	return items
}

func TestABlockGivesItsItemsAndFilesBack(t *testing.T) {
	items := planned(t)
	row := encodeBlock(items)
	n := 0
	err := decodeBlock(row, func(i int, got *item) {
		want := *items[i]
		got.n = i
		f, err := decodeFile(row, i)
		if err != nil || f.Path != want.path || f.Target != want.link || len(f.Versions) != 1 || f.Versions[0].ID != want.version || f.Mode != want.file.Mode {
			t.Errorf("file %d: %+v %v", i, f, err)
		}
		want.file, want.chosen = nil, nil
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("item %d:\n%+v\nwant\n%+v", i, *got, want)
		}
		n++
	})
	if err != nil || n != len(items) {
		t.Fatal(n, err)
	}
	if _, err := decodeFile(row, len(items)); !errors.Is(err, vault.ErrMalformed) {
		t.Error("a file beyond the block:", err)
	}
}

func TestTheLastResultOfAnItemIsInForce(t *testing.T) {
	items := planned(t)
	var first, second packer
	for _, it := range items {
		it.result = Written
		appendResult(&first, it)
	}
	items[2].has = true
	items[3].fail(ReasonNotIdentical, errDiffers)
	items[3].has, items[3].other, items[3].final = true, &vault.Hash{9}, "elsewhere"
	for _, it := range items[2:4] {
		appendResult(&second, it)
	}
	again := planned(t)
	for _, batch := range [][]byte{first.b, second.b} {
		if err := applyResults(batch, again); err != nil {
			t.Fatal(err)
		}
	}
	for i, it := range again {
		want := items[i]
		if it.result != want.result || it.has != want.has || it.final != want.final || it.reason != want.reason || it.detail != want.detail ||
			!reflect.DeepEqual(it.other, want.other) || len(it.notes) != len(want.notes) {
			t.Errorf("item %d: %+v, want %+v", i, it, want)
		}
	}
	if err := applyResults(append(first.b, 0xff), again); !errors.Is(err, vault.ErrMalformed) {
		t.Error(err)
	}
}

func FuzzSavedBlock(f *testing.F) {
	row := encodeBlock(planned(f))
	f.Add(row, 3)
	f.Add(row[:len(row)/2], 0)
	f.Add([]byte{0, 1, 1, 0}, 0)
	f.Fuzz(func(t *testing.T, row []byte, i int) {
		kept := bytes.Clone(row)
		if err := decodeBlock(row, func(int, *item) {}); err != nil && !errors.Is(err, vault.ErrMalformed) && !errors.Is(err, vault.ErrNewer) {
			t.Error(err)
		}
		decodeFile(row, max(0, i%300))
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
	for _, line := range r.Lines {
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
