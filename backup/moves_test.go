package backup_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/source"
	"lightproof/backup/source/sourcetest"
)

// row is what the records say of the original at path.
func (s *small) row(path string) (f catalog.File, known bool) {
	s.t.Helper()
	must(s.t, s.engine.Records().Files.Each(s.t.Context(), func(k catalog.FileKey, row catalog.File) error {
		if k.Path == path {
			f, known = row, true
		}
		return nil
	}))
	return f, known
}

// removals is how many deletions are recorded.
func (s *small) removals() (n int) {
	s.t.Helper()
	must(s.t, s.engine.Records().Versions.Each(s.t.Context(), func(_ [16]byte, v catalog.Version) error {
		if v.Removed {
			n++
		}
		return nil
	}))
	return n
}

// takes gives the file at path the number, the size and the times of another that was there before.
func (s *small) takes(path string, before source.Item, born time.Time) {
	s.tree.Set(s.photos, path, func(it *source.Item) {
		it.ID.Inode, it.ModTime, it.BirthTime = before.ID.Inode, before.ModTime, born
	})
}

func inventedBytes(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7) ^ byte(i>>9) ^ seed
	}
	return b
}

// A number that a deleted photo had is given to the next one, whose size and modification time can be the same as well: of a burst of raw
// images, or because a program sets them. Only the birth tells, where it is known and finely counted.
func TestOnlyOneFileUnderTwoPathsIsNotReadAgain(t *testing.T) {
	fine, coarse := time.Unix(1_700_000_000, 123_456_789), time.Unix(1_700_000_000, 120_000_000)
	for name, c := range map[string]struct {
		before, now time.Time // births
		other       bool      // the content is another
		read        bool
	}{
		"moved":                                {fine, fine, false, false},
		"moved, births not known":              {time.Time{}, time.Time{}, false, true},
		"moved, birth known now":               {time.Time{}, fine, false, true},
		"moved, births in units of FAT":        {coarse, coarse, false, true},
		"number used again":                    {fine, fine.Add(1), true, true},
		"number used again, births not known":  {time.Time{}, time.Time{}, true, true},
		"number used again, birth not known":   {fine, time.Time{}, true, true},
		"number used again, one birth for two": {coarse, coarse, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSmall(t)
			for _, size := range []int{5000, 700_000, 9 << 20} {
				s.tree.PutBytes(s.photos, "burst-1.arw", inventedBytes(size, 1))
				var before source.Item
				s.tree.Set(s.photos, "burst-1.arw", func(it *source.Item) { it.BirthTime = c.before; before = *it })
				s.do(backup.BackUp{})
				first, _ := s.row("burst-1.arw")
				versions, removals := s.state().History.Versions, s.removals()

				s.tree.Remove(s.photos, "burst-1.arw")
				seed := byte(1)
				if c.other {
					seed = 2
				}
				s.tree.PutBytes(s.photos, "burst-2.arw", inventedBytes(size, seed))
				s.takes("burst-2.arw", before, c.now)
				opened := s.tree.Opened(s.photos, "burst-2.arw")
				var read bool
				s.tree.BeforeRead(func(_, path string, _ int64) { read = read || path == "burst-2.arw" })
				run := s.do(backup.BackUp{}).Run
				s.tree.BeforeRead(nil)

				got, known := s.row("burst-2.arw")
				_, old := s.row("burst-1.arw")
				if !known || old || got.State != catalog.StateStored || s.tree.Opened(s.photos, "burst-2.arw") != opened+1 {
					t.Fatalf("%d bytes: known %v, the old path known %v, %+v", size, known, old, got)
				}
				if read != c.read {
					t.Errorf("%d bytes: read %v", size, read)
				}
				if one := got.FileID == first.FileID && got.VersionID == first.VersionID; one == c.other {
					t.Errorf("%d bytes: one file and version: %v", size, one)
				}
				more, deleted, gone := int64(0), 0, int64(0)
				if c.other {
					more, deleted, gone = 1, 1, 1
				}
				if run.New != more || run.Removed != gone || s.removals() != removals+deleted || s.state().History.Versions != versions+more {
					t.Errorf("%d bytes: new %d, removed %d, %d removals, %d versions, not %d and %d more", size, run.New, run.Removed, s.removals(),
						s.state().History.Versions, deleted, more)
				}
				s.tree.Remove(s.photos, "burst-2.arw")
				s.do(backup.BackUp{})
				if n, _, _ := s.engine.Figures(t.Context()); n == "" || s.state().Counts.Found != 30 {
					t.Errorf("%d bytes: after its deletion: %+v", size, s.state().Counts)
				}
			}
		})
	}
}

// What may be the deleted file under another path and cannot be read is neither taken for it nor does it make it a deleted one.
func TestFileThatCannotBeComparedLeavesTheOldOne(t *testing.T) {
	s := newSmall(t)
	s.tree.PutBytes(s.photos, "old", inventedBytes(300_000, 1))
	var before source.Item
	s.tree.Set(s.photos, "old", func(it *source.Item) { it.BirthTime = time.Time{}; before = *it })
	s.do(backup.BackUp{})
	first, _ := s.row("old")
	s.tree.Remove(s.photos, "old")
	s.tree.PutBytes(s.photos, "new", inventedBytes(300_000, 1))
	s.takes("new", before, time.Time{})
	s.tree.Plan(s.photos, "new", sourcetest.Faults{Read: sourcetest.ErrPlanned})
	if run := s.do(backup.BackUp{}).Run; run.Removed != 0 || s.removals() != 0 {
		t.Errorf("a deletion was recorded: %+v", run)
	}
	s.tree.Plan(s.photos, "new", sourcetest.Faults{})
	s.do(backup.BackUp{})
	if got, _ := s.row("new"); got.FileID != first.FileID || got.VersionID != first.VersionID || s.removals() != 0 {
		t.Errorf("%d removals; the file became %x, not %x", s.removals(), got.FileID, first.FileID)
	}
	if _, known := s.row("old"); known {
		t.Error("the old path is still known")
	}
}

// The same on this computer's own file system: the number of a deleted file is mostly given to the next one.
func TestDeletedPhotoAndItsSuccessorOnThisFileSystem(t *testing.T) {
	s := newSmall(t)
	dir := filepath.Join(s.dir, "burst")
	must(t, os.Mkdir(dir, 0o755))
	must(t, s.engine.Close())
	s.clock.move(time.Hour) // what was just written has settled
	s.openOn(source.NewOS(s.clock))
	s.do(backup.AddFolder{Path: dir})
	when := time.Now().Add(-time.Hour).Truncate(time.Second)
	put := func(name string, seed byte) {
		must(t, os.WriteFile(filepath.Join(dir, name), inventedBytes(200_000, seed), 0o644))
		must(t, os.Chtimes(filepath.Join(dir, name), when, when))
	}
	put("burst-1.arw", 1)
	s.do(backup.BackUp{})
	must(t, os.Remove(filepath.Join(dir, "burst-1.arw")))
	put("burst-2.arw", 2)
	if run := s.do(backup.BackUp{}).Run; run.New != 1 || run.Removed != 1 {
		t.Errorf("new %d, removed %d", run.New, run.Removed)
	}
}
