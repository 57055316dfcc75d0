package backup_test

import (
	"fmt"
	"testing"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/source/sourcetest"
)

// kept is how many originals are known without a look at their rows, and fails the test where one is known wrongly.
func (s *small) kept() int {
	s.t.Helper()
	n, wrong, err := s.engine.KeptKnown(s.t.Context())
	must(s.t, err)
	if wrong != 0 {
		s.t.Errorf("of %d known ones %d are not what the rows say", n, wrong)
	}
	return n
}

func TestWhatIsKnownIsKeptAfterARunAndHoldsUntilARecordChanges(t *testing.T) {
	s := newSmall(t)
	if n := s.kept(); n != -1 {
		t.Errorf("%d are known before the first run", n)
	}
	s.do(backup.BackUp{})
	if n := s.kept(); n != 30 {
		t.Errorf("%d are known after the first run", n)
	}
	must(t, s.engine.Close())
	s.open()
	if n := s.kept(); n != 30 {
		t.Errorf("%d are known after a start", n)
	}
	s.do(backup.BackUp{})
	if n := s.kept(); n != 30 {
		t.Errorf("%d are known after a run that found nothing", n)
	}
	s.tree.Edit(s.photos, sourcetest.InventedPath(5), 5000)
	s.tree.Put(s.photos, "new/one.jpg", 700)
	if r := s.do(backup.BackUp{}); r.Run.New != 2 {
		t.Errorf("%d new ones were found by what is kept", r.Run.New)
	}
	if n := s.kept(); n != 31 {
		t.Errorf("%d are known after a run that found two", n)
	}
	db := s.engine.Records()
	must(t, db.Update(t.Context(), func(w *catalog.Writer) error {
		var key catalog.FileKey
		var row catalog.File
		must(t, w.Files.Each(t.Context(), func(k catalog.FileKey, f catalog.File) error { key, row = k, f; return nil }))
		row.Unsettled = true
		return w.Files.Put(t.Context(), key, row)
	}))
	if n := s.kept(); n != -1 {
		t.Errorf("%d are known after a record has changed", n)
	}
	s.do(backup.BackUp{}) // it is read again, and then settled
	if n := s.kept(); n != 31 {
		t.Errorf("%d are known in the end", n)
	}
}

func TestWhatIsKnownIsNotBelievedWhereItIsIncomplete(t *testing.T) {
	s := newSmall(t)
	s.do(backup.BackUp{})
	files := 30
	for name, damage := range map[string]func(w *catalog.Writer) error{
		"a head that says less": func(w *catalog.Writer) error {
			return w.State.Put(t.Context(), []byte(catalog.KnownRows), []byte{1, 2})
		},
		"a piece that lacks": func(w *catalog.Writer) error {
			return w.State.Delete(t.Context(), []byte(catalog.KnownRows+"00000000"))
		},
		"a piece that is shorter": func(w *catalog.Writer) error {
			return w.State.Put(t.Context(), []byte(catalog.KnownRows+"00000000"), make([]byte, 16))
		},
		"a head of another program": func(w *catalog.Writer) error {
			b, err := w.State.Get(t.Context(), []byte(catalog.KnownRows))
			must(t, err)
			b[0]++
			return w.State.Put(t.Context(), []byte(catalog.KnownRows), b)
		},
	} {
		files++
		s.tree.Put(s.photos, fmt.Sprintf("new/%d.jpg", files), 700) // changes records, so that it is written anew
		s.do(backup.BackUp{})
		if n := s.kept(); n != files {
			t.Fatalf("%s: %d of %d were known", name, n, files)
		}
		must(t, s.engine.Records().Update(t.Context(), damage))
		if n := s.kept(); n != -1 {
			t.Errorf("%s: %d are known", name, n)
		}
		if r := s.do(backup.BackUp{}); r.Run.New != 0 || r.Run.Looked != int64(files) {
			t.Errorf("%s: %d new of %d", name, r.Run.New, r.Run.Looked)
		}
	}
}
