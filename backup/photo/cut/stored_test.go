package cut_test

import (
	"context"
	"crypto/sha256"
	"io"
	"os"
	"testing"

	"lightproof/backup/photo/cut"
)

// What FORMAT.md ("Cutting", "Bundles") makes of the parts of a file.
const (
	chunkMost  = 8 << 20  // bytes of a chunk: each part is cut into such pieces from its own start
	recordMost = 64 << 10 // bytes of a part that becomes a record in a bundle
)

// object is what is stored of a file under one name.
type object struct {
	sum    [32]byte
	length int64
	record bool
}

// objects lists what is stored of a file.
func objects(t testing.TB, path string) (list []object, size int64, splitter uint8) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	size = info.Size()
	splitter, cuts := cut.Points(context.Background(), f, size)
	from := int64(0)
	for _, end := range append(cuts, size) {
		whole := end - from
		for from < end {
			n := min(chunkMost, end-from)
			h := sha256.New()
			if _, err := io.Copy(h, io.NewSectionReader(f, from, n)); err != nil {
				t.Fatal(err)
			}
			o := object{length: n, record: whole <= recordMost}
			h.Sum(o.sum[:0])
			list, from = append(list, o), from+n
		}
	}
	return list, size, splitter
}

// newBytes is how much of a file's second version has to be stored: chunks that the first version has are there, records of bundles are
// stored again whether they changed or not.
func newBytes(before, after []object) (n int64) {
	have := map[object]bool{}
	for _, o := range before {
		have[o] = true
	}
	for _, o := range after {
		if o.record || !have[o] {
			n += o.length
		}
	}
	return n
}
