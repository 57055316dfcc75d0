package restore

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pair makes a RAW, a JPEG and a sidecar of one name, and a second photo.
func pair(l *library) {
	l.bundle(small{path: "d/IMG_1.JPG", content: []byte("jpeg"), at: 1}, small{path: "d/IMG_1.CR3.xmp", content: []byte("sidecar"), at: 1},
		small{path: "d/IMG_2.JPG", content: []byte("second"), at: 1})
	l.big("d/IMG_1.CR3", []byte(strings.Repeat("raw", 1000)), 1)
}

func occupied(t *testing.T) (target, d string) {
	t.Helper()
	target = t.TempDir()
	d = filepath.Join(target, "Pictures", "d")
	if err := os.MkdirAll(d, 0o755); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(d, "IMG_1.JPG"), []byte("another jpeg"), 0o600)
	os.WriteFile(filepath.Join(d, "IMG_2.JPG"), []byte("second"), 0o600)
	return target, d
}

func TestConflictPolicies(t *testing.T) {
	for _, c := range []struct {
		policy              Conflict
		written, skipped    int
		files               map[string]string
		inTrash, groupMoved bool
	}{
		{policy: Skip, written: 2, skipped: 1, files: map[string]string{"IMG_1.JPG": "another jpeg", "IMG_1.CR3.xmp": "sidecar"}},
		{policy: KeepBoth, written: 3, files: map[string]string{"IMG_1.JPG": "another jpeg", "IMG_1 (restored 2026-11-22).JPG": "jpeg",
			"IMG_1 (restored 2026-11-22).CR3.xmp": "sidecar", "IMG_1 (restored 2026-11-22).CR3": strings.Repeat("raw", 1000)}},
		{policy: Replace, written: 3, inTrash: true, files: map[string]string{"IMG_1.JPG": "jpeg", "IMG_1.CR3.xmp": "sidecar"}},
	} {
		t.Run(c.policy.String(), func(t *testing.T) {
			data := t.TempDir()
			t.Setenv("XDG_DATA_HOME", data)
			l := newLibrary(t)
			pair(l)
			target, d := occupied(t)
			p := l.plan(target, c.policy)
			if p.New != 2 || p.Identical != 1 || p.Different != 1 {
				t.Errorf("plan: %d new, %d identical, %d different", p.New, p.Identical, p.Different)
			}
			r := l.restore(target, c.policy)
			if r.Written != c.written || r.AlreadyThere != 1 || r.NotRestored[ReasonSkipped] != c.skipped {
				t.Errorf("%s %v", r.Sums(), r.NotRestored)
			}
			for name, content := range c.files {
				wantFile(t, filepath.Join(d, name), []byte(content))
			}
			trashed, _ := os.ReadFile(filepath.Join(data, "Trash", "files", "IMG_1.JPG"))
			if c.inTrash != (string(trashed) == "another jpeg") {
				t.Errorf("in the trash: %q", trashed)
			}
			info, _ := os.ReadFile(filepath.Join(data, "Trash", "info", "IMG_1.JPG.trashinfo"))
			if c.inTrash && !strings.Contains(string(info), "Path="+filepath.Join(d, "IMG_1.JPG")+"\n") {
				t.Errorf("trash information: %q", info)
			}
			list, _ := os.ReadDir(d)
			if again := l.restore(target, c.policy); again.Written != 0 {
				t.Errorf("again: %s", again.Sums())
			}
			if now, _ := os.ReadDir(d); len(now) != len(list) {
				t.Errorf("%d names after another restore, %d before", len(now), len(list))
			}
		})
	}
}

func TestKeepingBothNeverMeetsAnExistingName(t *testing.T) {
	l := newLibrary(t)
	pair(l)
	target, d := occupied(t)
	os.WriteFile(filepath.Join(d, "IMG_1 (restored 2026-11-22).CR3"), []byte("taken"), 0o600)
	r := l.restore(target, KeepBoth)
	if r.Written != 3 {
		t.Fatal(r.Sums())
	}
	for name, content := range map[string]string{"IMG_1 (restored 2026-11-22).CR3": "taken", "IMG_1 (restored 2026-11-22, 2).JPG": "jpeg", "IMG_1 (restored 2026-11-22, 2).CR3.xmp": "sidecar"} {
		wantFile(t, filepath.Join(d, name), []byte(content))
	}
}

func TestFilesThatAppearAfterThePlanAreKept(t *testing.T) {
	for _, policy := range []Conflict{KeepBoth, Skip, Replace} {
		t.Run(policy.String(), func(t *testing.T) {
			t.Setenv("XDG_DATA_HOME", t.TempDir())
			l := newLibrary(t)
			pair(l)
			target := t.TempDir()
			p := l.plan(target, policy)
			d := filepath.Join(target, "Pictures", "d")
			os.MkdirAll(d, 0o755)
			os.WriteFile(filepath.Join(d, "IMG_1.JPG"), []byte("appeared"), 0o600)
			os.WriteFile(filepath.Join(d, "IMG_2.JPG"), []byte("second"), 0o600)
			o := l.options()
			o.Workers = 1
			o.hooks.step = func(s string) { // and one more between the temporary file and its name
				if s == "staged" {
					if f, err := os.OpenFile(filepath.Join(d, "IMG_1.CR3"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err == nil {
						f.WriteString("late")
						f.Close()
					}
				}
			}
			r, err := Run(context.Background(), l.jobs(t.TempDir()), p, o)
			if err != nil {
				t.Fatal(err)
			}
			l.sums(r)
			wantFile(t, filepath.Join(d, "IMG_1.JPG"), []byte("appeared"))
			wantFile(t, filepath.Join(d, "IMG_1.CR3"), []byte("late"))
			if policy == Skip && r.NotRestored[ReasonSkipped] != 2 || policy != Skip && !r.Whole() || r.AlreadyThere != 1 {
				t.Errorf("%s %v", r.Sums(), r.NotRestored)
			}
			if left := leftovers(t, target); left != nil {
				t.Error(left)
			}
		})
	}
}

func TestLinksInTheTargetAreNotFollowed(t *testing.T) {
	l := newLibrary(t)
	pair(l)
	l.bundle(small{path: "top.jpg", content: []byte("top"), at: 1}, small{path: "e/x.jpg", content: []byte("x"), at: 1}, small{path: "file/y.jpg", content: []byte("y"), at: 1})
	top := t.TempDir()
	target, outside := filepath.Join(top, "target"), filepath.Join(top, "outside")
	os.MkdirAll(filepath.Join(target, "Pictures", "inside"), 0o755)
	os.Mkdir(outside, 0o755)
	os.Symlink(outside, filepath.Join(target, "Pictures", "d"))
	os.Symlink("inside", filepath.Join(target, "Pictures", "e")) // stays inside and is not followed either
	os.Symlink(filepath.Join(outside, "made"), filepath.Join(target, "Pictures", "top.jpg"))
	os.WriteFile(filepath.Join(target, "Pictures", "file"), nil, 0o600)
	p := l.plan(target, KeepBoth)
	problems := 0
	for _, x := range p.Problems {
		if x.Kind == ProblemFolder {
			problems++
		}
	}
	if problems != 6 || p.Blocked != 6 {
		t.Errorf("%d problems, %d blocked", problems, p.Blocked)
	}
	r := l.restore(target, KeepBoth)
	if r.NotRestored[ReasonFolder] != 6 || r.Written != 1 {
		t.Errorf("%s %v", r.Sums(), r.NotRestored)
	}
	for _, dir := range []string{outside, filepath.Join(target, "Pictures", "inside")} {
		if list, _ := os.ReadDir(dir); len(list) != 0 {
			t.Errorf("%v was written outside", list)
		}
	}
	wantFile(t, filepath.Join(target, "Pictures", "top (restored 2026-11-22).jpg"), []byte("top"))
}

func TestALinkPutInPlaceOfAFolderWhileRunningIsNotFollowed(t *testing.T) {
	l := newLibrary(t)
	pair(l)
	top := t.TempDir()
	target, outside := filepath.Join(top, "target"), filepath.Join(top, "outside")
	os.MkdirAll(filepath.Join(target, "Pictures", "d"), 0o755)
	os.Mkdir(outside, 0o755)
	p := l.plan(target, KeepBoth)
	os.Remove(filepath.Join(target, "Pictures", "d"))
	os.Symlink(outside, filepath.Join(target, "Pictures", "d"))
	r, err := Run(context.Background(), l.jobs(t.TempDir()), p, l.options())
	if err != nil || r.NotRestored[ReasonFolder] != 4 {
		t.Error(err, r.NotRestored)
	}
	if list, _ := os.ReadDir(outside); len(list) != 0 {
		t.Errorf("%v", list)
	}
}

func TestHostilePathsStayInside(t *testing.T) {
	l := newLibrary(t)
	bad := []string{"../out.jpg", "a/../../out.jpg", "/abs.jpg", "a//b.jpg", "./a.jpg", "a/.", "zero\x00.jpg"}
	for _, p := range bad {
		l.bundle(small{path: p, content: []byte(p), at: 1})
	}
	l.bundle(small{path: "good.jpg", content: []byte("good"), at: 1})
	top := t.TempDir()
	r := l.restore(filepath.Join(top, "target"), KeepBoth)
	if r.NotRestored[ReasonName] != len(bad) || r.Written != 1 {
		t.Errorf("%s %v", r.Sums(), r.NotRestored)
	}
	if list, _ := os.ReadDir(top); len(list) != 1 {
		t.Error(list)
	}
}

func TestInPlaceRestoresToTheOriginalPaths(t *testing.T) {
	l := newLibrary(t)
	pair(l)
	root := filepath.Join(t.TempDir(), "Pictures")
	src := l.sources[photos]
	src.Root = root
	l.sources[photos] = src
	r := l.restore("", KeepBoth)
	if !r.Whole() || r.Written != 4 {
		t.Fatal(r.Sums())
	}
	wantFile(t, filepath.Join(root, "d", "IMG_2.JPG"), []byte("second"))
	os.Remove(filepath.Join(root, "d", "IMG_2.JPG"))
	if r = l.restore("", KeepBoth); r.Written != 1 || r.AlreadyThere != 3 {
		t.Fatal(r.Sums())
	}
	// The drive is not connected: nothing is made in its place.
	src.Root = filepath.Join(t.TempDir(), "drive", "Pictures")
	l.sources[photos] = src
	r = l.restore("", KeepBoth)
	if r.NotRestored[ReasonGone] != 4 {
		t.Error(r.Sums(), r.NotRestored)
	}
	if _, err := os.Stat(filepath.Dir(src.Root)); err == nil {
		t.Error("made a folder in place of a drive")
	}
}

func TestAFolderNeverGivesWayToAFile(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	l := newLibrary(t)
	l.bundle(small{path: "a.jpg", content: []byte("a"), at: 1})
	target := t.TempDir()
	kept := filepath.Join(target, "Pictures", "a.jpg", "kept")
	os.MkdirAll(filepath.Dir(kept), 0o755)
	os.WriteFile(kept, []byte("kept"), 0o600)
	if p := l.plan(target, Replace); len(p.Problems) != 1 || p.Problems[0].Kind != ProblemFolder {
		t.Errorf("%+v", p.Problems)
	}
	r := l.restore(target, Replace)
	if r.Written != 1 || len(l.lines(r)[0].Notes) != 1 {
		t.Error(r.Sums(), l.lines(r))
	}
	wantFile(t, kept, []byte("kept"))
	wantFile(t, filepath.Join(target, "Pictures", "a (restored 2026-11-22).jpg"), []byte("a"))
}

func TestADiskWithoutRegardToCaseGetsEveryFile(t *testing.T) {
	l := newLibrary(t)
	names := []string{"d/A.jpg", "D/a.jpg", "\u00e9.jpg", "e\u0301.jpg", "con.jpg", "what?.jpg", "dot.", strings.Repeat("\u00e9", 255), strings.Repeat("x", 256)}
	for _, n := range names {
		l.bundle(small{path: n, content: []byte(n), at: 1})
	}
	disk := diskKind{name: "exfat", maxName: 255, utf16: true, windows: true, caseless: true}
	for _, policy := range []Conflict{KeepBoth, Skip, Replace} {
		p, err := MakePlan(context.Background(), l.selection(Options{}), Target{filepath.Join(t.TempDir(), "t")}, PlanOptions{Conflict: policy, Now: noon, disk: &disk})
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[ProblemKind]int{}
		for _, x := range p.Problems {
			kinds[x.Kind]++
		}
		if kinds[ProblemClash] != 2 || kinds[ProblemReserved] != 3 || kinds[ProblemLong] != 1 || p.Blocked != 4 {
			t.Errorf("%s: %v, %d blocked", policy, kinds, p.Blocked)
		}
		seen := map[string]bool{}
		for _, it := range p.items {
			at := foldName(join(it.dir, it.final()))
			if it.state != stateBlocked && (seen[at] || it.result != Waiting) {
				t.Errorf("%s: %s", policy, at)
			}
			seen[at] = true
		}
	}
}
