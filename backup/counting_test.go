package backup_test

import (
	"path/filepath"
	"slices"
	"testing"

	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/keystore/secret"
)

// TestAStartDoesNotWaitForALongCount gives the key to an engine that cannot get on with counting.
func TestAStartDoesNotWaitForALongCount(t *testing.T) {
	s := newSmall(t)
	s.do(backup.BackUp{})
	want := s.state().Counts
	must(t, s.engine.Close())
	start, err := setup.StartWith(filepath.Join(s.dir, "home"), phrase)
	must(t, err)
	defer start.Wipe()
	e, err := backup.Open(t.Context(), backup.Options{Home: filepath.Join(s.dir, "home"), Build: "test", Clock: s.clock, Tree: s.tree}, secret.Secret{})
	must(t, err)
	defer e.Close()
	countOn := e.HoldCount()
	_, err = e.Do(t.Context(), backup.Unseal{Key: start.Bytes()})
	must(t, err)
	st, err := e.State(t.Context())
	must(t, err)
	if st.Verdict != backup.CannotTell || !slices.ContainsFunc(st.Causes, func(c backup.Cause) bool { return c.Code == "counting" }) {
		t.Errorf("while it counts: %s, %+v", st.Verdict, st.Causes)
	}
	countOn()
	if st := counted(t, e); st.Counts != want {
		t.Errorf("%+v was counted, %+v before", st.Counts, want)
	}
}
