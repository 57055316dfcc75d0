package backup_test

import (
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/source/sourcetest"
)

// Since when a file waits says nothing of the version that it has.
func TestOldVersionKeepsItsTimeThroughWaiting(t *testing.T) {
	s := newSmall(t)
	path := sourcetest.InventedPath(2)
	s.do(backup.BackUp{})
	first, _ := s.row(path)
	if now := s.clock.Now().Unix(); first.Recorded == 0 || now-first.Recorded > 60 {
		t.Fatalf("recorded at %d, it is %d", first.Recorded, now)
	}
	s.clock.move(time.Hour)
	s.tree.Edit(s.photos, path, 40_000)
	s.tree.Plan(s.photos, path, sourcetest.Faults{Read: sourcetest.ErrPlanned})
	s.do(backup.BackUp{})
	if row, _ := s.row(path); row.State != catalog.StateFailed || row.Since == first.Since || row.Recorded != first.Recorded {
		t.Fatalf("%+v", row)
	}
	s.clock.move(time.Hour)
	s.tree.Plan(s.photos, path, sourcetest.Faults{})
	s.do(backup.BackUp{})
	var old catalog.Version
	must(t, s.engine.Records().Versions.Each(t.Context(), func(id [16]byte, v catalog.Version) error {
		if id == first.VersionID {
			old = v
		}
		return nil
	}))
	if row, _ := s.row(path); old.RecordedAt != first.Recorded || row.Recorded < first.Recorded+7200 {
		t.Errorf("old version of %d, new of %d; the first was of %d", old.RecordedAt, row.Recorded, first.Recorded)
	}
}

// The times of one file's versions do not go back with the clock.
func TestVersionsFollowEachOtherWhateverTheClockSays(t *testing.T) {
	s := newSmall(t)
	path := sourcetest.InventedPath(2)
	s.clock.move(10 * time.Hour)
	s.do(backup.BackUp{})
	ahead, _ := s.row(path)
	s.clock.move(-10 * time.Hour)
	s.tree.Edit(s.photos, path, 40_000)
	s.tree.Remove(s.photos, sourcetest.InventedPath(3))
	s.do(backup.BackUp{})
	if row, _ := s.row(path); row.Recorded < ahead.Recorded || row.VersionID == ahead.VersionID {
		t.Errorf("recorded at %d, the version before at %d", row.Recorded, ahead.Recorded)
	}
	must(t, s.engine.Records().Versions.Each(t.Context(), func(_ [16]byte, v catalog.Version) error {
		if v.RecordedAt < ahead.Recorded {
			t.Errorf("removed %v, recorded at %d", v.Removed, v.RecordedAt)
		}
		return nil
	}))
	must(t, s.engine.Close())
	s.open()
	s.tree.PutBytes(s.photos, sourcetest.InventedPath(3), []byte("another file of that name"))
	s.do(backup.BackUp{})
	if row, _ := s.row(sourcetest.InventedPath(3)); row.Recorded < ahead.Recorded {
		t.Errorf("a new file where one was deleted was recorded at %d, the deletion at %d or later", row.Recorded, ahead.Recorded)
	}
}
