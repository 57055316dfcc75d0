package restore

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// keptBlocks is how many blocks of the saved list stay in memory, about 100 KB each: files are taken in the order of their bundles, and those
// of a bundle are mostly neighbours in the list, too.
const keptBlocks = 32

// blocks gives back what items are, which only the saved list still holds.
type blocks struct {
	mu   sync.Mutex
	rows map[int]*loaded
	old  []int // numbers of blocks, the one read first at the front
}

// loaded is a block that is read, or is being read by the one who asked first.
type loaded struct {
	once sync.Once
	b    *block
	err  error
}

// original is what an item is.
func (r *run) original(ctx context.Context, it *item) (*original, error) {
	if r.plan.sel != nil { // nothing is saved
		return r.plan.sel.original(ctx, int(it.n))
	}
	b, err := r.block(ctx, int(it.n)/blockItems)
	if err == nil {
		var o *original
		if o, err = b.original(int(it.n) % blockItems); err == nil {
			return o, nil
		}
	}
	return nil, fmt.Errorf("read the list of the restore: %w", err)
}

// block gives a block of the list. Where whoever else reads it just now fails, it is read once more.
func (r *run) block(ctx context.Context, n int) (b *block, err error) {
	for mine := false; !mine; {
		l := r.files.of(n)
		l.once.Do(func() {
			mine = true
			var row []byte
			if row, l.err = r.jobs.block(ctx, r.id, n); l.err == nil {
				l.b, l.err = parseBlock(row)
			}
			if l.err != nil {
				r.files.drop(n, l)
			}
		})
		if b, err = l.b, l.err; err == nil {
			break
		}
	}
	return b, err
}

// of gives the place of a block, which has yet to be read where nobody asked before.
func (c *blocks) of(n int) *loaded {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.rows[n]
	if l != nil {
		return l
	}
	if c.rows == nil {
		c.rows = map[int]*loaded{}
	}
	if len(c.old) >= keptBlocks {
		delete(c.rows, c.old[0])
		c.old = c.old[1:]
	}
	l = &loaded{}
	c.rows[n], c.old = l, append(c.old, n)
	return l
}

// drop forgets a block that could not be read, so that the next one who asks tries again.
func (c *blocks) drop(n int, l *loaded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows[n] == l {
		delete(c.rows, n)
		c.old = slices.DeleteFunc(c.old, func(k int) bool { return k == n })
	}
}

// originals calls fn with every item of the run and what it is, in the order of the list.
func (r *run) originals(ctx context.Context, fn func(it *item, o *original) error) error {
	for _, it := range r.plan.items {
		o, err := r.original(ctx, it)
		if err != nil {
			return err
		}
		if err := fn(it, o); err != nil {
			return err
		}
	}
	return ctx.Err()
}
