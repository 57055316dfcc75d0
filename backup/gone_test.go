package backup_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/source"
	"lightproof/backup/source/sourcetest"
)

// watch collects how many published states could not tell.
func (s *small) watch() (stop func() (cannot, all int)) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	events, err := s.engine.Events(ctx)
	must(s.t, err)
	var cannot, all int
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for e := range events {
			if e.State == nil {
				continue
			}
			all++
			if cannotTell(e.State) {
				cannot++
			}
		}
	}()
	return func() (int, int) { cancel(); <-ended; return cannot, all }
}

func cannotTell(s *backup.State) bool {
	for _, c := range s.Causes {
		if c.Code == "cannot-tell" {
			return true
		}
	}
	return false
}

// unplug takes the destinations away, or brings them back.
func (s *small) unplug(away bool) {
	s.t.Helper()
	for _, d := range []string{"a", "b"} {
		from, to := filepath.Join(s.dir, d), filepath.Join(s.dir, d+".away")
		if !away {
			from, to = to, from
		}
		must(s.t, os.Rename(from, to))
	}
}

func (s *small) mustTell(what string, found int64) {
	s.t.Helper()
	if st := s.state(); cannotTell(st) || !st.Counts.Sums() || st.Counts.Found != found {
		s.t.Errorf("%s: cannot tell %v, %+v, want %d found", what, cannotTell(st), st.Counts, found)
	}
}

// What is deleted or moved while its commit has no place to go to is not counted where it was, and the deletion is recorded once there is one.
func TestWhatIsGoneWhileNoPlaceIsThere(t *testing.T) {
	deleted, moved, back := sourcetest.InventedPath(1), sourcetest.InventedPath(2), sourcetest.InventedPath(3)
	s := newSmall(t)
	s.do(backup.BackUp{})
	was, _ := s.row(moved)
	stays, _ := s.row(back)
	s.unplug(true)
	var before source.Item
	s.tree.Set(s.photos, moved, func(it *source.Item) { before = *it })
	content := s.tree.Content(s.photos, moved)
	for _, path := range []string{deleted, moved, back} {
		s.tree.Remove(s.photos, path)
	}
	s.tree.PutBytes(s.photos, "moved", content)
	s.takes("moved", before, before.BirthTime)
	s.do(backup.BackUp{})
	s.mustTell("deleted and moved", 28)
	if n := s.removals(); n != 0 {
		t.Errorf("%d deletions are recorded without a commit", n)
	}
	s.do(backup.BackUp{})
	s.mustTell("looked at again", 28)
	must(t, s.engine.Close())
	s.open()
	s.mustTell("started again", 28)
	s.tree.Put(s.photos, back, 1234) // it stands there again
	s.do(backup.BackUp{})
	s.mustTell("one is back", 29)

	s.unplug(false)
	if run := s.do(backup.BackUp{}).Run; run.Removed != 1 || run.New != 1 || s.removals() != 1 {
		t.Errorf("%+v, %d deletions recorded", run, s.removals())
	}
	s.mustTell("with places", 29)
	for _, path := range []string{deleted, moved} {
		if row, known := s.row(path); known {
			t.Errorf("%s: %+v", path, row)
		}
	}
	if row, _ := s.row("moved"); row.FileID != was.FileID || row.VersionID != was.VersionID || row.State != catalog.StateStored {
		t.Errorf("the moved file is %+v", row)
	}
	if row, _ := s.row(back); row.FileID != stays.FileID || row.VersionID == stays.VersionID {
		t.Errorf("the file that is back is %+v", row)
	}
	if st := s.state(); st.Counts.Protected != 29 || st.History.Versions != 31 {
		t.Errorf("%+v %+v", st.Counts, st.History)
	}
}

// An original that was to be read again when it went, with the size and the time of the version before it: only its bytes tell.
func TestFileThatChangedBeforeItMovedIsRead(t *testing.T) {
	path := sourcetest.InventedPath(2)
	s := newSmall(t)
	s.do(backup.BackUp{})
	var before source.Item
	s.tree.Set(s.photos, path, func(it *source.Item) { before = *it })
	s.unplug(true)
	s.tree.Edit(s.photos, path, before.Size)
	s.tree.Set(s.photos, path, func(it *source.Item) { it.ModTime = before.ModTime })
	content := s.tree.Content(s.photos, path)
	s.do(backup.BackUp{})
	s.tree.Remove(s.photos, path)
	s.tree.PutBytes(s.photos, "moved", content)
	s.takes("moved", before, before.BirthTime)
	s.do(backup.BackUp{})
	s.mustTell("moved", 30)
	s.unplug(false)
	if run := s.do(backup.BackUp{}).Run; run.New != 1 {
		t.Errorf("%+v", run)
	}
	s.mustTell("with places", 30)
}

// The commit that records a deletion is the last one of a run; the figures are to be right from the first one on.
func TestFiguresHoldThroughALongRun(t *testing.T) {
	s := newSmall(t)
	s.do(backup.BackUp{})
	var moved source.Item
	path := sourcetest.InventedPath(4)
	s.tree.Set(s.photos, path, func(it *source.Item) { moved = *it })
	s.tree.Remove(s.photos, path)
	s.tree.Remove(s.photos, sourcetest.InventedPath(1))
	const many = 11_000
	for i := range many {
		s.tree.Put(s.photos, fmt.Sprintf("n/%05d", i), 10)
	}
	s.tree.Put(s.photos, "z/moved", moved.Size) // comes last
	s.takes("z/moved", moved, moved.BirthTime)
	stop := s.watch()
	s.do(backup.BackUp{ReadBackLater: true})
	if cannot, all := stop(); cannot > 0 || all == 0 {
		t.Errorf("%d of %d states could not tell", cannot, all)
	}
	s.mustTell("at the end", 29+many)
}

// While one batch is committed and counted, files of the next one turn out to have changed, or to be gone.
func TestFiguresHoldWhileFilesFail(t *testing.T) {
	s := newSmall(t)
	const first, more = 5000, 3000
	for i := range first {
		s.tree.Put(s.photos, fmt.Sprintf("m/%05d", i), 10)
	}
	for i := range more {
		s.tree.Put(s.photos, fmt.Sprintf("z/%05d", i), 10)
		s.tree.Plan(s.photos, fmt.Sprintf("z/%05d", i), sourcetest.Faults{Read: sourcetest.ErrPlanned, Vanish: i%3 == 0})
	}
	stop := s.watch()
	run := s.do(backup.BackUp{ReadBackLater: true}).Run
	cannot, all := stop()
	if cannot > 0 || all == 0 || run.New != 30+first {
		t.Errorf("%d of %d states could not tell; %d new", cannot, all, run.New)
	}
	s.mustTell("at the end", 30+first+more-more/3)
	if st := s.state(); st.Counts.Failed != more-more/3 {
		t.Errorf("%+v", st.Counts)
	}
}
