package restore

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lightproof/backup/direct"
	"lightproof/backup/vault"
)

// plainly restores everything into target without reading back.
func (l *library) plainly(jobs *Jobs, target string) *Report {
	l.t.Helper()
	o := l.options()
	o.NoReRead = true
	r, err := Run(context.Background(), jobs, l.plan(target, KeepBoth), o)
	if err != nil {
		l.t.Fatal(err)
	}
	if r.Selected != r.Written+r.AlreadyThere+r.Unread+r.Missing() || r.Selected != len(l.lines(r)) {
		l.t.Fatalf("the sums do not add up: %s, %d lines", r.Sums(), len(l.lines(r)))
	}
	return r
}

func TestWithoutTheReReadNothingWrittenIsCalledProven(t *testing.T) {
	l := newLibrary(t)
	l.sample(40)
	lost := l.big("lost.NEF", []byte(strings.Repeat("x", 100_000)), 1)
	delete(l.objects, vault.ChunkName(lost.Versions[0].Parts[0].Cap.CID))
	target := t.TempDir()
	there := filepath.Join(target, "Pictures", "2001", "IMG_0001.JPG")
	os.MkdirAll(filepath.Dir(there), 0o755)
	os.WriteFile(there, picture(1), 0o644)
	jobs := l.jobs(t.TempDir())
	r := l.plainly(jobs, target)
	if r.Written != 0 || r.Unread != 43 || r.AlreadyThere != 1 || r.Missing() != 1 || r.Whole() || r.Complete() || r.Bytes != int64(len(picture(1))) {
		t.Fatalf("%s, %d bytes proven", r.Sums(), r.Bytes)
	}
	if !strings.Contains(r.Sums(), "43 written, not read back") {
		t.Error(r.Sums())
	}
	for _, line := range l.lines(r) {
		if line.WasRead != (line.Result == AlreadyThere) {
			t.Errorf("%s: %s, read back: %v", line.Target, line.Result, line.WasRead)
		}
	}
	var page, table bytes.Buffer
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteCSV(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"43 of 45 files are written, not read back: nothing is proven about them. 1 identical, 1 not restored.", "Written, not read back</td>", "Not read back</th>"} {
		if !bytes.Contains(page.Bytes(), []byte(want)) {
			t.Errorf("the page lacks %q", want)
		}
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		if row[12] == "written, not read back" != (row[11] == "" && row[13] == "") {
			t.Errorf("row %q", row)
		}
	}

	// Read later, and proven then: by a check of the job, and by the same restore once more.
	o := l.options()
	if r, err = Check(context.Background(), jobs, r.Job, o); err != nil || r.Written != 43 || r.AlreadyThere != 1 || r.Unread != 0 {
		t.Fatal(err, r.Sums())
	}
	os.WriteFile(there, []byte("edited"), 0o644)
	if r, err = Check(context.Background(), jobs, r.Job, o); err != nil || r.NotRestored[ReasonNotIdentical] != 1 {
		t.Fatal(err, r.Sums())
	}
}

func TestACompletePlainRestoreIsNotWhole(t *testing.T) {
	l := newLibrary(t)
	l.sample(12)
	target := t.TempDir()
	r := l.plainly(l.jobs(t.TempDir()), target)
	if !r.Complete() || r.Whole() || r.Unread != 16 {
		t.Fatal(r.Sums())
	}
	if again := l.restore(target, KeepBoth); again.AlreadyThere != 16 || !again.Whole() {
		t.Error(again.Sums())
	}
}

// Parts that do not make up the file are found without the re-read, too.
func TestAPlainRestoreGivesNoNameToWrongParts(t *testing.T) {
	l := newLibrary(t)
	l.bundle(small{path: "a.jpg", content: []byte("a"), at: 1, opts: []opt{func(_ *readerFile, v *vault.Version) { v.Sum[0] ^= 1 }}})
	r := l.plainly(l.jobs(t.TempDir()), t.TempDir())
	if r.NotRestored[ReasonDamaged] != 1 || r.Unread != 0 {
		t.Error(r.Sums(), r.NotRestored)
	}
}

// A run that was to read back leaves the fingerprints to that. Gone on with without the re-read, files that have none are read all the same: the large
// ones, and small ones where they were not read back when their group was flushed.
func TestNothingIsCompleteWhoseFingerprintNobodyTook(t *testing.T) {
	l := newLibrary(t)
	content := bytes.Repeat([]byte("film "), direct.From/2)
	l.big("parts.mov", content, 1, func(_ *readerFile, v *vault.Version) { v.Sum[0] ^= 1 })
	l.big("good.mov", content, 1)
	l.bundle(small{path: "small.jpg", content: []byte("small"), at: 1})
	l.link("link", "small.jpg")
	target, jobs := t.TempDir(), l.jobs(t.TempDir())
	run := func(again func(context.Context, RunOptions) (*Report, error), stop bool, noReRead bool) *Report {
		t.Helper()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		o := l.options()
		if o.NoReRead = noReRead; stop {
			o.hooks.beforeProof = cancel
		}
		r, err := again(ctx, o)
		if r == nil || errors.Is(err, context.Canceled) != stop || err != nil && !stop {
			t.Fatal(err)
		}
		if r.Selected != r.Written+r.AlreadyThere+r.Unread+r.Missing() {
			t.Fatal(r.Sums())
		}
		return r
	}
	plan := l.plan(target, KeepBoth)
	r := run(func(ctx context.Context, o RunOptions) (*Report, error) { return Run(ctx, jobs, plan, o) }, true, false)
	id := r.Job
	resume := func(ctx context.Context, o RunOptions) (*Report, error) { return Resume(ctx, jobs, id, o) }
	if r = run(resume, true, true); r.Complete() || r.Unread < 1 || r.Unread > 2 || r.Unread+r.NotRestored[ReasonStopped] != 4 {
		t.Error(r.Sums(), r.NotRestored)
	}
	if r = run(resume, false, true); r.Complete() || r.Unread > 2 || r.Written < 1 || r.Unread+r.Written != 3 || r.NotRestored[ReasonDamaged] != 1 {
		t.Error(r.Sums(), r.NotRestored)
	}
	if _, err := os.Lstat(filepath.Join(target, "Pictures", "parts.mov")); !errors.Is(err, os.ErrNotExist) {
		t.Error("wrong parts kept the name:", err)
	}
}

// What a run without the re-read hashed as it wrote is not read by the next one either.
func TestAPlainRestoreGoesOnWithoutReadingAgain(t *testing.T) {
	l := newLibrary(t)
	l.sample(30)
	target, jobs := t.TempDir(), l.jobs(t.TempDir())
	o := l.options()
	o.NoReRead = true
	ctx, cancel := context.WithCancel(context.Background())
	o.hooks.beforeProof = cancel
	r, err := Run(ctx, jobs, l.plan(target, KeepBoth), o)
	if !errors.Is(err, context.Canceled) || r.Unread != 34 {
		t.Fatal(err, r.Sums())
	}
	o.hooks.beforeProof = nil
	o.Progress = func(p Progress) {
		if p.OfFiles > 0 {
			t.Errorf("%s: %d files", p.Phase, p.OfFiles)
		}
	}
	if r, err = Resume(context.Background(), jobs, r.Job, o); err != nil || !r.Complete() || r.Unread != 34 {
		t.Fatal(err)
	}
}
