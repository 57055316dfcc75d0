package restore

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"

	"lightproof/backup/vault"
	"lightproof/keystore/secret"
)

// fixedLibrary is the same in parent and child: the same seeds, salts aside, give the same files.
func fixedLibrary(t testing.TB) *library {
	l := newLibrary(t)
	l.sample(150)
	return l
}

// TestKilledChild is the process that is killed: it restores and kills itself at the given step.
func TestKilledChild(t *testing.T) {
	dir, at := os.Getenv("RESTORE_KILL_DIR"), os.Getenv("RESTORE_KILL_AT")
	if dir == "" {
		return // only as a child
	}
	n, _ := strconv.Atoi(at)
	l := fixedLibrary(t)
	// What the parent needs to go on: keys cannot be made again, so the objects are left for it.
	if err := saveObjects(dir, l); err != nil {
		t.Fatal(err)
	}
	jobs, err := OpenJobs(filepath.Join(dir, "restore.db"), secret.New(bytes.Repeat([]byte{7}, 32)), l.keys.Space)
	if err != nil {
		t.Fatal(err)
	}
	var steps atomic.Int64
	o := l.options()
	o.Workers = 2
	step := func() {
		if int(steps.Add(1)) == n {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	o.Progress = func(Progress) { step() }
	o.hooks.step = func(string) { step() }
	p := l.plan(filepath.Join(dir, "target"), KeepBoth)
	if _, err := Run(context.Background(), jobs, p, o); err != nil {
		t.Fatal(err)
	}
	fmt.Println("steps", steps.Load())
}

func saveObjects(dir string, l *library) error {
	for name, b := range l.objects {
		path := filepath.Join(dir, "objects", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "space"), l.keys.Space[:], 0o600)
}

// folderFetcher reads what a child left.
type folderFetcher string

func (f folderFetcher) Object(_ context.Context, name string, attempt int) ([]byte, error) {
	if attempt > 0 {
		return nil, ErrNoMoreCopies
	}
	return os.ReadFile(filepath.Join(string(f), "objects", name))
}

// TestRestoreSurvivesKill kills a restore at random moments; the next run finishes it without a question, without a second copy of
// anything, and without leftovers. LIGHTPROOF_TORTURE=1 does it 200 times.
func TestRestoreSurvivesKill(t *testing.T) {
	times := 5
	if os.Getenv("LIGHTPROOF_TORTURE") == "1" {
		times = 200
	}
	rng := rand.New(rand.NewPCG(22, 11))
	for i := range times {
		dir := t.TempDir()
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestKilledChild$")
		// About 930 steps make up a whole run: writing, naming, then reading back.
		cmd.Env = append(os.Environ(), "RESTORE_KILL_DIR="+dir, "RESTORE_KILL_AT="+strconv.Itoa(1+rng.IntN(900)))
		out, err := cmd.CombinedOutput()
		if ee, ok := err.(*exec.ExitError); !ok || ee.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("not killed: %v\n%s", err, out)
		}
		raw, err := os.ReadFile(filepath.Join(dir, "space"))
		if err != nil {
			t.Fatal(err)
		}
		jobs, err := OpenJobs(filepath.Join(dir, "restore.db"), secret.New(bytes.Repeat([]byte{7}, 32)), vault.SpaceID(raw))
		if err != nil {
			t.Fatal(err)
		}
		waiting, err := jobs.Waiting(context.Background())
		if err != nil || len(waiting) != 1 {
			t.Fatal(waiting, err)
		}
		o := RunOptions{Space: vault.SpaceID(raw), Fetch: folderFetcher(dir), Now: noonNow}
		r, err := Resume(context.Background(), jobs, waiting[0].ID, o)
		if err != nil || !r.Whole() || r.Selected != 154 || r.Written != 154 {
			t.Fatalf("round %d: %v %s %v", i, err, r.Sums(), r.NotRestored)
		}
		for j := range 150 {
			want := fmt.Appendf(nil, "picture %d %s", j, bytes.Repeat([]byte{byte(j)}, j*37%3000))
			wantFile(t, filepath.Join(dir, "target", "Pictures", fmt.Sprintf("20%02d/IMG_%04d.JPG", j%7, j)), want)
		}
		files := 0
		filepath.WalkDir(filepath.Join(dir, "target"), func(_ string, d os.DirEntry, _ error) error {
			if !d.IsDir() {
				files++
			}
			return nil
		})
		if files != 154 {
			t.Errorf("round %d: %d files, left over: %v", i, files, leftovers(t, dir))
		}
		jobs.Close()
		os.RemoveAll(dir)
	}
}
