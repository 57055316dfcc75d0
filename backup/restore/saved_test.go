package restore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"lightproof/backup/catalog"
)

// A list that cannot be written for a while, because the disk it is on is full or busy, costs nothing once it can.
func TestResultsThatCouldNotBeSavedAreSavedLater(t *testing.T) {
	l := newLibrary(t)
	l.sample(60)
	target, jobs := t.TempDir(), l.jobs(t.TempDir())
	plan := l.plan(target, KeepBoth)
	o := l.options()
	o.Workers = 1
	now := noon
	o.Now = func() time.Time { now = now.Add(time.Second); return now } // many small batches
	var tries atomic.Int64
	o.hooks.beforeProof = func() { // the first attempts of the proving phase fail
		jobs.failing = func() error {
			if tries.Add(1) <= 3 {
				return catalog.ErrFull
			}
			return nil
		}
	}
	r, err := Run(context.Background(), jobs, plan, o)
	if err != nil || !r.Whole() {
		t.Fatal(err, r.Sums())
	}
	if tries.Load() < 5 {
		t.Fatalf("saved %d times: nothing was tried again", tries.Load())
	}
	row, items, err := jobs.load(context.Background(), r.Job)
	if err != nil || !row.Finished {
		t.Fatal(row, err)
	}
	for _, it := range items {
		if it.result != Written || !it.has {
			t.Fatalf("%s: %s, read back: %v", it.path, it.result, it.has)
		}
	}
	for n := range row.Batches {
		if _, err := jobs.db.Table("results").Get(context.Background(), partKey(r.Job, n)); err != nil {
			t.Errorf("batch %d of %d: %v", n, row.Batches, err)
		}
	}
}

// The last batch is never saved and the job's own row is: the restore can be gone on with, checked and given up.
func TestARestoreWhoseResultsWereNeverSavedIsGoneOnWith(t *testing.T) {
	for _, then := range []string{"resume", "check", "forget"} {
		t.Run(then, func(t *testing.T) {
			l := newLibrary(t)
			l.sample(30)
			target, jobs := t.TempDir(), l.jobs(t.TempDir())
			o := l.options()
			failed := false
			o.hooks.beforeProof = func() {
				jobs.failing = func() error { // the batch fails, the row after it does not
					if !failed {
						failed = true
						return catalog.ErrFull
					}
					return nil
				}
			}
			r, err := Run(context.Background(), jobs, l.plan(target, KeepBoth), o)
			if !errors.Is(err, catalog.ErrFull) || !r.Whole() {
				t.Fatal(err, r.Sums())
			}
			if waiting, err := jobs.Waiting(context.Background()); err != nil || len(waiting) != 1 {
				t.Fatal(waiting, err)
			}
			o.hooks = hooks{}
			switch then {
			case "resume":
				if r, err = Resume(context.Background(), jobs, r.Job, o); err != nil || !r.Whole() || r.Written != 34 {
					t.Error(err)
				}
			case "check":
				if r, err = Check(context.Background(), jobs, r.Job, o); err != nil || !r.Whole() {
					t.Error(err)
				}
			default:
				if err = jobs.Forget(context.Background(), r.Job); err != nil {
					t.Error(err)
				}
			}
			if left := leftovers(t, target); (left != nil) != (then == "check") { // a check writes nothing
				t.Error(left)
			}
		})
	}
}

// stopped gives a job that was stopped in the middle.
func stopped(t *testing.T, l *library, jobs *Jobs, target string) (*Report, RunOptions) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	o := l.options()
	o.Workers = 1
	n := 0
	o.hooks.step = func(s string) {
		if s == "named" {
			if n++; n == 20 {
				cancel()
			}
		}
	}
	r, err := Run(ctx, jobs, l.plan(target, KeepBoth), o)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	o.hooks = hooks{}
	return r, o
}

// A list written by a program that lost a batch is read all the same: what the batch said is found on the disk.
func TestAMissingBatchOfResultsIsFoundOnTheDisk(t *testing.T) {
	ctx := context.Background()
	for _, bad := range []func(*catalog.Table, []byte) error{
		func(t *catalog.Table, key []byte) error { return t.Delete(ctx, key) },
		func(t *catalog.Table, key []byte) error { return t.Put(ctx, key, []byte{0xff}) },
	} {
		l := newLibrary(t)
		l.sample(60)
		target, jobs := t.TempDir(), l.jobs(t.TempDir())
		r, o := stopped(t, l, jobs, target)
		row, _, err := jobs.load(ctx, r.Job)
		if err != nil || row.Batches == 0 {
			t.Fatal(row, err)
		}
		for n := range row.Batches {
			if err := bad(jobs.db.Table("results"), partKey(r.Job, n)); err != nil {
				t.Fatal(err)
			}
		}
		if r, err = Resume(ctx, jobs, r.Job, o); err != nil || !r.Whole() || r.Written != 64 {
			t.Fatal(err)
		}
		files, _ := filepath.Glob(filepath.Join(target, "Pictures", "*", "*"))
		if len(files) != 64 {
			t.Errorf("%d files", len(files))
		}
	}
}

// Giving up works without the saved list, too: what is left in the target is found by its name.
func TestARestoreIsGivenUpWithoutItsList(t *testing.T) {
	l := newLibrary(t)
	l.sample(60)
	target, jobs := t.TempDir(), l.jobs(t.TempDir())
	r, _ := stopped(t, l, jobs, target)
	temp := filepath.Join(target, "Pictures", "2001", tempName(r.Job, 3))
	other := filepath.Join(target, "Pictures", "2001", tempName(JobID{1}, 3))
	for _, name := range []string{temp, other} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := jobs.db.Table("items").Delete(context.Background(), partKey(r.Job, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(context.Background(), jobs, r.Job, l.options()); err == nil {
		t.Fatal("gone on without a list")
	}
	if err := jobs.Forget(context.Background(), r.Job); err != nil {
		t.Fatal(err)
	}
	if left := leftovers(t, target); len(left) != 1 || left[0] != other {
		t.Error(left)
	}
	if list, err := jobs.List(context.Background()); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
}

// Everything is done and the row that says so is not saved: the job is gone on with, and ends.
func TestAFinishedRestoreWhoseLastRowWasNotSavedIsGoneOnWith(t *testing.T) {
	l := newLibrary(t)
	l.sample(30)
	target, jobs := t.TempDir(), l.jobs(t.TempDir())
	o := l.options()
	rows := 0
	o.hooks.beforeProof = func() {
		jobs.failing = func() error { // after the proof: its results, then the job's own row
			if rows++; rows == 2 {
				return catalog.ErrBusy
			}
			return nil
		}
	}
	r, err := Run(context.Background(), jobs, l.plan(target, KeepBoth), o)
	if !errors.Is(err, catalog.ErrBusy) || !r.Whole() {
		t.Fatal(err, r.Sums())
	}
	if r, err = Resume(context.Background(), jobs, r.Job, l.options()); err != nil || !r.Whole() {
		t.Fatal(err)
	}
	if left := leftovers(t, target); left != nil {
		t.Error(left)
	}
	if waiting, err := jobs.Waiting(context.Background()); err != nil || len(waiting) != 0 {
		t.Error(waiting, err)
	}
}

// Killed at its very end a restore is finished, and its mark goes when the list is looked at.
func TestAMarkLeftBehindByAKillIsTakenAway(t *testing.T) {
	l := newLibrary(t)
	l.sample(30)
	top, jobs := t.TempDir(), l.jobs(t.TempDir())
	target, away := filepath.Join(top, "drive"), filepath.Join(top, "away")
	o := l.options()
	var id JobID
	o.Progress = func(p Progress) { id = p.Job }
	o.hooks.step = func(s string) {
		if s == "finished" {
			panic("killed")
		}
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Fatal("not killed")
			}
		}()
		Run(context.Background(), jobs, l.plan(target, KeepBoth), o)
	}()
	mark := filepath.Join(target, markName(id))
	if left := leftovers(t, target); len(left) != 1 || left[0] != mark {
		t.Fatal(left)
	}
	if err := os.Rename(target, away); err != nil { // the drive is not connected now
		t.Fatal(err)
	}
	for _, connected := range []bool{false, true} {
		if connected {
			if err := os.Rename(away, target); err != nil {
				t.Fatal(err)
			}
		}
		if waiting, err := jobs.Waiting(context.Background()); err != nil || len(waiting) != 0 {
			t.Fatal(waiting, err)
		}
	}
	if left := leftovers(t, target); left != nil {
		t.Error(left)
	}
	if row, err := jobs.row(context.Background(), id); err != nil || row.Marked != nil {
		t.Error(row, err)
	}
	o.hooks = hooks{}
	if r, err := Resume(context.Background(), jobs, id, o); err != nil || !r.Whole() { // a finished job can be looked through again
		t.Error(err)
	}
}
