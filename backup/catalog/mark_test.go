package catalog

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
)

func TestMarkChangesWithWhatCountsAndWithNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.db")
	w := openWriter(t, path)
	mark := func() []byte {
		t.Helper()
		m, err := w.Mark(ctx)
		must(t, err)
		return m
	}
	if m := mark(); len(m) != 0 {
		t.Errorf("a new database has the mark %x", m)
	}
	stop := errors.New("stop")
	for name, c := range map[string]struct {
		change func() error
		counts bool
	}{
		"file put":      {func() error { return w.Files.Put(ctx, FileKey{Path: "a"}, File{}) }, true},
		"file deleted":  {func() error { return w.Files.Delete(ctx, FileKey{Path: "a"}) }, true},
		"files cleared": {func() error { return w.Files.Clear(ctx) }, true},
		"object":        {func() error { return w.Objects.Put(ctx, [32]byte{1}, Object{}) }, true},
		"copy":          {func() error { return w.Copies.Put(ctx, CopyKey{Name: "a"}, Copy{}) }, true},
		"version":       {func() error { return w.Versions.Put(ctx, [16]byte{1}, Version{}) }, true},
		"state row":     {func() error { return w.State.Put(ctx, []byte("env/x"), []byte("x")) }, true},
		"state cleared": {func() error { return w.State.Clear(ctx) }, true},
		"facts":         {func() error { return w.State.Put(ctx, []byte(FactsRow), []byte("x")) }, false},
		"figures":       {func() error { return w.State.Put(ctx, []byte(FiguresRow), []byte("x")) }, false},
		"known":         {func() error { return w.State.Put(ctx, []byte(KnownRows+"1"), []byte("x")) }, false},
		"bundle":        {func() error { return w.Bundles.Put(ctx, [32]byte{1}, Bundle{}) }, false},
		"run":           {func() error { return w.Runs.Append(ctx, Run{At: 1}) }, false},
		"nothing":       {func() error { return w.Update(ctx, func(*Writer) error { return nil }) }, false},
		"row keys anew": {func() error { return w.DB().Rekey(ctx) }, false},
		"file after a fact": {func() error {
			return w.Update(ctx, func(w *Writer) error {
				return errors.Join(w.State.Put(ctx, []byte(FactsRow), nil), w.Files.Put(ctx, FileKey{}, File{}))
			})
		}, true},
		"given up": {func() error {
			err := w.Update(ctx, func(w *Writer) error { return errors.Join(w.Files.Put(ctx, FileKey{}, File{}), stop) })
			if errors.Is(err, stop) {
				err = nil
			}
			return err
		}, false},
	} {
		before := mark()
		must(t, c.change())
		if after := mark(); bytes.Equal(before, after) == c.counts || c.counts && len(after) != MarkSize {
			t.Errorf("%s: %x became %x", name, before, after)
		}
	}
	before := mark()
	must(t, w.Close())
	w = openWriter(t, path)
	if after := mark(); !bytes.Equal(before, after) {
		t.Errorf("%x became %x by opening anew", before, after)
	}
}

func TestMarkIsOfTheStateThatIsSeen(t *testing.T) {
	w := openWriter(t, filepath.Join(t.TempDir(), "w.db"))
	must(t, w.Files.Put(ctx, FileKey{Path: "a"}, File{}))
	before, err := w.Mark(ctx)
	must(t, err)
	must(t, w.View(ctx, func(seen *Writer) error {
		_, err := seen.Files.Count(ctx) // the state is taken with the first look
		must(t, err)
		must(t, w.Files.Put(ctx, FileKey{Path: "b"}, File{}))
		m, err := seen.Mark(ctx)
		must(t, err)
		if !bytes.Equal(m, before) {
			t.Error("the mark is newer than what is seen")
		}
		return nil
	}))
	after, err := w.Mark(ctx)
	must(t, err)
	if bytes.Equal(before, after) {
		t.Error("the mark did not change")
	}
}

func TestPartsAreTheWholeTableOnce(t *testing.T) {
	db, _ := fresh(t)
	const n = 3000
	fill(t, db, "files", n, 100)
	for _, parts := range []int{0, 1, 2, 3, 5, 8, 100} {
		var mu sync.Mutex
		seen, in := map[string]int{}, map[int]int{}
		must(t, db.Table("files").ScanParts(ctx, parts, func(part int, key, _ []byte) error {
			mu.Lock()
			defer mu.Unlock()
			seen[string(key)]++
			in[part]++
			return nil
		}))
		want := min(max(parts, 1), 8)
		if len(seen) != n || len(in) != want {
			t.Errorf("%d parts: %d rows in %d parts", parts, len(seen), len(in))
		}
		for part, rows := range in {
			if rows < n/want/2 {
				t.Errorf("%d parts: part %d has %d rows", parts, part, rows)
			}
		}
		for key, times := range seen {
			if times != 1 {
				t.Fatalf("%d parts: %x came %d times", parts, key, times)
			}
		}
	}
}

func TestPartsEndWithTheFirstError(t *testing.T) {
	db, path := fresh(t)
	fill(t, db, "files", 3000, 100)
	stop := errors.New("stop")
	if err := db.Table("files").ScanParts(ctx, 4, func(part int, _, _ []byte) error {
		if part == 2 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	wantErr(t, db.Table("files").ScanParts(ended, 4, func(int, []byte, []byte) error { return nil }), context.Canceled)
	raw(t, path, "UPDATE t_files SET v = zeroblob(60) WHERE k = (SELECT max(k) FROM t_files)")
	wantErr(t, db.Table("files").ScanParts(ctx, 4, func(int, []byte, []byte) error { return nil }), ErrDamaged)
}
