package direct

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// source is n bytes that differ from block to block, beginning at the given distance from a block's boundary.
func source(n, skew int) []byte {
	b := Buffer(n + skew)[skew:]
	rng := rand.NewChaCha8([32]byte{byte(n), byte(skew)})
	rng.Read(b)
	return b
}

func create(t testing.TB) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "f"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// Whatever the lengths and places of the pieces, the file is what was written, to the byte.
func TestAFileIsWhatWasWritten(t *testing.T) {
	for _, size := range []int{0, 1, 4095, 4096, From - 1, From, From + 1, 3*pieceSize + 100, 2*stageSize + Align} {
		for _, piece := range []int{1 << 30, 8 << 20, pieceSize, stageSize + 7, 100_001} {
			for _, skew := range []int{0, 84} {
				f := create(t)
				data := source(size, skew)
				w, err := NewWriter(f, int64(size))
				if err != nil {
					t.Fatal(err)
				}
				for rest := data; len(rest) > 0; {
					n, err := w.Write(rest[:min(piece, len(rest))])
					if err != nil || n != min(piece, len(rest)) {
						t.Fatalf("%d of %d in pieces of %d: %d, %v", len(rest), size, piece, n, err)
					}
					rest = rest[n:]
				}
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(f.Name())
				if err != nil || !bytes.Equal(got, data) {
					t.Fatalf("%d bytes in pieces of %d, %d from a boundary: %d came back, %v", size, piece, skew, len(got), err)
				}
			}
		}
	}
}

// A file may turn out longer or shorter than was said.
func TestTheSizeIsOnlyAHint(t *testing.T) {
	for said, size := range map[int]int{2 << 20: 700_000, 1 << 20: 3 << 20, From: 0} {
		f := create(t)
		w, err := NewWriter(f, int64(said))
		if err != nil {
			t.Fatal(err)
		}
		data := source(size, 3)
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(f.Name()); err != nil || !bytes.Equal(got, data) {
			t.Errorf("said %d, wrote %d, got %d, %v", said, size, len(got), err)
		}
	}
}

// After Flush the file takes ordinary writes of any length.
func TestAFlushedFileIsAnOrdinaryOne(t *testing.T) {
	f := create(t)
	w, err := NewWriter(f, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	data := source(1<<20, 0)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("x"), 7); err != nil {
		t.Fatal(err)
	}
	data[7] = 'x'
	if got, err := os.ReadFile(f.Name()); err != nil || sha256.Sum256(got) != sha256.Sum256(data) {
		t.Error(len(got), err)
	}
}

func BenchmarkWrite8MiB(b *testing.B) {
	data := source(8<<20+100, 0)
	b.SetBytes(int64(len(data)))
	f := create(b)
	for b.Loop() {
		if err := f.Truncate(0); err != nil {
			b.Fatal(err)
		}
		w, err := NewWriter(f, int64(len(data)))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			b.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
	}
}

// A file system may take the flag and turn the write down; ordinary writes then go on where it stood.
func TestAWriteThatIsTurnedDownIsDoneOrdinarily(t *testing.T) {
	f := create(t)
	w, err := NewWriter(f, 2<<20)
	if err != nil {
		t.Fatal(err)
	}
	if !w.direct {
		t.Log("the temporary folder's file system has no direct writes")
		return
	}
	data := source(2<<20, 0)
	if _, err := w.Write(data[:pieceSize/8]); err != nil {
		t.Fatal(err)
	}
	odd := append(make([]byte, 3, 3+2<<20), data[pieceSize/8:]...)[3:] // not where a block could begin
	if n, err := w.blocks(odd); err != nil || n != len(odd) || w.direct {
		t.Fatalf("%d written, direct %v, %v", n, w.direct, err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(f.Name()); err != nil || !bytes.Equal(got, data) {
		t.Error(len(got), err)
	}
}
