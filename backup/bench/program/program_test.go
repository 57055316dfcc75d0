package program

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"lightproof/backup/bench/floor"
	"lightproof/backup/bench/measure"
)

// The test binary is the helper that starts what is measured.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == measure.HelperName {
		if err := measure.Helper(os.Args[2:]); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var ours = &Program{Name: Lightproof}

func names(programs []*Program) (list []string) {
	for _, p := range programs {
		list = append(list, p.Name)
	}
	return list
}

func TestPeersAreThoseAskedFor(t *testing.T) {
	ctx := context.Background()
	base := NewFloor("self", floor.Plain, 2)
	if _, err := All(ctx, ours, base, []string{"tar"}); err == nil {
		t.Error("an unknown peer was taken")
	}
	list, err := All(ctx, ours, base, []string{"none"})
	if err != nil || !slices.Equal(names(list), []string{Lightproof, Floor, Copy, Find}) {
		t.Errorf("none: %q, %v", names(list), err)
	}
	t.Setenv("PATH", t.TempDir())
	if list, err := All(ctx, ours, base, []string{"auto"}); err != nil || !slices.Equal(names(list), []string{Lightproof, Floor}) {
		t.Errorf("with nothing on PATH: %q, %v", names(list), err)
	}
	if _, err := All(ctx, ours, base, []string{Restic}); !errors.Is(err, ErrMissing) {
		t.Errorf("restic, not on PATH: %v", err)
	}
}

func TestNewestSnapshotIsTheLast(t *testing.T) {
	for list, want := range map[string]string{
		`[{"id":"k1","source":{}},{"id":"k2"}]`: "k2", `[]`: "", `[{"id":""}]`: "", `{`: "",
	} {
		if got, err := newestSnapshot([]byte(list)); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", list, got, err)
		}
	}
}

func TestOnlyFolderIsTheOnlyOne(t *testing.T) {
	dir := t.TempDir()
	if _, err := onlyFolder(dir); err == nil {
		t.Error("an empty folder has one")
	}
	for i, name := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if got, err := onlyFolder(dir); (err == nil) != (i == 0) || (i == 0 && filepath.Base(got) != "one") {
			t.Errorf("%d folders: %q, %v", i+1, got, err)
		}
	}
}

func TestKeyringEndsAndFailsWithoutATest(t *testing.T) {
	if runtime.GOOS != "linux" {
		if _, _, err := Keyring(); err == nil {
			t.Error("a Secret Service was started")
		}
		return
	}
	env, stop, err := Keyring()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(env, func(e string) bool { return strings.HasPrefix(e, "XDG_RUNTIME_DIR=") })
	if i < 0 {
		t.Fatalf("no way to the bus in %q", env)
	}
	_, dir, _ := strings.Cut(env[i], "=")
	if _, err := os.Stat(filepath.Join(dir, "bus")); err != nil {
		t.Error(err)
	}
	stop()
	stop() // the second time there is nothing left
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after its end: %v", err)
	}
	empty := t.TempDir()
	t.Setenv("PATH", empty)
	t.Setenv("TMPDIR", empty)
	if _, _, err := Keyring(); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("without its programs: %v", err)
	}
	if left, err := os.ReadDir(empty); len(left) > 0 || err != nil {
		t.Errorf("a start that failed left %d entries: %v", len(left), err)
	}
}

// Each program that this machine has must bring back what it was given, after a first backup and after a change.
func TestProgramsBringBackWhatTheyWereGiven(t *testing.T) {
	ctx := context.Background()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	library := filepath.Join(t.TempDir(), "library")
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(library, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Date(2020, 2, 3, 4, 5, 6, 123456789, time.UTC)); err != nil {
			t.Fatal(err)
		}
	}
	write("a/one.jpg", "one")
	write("two.jpg", strings.Repeat("two", 100_000))
	list, err := All(ctx, ours, NewFloor(self, floor.Plain, 2), []string{"auto"})
	if err != nil {
		t.Fatal(err)
	}
	list = list[1:]
	if cli := os.Getenv("LIGHTPROOF_CLI"); cli != "" && runtime.GOOS == "linux" {
		env, stop, err := Keyring()
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		p, err := NewLightproof(ctx, cli, env)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	for _, p := range list {
		t.Run(p.Name, func(t *testing.T) {
			dir, m := t.TempDir(), measure.Meter{Self: self, Scratch: t.TempDir()}
			i, err := p.Setup(ctx, m, Site{Library: library, Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			whole := i.Unchanged != nil && i.Versions && i.Restore != nil && i.Verify != nil
			if want := slices.Contains(append([]string{Lightproof}, Peers...), p.Name); whole != want {
				t.Errorf("takes every step: %v, want %v", whole, want)
			}
			if i.Restore == nil {
				return
			}
			run := func(c measure.Command) {
				t.Helper()
				if _, _, err := m.Run(ctx, c); err != nil {
					t.Fatal(err)
				}
			}
			run(i.Backup())
			if i.Versions {
				write("a/three.jpg", "three of "+p.Name)
				run(i.Backup())
				run(i.Unchanged())
				run(i.Verify())
			}
			to := t.TempDir()
			c, err := i.Restore(ctx, to)
			if err != nil {
				t.Fatal(err)
			}
			run(c)
			came, err := i.Came(to)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := measure.Compare(library, came); err != nil || n < 2 {
				t.Errorf("%d files compared: %v", n, err)
			}
			if n, err := measure.Size(i.Stored...); n == 0 || err != nil {
				t.Errorf("%d bytes stored, %v", n, err)
			}
		})
	}
}
