//go:build unix

package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lightproof/backup/store"
)

// childEnv names what a re-executed test binary is to do; argEnv is the folder it does it in.
const (
	childEnv = "LIGHTPROOF_LOCAL_CHILD"
	argEnv   = "LIGHTPROOF_LOCAL_DIR"
)

func makePipe(t *testing.T, name string) {
	t.Helper()
	if err := unix.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
}

// child re-executes one test of this binary.
func child(t *testing.T, job, dir string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+job, argEnv+"="+dir)
	return cmd
}

// steps are the moments within a write at which a process is killed.
var steps = []string{"staged", "flushed", "half moved", "moved", "between batches"}

// dieSlowly puts nine objects, three of them durable, and stops for ever at the given step.
func dieSlowly(t *testing.T, step, dir string) {
	id, err := ReadIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	put := func(from, to int) {
		for i := from; i < to; i++ {
			if err := s.PutNew(t.Context(), fmt.Sprintf("c/%d/x", i), objectOf(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	stop := func(at string) {
		if at == step {
			fmt.Println("READY")
			io.Copy(io.Discard, os.Stdin) // until killed
			os.Exit(1)
		}
	}
	put(0, 3)
	if err := s.Barrier(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop("between batches")
	put(3, 9)
	stop("staged")
	var batch []*staged
	for i := 3; i < 9; i++ {
		batch = append(batch, s.staged[fmt.Sprintf("c/%d/x", i)])
	}
	if err := s.flushContents(batch); err != nil {
		t.Fatal(err)
	}
	stop("flushed")
	for i, st := range batch {
		if i == 3 {
			stop("half moved")
		}
		if err := s.moveAll(filepath.Dir(st.name), []*staged{st}); err != nil {
			t.Fatal(err)
		}
	}
	stop("moved")
}

func objectOf(i int) []byte { return []byte(strings.Repeat(fmt.Sprint(i), 20_000)) }

func TestKilledBetweenSteps(t *testing.T) {
	if step := os.Getenv(childEnv); step != "" {
		dieSlowly(t, step, os.Getenv(argEnv))
		return
	}
	for _, step := range steps {
		dir, id := newPlace(t)
		alive := openPlace(t, dir, id)
		if err := alive.PutNew(t.Context(), "alive", []byte("x")); err != nil {
			t.Fatal(err)
		}
		cmd := child(t, step, dir)
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ready := false
		var said []string
		for lines := bufio.NewScanner(out); !ready && lines.Scan(); {
			said = append(said, lines.Text())
			ready = lines.Text() == "READY"
		}
		cmd.Process.Kill()
		cmd.Wait()
		if !ready {
			t.Fatalf("%s: the child never came there: %s", step, said)
		}
		if n := len(names(t, filepath.Join(dir, tmpDir))); n != 2 && step != "staged" && n < 1 {
			t.Fatalf("%s: %d writers' folders", step, n)
		}
		s := openPlace(t, dir, id)
		if left := names(t, filepath.Join(dir, tmpDir)); len(left) != 1 || filepath.Join(tmpDir, left[0]) != alive.writer.name {
			t.Errorf("%s: tmp holds %v; the living writer's is %s", step, left, alive.writer.name)
		}
		// What no Barrier covered may be there or not, but never in part.
		for i := range 9 {
			name := fmt.Sprintf("c/%d/x", i)
			got, err := s.Get(t.Context(), name, store.GetOptions{})
			switch {
			case err == nil && string(got) == string(objectOf(i)):
			case errors.Is(err, store.ErrNotExist) && i >= 3:
				if err := s.PutNew(t.Context(), name, objectOf(i)); err != nil {
					t.Errorf("%s: %v", step, err)
				}
			default:
				t.Errorf("%s: %s: %d bytes, %v", step, name, len(got), err)
			}
		}
		if err := errors.Join(s.Barrier(t.Context()), alive.Barrier(t.Context())); err != nil {
			t.Errorf("%s: %v", step, err)
		}
		if _, err := s.Stat(t.Context(), "alive"); err != nil {
			t.Errorf("%s: the living writer's object is lost: %v", step, err)
		}
	}
}

// asNobody runs the test once more as an ordinary user, who owns dir, and reports true in that run.
func asNobody(t *testing.T, dir string) bool {
	t.Helper()
	if os.Getenv(childEnv) != "" || os.Getuid() != 0 {
		return true
	}
	const nobody = 65534
	exe := filepath.Join(dir, "test")
	for _, err := range []error{copyFile(os.Args[0], exe), os.Chmod(exe, 0o755), os.Chown(dir, nobody, nobody), os.Chmod(dir, 0o700)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := child(t, "nobody", dir)
	cmd.Path, cmd.Dir = exe, dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("as an ordinary user: %v\n%s", err, out)
	}
	return false
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o755)
}

func TestMissingPermissionIsRefused(t *testing.T) {
	dir := os.Getenv(argEnv)
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "lightproof"); err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
	}
	if !asNobody(t, dir) {
		return
	}
	place := filepath.Join(dir, "place")
	id, err := Create(place, [16]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	s := openPlace(t, place, id)
	if err := errors.Join(s.PutNew(t.Context(), "c/a", []byte("x")), s.PutNew(t.Context(), "d/a", []byte("x")), s.Barrier(t.Context())); err != nil {
		t.Fatal(err)
	}
	chmod := func(name string, mode os.FileMode) {
		if err := os.Chmod(filepath.Join(place, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	list := func() error { return s.List(t.Context(), "", func(store.Info) error { return nil }) }

	chmod("c", 0)
	if err := list(); !errors.Is(err, store.ErrRefused) {
		t.Errorf("List with a folder that cannot be read: %v", err)
	}
	if err := s.PutNew(t.Context(), "c/b", []byte("x")); !errors.Is(err, store.ErrRefused) {
		t.Errorf("PutNew below it: %v", err)
	}
	if _, err := s.Get(t.Context(), "c/a", store.GetOptions{}); !errors.Is(err, store.ErrRefused) {
		t.Errorf("Get below it: %v", err)
	}
	chmod("c", 0o500)
	if err := errors.Join(s.PutNew(t.Context(), "c/b", []byte("b")), s.PutNew(t.Context(), "d/b", []byte("b"))); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"Barrier": s.Barrier(t.Context()), "Delete": s.Delete(t.Context(), "c/a"), "Replace": s.Replace(t.Context(), "c/a", nil),
	} {
		if !errors.Is(err, store.ErrRefused) {
			t.Errorf("%s in a read-only folder: %v", what, err)
		}
	}
	chmod("c", 0o700)
	if err := s.Barrier(t.Context()); err != nil {
		t.Errorf("Barrier after permission came back: %v", err)
	}
	if _, err := s.Stat(t.Context(), "c/b"); err != nil {
		t.Errorf("what was staged: %v", err)
	}
	s.Close()
	chmod(".", 0o500)
	chmod(tmpDir, 0o500)
	s = openPlace(t, place, id) // a place that may only be read can be restored from
	if err := list(); err != nil {
		t.Error(err)
	}
	if err := s.PutNew(t.Context(), "c/c", []byte("x")); !errors.Is(err, store.ErrRefused) {
		t.Errorf("PutNew at a read-only place: %v", err)
	}
	chmod(".", 0)
	if _, err := Open(place, id); !errors.Is(err, store.ErrRefused) {
		t.Errorf("Open without permission: %v", err)
	}
	chmod(".", 0o700)
}

// One bad sector is an object's fault, unless the marker beside it cannot be read either, whatever the directory's cache knows of it.
func TestAnErrorOfTheMediumIsOfThePlaceIfItsMarkerCannotBeRead(t *testing.T) {
	dir, id := newPlace(t)
	s := openPlace(t, dir, id)
	if err := s.classifyIO("read", unix.EIO); store.OfPlace(err) || !errors.Is(err, unix.EIO) {
		t.Errorf("with its marker: %v", err)
	}
	marker := filepath.Join(dir, store.PlaceFile)
	if err := errors.Join(os.Remove(marker), os.Mkdir(marker, 0o700)); err != nil {
		t.Fatal(err)
	}
	if err := s.classifyIO("read", unix.EIO); !errors.Is(err, store.ErrAway) {
		t.Errorf("with a marker that is there and cannot be read: %v", err)
	}
}

func TestAnObjectThatGrewIsDamaged(t *testing.T) {
	dir, _, s := withStaged(t)
	path := filepath.Join(dir, "c", "a")
	if err := errors.Join(os.Chmod(path, 0o600), os.Truncate(path, store.MaxObject+1)); err != nil {
		t.Fatal(err)
	}
	_, err := s.Get(t.Context(), "c/a", store.GetOptions{})
	if !errors.Is(err, store.ErrDamaged) || store.OfPlace(err) {
		t.Error(err)
	}
	if err := s.Replace(t.Context(), "c/a", []byte("a")); err != nil {
		t.Error(err)
	}
	s.Close()
	if _, err := s.Get(t.Context(), "c/a", store.GetOptions{}); !store.OfPlace(err) {
		t.Errorf("closed: %v", err)
	}
}
