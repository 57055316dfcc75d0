package restore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// earlier restores the files of newFolders and says how many were read back early, where the target's file system lets groups be flushed at all.
func earlier(t *testing.T, l *library, target string, o RunOptions) (*Report, int64, bool) {
	t.Helper()
	var early atomic.Int64
	step := o.hooks.step
	o.hooks.step = func(name string) {
		if name == "read early" {
			early.Add(1)
		}
		if step != nil {
			step(name)
		}
	}
	r, err := Run(context.Background(), l.jobs(t.TempDir()), l.plan(target, KeepBoth), o)
	if err != nil {
		t.Fatal(err)
	}
	top, err := openTree(target)
	if err != nil {
		t.Fatal(err)
	}
	defer top.Close()
	return r, early.Load(), top.groups.Load()
}

func TestSmallFilesAreReadBackWhenTheirGroupIsFlushed(t *testing.T) {
	for _, oneByOne := range []bool{false, true} {
		for _, noReRead := range []bool{false, true} {
			l, target := newFolders(t), t.TempDir()
			o := l.options()
			o.hooks.oneByOne, o.NoReRead = oneByOne, noReRead
			r, early, groups := earlier(t, l, target, o)
			want := int64(53)
			if noReRead || !groups {
				want = 0
			}
			if early != want || r.Written+r.Unread != 53 || (r.Unread == 0) == noReRead {
				t.Errorf("one by one %v, not read back %v: %d early, %v", oneByOne, noReRead, early, r.Sums())
			}
			wantAll(t, target)
		}
	}
}

// Whatever became of a file after it was read back early is found in the end, also where size and times are the same.
func TestAFileThatChangedAfterItWasReadBackEarlyIsReadAgain(t *testing.T) {
	wrong := func(path string) ([]byte, os.FileInfo, error) {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, err
		}
		info, err := os.Stat(path)
		b[len(b)/2] ^= 1
		return b, info, err
	}
	for name, change := range map[string]func(path string) error{
		"written over": func(path string) error {
			b, info, err := wrong(path)
			return errors.Join(err, os.WriteFile(path, b, 0), os.Chtimes(path, info.ModTime(), info.ModTime()))
		},
		"exchanged": func(path string) error {
			b, info, err := wrong(path)
			return errors.Join(err, os.WriteFile(path+".new", b, 0o644), os.Chtimes(path+".new", info.ModTime(), info.ModTime()), os.Rename(path+".new", path))
		},
		"exchanged with its folder": func(path string) error {
			b, info, err := wrong(path)
			dir := filepath.Dir(path)
			return errors.Join(err, os.Rename(dir, dir+" aside"), os.CopyFS(dir, os.DirFS(dir+" aside")), os.WriteFile(path, b, 0), os.Chtimes(path, info.ModTime(), info.ModTime()))
		},
	} {
		for _, oneByOne := range []bool{false, true} {
			l, target := newFolders(t), t.TempDir()
			o := l.options()
			o.hooks.oneByOne = oneByOne
			o.hooks.beforeProof = func() {
				if err := change(filepath.Join(target, "Pictures/2003/IMG_0003.JPG")); err != nil {
					t.Fatal(name, err)
				}
			}
			r, _, _ := earlier(t, l, target, o)
			if r.NotRestored[ReasonNotIdentical] != 1 || r.Written != 52 {
				t.Errorf("%s, one by one %v: %v %v", name, oneByOne, r.Sums(), r.NotRestored)
			}
		}
	}
}

// Between the reading and its name, too, a file may be written to, and have its size afterwards.
func TestAFileThatIsWrittenToBeforeItHasItsNameIsReadAgain(t *testing.T) {
	for _, oneByOne := range []bool{false, true} {
		l, target := newFolders(t), t.TempDir()
		o := l.options()
		o.hooks.oneByOne = oneByOne
		o.Workers = 1
		var read atomic.Int64
		o.hooks.step = func(name string) {
			if name != "read early" || read.Add(1) < 53 { // all have been read when it is the last one's turn
				return
			}
			var found []string
			for _, pattern := range []string{".lightproof-restore-*/*.JPG", "*/.lightproof-restore-*"} {
				more, _ := filepath.Glob(filepath.Join(target, "Pictures", pattern))
				found = append(found, more...)
			}
			b, err := os.ReadFile(found[len(found)/2])
			if err != nil {
				t.Error(err)
				return
			}
			b[0] ^= 1
			if err := os.WriteFile(found[len(found)/2], b, 0); err != nil {
				t.Error(err)
			}
		}
		r, early, groups := earlier(t, l, target, o)
		if groups && (r.NotRestored[ReasonNotIdentical] != 1 || r.Written != 52) {
			t.Errorf("one by one %v: %d early, %v %v", oneByOne, early, r.Sums(), r.NotRestored)
		}
	}
}

// What was not right when it was read back early is read again, and then judged.
func TestAFileThatIsWrongWhenItIsReadBackEarlyIsFound(t *testing.T) {
	for _, oneByOne := range []bool{false, true} {
		l, target := newFolders(t), t.TempDir()
		o := l.options()
		o.hooks.oneByOne = oneByOne
		o.Workers = 1
		var once sync.Once
		o.hooks.step = func(name string) {
			if name != "staged" {
				return
			}
			once.Do(func() { // the only one that is there, under whatever name it has now
				var found []string
				for _, pattern := range []string{".lightproof-restore-*/*.JPG", "*/.lightproof-restore-*"} {
					more, _ := filepath.Glob(filepath.Join(target, "Pictures", pattern))
					found = append(found, more...)
				}
				if len(found) != 1 {
					t.Error(found)
					return
				}
				b, err := os.ReadFile(found[0])
				if err != nil {
					t.Error(err)
					return
				}
				b[0] ^= 1
				if err := os.WriteFile(found[0], b, 0); err != nil {
					t.Error(err)
				}
			})
		}
		r, _, _ := earlier(t, l, target, o)
		if r.Written != 52 || r.Missing() != 1 {
			t.Error(fmt.Sprint("one by one ", oneByOne), r.Sums(), r.NotRestored)
		}
	}
}
