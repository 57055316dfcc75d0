package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/restore"
	"lightproof/keystore"
	"lightproof/keystore/secret"
)

// fileChain is a keychain that two processes of one test share.
type fileChain struct{ dir string }

func (c fileChain) path(i keystore.Item) string {
	return filepath.Join(c.dir, fmt.Sprintf("%x", fmt.Sprint(i)))
}

func (c fileChain) Get(_ context.Context, i keystore.Item) (secret.Secret, error) {
	b, err := os.ReadFile(c.path(i))
	if errors.Is(err, fs.ErrNotExist) {
		return secret.Secret{}, keystore.ErrMissing
	}
	return secret.New(b), err
}

func (c fileChain) Set(_ context.Context, i keystore.Item, v secret.Secret) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(c.path(i), v.Bytes(), 0o600)
}

func (c fileChain) Delete(_ context.Context, i keystore.Item) error { return os.Remove(c.path(i)) }

// The child is this test binary again: it runs one work on a data folder and is killed in the midst of it.
const (
	childWork   = "LIGHTPROOF_E2E_WORK" // "backup" or "restore"
	childDir    = "LIGHTPROOF_E2E_DIR"
	childTarget = "LIGHTPROOF_E2E_TARGET"
)

func TestMain(m *testing.M) {
	work := os.Getenv(childWork)
	if work == "" {
		os.Exit(m.Run())
	}
	if f := children[work]; f != nil {
		if err := f(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if childFailed {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(2)
}

// children are the works that a child can do.
var children = map[string]func() error{
	"backup": func() error {
		m := machineAt(os.Getenv(childDir))
		fmt.Println("begins")
		if err := m.tryStart(); err != nil {
			return err
		}
		r, err := m.engine.Do(context.Background(), backup.BackUp{})
		if err == nil && len(r.Run.Issues) > 0 {
			err = fmt.Errorf("issues: %v", r.Run.Issues)
		}
		return errors.Join(err, m.engine.Close())
	},
	"restore": func() error {
		m := machineAt(os.Getenv(childDir))
		if err := m.tryStart(); err != nil {
			return err
		}
		l, err := m.tryUnlock()
		if err != nil {
			return err
		}
		fmt.Println("begins")
		r, err := m.goOnRestoring(l, os.Getenv(childTarget))
		if err == nil && !r.Whole() {
			err = errors.New(r.Sums())
		}
		return err
	},
}

// machineAt is a machine that stands in a folder already; outside a test, so what needs one must not be called.
func machineAt(dir string) *machine {
	return &machine{t: nobody{}, dir: dir, home: filepath.Join(dir, "home"), photos: filepath.Join(dir, "photos"), chain: fileChain{filepath.Join(dir, "keys")}, clock: &clock{}}
}

// nobody stands for a test in the child: what fails is said on the way out.
type nobody struct{ testing.TB }

var childFailed bool

func (nobody) Helper()        {}
func (nobody) Cleanup(func()) {}
func (nobody) Failed() bool   { return childFailed }

func (nobody) Errorf(format string, args ...any) {
	childFailed = true
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

func (n nobody) Error(args ...any) { n.Errorf("%s", fmt.Sprint(args...)) }

func (n nobody) Fatalf(format string, args ...any) {
	n.Errorf(format, args...)
	os.Exit(1)
}

func (n nobody) Fatal(args ...any) { n.Fatalf("%s", fmt.Sprint(args...)) }

func (nobody) Logf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// goOnRestoring ends the restore that waits, or makes a new one.
func (m *machine) goOnRestoring(l *library.Library, to string) (*restore.Report, error) {
	ctx := context.Background()
	jobs, err := restore.OpenJobs(filepath.Join(m.home, "restore.db"), l.Keys().CacheKey, l.Space())
	if err != nil {
		return nil, err
	}
	waiting, err := jobs.Waiting(ctx)
	if err == nil && len(waiting) > 0 {
		o := restore.RunOptions{Space: l.Space(), Fetch: copies{m.engine}, Now: m.clock.Now}
		var r *restore.Report
		r, err = restore.Resume(ctx, jobs, waiting[0].ID, o)
		return r, errors.Join(err, jobs.Close())
	}
	if err := errors.Join(err, jobs.Close()); err != nil {
		return nil, err
	}
	return m.tryRestore(ctx, l, to, restore.Options{})
}

// child starts a work in another process; kill < 0 lets it end by itself. It tells whether it was killed, and how long it ran.
func child(t *testing.T, work, dir, target string, kill time.Duration) (killed bool, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childWork+"="+work, childDir+"="+dir, childTarget+"="+target)
	out, err := cmd.StdoutPipe()
	must(t, err)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	must(t, cmd.Start())
	line, _ := bufio.NewReader(out).ReadString('\n')
	began := time.Now()
	if strings.TrimSpace(line) != "begins" {
		_ = cmd.Wait()
		t.Fatalf("the child did not begin: %q %s", line, complaint.String())
	}
	if kill >= 0 {
		timer := time.AfterFunc(kill, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	err = cmd.Wait()
	took = time.Since(began)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return false, took
	case errors.As(err, &exit) && exit.ExitCode() == -1 && ctx.Err() == nil:
		return true, took
	}
	t.Fatalf("the child failed by itself: %v %s", err, complaint.String())
	return false, took
}

// kills is how many kills each of the two tests makes; killsPerMachine of them happen to one machine.
func kills() int {
	if torture() {
		return 200
	}
	return 12
}

const killsPerMachine = 12

func newKillMachine(t *testing.T) *machine {
	m := newMachine(t)
	m.chain = fileChain{filepath.Join(m.dir, "keys")}
	m.setUp().withFolderAndPlace()
	numbered(t, m.photos, "first", 1, 40, 100_000)
	numbered(t, m.photos, "first-small", 2, 60, 6_000)
	m.backUpQuietly()
	m.stop()
	return m
}

// A backup is killed at random moments. Each time, the next run finishes what was begun with nothing to say, and everything that was
// ever proven is still there, byte for byte.
func TestKilledBackupsAreFinishedByTheNextRun(t *testing.T) {
	r := rand.New(rand.NewPCG(200, 9))
	done, tries := 0, 0
	var usual time.Duration
	for done < kills() {
		m := newKillMachine(t)
		old, first := history{}, readTree(t, m.photos)
		old.note(t, m.photos)
		for n := 0; n < killsPerMachine && done < kills(); n++ {
			if tries++; tries > 3*kills()+20 {
				t.Fatalf("only %d of %d tries hit a running backup", done, tries)
			}
			seed := r.Uint64()
			numbered(t, m.photos, "first", seed, 8, 100_000) // edits
			numbered(t, m.photos, "first-small", seed+1, 8, 6_000)
			numbered(t, m.photos, fmt.Sprintf("new-%d", n), seed+2, 24, 100_000)
			numbered(t, m.photos, fmt.Sprintf("new-small-%d", n), seed+3, 24, 6_000)
			if n > 0 {
				must(t, os.Remove(filepath.Join(m.photos, fmt.Sprintf("new-%d", n-1), "003.bin")))
			}
			if usual == 0 {
				_, usual = child(t, "backup", m.dir, "", -1)
				continue
			}
			killed, _ := child(t, "backup", m.dir, "", time.Duration(r.Int64N(int64(usual))))
			if killed {
				done++
			}
			m.start()
			m.backUpQuietly()
			m.mustProve()
			m.mustBeWhole(old)
			m.mustBringBack(first, filepath.Join(m.dir, "first"))
			m.stop()
			old.note(t, m.photos)
			if t.Failed() {
				t.Fatalf("after kill %d", done)
			}
		}
	}
	t.Logf("figure: %d backups killed (%d tries, a whole one takes %v): each was finished by the next run, all earlier versions identical", done, tries, usual.Round(time.Millisecond))
}

// A restore is killed at random moments. The next run finishes it: every file identical, nothing left over, copies untouched.
func TestKilledRestoresAreFinishedByTheNextRun(t *testing.T) {
	r := rand.New(rand.NewPCG(200, 10))
	m := newKillMachine(t)
	want := readTree(t, m.photos)
	old := history{}
	old.note(t, m.photos)
	to := func(n int) string { return filepath.Join(m.dir, fmt.Sprintf("restored-%d", n)) }
	_, usual := child(t, "restore", m.dir, to(0), -1)
	done, tries, resumed := 0, 0, 0
	for done < kills() {
		if tries++; tries > 3*kills()+20 {
			t.Fatalf("only %d of %d tries hit a running restore", done, tries)
		}
		killed, _ := child(t, "restore", m.dir, to(tries), time.Duration(r.Int64N(int64(usual))))
		if !killed {
			continue
		}
		done++
		if len(readTreeIfThere(t, to(tries))) > 0 {
			resumed++
		}
		m.start()
		l := m.unlock()
		rep, err := m.goOnRestoring(l, to(tries))
		if err != nil || !rep.Whole() || rep.Selected != len(want) {
			t.Fatalf("after kill %d: %v %+v", done, err, rep)
		}
		mustEqual(t, want, readTree(t, filepath.Join(to(tries), "photos")))
		if left := readTree(t, to(tries)); len(left) != len(want) {
			t.Errorf("%d files in the target, %d restored", len(left), len(want))
		}
		must(t, l.Close())
		if done%20 == 1 {
			m.mustBeWhole(old)
		}
		m.stop()
		must(t, os.RemoveAll(to(tries)))
		if t.Failed() {
			t.Fatalf("after kill %d", done)
		}
	}
	t.Logf("figure: %d restores killed (%d tries, a whole one takes %v), %d of them with files written: each was finished by the next run, all identical", done, tries, usual.Round(time.Millisecond), resumed)
}

func readTreeIfThere(t *testing.T, root string) map[string]seen {
	if _, err := os.Stat(root); err != nil {
		return nil
	}
	return readTree(t, root)
}
