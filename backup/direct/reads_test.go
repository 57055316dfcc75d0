package direct

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestManyFilesAreReadAtOnce(t *testing.T) {
	dir := t.TempDir()
	sizes := []int64{0, 1, 4095, 4096, 4097, 8192, 100_000, 3}
	var files []*os.File
	var want [][]byte
	for i, n := range sizes {
		data := source(int(n), i)
		path := filepath.Join(dir, string(rune('a'+i)))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files, want = append(files, f), append(want, data)
	}
	r := NewReads(1 << 20)
	defer r.Close()
	can := r.kernel != nil && able(files[0])
	for range 3 {
		for i, got := range r.Read(files, sizes) {
			if can && got == nil || got != nil && !bytes.Equal(got, want[i]) {
				t.Errorf("%d bytes: %d came, can %v", sizes[i], len(got), can)
			}
		}
	}
	// What is not as it should be is told by nil: one byte less, one more, and what has no room.
	said := append([]int64(nil), sizes...)
	said[1], said[3], said[5], said[7] = 2, 4095, 8193, 4
	for i, got := range r.Read(files, said) {
		if got != nil && said[i] != sizes[i] {
			t.Errorf("a file of %d bytes passed for one of %d", sizes[i], said[i])
		}
	}
	narrow := NewReads(2 * Align)
	defer narrow.Close()
	for i, got := range narrow.Read(files, sizes) {
		if i > 1 && got != nil || can && i <= 1 && got == nil {
			t.Errorf("file %d: %v", i, got != nil)
		}
	}
	// A descriptor that cannot be read keeps no other from being read.
	files[2].Close()
	for i, got := range r.Read(files, sizes) {
		if i == 2 && got != nil || can && i != 2 && got == nil {
			t.Errorf("file %d beside a closed one: %v", i, got != nil)
		}
	}
}
