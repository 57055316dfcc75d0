package library_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"lightproof/backup/catalog"
	"lightproof/backup/library"
	"lightproof/backup/photo/sample"
	"lightproof/backup/setup"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

func (r *rig) frugal(t *testing.T) *library.Library {
	t.Helper()
	return r.unlockBy(t, library.OpenFrugal)
}

// rows are all files of a catalogue, and the same as File gives them.
func rows(t *testing.T, l *library.Library) map[vault.FileID][]byte {
	t.Helper()
	out := map[vault.FileID][]byte{}
	if err := l.Each(t.Context(), func(f *reader.File) error {
		out[f.ID] = f.Page().Encode()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for id, want := range out {
		if f, err := l.File(t.Context(), id); err != nil || !bytes.Equal(f.Page().Encode(), want) {
			t.Fatalf("%s: %v, %v", id, f, err)
		}
	}
	if _, err := l.File(t.Context(), vault.FileID{9}); !errors.Is(err, vault.ErrMissing) {
		t.Fatal("a file that is not there:", err)
	}
	return out
}

func TestAFrugalCatalogueHoldsTheSame(t *testing.T) {
	r := newRig(t)
	if _, err := sample.WriteLibrary(r.photos, 1, 40); err != nil {
		t.Fatal(err)
	}
	for run := range 3 {
		r.backUp(t)
		l := r.frugal(t) // rebuilt the first time, gone on with the other times
		got := rows(t, l)
		sources := l.Sources()
		l.Close()
		if err := os.Rename(filepath.Join(r.home, "reader.db"), filepath.Join(r.home, "aside")); err != nil {
			t.Fatal(err)
		}
		l = r.unlock(t) // all anew
		want := rows(t, l)
		if len(got) != len(want) || len(want) == 0 || len(sources) != 1 || len(l.Sources()) != 1 {
			t.Fatalf("run %d: %d files, all anew %d; %d folders", run, len(got), len(want), len(sources))
		}
		for id := range want {
			if !bytes.Equal(got[id], want[id]) {
				t.Errorf("run %d: %s differs", run, id)
			}
		}
		photos := len(l.Timeline())
		l.Close()
		for _, db := range []string{"reader.db", "reader.db-wal", "reader.db-shm"} {
			os.Remove(filepath.Join(r.home, db))
		}
		if err := os.Rename(filepath.Join(r.home, "aside"), filepath.Join(r.home, "reader.db")); err != nil {
			t.Fatal(err)
		}
		l = r.frugal(t)
		for id := range want {
			if len(l.Together(id)) == 0 && !bytes.Contains(want[id], []byte(".xmp")) {
				t.Errorf("%s belongs to no photo", id)
			}
			break
		}
		if n := len(l.Timeline()); n != photos {
			t.Errorf("%d photos, want %d", n, photos)
		}
		l.Close()
		// Something new, something changed, something moved, something gone.
		write(t, filepath.Join(r.photos, fmt.Sprintf("new %d.jpg", run)), fmt.Appendf(nil, "new %d", run))
		write(t, filepath.Join(r.photos, "changed.jpg"), fmt.Appendf(nil, "changed %d", run))
		os.Rename(filepath.Join(r.photos, "new 0.jpg"), filepath.Join(r.photos, fmt.Sprintf("moved %d.jpg", run)))
		os.Remove(filepath.Join(r.photos, fmt.Sprintf("moved %d.jpg", run-1)))
	}
}

// A Sync that ends midway leaves nothing that could be taken for a catalogue, and the next start reads it from where it was.
func TestAFrugalCatalogueThatWasStoppedIsReadAgain(t *testing.T) {
	r := newRig(t)
	if _, err := sample.WriteLibrary(r.photos, 1, 10); err != nil {
		t.Fatal(err)
	}
	r.backUp(t)
	keys, err := setup.Unlock(t.Context(), r.home, r.chain, []byte("six words"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if l, err := library.OpenFrugal(ctx, r.engine, keys, r.home); err == nil {
		l.Close()
		t.Fatal("it opened although it was stopped")
	}
	if n := len(rows(t, r.frugal(t))); n == 0 {
		t.Error("nothing is there")
	}
}

// What a stop in the middle of a Sync left behind is never taken for the catalogue, whichever way it is opened next.
func TestACatalogueThatWasLeftInTheMiddleIsMadeAnew(t *testing.T) {
	r := newRig(t)
	if _, err := sample.WriteLibrary(r.photos, 1, 10); err != nil {
		t.Fatal(err)
	}
	r.backUp(t)
	l := r.frugal(t)
	want := rows(t, l)
	l.Close()
	for name, open := range map[string]func(*testing.T) *library.Library{"frugal": r.frugal, "whole": r.unlock} {
		keys, err := setup.Unlock(t.Context(), r.home, r.chain, []byte("six words"))
		if err != nil {
			t.Fatal(err)
		}
		db, err := catalog.OpenReader(filepath.Join(r.home, "reader.db"), keys.CacheKey, keys.Space, 0)
		if err != nil {
			t.Fatal(err)
		}
		keys.Wipe()
		stray := reader.File{File: vault.File{Entry: vault.Entry{ID: vault.FileID{7}, Path: "stray.jpg"}}}
		if err := errors.Join(db.State.Put(t.Context(), []byte("reading"), []byte{1}),
			db.Entries.Put(t.Context(), stray.ID, stray.Page().Encode()), db.Close()); err != nil {
			t.Fatal(err)
		}
		l := open(t)
		got := rows(t, l)
		l.Close()
		if len(got) != len(want) || got[stray.ID] != nil {
			t.Errorf("%s: %d files, want %d", name, len(got), len(want))
		}
	}
}

// What a Sync read and could not write down is written by the next one: the heads are beyond it, so nobody would read it again.
func TestWhatCouldNotBeKeptIsKeptByTheNextSync(t *testing.T) {
	r := newRig(t)
	if _, err := sample.WriteLibrary(r.photos, 1, 10); err != nil {
		t.Fatal(err)
	}
	r.backUp(t)
	l := r.unlock(t)
	before := len(rows(t, l))
	if _, err := sample.WriteLibrary(filepath.Join(r.photos, "more"), 2, 10); err != nil {
		t.Fatal(err)
	}
	r.backUp(t)
	db, err := sql.Open("sqlite", filepath.Join(r.home, "reader.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TRIGGER full BEFORE INSERT ON t_state BEGIN SELECT RAISE(ABORT, 'no room'); END"); err != nil {
		t.Fatal(err)
	}
	if err := l.Sync(t.Context()); err == nil {
		t.Fatal("nothing could be written, and nobody said so")
	}
	if _, err := db.Exec("DROP TRIGGER full"); err != nil {
		t.Fatal(err)
	}
	if err := l.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := rows(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = r.unlock(t)
	defer l.Close()
	if got := rows(t, l); len(got) != len(want) || len(got) <= before {
		t.Errorf("%d files are left of %d", len(got), len(want))
	}
}
