package restore

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lightproof/backup/vault"
)

func TestReportsAreSavedSignedAndTellWhenTheyWereChanged(t *testing.T) {
	l := newLibrary(t)
	l.sample(12)
	l.bundle(small{path: "=cmd|x\n\xff.jpg", content: []byte("odd"), at: 1})
	lost := l.big("<b>lost</b>.NEF", []byte(strings.Repeat("x", 100_000)), 1, func(_ *readerFile, v *vault.Version) { v.EXIF = &vault.EXIF{Taken: "1999-05-03T10:00:00"} })
	delete(l.objects, vault.ChunkName(lost.Versions[0].Parts[0].Cap.CID))
	src := l.sources[photos]
	src.Root = "=Pictures"
	l.sources[photos] = src
	r := l.restore(t.TempDir(), KeepBoth)
	id := Identity{Device: l.keys.Device, Public: l.keys.Log.Public(), Sign: l.keys.Log.Cosign}
	top := t.TempDir()
	dir, err := r.Save(top, id)
	if err != nil || dir != top {
		t.Fatal(dir, err)
	}
	if err := Verify(dir, id.Public); err != nil {
		t.Fatal(err)
	}
	page, _ := os.ReadFile(filepath.Join(dir, HTMLName))
	for _, want := range []string{"17 of 18 files are identical, 1 not restored.", "&lt;b&gt;lost&lt;/b&gt;.NEF", "1999-05", "does not prove"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if bytes.Contains(page, []byte("<b>lost")) || bytes.Contains(page, []byte("http://")) || bytes.Contains(page, []byte("https://")) {
		t.Error("the page has something it must not have")
	}
	table, _ := os.ReadFile(filepath.Join(dir, CSVName))
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil || len(rows) != 19 {
		t.Fatal(len(rows), err)
	}
	odd := false
	for _, row := range rows[1:] {
		if strings.Contains(row[0], "cmd") {
			odd = true
			exact, _ := hex.DecodeString(row[1])
			if string(exact) != "=Pictures/=cmd|x\n\xff.jpg" || row[0] != `./=Pictures/=cmd|x\x0a\xff.jpg` || row[10] != row[11] || row[12] != "written and identical" {
				t.Errorf("%q", row)
			}
		}
		for _, cell := range row {
			if formula(cell) || strings.ContainsAny(cell, "\n\x00") {
				t.Errorf("cell %q", cell)
			}
		}
	}
	if !odd {
		t.Error("a file is not in the table")
	}
	second, err := r.Save(top, id)
	if err != nil || second == top || Verify(second, id.Public) != nil {
		t.Fatal(second, err)
	}
	if third, err := r.Save(top, id); err != nil || third == second {
		t.Fatal(third, err)
	}

	path := filepath.Join(dir, CSVName)
	os.WriteFile(path, append(table, '\n'), 0o600)
	if err := Verify(dir, id.Public); !errors.Is(err, vault.ErrTampered) {
		t.Errorf("a changed table: %v", err)
	}
	os.WriteFile(path, table, 0o600)
	sig, _ := os.ReadFile(filepath.Join(dir, SignatureName))
	var s map[string]any
	json.Unmarshal(sig, &s)
	s["result"] = "18 selected = 18 written and identical"
	changed, _ := json.Marshal(s)
	os.WriteFile(filepath.Join(dir, SignatureName), changed, 0o600)
	if err := Verify(dir, id.Public); !errors.Is(err, vault.ErrTampered) {
		t.Errorf("a changed sum: %v", err)
	}
	other := id.Public
	other[0] ^= 1
	if err := Verify(dir, other); !errors.Is(err, vault.ErrWrongKey) {
		t.Errorf("another device: %v", err)
	}
}

// TestSumsAlwaysAddUp restores small libraries with random losses, damage, conflicts, alterations and stops.
func TestSumsAlwaysAddUp(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	rng := rand.New(rand.NewPCG(4, 2))
	for round := range 40 {
		l := newLibrary(t)
		l.sample(rng.IntN(40))
		target := t.TempDir()
		for name := range l.objects {
			switch rng.IntN(8) {
			case 0:
				delete(l.objects, name)
			case 1:
				l.objects[name][rng.IntN(len(l.objects[name]))] ^= 0x40
			}
		}
		for range rng.IntN(10) {
			p := filepath.Join(target, "Pictures", fmt.Sprintf("20%02d/IMG_%04d.JPG", rng.IntN(7), rng.IntN(40)))
			switch os.MkdirAll(filepath.Dir(p), 0o755); rng.IntN(3) {
			case 0:
				os.Mkdir(p, 0o755)
			case 1:
				os.Symlink("/etc/passwd", p)
			default:
				os.WriteFile(p, []byte("other"), 0o644)
			}
		}
		policy := Conflict(rng.IntN(3))
		ctx, cancel := context.WithCancel(context.Background())
		o := l.options()
		if stop := rng.IntN(60); stop < 30 {
			n := 0
			o.Progress = func(Progress) {
				if n++; n == stop*3+1 {
					cancel()
				}
			}
		}
		o.hooks.beforeProof = func() {
			for range rng.IntN(3) {
				os.WriteFile(filepath.Join(target, "Pictures", fmt.Sprintf("raw/DSC_%d.NEF", rng.IntN(4))), []byte("altered"), 0o644)
			}
		}
		jobs := l.jobs(t.TempDir())
		r, err := Run(ctx, jobs, l.plan(target, policy), o)
		stopped := ctx.Err() != nil
		cancel()
		if r == nil || (err != nil) != stopped {
			t.Fatalf("round %d: %v", round, err)
		}
		l.sums(r)
		for _, line := range l.lines(r) {
			proven := line.Result == Written || line.Result == AlreadyThere
			if proven && (!line.WasRead || line.Read != line.Expected) {
				t.Fatalf("round %d: %s counts as proven", round, line.Origin)
			}
			if !proven && line.Reason == ReasonNone {
				t.Fatalf("round %d: %s has no reason", round, line.Origin)
			}
		}
		if stopped {
			o.Progress, o.hooks.beforeProof = nil, nil
			if r, err = Resume(context.Background(), jobs, r.Job, o); err != nil {
				t.Fatal(err)
			}
			l.sums(r)
			if r.NotRestored[ReasonStopped] != 0 {
				t.Fatalf("round %d: %v", round, r.NotRestored)
			}
		}
		if left := leftovers(t, target); left != nil {
			t.Fatalf("round %d: %v", round, left)
		}
	}
}

func TestThePlanShowsWhatHasNoCopyBeforeTheStart(t *testing.T) {
	l := newLibrary(t)
	cid := l.bundle(small{path: "a.jpg", content: []byte("a"), at: 1}, small{path: "b.jpg", content: []byte("b"), at: 1})
	l.big("c.NEF", []byte(strings.Repeat("c", 100_000)), 1)
	p, err := MakePlan(context.Background(), l.selection(Options{}), Target{t.TempDir()}, PlanOptions{Now: noon, NoCopy: func(c vault.CID) bool { return c == cid }})
	if err != nil || len(p.Problems) != 2 || p.Problems[0].Kind != ProblemNoCopy || p.New != 3 {
		t.Errorf("%+v %v", p, err)
	}
}

func FuzzSignature(f *testing.F) {
	f.Add([]byte(`{"format":"lightproof report 1","files":[{"name":"report.html"},{"name":"report.csv"}]}`))
	f.Add([]byte(`{"format":"lightproof report 1","files":[{"name":"../../etc/passwd"},{"name":"report.csv"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := parseSignature(b); err == nil && (s.Files[0].Name != HTMLName || s.Files[1].Name != CSVName) {
			t.Error("a name of its own came through")
		}
	})
}
