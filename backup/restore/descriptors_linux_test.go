package restore

import (
	"context"
	"os"
	"slices"
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

func TestTheNextBundleIsKnownInTheMiddleOfOne(t *testing.T) {
	var todo []*item
	for _, order := range []uint64{3, 3, 3, 3, 5, 8, 8, 8} {
		todo = append(todo, &item{order: order})
	}
	next := nextBundles(todo)
	if len(next) != 2 || next[2] != 4 || next[4] != 5 {
		t.Error(next)
	}
}

func TestATurnEndsWithItsFolder(t *testing.T) {
	var todo []*item
	for _, at := range []struct {
		dir  string
		size int64
		n    int
	}{{"a", 9, 3}, {"b", 9, turnFiles + 1}, {"b", turnBytes, 2}, {"c", turnBytes/2 + 1, 2}} {
		for range at.n {
			todo = append(todo, &item{dir: at.dir, size: at.size})
		}
	}
	todo = append(todo, &item{dir: "c", tree: 1})
	var got []int
	at := 0
	for _, x := range turns(todo) {
		if x.from != at || x.to <= x.from {
			t.Fatal(x, at)
		}
		at, got = x.to, append(got, x.to-x.from)
	}
	if want := []int{3, turnFiles, 1, 1, 1, 1, 1, 1}; !slices.Equal(got, want) || at != len(todo) || turns(nil) != nil {
		t.Error(got, want, at)
	}
}
