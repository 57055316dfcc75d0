package library

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
)

// block is how much is made and written at once, in bytes.
const block = 1 << 20

// maker holds the buffers of one worker, so that making a file allocates next to nothing.
type maker struct {
	raw, out []byte
	thumbs   *thumbnails
}

func newMaker(t *thumbnails) *maker {
	return &maker{raw: make([]byte, block), out: make([]byte, 0, 2*block), thumbs: t}
}

// chaCha is the seeded stream that fills the files: incompressible, and about as fast as memory.
func chaCha(number uint64) *rand.ChaCha8 {
	var key [32]byte
	copy(key[:], "Lightproof bench")
	binary.LittleEndian.PutUint64(key[16:], number)
	return rand.NewChaCha8(key)
}

// noise writes n bytes of the stream.
func (m *maker) noise(w io.Writer, from *rand.ChaCha8, n int64) error {
	for n > 0 {
		b := m.raw[:min(n, block)]
		_, _ = from.Read(b) // never fails
		if _, err := w.Write(b); err != nil {
			return err
		}
		n -= int64(len(b))
	}
	return nil
}

// entropy writes exactly n bytes that look like entropy-coded picture data: every FF is followed by a stuffed 00, so that no
// marker appears (ITU-T T.81, B.1.1.5).
func (m *maker) entropy(w io.Writer, from *rand.ChaCha8, n int64) error {
	for n > 0 {
		b, out := m.raw[:min(n, block)], m.out[:0]
		_, _ = from.Read(b)
		for {
			i := bytes.IndexByte(b, 0xFF)
			if i < 0 {
				out = append(out, b...)
				break
			}
			out = append(append(out, b[:i+1]...), 0)
			b = b[i+1:]
		}
		if int64(len(out)) >= n {
			out = out[:n]
			if out[n-1] == 0xFF { // its 00 was cut off
				out[n-1] = 0x7F
			}
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
		n -= int64(len(out))
	}
	return nil
}
