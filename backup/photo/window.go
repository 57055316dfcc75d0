package photo

import (
	"context"
	"encoding/binary"
	"io"
	"math"
	"sync"
)

// window is the only way to the bytes of a file: it counts what it reads, keeps one buffer, and refuses what lies outside.
type window struct {
	ctx      context.Context
	r        io.ReaderAt // nil: buf is all there is
	size     int64
	buf      []byte
	from     int64 // file offset of buf[0]
	filled   int
	bytes    int
	calls    int
	maxCalls int
	kept     *kept
	stopped  bool // a limit, the deadline or a read error ended the reading
}

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// at returns n bytes at off, valid until the next call, or nil. ahead is how many bytes are worth fetching beyond n.
func (w *window) at(off int64, n, ahead int) []byte {
	if off < 0 || n < 0 || n > len(w.buf) || off > w.size || int64(n) > w.size-off {
		return nil
	}
	if off >= w.from && off-w.from <= int64(w.filled) && int64(n) <= int64(w.filled)-(off-w.from) {
		return w.buf[off-w.from:][:n]
	}
	want := int(min(int64(max(n, ahead)), w.size-off, int64(len(w.buf))))
	if w.r == nil || w.stopped || w.calls >= w.maxCalls || w.bytes+want > maxBytes || w.ctx.Err() != nil {
		w.stopped = true
		return nil
	}
	w.calls++
	w.bytes += want
	got, err := w.r.ReadAt(w.buf[:want], off)
	w.from, w.filled = off, min(max(got, 0), want)
	if w.filled < n {
		if err != nil && err != io.EOF {
			w.stopped = true
		}
		return nil
	}
	return w.buf[:n]
}

// kept is the room of what is remembered of a picture while it is read: some dozens of short values, and of directory entries. It is used
// again for the next one.
type kept struct {
	values  []byte
	entries []entry
}

var keptRooms = sync.Pool{New: func() any { return &kept{} }}

// Room that is made at a time: bytes of values, and entries.
const (
	valuesAtOnce  = 1 << 10
	entriesAtOnce = 64
)

// value copies a short value to where it stays.
func (k *kept) value(v []byte) []byte {
	if cap(k.values)-len(k.values) < len(v) {
		k.values = make([]byte, 0, max(valuesAtOnce, len(v)))
	}
	at := len(k.values)
	k.values = append(k.values, v...)
	return k.values[at:len(k.values):len(k.values)]
}

// room gives an empty list with room for n entries.
func (k *kept) room(n int) []entry {
	if cap(k.entries)-len(k.entries) < n {
		k.entries = make([]entry, 0, max(entriesAtOnce, n))
	}
	at := len(k.entries)
	k.entries = k.entries[:at+n]
	return k.entries[at : at : at+n]
}

// letGo gives the room back. Nothing of it is used any more.
func (k *kept) letGo() {
	clear(k.entries)
	k.values, k.entries = k.values[:0], k.entries[:0]
	keptRooms.Put(k)
}

// extent is a run of bytes of the file.
type extent struct{ off, n int64 }

// section is a run of bytes that may lie in pieces; offsets in it start at 0. It never holds the bytes.
type section struct {
	w     *window
	parts []extent
	size  int64
}

func (w *window) section(off, n int64) section {
	if off < 0 || off > w.size {
		return section{w: w}
	}
	n = max(min(n, w.size-off), 0)
	return section{w: w, parts: []extent{{off, n}}, size: n}
}

func (w *window) whole() section { return w.section(0, w.size) }

// sub is a part of a section; what lies outside is cut off.
func (s section) sub(off, n int64) section {
	out := section{w: s.w}
	if off < 0 || n <= 0 {
		return out
	}
	for _, p := range s.parts {
		if off >= p.n {
			off -= p.n
			continue
		}
		take := min(p.n-off, n)
		out.parts = append(out.parts, extent{p.off + off, take})
		out.size += take
		if n -= take; n == 0 {
			break
		}
		off = 0
	}
	return out
}

// at returns n bytes at off, valid until the next read of the same file, or nil.
func (s section) at(off int64, n int) []byte { return s.ahead(off, n, 512) }

func (s section) ahead(off int64, n, ahead int) []byte {
	if off < 0 || n < 0 || off > s.size || int64(n) > s.size-off {
		return nil
	}
	for i, p := range s.parts {
		if off >= p.n && !(i == len(s.parts)-1 && off == p.n) {
			off -= p.n
			continue
		}
		if int64(n) <= p.n-off {
			return s.w.at(p.off+off, n, int(min(int64(max(ahead, n)), p.n-off)))
		}
		if n > bufferSize {
			return nil
		}
		out := make([]byte, 0, n)
		for ; len(out) < n && i < len(s.parts); i++ {
			p, take := s.parts[i], 0
			take = int(min(p.n-off, int64(n-len(out))))
			b := s.w.at(p.off+off, take, take)
			if b == nil {
				return nil
			}
			out, off = append(out, b...), 0
		}
		return out
	}
	return nil
}

// bytes is a copy of n bytes at off, or nil.
func (s section) bytes(off int64, n int) []byte {
	b := s.ahead(off, n, n)
	if b == nil {
		return nil
	}
	return append(make([]byte, 0, n), b...)
}

// place is where a run of the section lies in the file, if it lies there in one piece.
func (s section) place(off, n int64) (int64, bool) {
	if off < 0 || n < 0 || off > s.size || n > s.size-off {
		return 0, false
	}
	for _, p := range s.parts {
		if off < p.n {
			return p.off + off, n <= p.n-off
		}
		off -= p.n
	}
	return 0, false
}

func (s section) u8(off int64) (int64, bool) {
	b := s.at(off, 1)
	if b == nil {
		return 0, false
	}
	return int64(b[0]), true
}

func (s section) u16(off int64, o binary.ByteOrder) (int64, bool) {
	b := s.at(off, 2)
	if b == nil {
		return 0, false
	}
	return int64(o.Uint16(b)), true
}

func (s section) u32(off int64, o binary.ByteOrder) (int64, bool) {
	b := s.at(off, 4)
	if b == nil {
		return 0, false
	}
	return int64(o.Uint32(b)), true
}

// u64 reads an unsigned 64-bit number; values beyond an int64 become its largest, which lies outside every file.
func (s section) u64(off int64, o binary.ByteOrder) (int64, bool) {
	b := s.at(off, 8)
	if b == nil {
		return 0, false
	}
	if v := o.Uint64(b); v <= math.MaxInt64 {
		return int64(v), true
	}
	return math.MaxInt64, true
}
