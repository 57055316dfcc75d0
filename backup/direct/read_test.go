package direct

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A file is given whole and in order, however it is read, and read by nobody any more once the call has returned.
func TestAFileIsReadWholeAndInOrder(t *testing.T) {
	const piece = 64 << 10
	stop := errors.New("stop")
	for _, size := range []int{0, 1, piece - 1, piece, piece + 1, 9 * piece, From, From + 12_345, 40*piece + 7} {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(i * i >> 7)
		}
		path := filepath.Join(t.TempDir(), fmt.Sprint(size))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		one, other := Buffer(piece), Buffer(piece)
		for name, read := range map[string]func(func([]byte) error) error{
			"Read":      func(fn func([]byte) error) error { return Read(f, int64(size), one, fn) },
			"ReadAhead": func(fn func([]byte) error) error { return ReadAhead(f, int64(size), one, other, fn) },
		} {
			var got []byte
			if err := read(func(b []byte) error { got = append(got, b...); return nil }); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%s of %d bytes: %d, %v", name, size, len(got), err)
			}
			for _, after := range []int{0, 1, 5} {
				calls := 0
				err := read(func([]byte) error {
					if calls == after {
						return stop
					}
					calls++
					return nil
				})
				clear(one) // under the race detector this would be met by whoever still reads
				clear(other)
				if pieces := (size + piece - 1) / piece; pieces > after != errors.Is(err, stop) || calls > after {
					t.Errorf("%s of %d bytes, ended after %d: %d calls, %v", name, size, after, calls, err)
				}
			}
		}
		f.Close()
		if err := ReadAhead(f, int64(size), one, other, func([]byte) error { return nil }); !errors.Is(err, os.ErrClosed) {
			t.Error("a closed file:", err)
		}
	}
}
