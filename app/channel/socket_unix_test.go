//go:build unix

package channel

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func suspend(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }

// asNobody runs a child as another user. The path of this test binary may be closed to that user; /proc/self/exe is not.
func asNobody(socket string) func(*exec.Cmd) {
	return func(c *exec.Cmd) {
		c.Path = "/proc/self/exe"
		c.Env = append(c.Env, childRole+"_SOCKET="+socket)
		c.Dir = "/"
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
}

func TestAnotherUserIsServedNothing(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can run a process as another user")
	}
	f := filled(newHome(t))
	s, _ := served(t, f)
	run := filepath.Dir(filepath.Dir(s.Address()))

	stranger := start(t, "connect", f.Home, asNobody(s.Address()))
	if got := stranger.line(t); strings.HasSuffix(got, "<nil>") {
		t.Errorf("a stranger dialed: %s", got)
	}
	if got := stranger.line(t); got != "raw: no connection" {
		t.Errorf("through closed folders: %s", got)
	}
	// Even where the folders were opened by mistake, the peer's user id decides.
	for path, mode := range map[string]os.FileMode{run: 0o755, filepath.Dir(s.Address()): 0o755, s.Address(): 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	stranger = start(t, "connect", f.Home, asNobody(s.Address()))
	stranger.line(t)
	if got := stranger.line(t); got != "raw: 0 bytes" {
		t.Errorf("through open folders: %s", got)
	}
	if s.Refused() != 1 {
		t.Errorf("%d refused", s.Refused())
	}
	if _, err := Dial(t.Context(), f.Home); !errors.Is(err, ErrStranger) {
		t.Errorf("our own client trusts a folder that others may enter: %v", err)
	}
}

func TestAStrangersSocketIsNotTrusted(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a file to another user")
	}
	home := newHome(t)
	paths, err := places(home, keeperLine)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Dir(paths[0]), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", paths[0])
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, path := range []string{paths[0], filepath.Dir(paths[0])} {
		if err := os.Chown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
		if _, err := Dial(t.Context(), home); !errors.Is(err, ErrStranger) {
			t.Errorf("%s of another user: %v", path, err)
		}
	}
}

func TestSocketAndFolderAreClosedToOthers(t *testing.T) {
	f := filled(newHome(t))
	run := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "lightproof")
	if err := os.Mkdir(run, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(run, 0o777); err != nil {
		t.Fatal(err)
	}
	s, _ := served(t, f)
	for path, want := range map[string]os.FileMode{run: 0o700 | os.ModeDir, s.Address(): 0o600 | os.ModeSocket} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	s.Close()
	if _, err := os.Lstat(s.Address()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket stays after Close: %v", err)
	}
}

func TestAFileInTheSocketsPlaceIsLeftAlone(t *testing.T) {
	home := newHome(t)
	paths, err := places(home, keeperLine)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(paths[0]), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(paths[0], []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Serve(t.Context(), home, filled(home))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if b, err := os.ReadFile(paths[0]); err != nil || string(b) != "mine" || s.Address() == paths[0] {
		t.Errorf("%q, %v, serving at %s", b, err, s.Address())
	}
}

func TestALongHomeStillHasALine(t *testing.T) {
	newHome(t)
	home := filepath.Join(t.TempDir(), strings.Repeat("a-long-name/", 20))
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	served(t, filled(home))
	// Without a runtime folder the home is too long for a socket; both sides must agree on another place.
	t.Setenv("XDG_RUNTIME_DIR", strings.Repeat("/x", 60))
	other := filepath.Join(home, "other")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	s, c := served(t, filled(other))
	t.Cleanup(func() { s.Close(); os.Remove(filepath.Dir(s.Address())) }) // goes only if it is empty
	if _, err := c.State(context.Background()); err != nil || len(s.Address()) > maxSocketPath {
		t.Errorf("%s: %v", s.Address(), err)
	}
}
