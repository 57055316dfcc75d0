package local

import (
	"bytes"
	"path/filepath"
	"testing"

	"lightproof/backup/store"
)

func TestPutBarrierGet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "place")
	id, err := Create(dir, [16]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	data := bytes.Repeat([]byte("0123456789"), 3000)
	if err := s.PutNew(t.Context(), "c/ab/cd", data); err != nil {
		t.Fatal(err)
	}
	if err := s.Barrier(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, fresh := range []bool{false, true} {
		got, err := s.Get(t.Context(), "c/ab/cd", store.GetOptions{Offset: 4095, Length: 20000, Fresh: fresh})
		if err != nil || !bytes.Equal(got, data[4095:24095]) {
			t.Fatal(fresh, err, len(got))
		}
	}
	t.Log(s.Properties(), id.Filesystem)
}
