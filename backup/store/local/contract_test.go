package local

import (
	"path/filepath"
	"testing"

	"lightproof/backup/store"
	"lightproof/backup/store/storetest"
)

// newPlace sets a place up in a temporary folder.
func newPlace(t testing.TB) (dir string, id Identity) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "place")
	id, err := Create(dir, [16]byte{0x51, 0xa})
	if err != nil {
		t.Fatal(err)
	}
	return dir, id
}

func openPlace(t testing.TB, dir string, id Identity) *Store {
	t.Helper()
	s, err := Open(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() store.Store {
		dir, id := newPlace(t)
		return func() store.Store {
			s, err := Open(dir, id)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}
