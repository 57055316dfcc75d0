package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

func markName(id JobID) string        { return ".lightproof-restore-" + id.String() }
func tempName(id JobID, n int) string { return fmt.Sprintf("%s-%d", markName(id), n) }

// enter opens the folders restored to and puts a mark into each. A job that goes on must find its marks: without one, another disk or
// an empty mount point stands there.
func (r *run) enter(ctx context.Context) error {
	again := r.row != nil && r.row.Marked != nil && !r.row.Finished
	marked := make([]bool, len(r.trees))
	for i, path := range r.plan.trees {
		if !r.needed(i) {
			continue
		}
		if !again {
			if err := makeTree(path, r.plan.Target.InPlace()); err != nil {
				return err
			}
		}
		t, err := openTree(path)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrTargetGone, err)
		}
		r.trees[i] = t
		_, err = t.root.Lstat(markName(r.id))
		if again && r.row.Marked[i] && err != nil {
			return fmt.Errorf("%w: its mark is not there", ErrTargetGone)
		}
		if err == nil {
			marked[i] = true
			continue
		}
		// A folder that takes no new files may still have folders below it that do.
		if f, err := t.root.OpenFile(markName(r.id), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			f.Close()
			marked[i] = true
		}
		r.touch(i, "")
	}
	if r.jobs == nil {
		return nil
	}
	r.syncFolders()
	r.row.Marked, r.row.Finished = marked, false
	return r.jobs.put(ctx, r.id, r.row)
}

// needed tells whether anything is to be done in a tree.
func (r *run) needed(i int) bool {
	return slices.ContainsFunc(r.plan.items, func(it *item) bool { return int(it.tree) == i && it.state != stateBlocked })
}

func makeTree(path string, inPlace bool) error {
	_, err := os.Stat(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if inPlace {
		err = os.Mkdir(path, 0o777)
	} else {
		err = os.MkdirAll(path, 0o777)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTargetGone, err)
	}
	// The folder's own name must last, too.
	if up, err := os.Open(filepath.Dir(path)); err == nil {
		up.Sync()
		up.Close()
	}
	return nil
}

// leave ends a job. The marks go after the row that says so: a job without its marks would never be gone on with, and a mark that a kill left
// is taken away later (see sweepMarks).
func (r *run) leave(ctx context.Context, whole bool) error {
	if r.jobs == nil {
		for i, t := range r.trees {
			if t != nil && r.touched[i] != nil {
				t.root.Remove(markName(r.id))
			}
		}
		return r.failed
	}
	ctx = context.WithoutCancel(ctx)
	failed := errors.Join(r.failed, r.unsaved)
	r.row.Done = r.settled
	r.row.Finished = whole && failed == nil
	if err := r.jobs.put(ctx, r.id, r.row); err != nil || !r.row.Finished {
		return errors.Join(failed, err)
	}
	r.step("finished")
	for _, t := range r.trees {
		if t == nil {
			continue
		}
		if err := t.root.Remove(markName(r.id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil // it is tried again later
		}
	}
	r.row.Marked = nil
	_ = r.jobs.put(ctx, r.id, r.row) // it only saves the next one a look
	return nil
}
