package floor

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// source writes files of the given sizes and returns their contents by name.
func source(t *testing.T, sizes map[string]int) (dir string, contents map[string][]byte) {
	t.Helper()
	dir, contents = t.TempDir(), map[string][]byte{}
	stream := rand.NewChaCha8([32]byte{1})
	for _, name := range []string{"a/empty", "a/one", "b/small", "b/small2", "c/just", "c/piece", "c/two", "c/four"} {
		data := make([]byte, sizes[name])
		_, _ = stream.Read(data)
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		contents[name] = data
	}
	return dir, contents
}

var sizes = map[string]int{"a/empty": 0, "a/one": 1, "b/small": 3000, "b/small2": SmallSize, "c/just": SmallSize + 1,
	"c/piece": PieceSize, "c/two": PieceSize + 1, "c/four": 3*PieceSize + 12345}

// opened finds the piece of a content among those written, and decrypts it.
func opened(t *testing.T, dir string, content []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(content)
	name := hex.EncodeToString(sum[:])
	object, err := os.ReadFile(filepath.Join(dir, name[:2], name[2:]))
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(sum[:])
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gcm.Open(nil, make([]byte, 12), object, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestEveryByteIsReadSealedAndWrittenOnce(t *testing.T) {
	for _, mode := range Modes {
		t.Run(string(mode), func(t *testing.T) {
			from, contents := source(t, sizes)
			to := filepath.Join(t.TempDir(), "pieces")
			got, err := Run(context.Background(), Options{From: from, To: to, Workers: 3, Write: mode})
			if mode == Direct && errors.Is(err, syscall.EINVAL) {
				t.Logf("this file system has no direct writes: %v", err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var want Result
			for _, data := range contents {
				want.Files++
				want.Bytes += int64(len(data))
			}
			// One gathered piece of four contents; large ones of 1 + 1 + 2 + 4 pieces.
			want.Pieces, want.Stored = 9, want.Bytes+9*tagSize+4*tagSize
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
			for _, name := range []string{"c/just", "c/piece", "c/two", "c/four"} {
				for data := contents[name]; len(data) > 0; {
					p := data[:min(len(data), PieceSize)]
					if !bytes.Equal(opened(t, to, p), p) {
						t.Errorf("a piece of %s came out wrong", name)
					}
					data = data[len(p):]
				}
			}
		})
	}
}

func TestManySmallFilesFillSeveralPieces(t *testing.T) {
	from := t.TempDir()
	for i := range gathered + 5 {
		if err := os.WriteFile(filepath.Join(from, hex.EncodeToString([]byte{byte(i >> 8), byte(i)})), []byte{byte(i), byte(i >> 8), 7}, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Run(context.Background(), Options{From: from, To: filepath.Join(t.TempDir(), "pieces"), Workers: 2, Write: Plain})
	want := Result{Files: gathered + 5, Bytes: 3 * (gathered + 5), Pieces: 2, Stored: (3+tagSize)*(gathered+5) + 2*tagSize}
	if err != nil || got != want {
		t.Errorf("%+v, want %+v: %v", got, want, err)
	}
}

func TestStopsWhenAsked(t *testing.T) {
	from, _ := source(t, sizes)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, Options{From: from, To: filepath.Join(t.TempDir(), "pieces"), Workers: 2, Write: Plain}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped at once: %v", err)
	}
}

func TestFailureToWriteIsReported(t *testing.T) {
	from, contents := source(t, sizes)
	to := filepath.Join(t.TempDir(), "pieces")
	r := &run{Options: Options{To: to, Write: Plain}, ctx: context.Background()}
	if err := newWorker(r).store(append(make([]byte, 0, 100), 1, 2, 3), sha256.Sum256(contents["a/one"])); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a piece was written into no folder: %v", err)
	}
	if _, err := Run(context.Background(), Options{From: filepath.Join(from, "missing"), To: to, Workers: 2, Write: Plain}); err == nil {
		t.Error("a source that is missing was read")
	}
}

func BenchmarkSealAndHash(b *testing.B) {
	w := newWorker(nil)
	p := w.buf[:PieceSize]
	_, _ = rand.NewChaCha8([32]byte{2}).Read(p)
	b.SetBytes(PieceSize)
	for b.Loop() {
		object, err := seal(p[:0], p, [32]byte{1})
		if err != nil {
			b.Fatal(err)
		}
		_ = sha256.Sum256(object)
	}
}

func TestVerifyFindsWhatIsNotAsItWasWritten(t *testing.T) {
	from, _ := source(t, sizes)
	to := filepath.Join(t.TempDir(), "pieces")
	wrote, err := Run(t.Context(), Options{From: from, To: to, Workers: 2, Write: Best})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Verify(t.Context(), to, 2)
	if err != nil || r.Pieces != wrote.Pieces || r.Stored != wrote.Stored {
		t.Fatalf("%+v of %+v: %v", r, wrote, err)
	}
	pieces, err := filepath.Glob(filepath.Join(to, "*", "*"))
	if err != nil || int64(len(pieces)) != wrote.Pieces {
		t.Fatal(pieces, err)
	}
	for _, path := range pieces {
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		wrong := bytes.Clone(was)
		wrong[len(wrong)/2] ^= 1
		for _, b := range [][]byte{wrong, was[:len(was)-1], was[:3], append(bytes.Clone(was), 0)} {
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := Verify(t.Context(), to, 2); !errors.Is(err, ErrDamaged) {
				t.Errorf("%d bytes of %d: %v", len(b), len(was), err)
			}
		}
		if err := os.WriteFile(path, was, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Verify(t.Context(), filepath.Join(to, "nowhere"), 2); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
