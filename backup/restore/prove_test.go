package restore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// The report speaks of other bytes only where bytes were read. What could not be read is read again by the next run, and what stands there no
// more is restored, also where it had been there before.
func TestWhatCannotBeReadBackIsNotCalledDifferent(t *testing.T) {
	l := newLibrary(t)
	l.sample(12)
	l.link("album", "2001/IMG_0001.JPG")
	target, jobs := t.TempDir(), l.jobs(t.TempDir())
	at := func(name string) string { return filepath.Join(target, "Pictures", filepath.FromSlash(name)) }
	there, aside := at("2003/IMG_0003.JPG"), filepath.Join(t.TempDir(), "aside")
	os.MkdirAll(filepath.Dir(there), 0o755)
	os.WriteFile(there, picture(3), 0o644)
	o := l.options()
	o.hooks.beforeProof = func() {
		err := errors.Join(os.Remove(at("2001/IMG_0001.JPG")), os.Remove(there), os.Remove(at("album")), os.Rename(at("2002/IMG_0002.JPG"), aside),
			os.Mkdir(at("2002/IMG_0002.JPG"), 0o755), os.WriteFile(at("2004/IMG_0004.JPG"), []byte("other"), 0o644))
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := Run(context.Background(), jobs, l.plan(target, KeepBoth), o)
	if err != nil {
		t.Fatal(err)
	}
	l.sums(r)
	if r.NotRestored[ReasonNotReadBack] != 4 || r.NotRestored[ReasonNotIdentical] != 1 || r.Missing() != 5 {
		t.Fatal(r.Sums(), r.NotRestored)
	}
	for _, line := range l.lines(r) {
		if line.Reason == ReasonNotReadBack && (line.WasRead || line.Detail == "") || line.Reason == ReasonNotIdentical && !line.WasRead {
			t.Errorf("%s: %s, read back: %v, %q", line.Target, line.Reason, line.WasRead, line.Detail)
		}
	}

	if r, err = Check(context.Background(), jobs, r.Job, l.options()); err != nil || r.NotRestored[ReasonNotReadBack] != 4 {
		t.Fatal(err, r.Sums(), r.NotRestored)
	}
	if r, err = Resume(context.Background(), jobs, r.Job, l.options()); err != nil || r.NotRestored[ReasonNotReadBack] != 1 || r.Missing() != 2 {
		t.Fatal(err, r.Sums(), r.NotRestored)
	}
	wantFile(t, there, picture(3))
	wantFile(t, at("2001/IMG_0001.JPG"), picture(1))
	if err := errors.Join(os.Remove(at("2002/IMG_0002.JPG")), os.Rename(aside, at("2002/IMG_0002.JPG"))); err != nil {
		t.Fatal(err)
	}
	if r, err = Resume(context.Background(), jobs, r.Job, l.options()); err != nil || r.NotRestored[ReasonNotReadBack] != 0 || r.Missing() != 1 {
		t.Fatal(err, r.Sums(), r.NotRestored)
	}
	files := 0
	filepath.WalkDir(target, func(_ string, d fs.DirEntry, _ error) error {
		if !d.IsDir() {
			files++
		}
		return nil
	})
	if files != 17 {
		t.Errorf("%d files: something was written twice", files)
	}
}

// A target that goes away while it is read back has not failed its files.
func TestATargetThatGoesAwayWhileItIsReadBackIsGone(t *testing.T) {
	l := newLibrary(t)
	l.sample(12)
	target, jobs := filepath.Join(t.TempDir(), "drive"), l.jobs(t.TempDir())
	o := l.options()
	o.hooks.beforeProof = func() {
		if err := os.Rename(target, target+" pulled"); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Run(context.Background(), jobs, l.plan(target, KeepBoth), o)
	if !errors.Is(err, ErrTargetGone) || r.NotRestored[ReasonGone] != 16 {
		t.Fatal(err, r.Sums(), r.NotRestored)
	}
	os.Rename(target+" pulled", target)
	if r, err = Resume(context.Background(), jobs, r.Job, l.options()); err != nil || !r.Whole() {
		t.Fatal(err)
	}
}
