package restore

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"lightproof/backup/catalog"
)

// Forget gives a restore up: it removes what is left of it in the target (temporary files, not restored ones) and its rows. It works
// whatever has been lost of the saved list.
func (j *Jobs) Forget(ctx context.Context, id JobID) error {
	row, err := j.row(ctx, id)
	if err != nil {
		return err
	}
	trees := make([]*tree, len(row.Trees))
	for i, path := range row.Trees {
		t, err := openTree(string(path))
		if err != nil {
			continue // gone with what was in it
		}
		defer t.Close()
		if _, err := t.root.Lstat(markName(id)); err == nil {
			trees[i] = t
		}
	}
	last := place{-1, ""}
	blocks, whole := (row.Files+blockItems-1)/blockItems, true
	for n := range blocks {
		block, err := j.block(ctx, id, n)
		if err == nil {
			err = decodeBlock(block, map[folder]*folder{}, func(i int, it *item, _ *original) {
				if int(it.tree) >= len(trees) || trees[it.tree] == nil {
					return
				}
				t, name := trees[it.tree], tempName(id, n*blockItems+i)
				if it.state != stateBlocked {
					t.removeTemp(it.dir, name)
				}
				if at := (place{int(it.tree), it.dir}); at != last { // see findFresh: a folder is named after the first of its files, whatever came of that
					last = at
					above, _ := splitLast(it.dir)
					_ = t.removeFolder(above, name)
				}
			})
		}
		if err != nil && !lost(err) {
			return err
		}
		whole = whole && err == nil
	}
	for _, t := range trees {
		if t == nil {
			continue
		}
		if !whole {
			if err := t.sweep(ctx, markName(id)+"-"); err != nil {
				return err
			}
		}
		t.root.Remove(markName(id))
	}
	for table, rows := range map[string]int{"items": blocks, "results": row.Batches} {
		for from := 0; from < rows; from += rowsAtOnce {
			err := j.db.Update(ctx, func(tx *catalog.Tx) error {
				for n := from; n < min(from+rowsAtOnce, rows); n++ {
					if err := tx.Table(table).Delete(ctx, partKey(id, n)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return j.db.Table("jobs").Delete(ctx, id[:])
}

// sweepMarks takes away the marks of finished jobs that were ended by force between their last row and the removal. Where the folder is not
// there now, or does not allow it, that is left for later.
func (j *Jobs) sweepMarks(ctx context.Context) error {
	left := map[JobID]*jobRow{}
	err := j.db.Table("jobs").Scan(ctx, func(key, value []byte) error {
		row := &jobRow{}
		if len(key) == len(JobID{}) && json.Unmarshal(value, row) == nil && row.Finished && len(row.Marked) > 0 {
			left[JobID(key)] = row
		}
		return nil
	})
	if err != nil {
		return err
	}
	for id, row := range left {
		gone := true
		for i, path := range row.Trees {
			if i >= len(row.Marked) || !row.Marked[i] {
				continue
			}
			err := os.Remove(filepath.Join(string(path), markName(id)))
			if errors.Is(err, fs.ErrNotExist) {
				_, err = os.Stat(string(path))
			}
			gone = gone && err == nil
		}
		if !gone {
			continue
		}
		row.Marked = nil
		if err := j.put(ctx, id, row); err != nil {
			return nil // the list can be read all the same
		}
	}
	return nil
}

// removeTemp removes a temporary file where there is one.
func (t *tree) removeTemp(rel, name string) {
	if d, err := t.dir(rel, false, nil); err == nil {
		d.root.Remove(name)
		d.Close()
	}
}

// sweep removes temporary files wherever they are below the tree, for when nobody knows any more where they were. Links are not followed and
// folders that cannot be read are passed over. It ends only with an error of ctx.
func (t *tree) sweep(ctx context.Context, prefix string) error {
	return fs.WalkDir(t.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case err != nil || !strings.HasPrefix(path.Base(name), prefix):
		case d.IsDir():
			t.root.RemoveAll(name)
			return fs.SkipDir
		default:
			t.root.Remove(name)
		}
		return nil
	})
}
