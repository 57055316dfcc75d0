//go:build linux

package desktop

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"lightproof/app/window/texts"
)

// TestARestoreWhoseWindowWasKilledGoesOn kills the window when the first files are written, most under their temporary names; the next window
// offers to continue, what has its name already is not written again, and nothing temporary stays.
func TestARestoreWhoseWindowWasKilledGoesOn(t *testing.T) {
	p := newPerson(t, 150)
	p.setUp()
	p.settled()
	window := p.unlockedWindow()
	to := filepath.Join(filepath.Dir(p.home), "restored")
	p.key("ctrl+r")
	p.click(texts.ReasonAll)
	p.click(texts.Next)
	p.read(texts.WhenDay)
	p.click(texts.Next)
	p.read(texts.WhichPattern)
	p.click(texts.Next)
	p.read(texts.ToFolder)
	p.typing(to)
	p.click(texts.Next)
	p.read("Identical files are skipped")
	p.click(texts.Next)
	p.read(texts.DryGood)
	p.click(texts.RunStart)
	for deadline := p.t.Context(); len(restoredFiles(to))+len(temporaryFiles(to)) < 5 && deadline.Err() == nil; {
	}
	if err := syscall.Kill(window, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.gone(window)
	before := restoredFiles(to)
	if len(before) == 150 {
		t.Fatal("nothing was left to restore")
	}

	p.unlockedWindow()
	waits := p.read("Restore waits at")
	p.shot("restore-waits")
	p.clickAt(waits.Min.Add(waits.Size().Div(2)))
	p.read(texts.OpenReport)
	p.shot("restore-continued")
	after := restoredFiles(to)
	for name, was := range before {
		if now := after[name]; now == nil || !os.SameFile(was, now) {
			t.Errorf("%s was written again", name)
		}
	}
	if left := temporaryFiles(to); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
	p.sameAs(to)
}

// temporaryFiles are those that a restore has not named yet, and its mark.
func temporaryFiles(dir string) (out []string) {
	_ = filepath.WalkDir(dir, func(f string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), ".lightproof-restore-") {
			out = append(out, f)
		}
		return nil
	})
	return out
}

// restoredFiles are the finished files below dir, by name.
func restoredFiles(dir string) map[string]fs.FileInfo {
	out := map[string]fs.FileInfo{}
	_ = filepath.WalkDir(dir, func(f string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".lightproof-") || strings.HasPrefix(d.Name(), "lightproof-") {
			return nil
		}
		if info, err := d.Info(); err == nil {
			out[f] = info
		}
		return nil
	})
	return out
}

// sameAs compares every original with its restored file.
func (p *person) sameAs(to string) {
	p.t.Helper()
	restored := restoredFiles(to)
	n := 0
	err := filepath.WalkDir(p.photos, func(f string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		n++
		want, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(p.photos, f)
		for name := range restored {
			if strings.HasSuffix(name, string(filepath.Separator)+rel) {
				got, err := os.ReadFile(name)
				if err != nil || !bytes.Equal(got, want) {
					p.t.Errorf("%s did not come back as it was (%v)", rel, err)
				}
				return nil
			}
		}
		p.t.Errorf("%s did not come back", rel)
		return nil
	})
	if err != nil || n == 0 {
		p.t.Errorf("%d originals compared: %v", n, err)
	}
}
