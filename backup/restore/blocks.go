package restore

import (
	"context"
	"fmt"
	"sync"

	"lightproof/backup/vault/reader"
)

// keptBlocks is how many blocks of the saved list stay in memory, about 100 KB each: files are taken in the order of their bundles, and those
// of a bundle are mostly neighbours in the list, too.
const keptBlocks = 64

// blocks gives the files of items back that only the saved list still holds.
type blocks struct {
	mu   sync.Mutex
	rows map[int][]byte
	old  []int // numbers of rows, the one read first at the front
}

// file is the file of an item, with the one version to restore.
func (r *run) file(ctx context.Context, it *item) (*reader.File, error) {
	if it.file != nil { // nothing is saved
		return only(it.file, *it.chosen), nil
	}
	row, err := r.block(ctx, it.n/blockItems)
	if err != nil {
		return nil, fmt.Errorf("read the list of the restore: %w", err)
	}
	return decodeFile(row, it.n%blockItems)
}

func (r *run) block(ctx context.Context, n int) ([]byte, error) {
	c := &r.files
	c.mu.Lock()
	defer c.mu.Unlock()
	if row := c.rows[n]; row != nil {
		return row, nil
	}
	row, err := r.jobs.block(ctx, r.id, n)
	if err != nil {
		return nil, err
	}
	if c.rows == nil {
		c.rows = map[int][]byte{}
	}
	if len(c.old) >= keptBlocks {
		delete(c.rows, c.old[0])
		c.old = c.old[1:]
	}
	c.rows[n], c.old = row, append(c.old, n)
	return row, nil
}
