package restore

import (
	"context"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"lightproof/backup/direct"
)

// Files stay open until their group is flushed, but never so many that others cannot be opened.
func TestAProcessThatMayOpenFewFilesRestoresAll(t *testing.T) {
	l := newLibrary(t)
	l.sample(3000)
	jobs := l.jobs(t.TempDir())
	p := l.plan(t.TempDir(), KeepBoth)
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	few := was
	few.Cur = uint64(len(open) + 160)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &was)
	o := l.options()
	o.Workers = 8
	o.hooks.flush = direct.SyncFS
	r, err := Run(context.Background(), jobs, p, o)
	if err != nil || !r.Whole() {
		t.Fatal(r.Sums(), r.NotRestored, err)
	}
}

func TestTheNextBundleIsKnownWhenOneIsBegun(t *testing.T) {
	var todo []*item
	for _, order := range []uint64{3, 3, 5, 8, 8, 8} {
		todo = append(todo, &item{order: order})
	}
	next := nextBundles(todo)
	if len(next) != 2 || next[0] != 2 || next[2] != 3 {
		t.Error(next)
	}
}
