package backup_test

import (
	"errors"
	"path/filepath"
	"testing"

	"lightproof/backup"
	"lightproof/backup/catalog"
	unlocked "lightproof/backup/library"
	"lightproof/backup/setup"
	"lightproof/backup/vault/reader"
	"lightproof/keystore/keystoretest"
)

// The bound of a row key: seven eighths of it make a new one due.
const keyBound = 1 << 30

func TestARunRenewsARowKeyThatIsNearlyUsedUp(t *testing.T) {
	s := newSmall(t)
	s.do(backup.BackUp{})
	must(t, s.engine.Records().DB().Spend(t.Context(), keyBound/8*7))
	if !s.engine.Records().DB().RekeyDue() {
		t.Fatal("not due")
	}
	s.do(backup.BackUp{})
	if s.engine.Records().DB().RekeyDue() {
		t.Error("still due after a run")
	}
	must(t, s.engine.Records().DB().Check(t.Context()))
	must(t, s.engine.Close())
	s.open()
	if st := s.state(); st.Counts.Protected != 30 {
		t.Errorf("%+v", st.Counts)
	}
}

func TestAnEngineWhoseRowKeyIsUsedUpStartsWithANewOne(t *testing.T) {
	s := newSmall(t)
	s.do(backup.BackUp{})
	must(t, s.engine.Records().DB().Spend(t.Context(), keyBound))
	if _, err := s.engine.Do(t.Context(), backup.PauseFor{}); !errors.Is(err, catalog.ErrRotate) {
		t.Fatalf("written with a row key that is used up: %v", err)
	}
	must(t, s.engine.Close())
	s.open()
	if s.engine.Records().DB().RekeyDue() {
		t.Error("still due")
	}
	s.do(backup.BackUp{})
	if st := s.state(); st.Counts.Protected != 30 {
		t.Errorf("%+v", st.Counts)
	}
}

func TestTheCatalogueOfTheUnlockedSideGetsANewRowKeyToo(t *testing.T) {
	s := newSmall(t)
	s.do(backup.BackUp{})
	home := filepath.Join(s.dir, "home")
	open := func() int {
		keys, err := setup.Unlock(t.Context(), home, &keystoretest.Memory{}, phrase)
		must(t, err)
		l, err := unlocked.Open(t.Context(), s.engine, keys, home)
		must(t, err)
		files := 0
		must(t, l.Each(t.Context(), func(*reader.File) error { files++; return nil }))
		must(t, l.Close())
		return files
	}
	before := open()
	records := func(fn func(db *catalog.DB)) {
		keys, err := setup.Unlock(t.Context(), home, &keystoretest.Memory{}, phrase)
		must(t, err)
		defer keys.Wipe()
		r, err := catalog.OpenReader(filepath.Join(home, "reader.db"), keys.CacheKey, keys.Space, 0)
		must(t, err)
		fn(r.DB())
		must(t, r.Close())
	}
	records(func(db *catalog.DB) { must(t, db.Spend(t.Context(), keyBound)) })
	if after := open(); after != before || before == 0 {
		t.Errorf("%d files before, %d after", before, after)
	}
	records(func(db *catalog.DB) {
		if db.RekeyDue() {
			t.Error("still due")
		}
	})
}
