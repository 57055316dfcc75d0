package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// newFolders is a library whose small files lie in seven folders that are made as a whole, seven in each.
func newFolders(t testing.TB) *library {
	l := newLibrary(t)
	l.sample(49)
	return l
}

// hiddenFolders are the folders below dir that have no name yet.
func hiddenFolders(dir string) (out []string) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() && strings.HasPrefix(d.Name(), ".lightproof-restore-") {
			out = append(out, path)
		}
		return nil
	})
	return out
}

// steps has fn called with each step of a run and the hidden folders that are there then, once at a time.
func steps(target string, fn func(step string, hidden []string)) func(string) {
	var mu sync.Mutex
	return func(step string) {
		mu.Lock()
		defer mu.Unlock()
		fn(step, hiddenFolders(target))
	}
}

// wantAll compares the small files of newFolders.
func wantAll(t testing.TB, target string) {
	t.Helper()
	for i := range 49 {
		wantFile(t, filepath.Join(target, "Pictures", fmt.Sprintf("20%02d/IMG_%04d.JPG", i%7, i)), picture(i))
	}
	if left := leftovers(t, target); left != nil {
		t.Errorf("left over: %v", left)
	}
}

func TestANewFolderIsSeenWithAllItsFilesOnly(t *testing.T) {
	l, target := newFolders(t), t.TempDir()
	o := l.options()
	var ticks atomic.Int64
	o.Now = func() time.Time { return noon.Add(time.Duration(ticks.Add(1)) * groupAge) } // each file is flushed at once
	most, seen := 0, 0
	o.hooks.step = steps(target, func(_ string, hidden []string) {
		most = max(most, len(hidden))
		folders, _ := filepath.Glob(filepath.Join(target, "Pictures", "20*"))
		seen = max(seen, len(folders))
		for _, f := range folders {
			if files, _ := os.ReadDir(f); len(files) != 7 {
				t.Errorf("%s shows %d of 7 files", filepath.Base(f), len(files))
			}
		}
	})
	r, err := Run(context.Background(), l.jobs(t.TempDir()), l.plan(target, KeepBoth), o)
	if err != nil || !r.Whole() || r.Written != 53 {
		t.Fatal(err, r.Sums(), r.NotRestored)
	}
	if most == 0 || seen != 7 {
		t.Errorf("%d folders were hidden at a time, %d seen", most, seen)
	}
	wantAll(t, target)
}

// Whatever comes between, every file is restored and nothing of another's is lost.
func TestANewFolderThatCannotBeNamedIsWrittenFileByFile(t *testing.T) {
	mine := func(path string) error {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		return os.WriteFile(path, []byte("mine"), 0o600)
	}
	for name, c := range map[string]struct {
		meddle func(target string, hidden []string) error
		after  func(t *testing.T, target string)
	}{
		"somebody makes the folder": {
			func(target string, _ []string) error {
				return mine(filepath.Join(target, "Pictures", "2003", "mine.jpg"))
			},
			func(t *testing.T, target string) {
				wantFile(t, filepath.Join(target, "Pictures", "2003", "mine.jpg"), []byte("mine"))
			},
		},
		"an empty folder is there": {
			func(target string, _ []string) error {
				return os.Mkdir(filepath.Join(target, "Pictures", "2003"), 0o700)
			}, nil,
		},
		"the hidden folders are taken away": {
			func(_ string, hidden []string) error {
				for _, h := range hidden {
					if err := os.RemoveAll(h); err != nil {
						return err
					}
				}
				return nil
			}, nil,
		},
		"files are taken out of the hidden folders": {
			func(_ string, hidden []string) error {
				for _, h := range hidden {
					if files, _ := os.ReadDir(h); len(files) > 0 { // another worker may just have made it
						os.Remove(filepath.Join(h, files[0].Name()))
					}
				}
				return nil
			}, nil,
		},
		"the hidden folders are exchanged": {
			func(_ string, hidden []string) error {
				for _, h := range hidden {
					if err := errors.Join(os.RemoveAll(h), os.Mkdir(h, 0o755)); err != nil {
						return err
					}
				}
				return nil
			}, nil,
		},
		"names are taken in the hidden folders": {
			func(_ string, hidden []string) error {
				for _, h := range hidden {
					for i := range 49 {
						os.Symlink("nowhere", filepath.Join(h, fmt.Sprintf("IMG_%04d.JPG", i)))
					}
				}
				return nil
			}, nil,
		},
	} {
		for at := range 4 {
			t.Run(fmt.Sprint(name, " ", at), func(t *testing.T) {
				l, target := newFolders(t), t.TempDir()
				o := l.options()
				o.NoReRead = at > 1 // nobody would notice later
				staged := 0
				o.hooks.step = steps(target, func(step string, hidden []string) {
					if step != "staged" || len(hidden) == 0 {
						return
					}
					if staged++; staged == 1+at*5 {
						if err := c.meddle(target, hidden); err != nil && !os.IsExist(err) {
							t.Error(err)
						}
					}
				})
				r, err := Run(context.Background(), l.jobs(t.TempDir()), l.plan(target, KeepBoth), o)
				if err != nil || r.Written+r.AlreadyThere+r.Unread != 53 {
					t.Fatal(err, r.Sums(), r.NotRestored)
				}
				if staged < 1+at*5 {
					t.Fatal("nothing came between")
				}
				wantAll(t, target)
				if c.after != nil {
					c.after(t, target)
				}
			})
		}
	}
}

// Where a flush of the whole file system fails in the middle, what is under way in a hidden folder is flushed file by file.
func TestANewFolderOutlastsAFailedFlush(t *testing.T) {
	for fails := range 6 {
		for _, workers := range []int{1, 4} {
			l, target := newFolders(t), t.TempDir()
			o := l.options()
			var ticks, flushes atomic.Int64
			o.Workers, o.Now = workers, func() time.Time { return noon.Add(time.Duration(ticks.Add(1)) * groupAge) }
			o.hooks.flush = func(*os.File) error {
				if flushes.Add(1) > int64(fails) {
					return errors.New("another's error")
				}
				return nil
			}
			r, err := Run(context.Background(), l.jobs(t.TempDir()), l.plan(target, KeepBoth), o)
			if err != nil || !r.Whole() || r.Written != 53 {
				t.Fatal(fails, err, r.Sums(), r.NotRestored)
			}
			wantAll(t, target)
		}
	}
}

// The first file of a folder, after which it is named as long as it is hidden, may be one that cannot be restored.
func TestANewFolderIsTakenAwayWhateverItsFirstFileIs(t *testing.T) {
	l, target := newLibrary(t), t.TempDir()
	list := []small{{path: "2000/A" + strings.Repeat("x", 300) + ".JPG", content: picture(0), at: 1}}
	for i := range 5 {
		list = append(list, small{path: fmt.Sprintf("2000/IMG_%d.JPG", i), content: picture(i), at: 1})
	}
	l.bundle(list...)
	jobs := l.jobs(t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var was string
	o := l.options()
	o.hooks.step = steps(target, func(step string, hidden []string) {
		if step == "staged" && len(hidden) > 0 {
			was = hidden[0]
			cancel()
		}
	})
	r, err := Run(ctx, jobs, l.plan(target, KeepBoth), o)
	if err == nil || was == "" {
		t.Fatal(err, was)
	}
	if err := os.Mkdir(was, 0o755); err != nil { // as a kill would leave it
		t.Fatal(err)
	}
	if err := jobs.Forget(context.Background(), r.Job); err != nil {
		t.Fatal(err)
	}
	if left := leftovers(t, target); left != nil {
		t.Errorf("left over: %v", left)
	}
}

func TestANewFolderThatAStopLeftIsTakenAway(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(l *library, jobs *Jobs, id JobID) error
		left int
	}{
		{"go on", func(l *library, jobs *Jobs, id JobID) error {
			r, err := Resume(context.Background(), jobs, id, l.options())
			if err == nil && !r.Whole() {
				err = fmt.Errorf("%s", r.Sums())
			}
			return err
		}, 53},
		{"give up", func(_ *library, jobs *Jobs, id JobID) error { return jobs.Forget(context.Background(), id) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, target := newFolders(t), t.TempDir()
			jobs := l.jobs(t.TempDir())
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			o := l.options()
			was := map[string]bool{}
			o.hooks.step = steps(target, func(step string, hidden []string) {
				for _, h := range hidden {
					was[h] = true
				}
				if step == "staged" && len(hidden) > 0 {
					cancel()
				}
			})
			r, err := Run(ctx, jobs, l.plan(target, KeepBoth), o)
			if err == nil || len(was) == 0 {
				t.Fatal(err, was)
			}
			for h := range was { // as a kill would leave it
				if err := os.Mkdir(h, 0o755); err != nil {
					t.Fatal("a stop left it", err)
				}
				if err := os.WriteFile(filepath.Join(h, "IMG_0003.JPG"), []byte("half a pict"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.end(l, jobs, r.Job); err != nil {
				t.Fatal(err)
			}
			if left := leftovers(t, target); left != nil {
				t.Errorf("left over: %v", left)
			}
			files := 0
			filepath.WalkDir(target, func(_ string, d fs.DirEntry, _ error) error {
				if !d.IsDir() {
					files++
				}
				return nil
			})
			if files != c.left {
				t.Errorf("%d files", files)
			}
		})
	}
}

func TestOnlyFoldersThatAreQuicklyDoneAreMadeAsAWhole(t *testing.T) {
	r := &run{plan: &Plan{trees: []string{"/x"}}, trees: []*tree{{}}}
	r.trees[0].groups.Store(true)
	add := func(dir, name string, n int, fn func(*item)) {
		for i := range n {
			it := &item{n: int32(len(r.plan.items)), from: &folder{}, dir: dir, path: dir + "/" + fmt.Sprintf(name, i)}
			if fn != nil {
				fn(it)
			}
			r.plan.items = append(r.plan.items, it)
		}
	}
	add("", "%d", 3, nil)
	add("above", "%d", 3, nil)
	add("above/below", "%d", 3, nil)
	add("another", "%d", 3, func(it *item) { it.state = stateDifferent })
	add("blocked", "%d", 3, func(it *item) {
		if strings.HasSuffix(it.path, "0") {
			it.state = stateBlocked
			it.fail(ReasonName, nil)
		}
	})
	add("large", "%d", 2, func(it *item) { it.size = 1 << 20 })
	add("link", "%d", 2, func(it *item) { it.link = true })
	add("many", "%d", freshFiles+1, nil)
	add("one", "%d", 1, nil)
	add("spread", "%d", 4, func(it *item) { it.order = uint64(it.n % 2) })
	add("whole", "%d", freshFiles, nil)
	var todo []*item
	for _, order := range []uint64{0, 1} {
		for _, it := range r.plan.items {
			if it.order == order && it.result == Waiting {
				todo = append(todo, it)
			}
		}
	}
	r.findFresh(todo)
	want := map[string]int{"above/below": 3, "blocked": 2, "whole": freshFiles}
	for at, f := range r.fresh {
		if f.left != want[at.rel] {
			t.Errorf("%q: %d", at.rel, f.left)
		}
	}
	if len(r.fresh) != len(want) {
		t.Errorf("%d folders", len(r.fresh))
	}
	r.resumed = true
	r.fresh = nil
	if r.findFresh(todo); r.fresh != nil {
		t.Error("in a restore that goes on")
	}
}
