package sourcetest

import (
	"encoding/binary"
	"fmt"
	"io"

	"lightproof/backup/source"
)

// reading is one opened file. It gives the bytes as they are at each call, so a file that is edited while read comes out mixed,
// as it would from a disk.
type reading struct {
	tree    *Tree
	root    string
	file    *file
	item    source.Item // when it was opened
	version int
	meta    source.Metadata
	offset  int64
	ended   bool
	closed  bool
}

func (r *reading) Read(p []byte) (int, error) {
	t := r.tree
	t.mu.Lock()
	hook := t.beforeRead
	t.mu.Unlock()
	if hook != nil {
		hook(r.root, r.item.Path, r.offset)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.closed {
		return 0, errClosed
	}
	if fault := r.file.faults; fault.Read != nil {
		if r.offset >= fault.ReadAt {
			r.fire()
			return 0, fault.Read
		}
		p = p[:min(int64(len(p)), fault.ReadAt-r.offset)]
	}
	n := r.file.fill(p, r.offset)
	r.offset += int64(n)
	if r.offset > r.item.Size {
		return n, source.ErrChangedWhileRead
	}
	if n == 0 && len(p) > 0 {
		r.ended = true
		return 0, io.EOF
	}
	return n, nil
}

func (r *reading) ReadAt(p []byte, offset int64) (int, error) {
	r.tree.mu.Lock()
	defer r.tree.mu.Unlock()
	if r.closed {
		return 0, errClosed
	}
	n := r.file.fill(p, offset)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (r *reading) Metadata() (source.Metadata, error) {
	r.tree.mu.Lock()
	defer r.tree.mu.Unlock()
	if err := r.file.faults.Metadata; err != nil {
		r.fire()
		return source.Metadata{}, err
	}
	return r.meta, nil
}

func (r *reading) Finish() error {
	r.tree.mu.Lock()
	defer r.tree.mu.Unlock()
	if err := r.file.faults.Finish; err != nil {
		r.fire()
		return err
	}
	now := r.file.item
	if r.offset != r.item.Size || !r.ended {
		return fmt.Errorf("%w: read %d of %d bytes", source.ErrChangedWhileRead, r.offset, r.item.Size)
	}
	if now.Size != r.item.Size || !now.ModTime.Equal(r.item.ModTime) || !now.ID.ChangeTime.Equal(r.item.ID.ChangeTime) {
		return source.ErrChangedWhileRead
	}
	return nil
}

func (r *reading) Close() error {
	r.closed = true
	return nil
}

func (r *reading) fire() { r.tree.fired[r.root+"\x00"+r.item.Path]++ }

// fill copies content from offset on and returns how much there was.
func (f *file) fill(p []byte, offset int64) int {
	if offset < 0 || offset >= f.item.Size {
		return 0
	}
	p = p[:min(int64(len(p)), f.item.Size-offset)]
	if f.bytes != nil {
		return copy(p, f.bytes[offset:])
	}
	key := nameKey(f.item.Path) + uint64(f.version)*0xd1342543de82ef95
	var word [8]byte
	for i := range p {
		at := uint64(offset) + uint64(i)
		if i == 0 || at%8 == 0 {
			binary.LittleEndian.PutUint64(word[:], mix(key+at/8))
		}
		p[i] = word[at%8]
	}
	return len(p)
}

// nameKey is FNV-1a, mixed.
func nameKey(name string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(name); i++ {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return mix(h)
}

// mix is the finaliser of SplitMix64: a bijection whose results look random (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
