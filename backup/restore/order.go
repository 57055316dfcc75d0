package restore

import (
	"cmp"
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// each runs fn for all of a list on several goroutines, in its order.
func each[T any](r *run, items []T, fn func(T)) {
	n := r.o.Workers
	if n <= 0 {
		n = min(max(4, 2*runtime.NumCPU()), 16)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, len(items)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(items) {
					return
				}
				fn(items[i])
			}
		})
	}
	wg.Wait()
}

// turn is what one worker writes at a time: the files of a list from from up to, but without, to.
type turn struct{ from, to int }

// Bounds of a turn.
const (
	turnFiles = 64
	turnBytes = 1 << 20
)

// turns cuts a list where its files come to lie in another folder: the system lets only one at a time make names in a folder, so that workers
// in the same one mostly wait for each other. A large file is a turn of its own.
func turns(todo []*item) (out []turn) {
	from, size := 0, int64(0)
	for i, it := range todo {
		if last := max(0, i-1); i > from && (it.dir != todo[last].dir || it.tree != todo[last].tree || i-from == turnFiles || size+it.size > turnBytes) {
			out = append(out, turn{from, i})
			from, size = i, 0
		}
		size += it.size
	}
	if from < len(todo) {
		out = append(out, turn{from, len(todo)})
	}
	return out
}

// byOrder is the order in which files are written, and so mostly that in which they lie on the disk.
func byOrder(a, b *item) int { return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.n, b.n)) }

// nextBundles says for the file in the middle of each list of files that have a bundle in common where the next such list begins.
func nextBundles(todo []*item) map[int]int {
	next, from := map[int]int{}, 0
	for i := 1; i < len(todo); i++ {
		if todo[i].order != todo[i-1].order {
			next[from+(i-from)/2], from = i, i
		}
	}
	return next
}

// expect has the bundle opened that comes after the one whose middle file is begun: by then nobody is likely to want the one before.
func (r *run) expect(ctx context.Context, todo []*item, next map[int]int, begun int) {
	n, ok := next[begun]
	if !ok || todo[n].link {
		return
	}
	o, err := r.original(ctx, todo[n])
	if err != nil || len(o.version().Parts) == 0 || !o.version().Parts[0].Small {
		return
	}
	if at := int(o.version().Parts[0].Ref.Bundle); at < len(o.file.Bundles) {
		r.open.expect(ctx, o.file.Bundles[at].Cap)
	}
}
