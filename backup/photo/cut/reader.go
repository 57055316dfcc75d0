package cut

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"sync"
)

// Bounds of one call. What passes one of them is in doubt and gets no cuts; real photos stay far below each.
const (
	maxBytes = 1 << 20 // read from one file
	maxReads = 1024

	maxSegments    = 1024      // of a JPEG, fill bytes counted like segments
	maxDirectories = 64        // of a TIFF
	maxEntries     = 2000      // of one directory
	maxStrips      = 65536     // strips or tiles of one directory
	maxRuns        = 4096      // runs of strips in one file, before they are joined
	maxGap         = 16        // bytes between two strips of one run
	maxBoxes       = 4096      // of one level
	maxTable       = 256 << 10 // bytes of iloc
	maxItems       = 64        // Exif and XMP items, and extents of them
	maxExtents     = 65536     // of all items together: one may be said to take no bytes of iloc

	windowSize = 4 << 10
	ahead      = 512 // bytes fetched at a place where little is wanted: the next header often lies in them
)

// reader reads one file. It counts what it reads, and the first thing that does not fit sets doubt for good: from then on it reads
// nothing more and gives zeros, so that a walk need not look after each step.
type reader struct {
	ctx    context.Context
	r      io.ReaderAt
	size   int64
	doubt  bool
	bytes  int
	reads  int
	from   int64 // offset of window[0] in the file
	filled int
	window [windowSize]byte
}

var readers = sync.Pool{New: func() any { return new(reader) }}

func newReader(ctx context.Context, r io.ReaderAt, size int64) *reader {
	f := readers.Get().(*reader)
	f.ctx, f.r, f.size = ctx, r, size
	f.doubt, f.bytes, f.reads, f.from, f.filled = false, 0, 0, 0, 0
	return f
}

func (f *reader) release() {
	f.ctx, f.r = nil, nil
	readers.Put(f)
}

// over tells whether there is nothing more to do: something is in doubt, or ctx has ended, which is looked at each time, since a walk
// through what is at hand already reads nothing.
func (f *reader) over() bool {
	f.doubt = f.doubt || f.ctx.Err() != nil
	return f.doubt
}

// at gives n bytes at off, valid until the next call, or nil with doubt set. n is at most windowSize.
func (f *reader) at(off int64, n int) []byte {
	if f.over() || n > windowSize || !f.inside(off, int64(n)) {
		f.doubt = true
		return nil
	}
	if off < f.from || off+int64(n) > f.from+int64(f.filled) {
		want := int(min(max(int64(n), ahead), f.size-off))
		if !f.read(f.window[:want], off) {
			return nil
		}
		f.from, f.filled = off, want
	}
	return f.window[off-f.from:][:n]
}

// all gives a copy of n bytes at off, at most maxTable, or nil with doubt set.
func (f *reader) all(off, n int64) []byte {
	if f.doubt || n > maxTable || !f.inside(off, n) {
		f.doubt = true
		return nil
	}
	b := make([]byte, n)
	if !f.read(b, off) {
		return nil
	}
	return b
}

// read fills b from off, as far as the bounds allow.
func (f *reader) read(b []byte, off int64) bool {
	f.bytes += len(b)
	f.reads++
	if f.bytes > maxBytes || f.reads > maxReads || f.over() {
		f.doubt = true
		return false
	}
	if n, _ := f.r.ReadAt(b, off); n != len(b) { // the error of a whole read, io.EOF at the end, says nothing
		f.doubt = true
	}
	return !f.doubt
}

// inside tells whether n bytes at off lie in the file.
func (f *reader) inside(off, n int64) bool {
	return off >= 0 && n >= 0 && off <= f.size && n <= f.size-off
}

// number reads an unsigned number of 1, 2, 4 or 8 bytes. What does not fit into an int64 lies outside of every file and is a doubt.
func (f *reader) number(off int64, width int, order binary.ByteOrder) int64 {
	b := f.at(off, width)
	if b == nil {
		return 0
	}
	n, ok := decode(b, order)
	f.doubt = f.doubt || !ok
	return n
}

func decode(b []byte, order binary.ByteOrder) (n int64, ok bool) {
	switch len(b) {
	case 1:
		return int64(b[0]), true
	case 2:
		return int64(order.Uint16(b)), true
	case 4:
		return int64(order.Uint32(b)), true
	case 8:
		if v := order.Uint64(b); v <= math.MaxInt64 {
			return int64(v), true
		}
	}
	return 0, false
}
