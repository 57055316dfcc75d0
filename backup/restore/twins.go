package restore

import (
	"hash/maphash"
	"io/fs"
	"os"
	"sync"
)

// twins keeps a restore that replaces from replacing its own files: two of them may have one place, where the disk takes two names for one and
// does not say so, or where one protected folder lies in another. It knows which files stand at places that several items may share; their names
// are given one at a time.
type twins struct {
	shared map[string]bool // folded paths that more than one item has; nil where nothing is replaced
	giving sync.Mutex
	ours   map[string][]fs.FileInfo // by folded path
}

// twinPlace is the path of an item as a disk without regard to case and Unicode form would see it, empty where no other item has it.
func (r *run) twinPlace(it *item) string {
	if len(r.twins.shared) == 0 {
		return ""
	}
	if at := r.folded(it); r.twins.shared[at] {
		return at
	}
	return ""
}

func (r *run) folded(it *item) string {
	return foldName(join(r.plan.trees[it.tree], join(it.dir, it.name())))
}

// findTwins looks for items that may have one place, without holding all their paths at a time, and for those of them that stand there already.
func (r *run) findTwins() {
	if r.plan.Conflict != Replace {
		return
	}
	seed := maphash.MakeSeed()
	times := make(map[uint64]bool, len(r.plan.items)) // true: more than once
	for _, it := range r.plan.items {
		if it.state != stateBlocked {
			h := maphash.String(seed, r.folded(it))
			_, again := times[h]
			times[h] = again
		}
	}
	r.twins.shared, r.twins.ours = map[string]bool{}, map[string][]fs.FileInfo{}
	for _, it := range r.plan.items {
		if it.state == stateBlocked {
			continue
		}
		if at := r.folded(it); times[maphash.String(seed, at)] {
			r.twins.shared[at] = true
		}
	}
}

// stood notes a file that stands at its place: this job wrote it, or found it right.
func (r *run) stood(it *item, d *dir) {
	if at := r.twinPlace(it); at != "" {
		r.twins.giving.Lock()
		r.twins.note(at, it, d)
		r.twins.giving.Unlock()
	}
}

// note is stood for who holds giving.
func (w *twins) note(at string, it *item, d *dir) {
	if it.final() != it.name() {
		return // it has a place of its own
	}
	if info, err := d.root.Lstat(it.name()); err == nil {
		w.ours[at] = append(w.ours[at], info)
	}
}

// own tells whether what stands at a place is a file that was noted. giving is held.
func (w *twins) own(at string, info fs.FileInfo) bool {
	for _, own := range w.ours[at] {
		if os.SameFile(own, info) {
			return true
		}
	}
	return false
}
