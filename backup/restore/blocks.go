package restore

import (
	"context"
	"fmt"
	"sync"
)

// keptBlocks is how many blocks of the saved list stay in memory, about 100 KB each: files are taken in the order of their bundles, and those
// of a bundle are mostly neighbours in the list, too.
const keptBlocks = 32

// blocks gives back what items are, which only the saved list still holds.
type blocks struct {
	mu   sync.Mutex
	rows map[int]*block
	old  []int // numbers of blocks, the one read first at the front
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

func (r *run) block(ctx context.Context, n int) (*block, error) {
	c := &r.files
	c.mu.Lock()
	defer c.mu.Unlock()
	if b := c.rows[n]; b != nil {
		return b, nil
	}
	row, err := r.jobs.block(ctx, r.id, n)
	if err != nil {
		return nil, err
	}
	b, err := parseBlock(row)
	if err != nil {
		return nil, err
	}
	if c.rows == nil {
		c.rows = map[int]*block{}
	}
	if len(c.old) >= keptBlocks {
		delete(c.rows, c.old[0])
		c.old = c.old[1:]
	}
	c.rows[n], c.old = b, append(c.old, n)
	return b, nil
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
