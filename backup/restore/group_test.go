package restore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// A flush of the whole file system may fail for another program's sake: each file is then flushed by itself, and none is lost.
func TestAFailedFlushOfAGroupFallsBackToEachFile(t *testing.T) {
	l := newLibrary(t)
	l.sample(60)
	target := t.TempDir()
	o := l.options()
	flushes := 0
	o.hooks.flush = func(*os.File) error { flushes++; return errors.New("another's error") }
	r, err := Run(context.Background(), l.jobs(t.TempDir()), l.plan(target, KeepBoth), o)
	if err != nil || !r.Whole() {
		t.Fatal(err, r.Sums(), r.NotRestored)
	}
	if flushes > 1 {
		t.Errorf("a flush that failed was asked again: %d", flushes)
	}
	if left := leftovers(t, target); left != nil {
		t.Error(left)
	}
}

// What was written before a stop is not named without its flush, and the next run does it again.
func TestAStopDropsWhatWasNotFlushed(t *testing.T) {
	l := newLibrary(t)
	l.sample(40)
	target := t.TempDir()
	jobs := l.jobs(t.TempDir())
	o := l.options()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	staged := 0
	var mu sync.Mutex
	o.hooks.step = func(step string) {
		mu.Lock()
		defer mu.Unlock()
		if step == "staged" {
			if staged++; staged == 10 {
				cancel()
			}
		}
	}
	r, err := Run(ctx, jobs, l.plan(target, KeepBoth), o)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if left := leftovers(t, target); len(left) > 1 { // the mark of the job
		t.Errorf("left over: %v", left)
	}
	if r.Written != 0 {
		t.Errorf("named after the stop: %s", r.Sums())
	}
	waiting, err := jobs.Waiting(context.Background())
	if err != nil || len(waiting) != 1 || waiting[0].Done > 4 { // what needs no flush: links
		t.Error(waiting, err)
	}
	o.hooks = hooks{}
	if r, err = Resume(context.Background(), jobs, r.Job, o); err != nil || !r.Whole() {
		t.Fatal(err, r.Sums())
	}
}

// The proof is of what stands at the paths of the report, not of folders that were moved away since.
func TestAFolderMovedBeforeTheProofIsNotProven(t *testing.T) {
	l := newLibrary(t)
	l.sample(12)
	target := t.TempDir()
	o := l.options()
	from, to := filepath.Join(target, "Pictures", "raw"), filepath.Join(target, "Pictures", "elsewhere")
	o.hooks.beforeProof = func() {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Run(context.Background(), l.jobs(t.TempDir()), l.plan(target, KeepBoth), o)
	if err != nil {
		t.Fatal(err)
	}
	moved, err := os.ReadDir(to)
	if err != nil || len(moved) == 0 {
		t.Fatal("nothing was moved", err)
	}
	if r.NotRestored[ReasonNotReadBack] != len(moved) {
		t.Errorf("%d files were moved; %s %v", len(moved), r.Sums(), r.NotRestored)
	}
}

// A folder that goes away while files are written to it is made again.
func TestAFolderRemovedMeanwhileIsMadeAgain(t *testing.T) {
	l := newLibrary(t)
	l.sample(12)
	target := t.TempDir()
	o := l.options()
	o.Workers = 1
	gone := filepath.Join(target, "Pictures", "raw")
	var once sync.Once
	o.hooks.step = func(string) {
		if _, err := os.Stat(gone); err == nil {
			once.Do(func() {
				if err := os.Rename(gone, gone+" in the bin"); err != nil {
					t.Error(err)
				}
				if err := os.RemoveAll(gone + " in the bin"); err != nil {
					t.Error(err)
				}
			})
		}
	}
	r, err := Run(context.Background(), l.jobs(t.TempDir()), l.plan(target, KeepBoth), o)
	if err != nil {
		t.Fatal(err)
	}
	l.sums(r)
	back, err := os.ReadDir(gone)
	if err != nil || len(back) == 0 {
		t.Errorf("the folder was not made again: %d, %v; %s", len(back), err, r.Sums())
	}
}
