//go:build !windows

package kit

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// viewer is an Opener that looks at what it is given, as a browser would.
type viewer struct {
	fail error
	path string
	page []byte
	mode fs.FileMode
}

func (v *viewer) Open(_ context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	v.path, v.mode = path, info.Mode().Perm()
	if v.page, err = os.ReadFile(path); err != nil {
		return err
	}
	return v.fail
}

func ownRuntimeFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	return dir
}

func filesIn(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestShownPageIsPrivateAndRemoved(t *testing.T) {
	dir := ownRuntimeFolder(t)
	k := sample(t)
	v := &viewer{}
	remove, err := ShowPage(t.Context(), k, v)
	if err != nil {
		t.Fatal(err)
	}
	want, err := k.Page()
	if err != nil || !bytes.Equal(v.page, want) || v.mode&0o077 != 0 {
		t.Errorf("shown page: right %v, mode %o, %v", bytes.Equal(v.page, want), v.mode, err)
	}
	if got, err := filepath.Rel(dir, v.path); err != nil || got[0] == '.' {
		t.Errorf("the page is at %s, outside %s", v.path, dir)
	}
	for range 2 {
		if err := remove(); err != nil {
			t.Error(err)
		}
	}
	if n := filesIn(t, dir); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

func TestPageThatCannotBeShownIsRemoved(t *testing.T) {
	dir := ownRuntimeFolder(t)
	broken := errors.New("no viewer")
	v := &viewer{fail: broken}
	if _, err := ShowPage(t.Context(), sample(t), v); !errors.Is(err, broken) || v.path == "" {
		t.Errorf("%v", err)
	}
	if n := filesIn(t, dir); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

func TestLeftoversOfAKilledRunAreRemoved(t *testing.T) {
	dir := ownRuntimeFolder(t)
	if err := RemoveLeftovers(); err != nil {
		t.Fatalf("nothing there: %v", err)
	}
	for range 2 {
		if _, err := ShowPage(t.Context(), sample(t), &viewer{}); err != nil {
			t.Fatal(err)
		}
	}
	foreign := filepath.Join(pageFolderName(), "notes.txt")
	if err := os.WriteFile(foreign, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := filesIn(t, dir); n != 3 {
		t.Fatalf("%d files before, want 3", n)
	}
	if err := RemoveLeftovers(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(foreign); err != nil || filesIn(t, dir) != 1 {
		t.Errorf("%d files after, want the foreign one only; %v", filesIn(t, dir), err)
	}
}

func TestFolderOpenToOthersIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"readable by others": func(dir string) error { return errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o755)) },
		"a link":             func(dir string) error { return os.Symlink(t.TempDir(), dir) },
		"a file":             func(dir string) error { return os.WriteFile(dir, nil, 0o600) },
	} {
		ownRuntimeFolder(t)
		if err := spoil(pageFolderName()); err != nil {
			t.Fatal(err)
		}
		if _, err := ShowPage(t.Context(), sample(t), &viewer{}); !errors.Is(err, ErrFolder) {
			t.Errorf("%s: %v, want ErrFolder", name, err)
		}
	}
}

func TestKitFileIsNewPrivateAndComplete(t *testing.T) {
	k := sample(t)
	path := filepath.Join(t.TempDir(), "kit.txt")
	if err := WriteFile(path, k); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := Parse(f); err != nil || !reflect.DeepEqual(got, k) {
		t.Errorf("the file does not come back: %v", err)
	}
	before, _ := os.ReadFile(path)
	k.Endpoints = nil
	if err := WriteFile(path, k); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second kit over the first: %v, want fs.ErrExist", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the first kit was changed")
	}
	k.Wipe()
	other := filepath.Join(t.TempDir(), "empty.txt")
	if err := WriteFile(other, k); err == nil || filesIn(t, filepath.Dir(other)) != 0 {
		t.Errorf("a kit without words: %v", err)
	}
}

func TestViewerThatFailsOrIsMissingIsAnError(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	if err := (SystemViewer{}).Open(t.Context(), "/page.html"); err == nil {
		t.Error("a missing viewer opened the page")
	}
	name, _ := viewerCommand("")
	script := filepath.Join(bin, name)
	for code, text := range map[string]string{"0": "#!/bin/sh\nexit 0\n", "4": "#!/bin/sh\nexit 4\n"} {
		if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := (SystemViewer{}).Open(t.Context(), "/page.html"); (err == nil) != (code == "0") {
			t.Errorf("exit code %s: %v", code, err)
		}
	}
}
