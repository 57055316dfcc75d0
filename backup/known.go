package backup

import (
	"context"
	"encoding/binary"
	"runtime"
	"sync"

	"lightproof/backup/catalog"
	"lightproof/backup/source"
)

// known is what the records say of all originals, in 16 bytes each: enough to tell that nothing has changed. What may have changed is
// looked up by its path. Both halves are hashes with a random secret key, so that no file can be made to look like another; a chance of 2^-64
// remains that one changed file is taken for unchanged, until a record changes (see keptKnown).
type known struct {
	paths, values hashKey

	slots []knownSlot // open addressing; a power of two
	seen  []bool      // by slot: the walk came to this path
	used  int
	files map[[16]byte]int64 // by folder
}

// knownSlot is one original; a path of 0 is an empty slot.
type knownSlot struct{ path, value uint64 }

// knownAtOnce is how many rows a reader collects before it enters them.
const knownAtOnce = 1024

func newKnown() *known {
	kn := &known{paths: newHashKey(), values: newHashKey(), files: map[[16]byte]int64{}}
	kn.resize(1 << 10)
	return kn
}

// knows loads what the records say.
func (e *Engine) knows(ctx context.Context) (*known, error) {
	if kn, err := e.loadKnown(ctx); kn != nil || err != nil {
		return kn, err
	}
	kn := newKnown()
	type row struct {
		knownSlot
		folder [16]byte
	}
	parts := min(runtime.GOMAXPROCS(0), 4)
	read := make([][]row, parts)
	var mu sync.Mutex
	enter := func(part int) {
		mu.Lock()
		defer mu.Unlock()
		for _, r := range read[part] {
			kn.enter(r.knownSlot)
			kn.files[r.folder]++
		}
		read[part] = read[part][:0]
	}
	err := e.db.Files.EachPart(ctx, parts, func(part int, k catalog.FileKey, f catalog.File) error {
		path := kn.path(k.Folder, k.Path)
		read[part] = append(read[part], row{knownSlot{path, kn.recorded(path, &f)}, k.Folder})
		if len(read[part]) == knownAtOnce {
			enter(part)
		}
		return nil
	})
	for part := range read {
		enter(part)
	}
	return kn, err
}

func (kn *known) path(folder [16]byte, path string) uint64 {
	var room [256]byte
	return max(1, kn.paths.sum(append(append(room[:0], folder[:]...), path...)))
}

// recorded is the value of a row. A stored one stands for what is seen on the disk where nothing has changed.
func (kn *known) recorded(path uint64, f *catalog.File) uint64 {
	if f.State == catalog.StateStored && !f.Unsettled {
		return kn.stored(path, f.Size, f.ModTimeNS, f.CTimeNS, f.BirthNS, f.Inode)
	}
	return kn.otherwise(path, f.State, f.Reason)
}

// stored is the value of a stored original: size in bytes, times in Unix nanoseconds, 0 = none.
func (kn *known) stored(path uint64, size, modified, changed, born int64, inode uint64) uint64 {
	var b [48]byte
	for i, v := range [...]uint64{path, uint64(size), uint64(modified), uint64(changed), uint64(born), inode} {
		binary.LittleEndian.PutUint64(b[8*i:], v)
	}
	return kn.values.sum(b[:])
}

// sighted is the value of the row that says of a stored original what is seen of it now.
func (kn *known) sighted(path uint64, it source.Item) uint64 {
	return kn.stored(path, it.Size, it.ModTime.UnixNano(), nanos(it.ID.ChangeTime), nanos(it.BirthTime), it.ID.Inode)
}

// otherwise is the value of an original that is not stored, or is to be read again.
func (kn *known) otherwise(path uint64, state catalog.FileState, reason string) uint64 {
	var room [64]byte
	b := append(binary.LittleEndian.AppendUint64(room[:0], path), byte(state))
	return kn.values.sum(append(b, reason...))
}

func (kn *known) resize(n int) {
	old := kn.slots
	kn.slots, kn.seen, kn.used = make([]knownSlot, n), make([]bool, n), 0
	for _, s := range old {
		if s.path != 0 {
			kn.enter(s)
		}
	}
}

func (kn *known) enter(s knownSlot) {
	if kn.used >= len(kn.slots)/4*3 {
		kn.resize(2 * len(kn.slots))
	}
	kn.used++
	for i := s.path; ; i++ {
		if at := &kn.slots[i&uint64(len(kn.slots)-1)]; at.path == 0 {
			*at = s
			return
		}
	}
}

// find marks a path as seen. It tells whether it is known at all, whether this was the first time that it was looked for, and whether its
// row has this value.
func (kn *known) find(path, value uint64) (is, first, same bool) {
	for i := path; ; i++ {
		at := i & uint64(len(kn.slots)-1)
		switch s := kn.slots[at]; s.path {
		case 0:
			return is, first, same
		case path: // of two paths with one hash both are marked: what became of the other one is seen in the next run
			first = first || !kn.seen[at]
			is, kn.seen[at], same = true, true, same || s.value == value
		}
	}
}

// wasSeen tells of a row's path whether the walk came to it. What was not known when the records were loaded counts as seen.
func (kn *known) wasSeen(path uint64) bool {
	for i := path; ; i++ {
		at := i & uint64(len(kn.slots)-1)
		switch kn.slots[at].path {
		case 0:
			return true
		case path:
			return kn.seen[at]
		}
	}
}
