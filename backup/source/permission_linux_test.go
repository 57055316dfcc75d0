package source

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const nobody = 65534

// asNobody runs the calling test again in a process that may not read everything, where we are root, and returns a directory that
// belongs to it. In that process (or where we are an ordinary user anyway) it returns ok.
func asNobody(t *testing.T) (dir string, ok bool) {
	t.Helper()
	if dir = os.Getenv("LIGHTPROOF_TEST_DIR"); dir != "" {
		return dir, true
	}
	if os.Getuid() != 0 {
		return t.TempDir(), true
	}
	base, err := os.MkdirTemp("", "lightproof-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	home, binary := filepath.Join(base, "home"), filepath.Join(base, "test")
	err = errors.Join(os.Chmod(base, 0o755), os.Mkdir(home, 0o755), os.Chown(home, nobody, nobody), copyFile(os.Args[0], binary))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, binary, "-test.run=^"+t.Name()+"$", "-test.v")
	child.Dir = home
	child.Env = []string{"LIGHTPROOF_TEST_DIR=" + home, "TMPDIR=" + home, "HOME=" + home}
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, Groups: []uint32{}}}
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
	return "", false
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// populate writes files below dir and takes the permissions of some paths away until the test ends.
func populate(t *testing.T, dir string, files []string, locked ...string) {
	t.Helper()
	for _, p := range files {
		full := filepath.Join(dir, p)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(p), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range locked {
		full := filepath.Join(dir, p)
		if err := os.Chmod(full, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(full, 0o755) })
	}
}

func TestUnreadableFilesAndDirectoriesAreSaid(t *testing.T) {
	dir, ok := asNobody(t)
	if !ok {
		return
	}
	populate(t, dir, []string{"a.jpg", "b.jpg", "open/c.jpg", "closed/d.jpg", "closed/e.jpg", "private/f.jpg"}, "b.jpg", "closed", "private")
	folder := Folder{Root: dir, Rules: Rules{{Name: "left unprotected", Pattern: Literal("private")}}}
	items, order, sum := scanned(t, folder, ScanOptions{})
	if i := items["b.jpg"]; i.State != Unreadable || i.Reason != ReasonPermission || !errors.Is(i.Err, ErrUnreadable) {
		t.Errorf("file without permission: %+v", i)
	}
	if i := items["closed"]; i.State != Unreadable || i.Reason != ReasonContentsUnknown || i.Kind != KindDir {
		t.Errorf("directory without permission: %+v", i)
	}
	if i := items["private"]; i.State != Skipped || i.Rule != "left unprotected" {
		t.Errorf("directory left out by choice: %+v", i)
	}
	if !sum.AtLeast || !sum.Full || sum.Found != 2 || sum.Unreadable != 2 || len(order) != 5 {
		t.Errorf("summary %+v of %q", sum, order)
	}
	item := items["b.jpg"]
	if _, err := NewOS(nil).Open(context.Background(), folder, item); !errors.Is(err, ErrUnreadable) {
		t.Errorf("opened: %v", err)
	}
}

func TestDirectoryThatMayBeListedButNotEntered(t *testing.T) {
	dir, ok := asNobody(t)
	if !ok {
		return
	}
	populate(t, dir, []string{"listable/a.jpg", "listable/b.jpg"})
	if err := os.Chmod(filepath.Join(dir, "listable"), 0o444); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "listable"), 0o755) })
	items, _, sum := scanned(t, Folder{Root: dir}, ScanOptions{})
	if sum.Unreadable != 2 || items["listable/a.jpg"].Reason != ReasonPermission {
		t.Errorf("%+v", items)
	}
}

func TestUnreadableRootIsNotAMissingFolder(t *testing.T) {
	dir, ok := asNobody(t)
	if !ok {
		return
	}
	populate(t, dir, []string{"root/a.jpg"}, "root")
	items, order, sum := scanned(t, Folder{Root: filepath.Join(dir, "root")}, ScanOptions{})
	if len(order) != 1 || items[""].State != Unreadable || items[""].Reason != ReasonContentsUnknown || !sum.AtLeast {
		t.Errorf("%+v %+v", items, sum)
	}
}

func TestForeignFilesAreReadWithoutNoatime(t *testing.T) {
	if _, ok := asNobody(t); !ok {
		return
	}
	// Not ours: O_NOATIME is refused (open(2)), and reading must go on without it.
	items, _, _ := scanned(t, Folder{Root: "/etc"}, ScanOptions{Under: "passwd"})
	if got := readAll(t, Folder{Root: "/etc"}, items["passwd"]); len(got) == 0 {
		t.Error("nothing was read")
	}
}
