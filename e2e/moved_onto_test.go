package e2e

import (
	"os"
	"testing"
	"time"

	"lightproof/backup/restore"
)

// TestAPhotoMovedToWhereAnotherWasDeletedIsRestored moves a photo, which gives it no new version, onto the path of a later deletion.
func TestAPhotoMovedToWhereAnotherWasDeletedIsRestored(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	write(t, m.photos+"/a.jpg", []byte("the one that stays"))
	write(t, m.photos+"/b.jpg", []byte("the one that goes"))
	m.backUp()
	m.clock.add(time.Hour)
	must(t, os.Remove(m.photos+"/b.jpg"))
	m.backUp()
	m.clock.add(time.Hour)
	must(t, os.Rename(m.photos+"/a.jpg", m.photos+"/b.jpg"))
	m.backUp()
	l := m.unlock()
	to := t.TempDir()
	if rep := m.restoreTo(l, to, restore.Options{}); rep.Written != 1 || !rep.Complete() {
		t.Fatalf("%+v", rep)
	}
	if b, err := os.ReadFile(to + "/photos/b.jpg"); err != nil || string(b) != "the one that stays" {
		t.Errorf("%q, %v", b, err)
	}
}
