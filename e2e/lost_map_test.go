package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"lightproof/backup/restore"
	"lightproof/backup/vault/reader"
)

// The engine's records are lost. It may not read names and versions from a destination, so it stores what it finds under identifiers of
// its own, or is told at the next unlock: either way no file and no version comes of it, and what is done to the files later is done to
// the files that were there before.
func TestLostRecordsMakeNoSecondVersions(t *testing.T) {
	for _, unlockFirst := range []bool{true, false} {
		t.Run(fmt.Sprintf("unlocked before the next run %v", unlockFirst), func(t *testing.T) {
			m := newMachine(t).setUp().withFolderAndPlace()
			in := func(name string) string { return filepath.Join(m.photos, name) }
			numbered(t, m.photos, "a", 1, 8, 100_000)
			numbered(t, m.photos, "small", 2, 8, 3_000)
			write(t, in("empty"), nil)
			must(t, os.Symlink("a/000.bin", in("link")))
			m.backUpQuietly()
			m.tick()
			numbered(t, m.photos, "a", 3, 2, 100_000)
			numbered(t, m.photos, "small", 4, 2, 3_000)
			m.backUpQuietly()
			old := history{}
			old.note(t, m.photos)
			before := m.versions()
			was := m.state().History
			m.stop()
			removeDB(t, m.home, "writer.db")
			stored := storedChunks(t, m.place("a"))
			m.start()
			// Meanwhile a file is edited, one is deleted and one is new.
			numbered(t, m.photos, "a", 5, 1, 100_000)
			must(t, os.Remove(in("a/007.bin")))
			write(t, in("new.bin"), []byte("new"))
			m.tick()
			if unlockFirst {
				must(t, m.unlock().Close())
			}
			m.backUpQuietly()
			if unlockFirst {
				if grown := storedChunks(t, m.place("a")) - stored; grown > 110_000+2*16_512 {
					t.Errorf("%d bytes were stored again", grown)
				}
			}
			must(t, m.unlock().Close())
			m.tick()
			m.backUpQuietly()
			m.mustProve()
			delete(old, "a/007.bin")
			m.mustBeWhole(old)
			now := m.state().History
			if want := was.Versions + 2; now.Versions != want || now.Proven != want {
				t.Errorf("the figures count %+v, before %+v", now, was)
			}
			after := m.versions()
			for path, n := range before {
				want := n
				switch path {
				case "a/000.bin", "a/007.bin": // edited; marked as deleted
					want++
				}
				if after[path] != want {
					t.Errorf("%s has %d versions, want %d", path, after[path], want)
				}
			}
			if after["new.bin"] != 1 {
				t.Errorf("the new file has %d versions", after["new.bin"])
			}
			// What comes later goes to the old files.
			must(t, os.Rename(in("a/003.bin"), in("a/renamed.bin")))
			must(t, os.Rename(in("small/003.bin"), in("small/renamed.bin")))
			must(t, os.Remove(in("a/004.bin")))
			m.backUpQuietly()
			l := m.unlock()
			for _, name := range []string{"a/renamed.bin", "small/renamed.bin"} {
				if f := m.file(l, name); len(f.Versions) != 1 {
					t.Errorf("%s has %d versions", name, len(f.Versions))
				}
			}
			if f := m.file(l, "a/004.bin"); !f.Versions[len(f.Versions)-1].Removed {
				t.Error("a deletion was lost")
			}
			m.restoreTo(l, filepath.Join(m.dir, "now"), restore.Options{})
			mustEqual(t, readTree(t, m.photos), readTree(t, filepath.Join(m.dir, "now", "photos")))
			must(t, l.Close())
			// A catalogue made anew from the destination says the same.
			removeDB(t, m.home, "reader.db")
			if again := m.versions(); len(again) != len(after) {
				t.Errorf("%d paths in the rebuilt catalogue, want %d", len(again), len(after))
			}
			m.mustBeWhole(nil)
		})
	}
}

// versions counts the versions of every path of the catalogue.
func (m *machine) versions() map[string]int {
	m.t.Helper()
	l, err := m.tryUnlock()
	must(m.t, err)
	defer l.Close()
	out := map[string]int{}
	eachFile(l, func(f *reader.File) bool { out[f.Path] += len(f.Versions); return true })
	return out
}
