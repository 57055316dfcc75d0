package memory

import (
	"testing"

	"lightproof/backup/store"
	"lightproof/backup/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(*testing.T) func() store.Store {
		place := NewPlace()
		return func() store.Store { return place.Open() }
	})
}

func TestRestorePutsTheClonedStateBack(t *testing.T) {
	s := New()
	put := func(name, data string) {
		t.Helper()
		if err := s.PutNew(t.Context(), name, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if err := s.Barrier(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	put("a", "1")
	old := s.Place().Clone()
	put("b", "2")
	s.Place().Set("a", []byte("x"))
	if got := string(old.Bytes("a")); got != "1" {
		t.Fatalf("the clone changed with the original: %q", got)
	}
	s.Place().Restore(old)
	if got := s.Place().Names(); len(got) != 1 || got[0] != "a" || string(s.Place().Bytes("a")) != "1" {
		t.Fatalf("after Restore: %v", got)
	}
}
