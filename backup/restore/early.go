package restore

import (
	"context"
	"crypto/sha256"
	"os"
	"slices"

	"lightproof/backup/direct"
	"lightproof/backup/vault"
)

// Small files are read back when their group was flushed, past the page cache and through the descriptors that are open for it: opening each of them again in the
// last phase, and looking up what it should be, cost more than reading it. The last phase then looks whether the name leads to that very file, not written
// to since, and reads whatever is another one, could not be read here, or was not right.

// mark tells a file, and whether it was changed since. The zero value is none. The file system's clock may stand still for some milliseconds, or for a
// second: what is written just after it was looked at then shows by the time of the file, which was set to that of the original.
type mark struct {
	inode    uint64
	modified int64 // nanoseconds (mtime)
	changed  int64 // nanoseconds, by the file system's clock (ctime)
}

// same tells whether it is the same file, not written to in between. A new name is no change.
func (m mark) same(other mark) bool {
	m.changed, other.changed = 0, 0
	return m == other && m != mark{}
}

// earlyReaders is how many groups are read back at a time: each takes batchBytes of memory.
const earlyReaders = 2

// readEarly reads back the small files of a group that was flushed, and notes of those that are right that they are.
func (r *run) readEarly(files []held, flushed map[int32]bool) {
	if r.o.NoReRead {
		return
	}
	var todo []*held
	for i := range files {
		if h := &files[i]; h.f != nil && flushed[h.it.tree] && h.it.size >= 0 && direct.Room(h.it.size) <= batchBytes {
			todo = append(todo, h)
		}
	}
	if len(todo) == 0 {
		return
	}
	r.early <- struct{}{}
	defer func() { <-r.early }()
	reads := r.reads.take()
	defer r.reads.give(reads)
	for len(todo) > 0 {
		n, room := 0, int64(batchBytes)
		var list [direct.MaxReads]*os.File
		var sizes [direct.MaxReads]int64
		for n < min(len(todo), direct.MaxReads) && direct.Room(todo[n].it.size) <= room {
			h := todo[n]
			list[n], sizes[n], h.was = h.f, h.it.size, r.trees[h.it.tree].markOf(h.f, h.it.size)
			dropCache(h.f) // some file systems read parts of a file through the cache in any case
			room -= direct.Room(sizes[n])
			n++
		}
		for i, b := range reads.Read(list[:n], sizes[:n]) {
			h := todo[i]
			if h.right = b != nil && vault.Hash(sha256.Sum256(b)) == h.o.version().Sum; h.right {
				h.it.hashed = true
				r.step("read early")
				for _, note := range h.o.kept(h.f, r.trees[h.it.tree].kind) {
					if !slices.Contains(h.it.rest().notes, note) {
						h.it.note(note)
					}
				}
			}
		}
		todo = todo[n:]
	}
}

// named notes which file it was that was read back, once it has its name, or its place in a folder that has yet to get one. What was written to since
// is read again.
func (r *run) named(h *held) {
	if !h.right {
		return
	}
	if h.was.modified != h.o.modTime() { // as it was set, or somebody writes to it
		return
	}
	now := r.trees[h.it.tree].markOf(h.f, h.it.size)
	if h.d.fresh != nil && now == h.was || h.d.fresh == nil && now.same(h.was) {
		h.it.mark = now
	}
}

// dropProven takes those out of a list that are proven by now, and counts them.
func (r *run) dropProven(ctx context.Context, items []*item) []*item {
	here := map[int32]bool{}
	left := items[:0]
	for _, it := range items {
		if it.mark == (mark{}) || it.result != Written {
			left = append(left, it)
			continue
		}
		if _, asked := here[it.tree]; !asked {
			here[it.tree] = r.trees[it.tree].here()
		}
		if ctx.Err() != nil || !here[it.tree] || !r.proven(it) {
			left = append(left, it)
			continue
		}
		it.has = true
		r.advance(1, it.size)
		r.done(ctx, it)
	}
	return left
}

// proven tells whether a file with a mark, which was read back when its group was flushed, still stands under its name, as it was.
func (r *run) proven(it *item) bool {
	d, err := r.borrow(it, false)
	if err != nil {
		return false
	}
	defer r.giveBack(it, d)
	return r.trees[it.tree].markIn(d, it.final(), it.size) == it.mark
}
