package restore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lightproof/backup/vault"
)

func TestEverythingComesBackIdentical(t *testing.T) {
	l := newLibrary(t)
	l.sample(120)
	l.bundle(small{path: "empty.jpg", at: 3})
	l.link("album", "2001/IMG_0001.JPG")
	target := filepath.Join(t.TempDir(), "new", "place")
	r := l.restore(target, KeepBoth)
	if !r.Whole() || r.Selected != 126 || r.Written != 126 {
		t.Fatalf("%s: %v", r.Sums(), r.NotRestored)
	}
	for _, line := range l.lines(r) {
		if line.Link {
			continue
		}
		if !line.WasRead || line.Read != line.Expected {
			t.Errorf("%s: not read back", line.Origin)
		}
		st, err := os.Stat(line.Target)
		if err != nil || st.ModTime().UnixNano() != 1_600_000_000_123_456_789 || st.Mode().Perm() != 0o644 {
			t.Errorf("%s: %v %v", line.Target, st, err)
		}
	}
	if to, err := os.Readlink(filepath.Join(target, "Pictures", "album")); err != nil || to != "2001/IMG_0001.JPG" {
		t.Error(to, err)
	}
	if left := leftovers(t, target); left != nil {
		t.Errorf("left over: %v", left)
	}
	for name, n := range l.fetched {
		if n != 1 {
			t.Errorf("%s was fetched %d times", name, n)
		}
	}
	again := l.restore(target, KeepBoth)
	if again.AlreadyThere != 126 {
		t.Errorf("second restore: %s", again.Sums())
	}
}

func TestADamagedCopyIsPassedOverForTheNext(t *testing.T) {
	l := newLibrary(t)
	l.copies = 2
	content := bytes.Repeat([]byte("raw "), 100_000)
	f := l.big("a.NEF", content, 1)
	name := vault.ChunkName(f.Versions[0].Parts[0].Cap.CID)
	l.bad[name] = bytes.Clone(l.objects[name])
	l.bad[name][5000] ^= 1
	var found []string
	o := l.options()
	o.Workers, o.Found = 1, func(object string, attempt int, err error) { found = append(found, object) }
	target := t.TempDir()
	r, err := Run(context.Background(), l.jobs(t.TempDir()), l.plan(target, KeepBoth), o)
	if err != nil || !r.Whole() {
		t.Fatal(err, r.Sums())
	}
	if len(found) != 1 || found[0] != name {
		t.Errorf("found %v", found)
	}
	wantFile(t, filepath.Join(target, "Pictures", "a.NEF"), content)
}

func TestOneLostFileDoesNotStopTheRest(t *testing.T) {
	l := newLibrary(t)
	l.sample(10)
	lost := l.big("lost.NEF", []byte(strings.Repeat("x", 100_000)), 1)
	broken := l.big("broken.NEF", []byte(strings.Repeat("y", 100_000)), 1)
	delete(l.objects, vault.ChunkName(lost.Versions[0].Parts[0].Cap.CID))
	name := vault.ChunkName(broken.Versions[0].Parts[0].Cap.CID)
	l.objects[name] = append(bytes.Clone(l.objects[name]), 0)
	target := t.TempDir()
	r := l.restore(target, KeepBoth)
	if r.Written != r.Selected-2 || r.NotRestored[ReasonMissing] != 1 || r.NotRestored[ReasonDamaged] != 1 {
		t.Fatalf("%s %v", r.Sums(), r.NotRestored)
	}
	for _, n := range []string{"lost.NEF", "broken.NEF"} {
		if _, err := os.Lstat(filepath.Join(target, "Pictures", n)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s stands there: %v", n, err)
		}
	}
	if left := leftovers(t, target); left != nil {
		t.Error(left)
	}
}

func TestAFileAlteredBeforeTheFinalReadIsNotIdentical(t *testing.T) {
	l := newLibrary(t)
	l.sample(5)
	target := t.TempDir()
	altered := filepath.Join(target, "Pictures", "raw", "DSC_2.NEF")
	o := l.options()
	o.hooks.beforeProof = func() {
		f, err := os.OpenFile(altered, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteAt([]byte("!"), 1000)
		f.Close()
	}
	r, err := Run(context.Background(), l.jobs(t.TempDir()), l.plan(target, KeepBoth), o)
	if err != nil {
		t.Fatal(err)
	}
	l.sums(r)
	if r.NotRestored[ReasonNotIdentical] != 1 || r.Missing() != 1 {
		t.Fatalf("%s %v", r.Sums(), r.NotRestored)
	}
	for _, line := range l.lines(r) {
		if (line.Target == altered) != (line.Reason == ReasonNotIdentical) {
			t.Errorf("%s: %s", line.Target, line.Reason)
		}
	}
}

func TestAStoppedRunReportsAndGoesOn(t *testing.T) {
	l := newLibrary(t)
	l.sample(60)
	ctx, cancel := context.WithCancel(context.Background())
	o := l.options()
	n := 0
	o.Workers = 1
	o.hooks.step = func(s string) {
		if s == "named" {
			if n++; n == 20 {
				cancel()
			}
		}
	}
	target, jobs := t.TempDir(), l.jobs(t.TempDir())
	r, err := Run(ctx, jobs, l.plan(target, KeepBoth), o)
	if !errors.Is(err, context.Canceled) || r == nil {
		t.Fatal(err)
	}
	l.sums(r)
	if r.NotRestored[ReasonStopped] != 64 {
		t.Fatalf("%s %v", r.Sums(), r.NotRestored)
	}
	waiting, err := jobs.Waiting(context.Background())
	if err != nil || len(waiting) != 1 || waiting[0].Files != 64 || waiting[0].Done != 64 { // the group that was flushed gets its names
		t.Fatal(waiting, err)
	}
	o.hooks.step = nil
	r, err = Resume(context.Background(), jobs, waiting[0].ID, o)
	if err != nil || !r.Whole() || r.Written != 64 {
		t.Fatal(err, r.Sums())
	}
	if left := leftovers(t, target); left != nil {
		t.Error(left)
	}
	if waiting, err = jobs.Waiting(context.Background()); err != nil || len(waiting) != 0 {
		t.Fatal(waiting, err)
	}
	r, err = Check(context.Background(), jobs, r.Job, o)
	if err != nil || !r.Whole() {
		t.Fatal(err, r)
	}
	os.WriteFile(filepath.Join(target, "Pictures", "2001", "IMG_0001.JPG"), []byte("edited"), 0o644)
	r, err = Check(context.Background(), jobs, r.Job, o)
	if err != nil || r.Missing() != 1 {
		t.Fatal(err, r.Sums())
	}
}

func TestLongFilesComeThroughPartLists(t *testing.T) {
	l := newLibrary(t)
	content := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	f := l.file("movie.mov")
	parts := l.chunks(content, 20<<10)
	if len(parts) <= vault.MaxParts {
		t.Fatal("too few parts")
	}
	var lists []vault.Cap
	for len(parts) > 0 {
		n := min(40, len(parts))
		b := vault.PartList{Parts: parts[:n]}.Encode()
		c := l.chunks(b, len(b))
		lists = append(lists, c[0].Cap)
		// Only the mirror is there.
		name := vault.ChunkName(c[0].Cap.CID)
		l.objects[vault.Mirror(name)] = l.objects[name]
		delete(l.objects, name)
		parts = parts[n:]
	}
	l.version(f, content, 1, nil, []opt{func(_ *readerFile, v *vault.Version) { v.Lists = lists }})
	target := t.TempDir()
	if r := l.restore(target, KeepBoth); !r.Whole() {
		t.Fatal(r.Sums(), l.lines(r)[0].Detail)
	}
	wantFile(t, filepath.Join(target, "Pictures", "movie.mov"), content)
}

func TestATargetThatWentAwayGetsNothingAnywhereElse(t *testing.T) {
	l := newLibrary(t)
	l.sample(30)
	top := t.TempDir()
	target := filepath.Join(top, "drive")
	o := l.options()
	o.Workers = 1
	n := 0
	o.hooks.step = func(s string) {
		if s == "named" {
			if n++; n == 7 {
				// The drive is pulled out, and its empty mount point remains.
				if err := os.Rename(target, filepath.Join(top, "pulled")); err != nil {
					t.Fatal(err)
				}
				os.Mkdir(target, 0o755)
			}
		}
	}
	jobs := l.jobs(t.TempDir())
	r, err := Run(context.Background(), jobs, l.plan(target, KeepBoth), o)
	if !errors.Is(err, ErrTargetGone) {
		t.Fatal(err)
	}
	l.sums(r)
	o.hooks.step = nil
	if _, err := Resume(context.Background(), jobs, r.Job, o); !errors.Is(err, ErrTargetGone) {
		t.Fatalf("resumed into an empty mount point: %v", err)
	}
	if list, _ := os.ReadDir(target); len(list) != 0 {
		t.Fatalf("%d names in the empty mount point", len(list))
	}
	os.Remove(target)
	if _, err := Resume(context.Background(), jobs, r.Job, o); !errors.Is(err, ErrTargetGone) {
		t.Fatal(err)
	}
	os.Rename(filepath.Join(top, "pulled"), target)
	r, err = Resume(context.Background(), jobs, r.Job, o)
	if err != nil || !r.Whole() {
		t.Fatal(err, r.Sums())
	}
	if left := leftovers(t, target); left != nil {
		t.Error(left)
	}
}

func TestForgettingAJobRemovesItsLeftovers(t *testing.T) {
	l := newLibrary(t)
	l.sample(10)
	target, jobs := t.TempDir(), l.jobs(t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	o := l.options()
	o.hooks.step = func(string) { cancel() }
	r, err := Run(ctx, jobs, l.plan(target, KeepBoth), o)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	line := l.lines(r)[len(l.lines(r))-1]
	os.MkdirAll(filepath.Dir(line.Target), 0o755)
	os.WriteFile(filepath.Join(filepath.Dir(line.Target), tempName(r.Job, len(l.lines(r))-1)), nil, 0o600)
	if len(leftovers(t, target)) < 2 {
		t.Fatal("the test left nothing")
	}
	if err := jobs.Forget(context.Background(), r.Job); err != nil {
		t.Fatal(err)
	}
	if left := leftovers(t, target); left != nil {
		t.Error(left)
	}
	if list, err := jobs.List(context.Background()); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
	if _, err := Resume(context.Background(), jobs, r.Job, o); !errors.Is(err, ErrNoJob) {
		t.Error(err)
	}
}

func TestPartsThatDoNotMakeUpTheFileAreNeverGivenItsName(t *testing.T) {
	l := newLibrary(t)
	l.bundle(small{path: "a.jpg", content: []byte("a"), at: 1, opts: []opt{func(_ *readerFile, v *vault.Version) { v.Sum[0] ^= 1 }}})
	target := t.TempDir()
	if r := l.restore(target, KeepBoth); r.NotRestored[ReasonDamaged] != 1 {
		t.Error(r.Sums(), r.NotRestored)
	}
	if list, _ := os.ReadDir(filepath.Join(target, "Pictures")); len(list) != 0 {
		t.Error(list)
	}
}
