package restore

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lightproof/backup/source"
	"lightproof/backup/vault"
)

func TestNamesComeBackByteForByte(t *testing.T) {
	l := newLibrary(t)
	long := strings.Repeat("n", 250) + ".jpg "
	deep := strings.Repeat(strings.Repeat("d", 254)+"/", 20) + "deep.jpg"
	names := []string{"bad\xff\xfeutf8.jpg", "line\nbreak.jpg", long, " leading.jpg", "-rf", "nul", `back\slash.jpg`, "e\u0301.jpg", "\u00e9.jpg", "A.jpg", "a.jpg", deep, ".hidden"}
	if len(long) != 255 || len(deep) < 4096 {
		t.Fatal(len(long), len(deep))
	}
	for _, n := range names {
		l.bundle(small{path: n, content: []byte("content of " + n[:3]), at: 1})
	}
	target := t.TempDir()
	r := l.restore(target, KeepBoth)
	if r.Written != len(names) {
		t.Fatalf("%s %v", r.Sums(), r.NotRestored)
	}
	tr, err := openTree(filepath.Join(target, "Pictures"))
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	for _, n := range names {
		dirName, name := splitLast(n)
		d, err := tr.dir(dirName, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := d.root.ReadFile(name); err != nil || string(b) != "content of "+n[:3] {
			t.Errorf("%.20q: %v", n, err)
		}
		d.Close()
	}
	// All of them again beside other files: names that are full keep their length.
	if err := os.WriteFile(filepath.Join(target, "Pictures", long), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = l.restore(target, KeepBoth)
	if r.Written != 1 || r.AlreadyThere != len(names)-1 {
		t.Fatalf("%s %v", r.Sums(), r.NotRestored)
	}
	if err := removeAll(filepath.Join(target, "Pictures")); err != nil {
		t.Error(err)
	}
}

func TestModesTimesAndAttributesComeBackExactly(t *testing.T) {
	l := newLibrary(t)
	want := map[string]vault.Entry{}
	for i, mode := range []uint32{0o644, 0o400, 0o000, 0o4755, 0o2640, 0o1777, 0o6711} {
		name := string(rune('a'+i)) + ".jpg"
		l.bundle(small{path: name, content: []byte(name), at: 1})
		f := l.file(name)
		f.Mode = mode
		f.Versions[0].ModTime = []int64{1_700_000_000_000_000_001, -1_000_000_001, 1, 999_999_999, 4_102_444_800_123_456_789, 86_400_000_000_007, 123_456_789_012_345_678}[i]
		f.Xattrs = []vault.Xattr{{Name: "user.comment", Value: []byte("day \x00\xff " + name)}, {Name: "user.empty"}}
		want[name] = f.Entry
	}
	l.link("link", "/somewhere/not there")
	l.file("link").Versions[0].ModTime = 1_234_567_890_123_456_789
	target := t.TempDir()
	probe := filepath.Join(target, "probe")
	os.WriteFile(probe, nil, 0o600)
	if err := unix.Setxattr(probe, "user.x", []byte("y"), 0); err != nil {
		t.Skip("this disk keeps no extended attributes")
	}
	r := l.restore(target, KeepBoth)
	if !r.Whole() {
		t.Fatal(r.Sums(), r.NotRestored)
	}
	for name, e := range want {
		m, err := source.ReadMetadataAt(filepath.Join(target, "Pictures"), name)
		if err != nil {
			t.Fatal(err)
		}
		if m.Mode != e.Mode || m.ModTime.UnixNano() != e.Versions[0].ModTime || len(m.Xattrs) != 2 || !bytes.Equal(m.Xattrs[0].Value, e.Xattrs[0].Value) {
			t.Errorf("%s: %+v, want mode %o time %d", name, m, e.Mode, e.Versions[0].ModTime)
		}
	}
	var st unix.Stat_t
	if err := unix.Lstat(filepath.Join(target, "Pictures", "link"), &st); err != nil || st.Mtim.Nano() != 1_234_567_890_123_456_789 {
		t.Error(err, st.Mtim)
	}
	for _, line := range l.lines(r) {
		special := slices.ContainsFunc(line.Notes, func(n string) bool { return strings.Contains(n, "rights of its owner") })
		mode := want[filepath.Base(line.Origin)].Mode
		if special != (mode&0o6000 != 0) {
			t.Errorf("%s: notes %q", line.Origin, line.Notes)
		}
	}
}

func TestAttributesThatTheTargetRefusesAreNamed(t *testing.T) {
	l := newLibrary(t)
	l.bundle(small{path: "a.jpg", content: []byte("a"), at: 1})
	l.file("a.jpg").Xattrs = []vault.Xattr{{Name: "com.apple.quarantine", Value: []byte("q")}}
	r := l.restore(t.TempDir(), KeepBoth)
	if !r.Whole() || len(l.lines(r)[0].Notes) != 1 || !strings.Contains(l.lines(r)[0].Notes[0], "com.apple.quarantine") {
		t.Error(l.lines(r)[0])
	}
}

// asNobody runs the named test once more as an ordinary user.
func asNobody(t *testing.T) bool {
	t.Helper()
	if os.Getenv("RESTORE_TEST_NOBODY") != "" {
		return true
	}
	if os.Getuid() != 0 {
		return true // an ordinary user already
	}
	home, err := os.MkdirTemp("", "restore-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(home)
	if err := os.Chown(home, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(home, "test")
	self, _ := os.Executable()
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(exe, b, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "RESTORE_TEST_NOBODY=1", "TMPDIR="+home, "HOME="+home)
	cmd.Dir = home
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("as an ordinary user: %v\n%s", err, out)
	}
	if !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Fatalf("did not run: %s", out)
	}
	return false
}

func TestAFolderThatTakesNoFilesIsSaidBeforeAndAfter(t *testing.T) {
	if !asNobody(t) {
		return
	}
	l := newLibrary(t)
	l.bundle(small{path: "closed/a.jpg", content: []byte("a"), at: 1}, small{path: "open/b.jpg", content: []byte("b"), at: 1})
	target := t.TempDir()
	closed := filepath.Join(target, "Pictures", "closed")
	os.MkdirAll(closed, 0o755)
	os.Chmod(closed, 0o555)
	p := l.plan(target, KeepBoth)
	if len(p.Problems) != 1 || p.Problems[0].Kind != ProblemReadOnly {
		t.Errorf("%+v", p.Problems)
	}
	r := l.restore(target, KeepBoth)
	if r.NotRestored[ReasonRefused] != 1 || r.Written != 1 {
		t.Errorf("%s %v", r.Sums(), r.NotRestored)
	}
	if st, _ := os.Stat(closed); st.Mode().Perm() != 0o555 {
		t.Error("the folder was changed")
	}
}

func TestFilesThatTheirOwnerMayNotReadAreProvenAllTheSame(t *testing.T) {
	if !asNobody(t) {
		return
	}
	l := newLibrary(t)
	l.bundle(small{path: "a.jpg", content: []byte("a"), at: 1}, small{path: "b.jpg", content: []byte("b"), at: 1})
	l.file("a.jpg").Mode = 0o200
	target := t.TempDir()
	r := l.restore(target, KeepBoth)
	if !r.Whole() {
		t.Fatal(r.Sums(), l.lines(r))
	}
	if st, err := os.Stat(filepath.Join(target, "Pictures", "a.jpg")); err != nil || st.Mode().Perm() != 0o200 {
		t.Error(st, err)
	}
}

func TestFullDisk(t *testing.T) {
	if os.Getenv("RESTORE_TEST_MOUNTS") == "" {
		if os.Getuid() != 0 {
			t.Skip("needs root to mount a tmpfs")
		}
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestFullDisk$", "-test.v")
		cmd.Env = append(os.Environ(), "RESTORE_TEST_MOUNTS=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("in a mount namespace: %v\n%s", err, out)
		}
		return
	}
	target := filepath.Join(t.TempDir(), "disk")
	os.Mkdir(target, 0o755)
	if err := unix.Mount("tmpfs", target, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(target, unix.MNT_DETACH) })
	l := newLibrary(t)
	for i := range 6 {
		l.big(string(rune('a'+i))+".NEF", bytes.Repeat([]byte{byte(i), 1, 2, 3}, 150_000), 1)
	}
	p := l.plan(target, KeepBoth)
	if p.Short() <= 0 {
		t.Errorf("the plan finds room: %d to write, %d free", p.Write, p.Free)
	}
	jobs := l.jobs(t.TempDir())
	o := l.options()
	o.Workers = 1 // two at a time may fill the disk with two halves
	r, err := Run(t.Context(), jobs, p, o)
	var full *FullError
	if !errors.As(err, &full) {
		t.Fatal(err)
	}
	l.sums(r)
	if r.Written != 3 || r.NotRestored[ReasonFull] != 3 {
		t.Errorf("%s %v", r.Sums(), r.NotRestored)
	}
	list, _ := os.ReadDir(filepath.Join(target, "Pictures"))
	if len(list) != 3 {
		t.Errorf("%d names on the full disk", len(list))
	}
	if err := unix.Mount("tmpfs", target, "tmpfs", unix.MS_REMOUNT, "size=20m"); err != nil {
		t.Fatal(err)
	}
	r, err = Resume(t.Context(), jobs, r.Job, l.options())
	if err != nil || !r.Whole() {
		t.Error(err, r.Sums())
	}
}

func TestAFileOnAnotherDiskGoesToThatDisksTrash(t *testing.T) {
	if os.Getenv("RESTORE_TEST_MOUNTS") == "" {
		if os.Getuid() != 0 {
			t.Skip("needs root to mount a tmpfs")
		}
		cmd := exec.Command("/proc/self/exe", "-test.run=^TestAFileOnAnotherDiskGoesToThatDisksTrash$", "-test.v")
		cmd.Env = append(os.Environ(), "RESTORE_TEST_MOUNTS=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("in a mount namespace: %v\n%s", err, out)
		}
		return
	}
	disk := filepath.Join(t.TempDir(), "disk")
	os.Mkdir(disk, 0o755)
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(disk, unix.MNT_DETACH) })
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	l := newLibrary(t)
	l.bundle(small{path: "a b%.jpg", content: []byte("a"), at: 1})
	d := filepath.Join(disk, "t", "Pictures")
	os.MkdirAll(d, 0o755)
	restoreOver := func(old string) {
		os.WriteFile(filepath.Join(d, "a b%.jpg"), []byte(old), 0o600)
		if r := l.restore(filepath.Join(disk, "t"), Replace); r.Written != 1 {
			t.Error(r.Sums(), l.lines(r))
		}
	}
	restoreOver("old")
	restoreOver("older")
	box := filepath.Join(disk, ".Trash-0")
	wantFile(t, filepath.Join(box, "files", "a b%.jpg"), []byte("old"))
	wantFile(t, filepath.Join(box, "files", "a b%.jpg.2"), []byte("older"))
	info, _ := os.ReadFile(filepath.Join(box, "info", "a b%.jpg.trashinfo"))
	if !strings.Contains(string(info), "Path=t/Pictures/a%20b%25.jpg\n") {
		t.Errorf("%q", info)
	}
	// No trash can be made: both are kept.
	os.RemoveAll(box)
	os.WriteFile(box, nil, 0o600)
	os.WriteFile(filepath.Join(d, "a b%.jpg"), []byte("kept"), 0o600)
	r := l.restore(filepath.Join(disk, "t"), Replace)
	if r.Written != 1 || len(l.lines(r)[0].Notes) != 1 {
		t.Error(r.Sums(), l.lines(r)[0].Notes)
	}
	wantFile(t, filepath.Join(d, "a b%.jpg"), []byte("kept"))
	wantFile(t, filepath.Join(d, "a b% (restored 2026-11-22).jpg"), []byte("a"))
}
