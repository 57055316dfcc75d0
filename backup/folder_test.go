package backup_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/setup"
	"lightproof/backup/store"
)

// openWrapped opens the engine once more, on real folders and with wrapped destinations.
func (s *small) openWrapped(wrap func(store.Store) store.Store) {
	s.t.Helper()
	must(s.t, s.engine.Close())
	start, err := setup.StartWith(filepath.Join(s.dir, "home"), phrase)
	must(s.t, err)
	defer start.Wipe()
	open := func(ctx context.Context, kind, dir string, id json.RawMessage) (store.Store, error) {
		st, err := backup.OpenFolder(ctx, kind, dir, id)
		if err != nil {
			return nil, err
		}
		return wrap(st), nil
	}
	s.engine, err = backup.Open(s.t.Context(), backup.Options{Home: filepath.Join(s.dir, "home"), Build: "test", Clock: s.clock, Open: open}, start)
	must(s.t, err)
}

// recorded counts the rows of originals by folder, and those of versions that are no longer the newest.
func (s *small) recorded() (files map[string]int, versions int) {
	s.t.Helper()
	files = map[string]int{}
	db := s.engine.Records()
	must(s.t, db.Files.Each(s.t.Context(), func(k catalog.FileKey, _ catalog.File) error { files[hex.EncodeToString(k.Folder[:])]++; return nil }))
	must(s.t, db.Versions.Each(s.t.Context(), func([16]byte, catalog.Version) error { versions++; return nil }))
	return files, versions
}

// inventStored adds rows of n stored originals that nobody ever saw.
func (s *small) inventStored(folder string, n int) {
	s.t.Helper()
	id, err := hex.DecodeString(folder)
	must(s.t, err)
	const piece = 50_000
	for from := 0; from < n; from += piece {
		must(s.t, s.engine.Records().Update(s.t.Context(), func(w *catalog.Writer) error {
			for i := from; i < min(n, from+piece); i++ {
				f := catalog.File{State: catalog.StateStored, Size: 1, Commit: 1}
				binary.BigEndian.PutUint64(f.FileID[:], uint64(i+1))
				binary.BigEndian.PutUint64(f.VersionID[:], uint64(i+1))
				if err := w.Files.Put(s.t.Context(), catalog.FileKey{Folder: [16]byte(id), Path: fmt.Sprintf("old/%06d.jpg", i)}, f); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

func (s *small) folder() string {
	s.t.Helper()
	page, err := s.engine.List(s.t.Context(), backup.Query{What: "folders", Limit: 10})
	must(s.t, err)
	return page.Rows[0].Key
}

func TestAFolderOfAnyNumberOfFilesIsForgotten(t *testing.T) {
	s := newSmall(t)
	s.do(backup.BackUp{})
	id := s.folder()
	n := 2*backup.RowsAtOnce + 1
	s.inventStored(id, n)
	if files, _ := s.recorded(); files[id] != n+30 {
		t.Fatal(files)
	}
	s.do(backup.RemoveFolder{ID: id})
	if files, versions := s.recorded(); len(files) != 0 || versions != n+30 {
		t.Errorf("%v, %d versions", files, versions)
	}
	if st := s.state(); st.Counts.Found != 0 {
		t.Errorf("%+v", st.Counts)
	}
}

// A removal that was cut short leaves records of a folder that nobody protects.
func TestTheNextRunForgetsWhatIsLeftOfARemovedFolder(t *testing.T) {
	s := newSmall(t)
	s.inventStored(strings.Repeat("77", 16), 10)
	s.do(backup.BackUp{})
	if files, versions := s.recorded(); len(files) != 1 || versions != 10 {
		t.Errorf("%v, %d versions", files, versions)
	}
}

// once calls do after the first object of contents was put.
type once struct {
	store.Store
	do *func()
}

func (s once) PutNew(ctx context.Context, name string, b []byte) error {
	err := s.Store.PutNew(ctx, name, b)
	if do := *s.do; do != nil && strings.HasPrefix(name, "c/") {
		*s.do = nil
		do()
	}
	return err
}

func TestAFolderThatIsRemovedWhileItIsCopiedIsForgottenByThatRun(t *testing.T) {
	s := newSmall(t)
	id := s.folder()
	var remove func()
	s.openWrapped(func(st store.Store) store.Store { return once{st, &remove} })
	other := filepath.Join(s.dir, "other")
	must(t, os.Mkdir(other, 0o755))
	kept := s.do(backup.AddFolder{Path: other}).ID
	for i := range 40 {
		b := make([]byte, 100_000)
		binary.BigEndian.PutUint32(b, uint32(i+1))
		must(t, os.WriteFile(filepath.Join(s.photos, fmt.Sprintf("%02d.jpg", i)), b, 0o644))
	}
	must(t, os.WriteFile(filepath.Join(other, "kept.jpg"), []byte("kept"), 0o644))
	remove = func() { s.do(backup.RemoveFolder{ID: id}) }
	if run := s.do(backup.BackUp{}).Run; !run.Stopped || run.New > 20 {
		t.Errorf("copying from a removed folder went on: %+v", run)
	}
	if files, _ := s.recorded(); files[id] != 0 {
		t.Errorf("%v", files)
	}
	s.do(backup.BackUp{})
	if files, _ := s.recorded(); files[id] != 0 || files[kept] != 1 {
		t.Errorf("%v", files)
	}
	if st := s.state(); st.Counts.Found != 1 || st.Counts.Protected != 1 {
		t.Errorf("%+v", st.Counts)
	}
}

// All deletions of a run become one commit, which is kept here in one transaction.
func TestAnyNumberOfDeletionsIsRecorded(t *testing.T) {
	s := newSmall(t)
	s.do(backup.BackUp{})
	n := 10
	if os.Getenv("LIGHTPROOF_TORTURE") == "1" { // more than a transaction takes that does not say how many
		n = catalog.MaxTxWrites/2 + 1
	}
	s.inventStored(s.folder(), n)
	run := s.do(backup.BackUp{}).Run
	if run.Removed != int64(n) || len(run.Issues) != 0 {
		t.Errorf("%d removed, %v", run.Removed, run.Issues)
	}
	if files, versions := s.recorded(); files[s.folder()] != 30 || versions != 2*n {
		t.Errorf("%v, %d versions", files, versions)
	}
}
