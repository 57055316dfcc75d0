// Package direct writes large files past the page cache where the system allows it. What a backup or a restore writes is not read again
// soon, except to prove it, and then it must come from the medium: in the cache it would only cost the copying and push out what the
// person works with.
package direct

import (
	"io"
	"os"
	"sync"
)

// From is the size in bytes from which a file is written directly: below it the cache is faster.
const From = 512 << 10

// pieceSize is how many bytes one system call writes at the most, a multiple of Align.
const pieceSize = 4 << 20

// stageSize is the size of the buffers in which bytes that do not lie on block boundaries are gathered.
const stageSize = 1 << 20

var stages = sync.Pool{New: func() any {
	b := Buffer(stageSize)
	return &b
}}

// Writer writes one file from its start to its end. It is not for several goroutines.
type Writer struct {
	f      *os.File
	at     int64   // bytes written to f
	stage  *[]byte // holds the bytes from at on, where they do not make up a whole buffer; nil until needed
	staged int
	direct bool
}

// NewWriter prepares the writing of size bytes to f, which is empty and open for writing. Room for them is taken at once where the file
// system can: a full disk is an error here and not in the middle. Files smaller than From, file systems without direct writes, remote
// ones and other systems get ordinary writes. Only the Writer may write to f until Flush.
func NewWriter(f *os.File, size int64) (*Writer, error) {
	w := &Writer{f: f}
	if size < From || !able(f) {
		return w, nil
	}
	if err := preallocate(f, size); err != nil {
		return w, err
	}
	w.direct = set(f, true) == nil
	return w, nil
}

// Write appends p. It does not keep it.
func (w *Writer) Write(p []byte) (n int, err error) {
	for len(p) > 0 && err == nil {
		var k int
		switch {
		case !w.direct:
			k, err = w.f.WriteAt(p[:min(len(p), pieceSize)], w.at)
			w.at += int64(k)
		case w.staged == 0 && len(p) >= Align && Aligned(p):
			k, err = w.blocks(p[:min(len(p), pieceSize)&^(Align-1)])
		default:
			k, err = w.gather(p)
		}
		p, n = p[k:], n+k
	}
	return n, err
}

// gather copies into the stage and writes that when it is full.
func (w *Writer) gather(p []byte) (int, error) {
	if w.stage == nil {
		w.stage = stages.Get().(*[]byte)
	}
	k := copy((*w.stage)[w.staged:], p)
	w.staged += k
	if w.staged < stageSize {
		return k, nil
	}
	w.staged = 0
	for b := *w.stage; len(b) > 0; {
		n, err := w.blocks(b)
		if err != nil {
			return 0, err
		}
		b = b[n:]
	}
	return k, nil
}

// blocks writes whole blocks. Where the file system turns a direct write down after all, ordinary writes take over.
func (w *Writer) blocks(b []byte) (int, error) {
	n, err := w.f.WriteAt(b, w.at)
	w.at += int64(n)
	if n == 0 && turnedDown(err) {
		if err = w.ordinary(); err == nil {
			n, err = w.f.WriteAt(b, w.at)
			w.at += int64(n)
		}
	}
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return n, err
}

func (w *Writer) ordinary() error {
	if !w.direct {
		return nil
	}
	w.direct = false
	return set(w.f, false)
}

// Flush writes what is left, which need not be whole blocks, and leaves f to ordinary writes. It makes nothing durable. After an error the
// file is of no use; Flush must be called nevertheless, to give its buffer back.
func (w *Writer) Flush() error {
	err := w.ordinary()
	if w.stage == nil {
		return err
	}
	if err == nil && w.staged > 0 {
		var n int
		n, err = w.f.WriteAt((*w.stage)[:w.staged], w.at)
		w.at += int64(n)
	}
	stages.Put(w.stage)
	w.stage, w.staged = nil, 0
	return err
}
