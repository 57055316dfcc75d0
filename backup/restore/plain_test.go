package restore

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	if r.Selected != r.Written+r.AlreadyThere+r.Unread+r.Missing() || r.Selected != len(r.Lines) {
		l.t.Fatalf("the sums do not add up: %s, %d lines", r.Sums(), len(r.Lines))
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
	for _, line := range r.Lines {
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
