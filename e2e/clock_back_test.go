package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"lightproof/backup/restore"
)

// Two systems on one computer, or an empty battery: what was stored by a clock that was hours ahead is still what was stored before.
func TestClockThatIsSetBackMakesNoOldVersionTheNewest(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	in := func(name string) string { return filepath.Join(m.photos, name) }
	m.clock.add(10 * time.Hour)
	for _, name := range []string{"edited", "deleted", "replaced", "kept"} {
		write(t, in(name), []byte("first content of "+name))
	}
	numbered(t, m.photos, "edited-large", 1, 1, 300_000)
	m.backUpQuietly()
	m.clock.add(-10 * time.Hour)
	write(t, in("edited"), []byte("second content"))
	numbered(t, m.photos, "edited-large", 2, 1, 300_000)
	must(t, os.Remove(in("deleted")))
	must(t, os.Remove(in("replaced")))
	if run := m.backUpQuietly(); run.New != 2 || run.Removed != 2 {
		t.Fatalf("new %d, removed %d", run.New, run.Removed)
	}
	m.tick()
	write(t, in("replaced"), []byte("another file of that name"))
	write(t, in("new"), []byte("new"))
	m.backUpQuietly()
	m.tick()
	write(t, in("edited"), []byte("third content of it"))
	m.backUpQuietly()

	l := m.unlock()
	if f := m.file(l, "edited"); len(f.Versions) != 3 || f.Latest().Size != uint64(len("third content of it")) {
		t.Errorf("%d versions, the newest has %d bytes", len(f.Versions), f.Latest().Size)
	}
	if f := m.file(l, "deleted"); !f.Latest().Removed {
		t.Error("a deleted file is live")
	}
	to := filepath.Join(m.dir, "now")
	m.restoreTo(l, to, restore.Options{})
	mustEqual(t, readTree(t, m.photos), readTree(t, filepath.Join(to, "photos")))
}
