package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/restore"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// tick lets a second pass by the engine's clock: versions are dated in seconds.
func (m *machine) tick() time.Time {
	m.clock.add(2 * time.Second)
	return m.clock.Now().Add(-time.Second)
}

// file finds the one file of a path.
func (m *machine) file(l *library.Library, path string) *reader.File {
	m.t.Helper()
	list := l.Find(path)
	if len(list) != 1 {
		m.t.Fatalf("%s is in the catalogue %d times", path, len(list))
	}
	return list[0]
}

func TestEveryChangeIsAVersionAndNothingIsStoredTwice(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	in := func(name string) string { return filepath.Join(m.photos, name) }
	numbered(t, m.photos, "a", 1, 6, 200_000)
	numbered(t, m.photos, "small", 2, 6, 3_000)
	m.backUpQuietly()
	old := history{}
	old.note(t, m.photos)
	first := readTree(t, m.photos)
	before := m.tick()

	steps := []struct {
		name   string
		change func()
		stored int64 // at most so many bytes besides records
		new    int64
		gone   int64
	}{
		{"edit of a large file", func() { numbered(t, m.photos, "a", 10, 1, 200_000) }, 300_000, 1, 0},
		{"edit of a small file", func() { numbered(t, m.photos, "small", 11, 1, 3_000) }, 16_512, 1, 0},
		{"mode", func() { must(t, os.Chmod(in("a/001.bin"), 0o600)) }, 0, 0, 0},
		{"attribute", func() { must(t, setXattr(in("small/001.bin"), "user.stars", "5")) }, 0, 0, 0},
		{"time", func() { must(t, os.Chtimes(in("a/002.bin"), time.Time{}, time.Unix(1e9, 123456789))) }, 0, 0, 0},
		{"rename", func() { must(t, os.Rename(in("a/003.bin"), in("a/renamed.bin"))) }, 0, 0, 0},
		{"rename of a small file", func() { must(t, os.Rename(in("small/003.bin"), in("small/renamed.bin"))) }, 0, 0, 0},
		{"rename of a folder", func() { must(t, os.Rename(in("a"), in("b"))) }, 0, 0, 0},
		{"copy of a large file", func() {
			b, err := os.ReadFile(in("b/004.bin"))
			must(t, err)
			write(t, in("b/copy.bin"), b)
		}, 0, 1, 0},
		{"deletion", func() { must(t, os.Remove(in("b/005.bin"))) }, 0, 0, 1},
		{"deletion of a small file", func() { must(t, os.Remove(in("small/005.bin"))) }, 0, 0, 1},
	}
	for _, s := range steps {
		s.change()
		was := storedChunks(t, m.place("a"))
		run := m.backUpQuietly()
		grown := storedChunks(t, m.place("a")) - was
		if run.New != s.new || run.Removed != s.gone || grown > s.stored {
			t.Errorf("%s: %d new versions (want %d), %d deletions (want %d), %d bytes more stored (at most %d)", s.name, run.New, s.new, run.Removed, s.gone, grown, s.stored)
		}
		m.mustProve()
		if again := m.backUpQuietly(); again.New+again.Removed+again.StoredByte != 0 {
			t.Errorf("%s: found again: %+v", s.name, again)
		}
		m.tick()
	}
	l := m.unlock()
	for path, want := range map[string]int{"b/000.bin": 2, "small/000.bin": 2, "b/renamed.bin": 1, "small/renamed.bin": 1, "b/001.bin": 1} {
		if f := m.file(l, path); len(f.Versions) != want {
			t.Errorf("%s has %d versions, want %d", path, len(f.Versions), want)
		}
	}
	// As it is now, with modes, times and attributes as they were changed.
	to := filepath.Join(m.dir, "now")
	m.restoreTo(l, to, restore.Options{})
	now, restored := readTree(t, m.photos), readTree(t, filepath.Join(to, "photos"))
	// A file that was only touched keeps its version, and FORMAT.md ("How to restore", step 7) gives a file the time of its version;
	// everything else of it is as it is now. The stand-alone reader does the same.
	if got := restored["b/002.bin"].mtime; got != first["a/002.bin"].mtime {
		t.Errorf("a touched file came back with the time %d, its version has %d", got, first["a/002.bin"].mtime)
	}
	touched := now["b/002.bin"]
	touched.mtime = first["a/002.bin"].mtime
	now["b/002.bin"] = touched
	mustEqual(t, now, restored)
	// What was deleted is found and comes back.
	for _, name := range []string{"b/005.bin", "small/005.bin"} {
		if f := m.file(l, name); !f.Versions[len(f.Versions)-1].Removed {
			t.Errorf("%s is not marked as deleted", name)
		}
	}
	to = filepath.Join(m.dir, "deleted")
	m.restoreTo(l, to, restore.Options{Deleted: true, Paths: []string{"**/005.bin"}})
	got := readTree(t, filepath.Join(to, "photos"))
	if len(got) != 2 || got["b/005.bin"].sum != first["a/005.bin"].sum || got["small/005.bin"].sum != first["small/005.bin"].sum {
		t.Errorf("deleted files came back as %v", got)
	}
	// As it was before the changes: the bytes of that moment, the deleted ones with them.
	to = filepath.Join(m.dir, "before")
	m.restoreTo(l, to, restore.Options{At: before})
	sums := map[[32]byte]int{}
	for _, f := range first {
		sums[f.sum]++
	}
	for _, f := range readTree(t, filepath.Join(to, "photos")) {
		sums[f.sum]--
	}
	for sum, n := range sums {
		if n != 0 {
			t.Errorf("as it was before: content %x is there %+d times too few", sum[:4], n)
		}
	}
}

// storedChunks is how many bytes of content and bundles stand at a destination; records (commits, lists, pages) are left out.
func storedChunks(t *testing.T, place string) (n int64) {
	t.Helper()
	for _, f := range readTree(t, filepath.Join(place, "c")) {
		n += f.size
	}
	if pages, err := os.Stat(filepath.Join(place, "m2", "c")); err == nil && pages.IsDir() {
		for _, f := range readTree(t, filepath.Join(place, "m2", "c")) {
			n -= f.size
		}
	}
	return n
}

// fingerprint is the catalogue as bytes, in a fixed order.
func fingerprint(t *testing.T, l *library.Library) map[vault.FileID][]byte {
	t.Helper()
	out := map[vault.FileID][]byte{}
	eachFile(l, func(f *reader.File) bool {
		out[f.ID] = f.Page().Encode()
		return true
	})
	return out
}

func sameCatalogue(t *testing.T, want, got map[vault.FileID][]byte) {
	t.Helper()
	for id, b := range want {
		if !bytes.Equal(b, got[id]) {
			t.Errorf("file %s is another one in the rebuilt catalogue", id)
		}
	}
	if len(want) != len(got) || len(want) == 0 {
		t.Errorf("%d files before, %d rebuilt", len(want), len(got))
	}
}

func removeDB(t *testing.T, home, name string) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(home, name+suffix)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
}

func TestTheCatalogueIsRebuiltEqual(t *testing.T) {
	for _, folded := range []bool{false, true} {
		m := newMachine(t).setUp().withFolderAndPlace()
		numbered(t, m.photos, "a", 1, 20, 80_000)
		numbered(t, m.photos, "small", 2, 40, 3_000)
		m.backUpQuietly()
		l := m.unlock()
		if folded {
			must(t, l.Fold(t.Context(), true))
		}
		m.tick()
		numbered(t, m.photos, "a", 3, 5, 80_000)
		numbered(t, m.photos, "small", 4, 5, 3_000)
		must(t, os.Remove(filepath.Join(m.photos, "a", "019.bin")))
		m.backUpQuietly()
		must(t, l.Sync(t.Context()))
		want := fingerprint(t, l)
		must(t, l.Close())
		removeDB(t, m.home, "reader.db")
		began := time.Now()
		l = m.unlock()
		sameCatalogue(t, want, fingerprint(t, l))
		t.Logf("folded %v: %d files rebuilt in %v", folded, len(want), time.Since(began).Round(time.Millisecond))
		must(t, l.Close())
		// And a damaged one is thrown away, not believed.
		b, err := os.ReadFile(filepath.Join(m.home, "reader.db"))
		must(t, err)
		for i := 4096; i < len(b); i += 512 {
			b[i] ^= 0x55
		}
		removeDB(t, m.home, "reader.db")
		must(t, os.WriteFile(filepath.Join(m.home, "reader.db"), b, 0o600))
		l = m.unlock()
		sameCatalogue(t, want, fingerprint(t, l))
		must(t, l.Close())
	}
}

// The engine's own records are lost: the next run learns from the destination what is stored there, and stores no content again.
func TestLostRecordsAreLearntFromTheDestination(t *testing.T) {
	for name, lose := range map[string]func(*machine){
		"deleted": func(m *machine) { removeDB(t, m.home, "writer.db") },
		"deleted while the destination is away": func(m *machine) {
			removeDB(t, m.home, "writer.db")
			must(t, os.Rename(m.place("a"), m.place("unplugged")))
			m.start()
			if run := m.backUp(); len(run.Issues) == 0 {
				t.Error("a run without a destination had nothing to say")
			}
			m.stop()
			must(t, os.Rename(m.place("unplugged"), m.place("a")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t).setUp().withFolderAndPlace()
			numbered(t, m.photos, "a", 1, 20, 100_000)
			numbered(t, m.photos, "small", 2, 40, 3_000)
			m.backUpQuietly()
			numbered(t, m.photos, "a", 3, 2, 100_000)
			m.backUpQuietly()
			old := history{}
			old.note(t, m.photos)
			l := m.unlock()
			versions := 0
			eachFile(l, func(f *reader.File) bool { versions += len(f.Versions); return true })
			must(t, l.Close())
			m.stop()
			lose(m)
			m.t = t
			was := storedChunks(t, m.place("a"))
			m.start()
			if v := m.state().Verdict; v != backup.CannotTell && name == "deleted" {
				t.Errorf("before anything was looked at again the verdict is %s", v)
			}
			m.backUpQuietly()
			grown := storedChunks(t, m.place("a")) - was
			m.mustProve()
			m.mustBeWhole(old)
			// Small contents share bundles with a random salt, so they are stored once more; nothing else is.
			if grown > 40*(3_300+512)+16_512 {
				t.Errorf("%d bytes were stored again", grown)
			}
			if again := m.backUpQuietly(); again.StoredByte != 0 {
				t.Errorf("again: %+v", again)
			}
			l = m.unlock()
			after := 0
			eachFile(l, func(f *reader.File) bool { after += len(f.Versions); return true })
			t.Logf("%d versions before, %d after; %d of %d bytes stored again", versions, after, grown, was)
			must(t, l.Close())
		})
	}
}
