package e2e

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lightproof/app/terminal"
	"lightproof/backup"
	"lightproof/backup/restore"
	"lightproof/backup/source"
)

func init() {
	children["bad-input"] = badInput
	children["full-disk"] = fullDisk
	children["full-target"] = fullTarget
}

// apart runs a work of this binary as an ordinary user, or in a mount namespace of its own, and fails the test with what it says.
func apart(t *testing.T, work string, attr *syscall.SysProcAttr) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir := t.TempDir()
	if attr != nil && attr.Credential != nil {
		must(t, os.Chmod(filepath.Dir(dir), 0o711))
		must(t, os.Chown(dir, int(attr.Credential.Uid), int(attr.Credential.Gid)))
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "-test.run=^$")
	cmd.Env = append(os.Environ(), childWork+"="+work, childDir+"="+dir, "HOME="+dir, "TMPDIR="+dir)
	cmd.Dir = dir
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Log(strings.TrimSpace(string(out)))
}

// ordinary is a user whom the system refuses things; root reads everything.
func ordinary() *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

// ownMounts is for tests that fill a disk.
func ownMounts(t *testing.T) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}}
	}
	return &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
}

func TestBadInputIsNamedAndTheRestGoesOn(t *testing.T) { apart(t, "bad-input", ordinary()) }

func TestAFullDestinationStopsNothingButCopying(t *testing.T) { apart(t, "full-disk", ownMounts(t)) }

func TestARestoreCutByAFullDiskSaysSo(t *testing.T) { apart(t, "full-target", ownMounts(t)) }

// meddling is the file system, with a hand in between.
type meddling struct {
	*source.OS
	mu     sync.Mutex
	before func(path string)
	during func(path string)
}

type meddledFile struct {
	source.File
	once   sync.Once
	during func()
}

func (f *meddledFile) Read(b []byte) (int, error) {
	f.once.Do(f.during)
	return f.File.Read(b)
}

func (m *meddling) Open(ctx context.Context, folder source.Folder, item source.Item) (source.File, error) {
	return m.meddle(item, func() (source.File, error) { return m.OS.Open(ctx, folder, item) })
}

// meddledFolder is a folder that is held open, with the same hand in between.
type meddledFolder struct {
	source.Held
	m *meddling
}

func (m *meddling) Hold(folder source.Folder) (source.Held, error) {
	h, err := m.OS.Hold(folder)
	if err != nil {
		return nil, err
	}
	return meddledFolder{h, m}, nil
}

func (h meddledFolder) Open(ctx context.Context, item source.Item) (source.File, error) {
	return h.m.meddle(item, func() (source.File, error) { return h.Held.Open(ctx, item) })
}

func (m *meddling) meddle(item source.Item, open func() (source.File, error)) (source.File, error) {
	m.mu.Lock()
	before, during := m.before, m.during
	m.mu.Unlock()
	if before != nil {
		before(item.Path)
	}
	f, err := open()
	if err != nil || during == nil {
		return f, err
	}
	return &meddledFile{File: f, during: func() { during(item.Path) }}, nil
}

// deepPath makes a file whose path is longer than any single call takes.
func deepPath(t testing.TB, root string, content []byte) (rel string) {
	at, err := unix.Open(root, unix.O_DIRECTORY|unix.O_RDONLY, 0)
	must(t, err)
	name := strings.Repeat("d", 200)
	for range 30 {
		must(t, unix.Mkdirat(at, name, 0o755))
		next, err := unix.Openat(at, name, unix.O_DIRECTORY|unix.O_RDONLY, 0)
		must(t, err)
		unix.Close(at)
		at, rel = next, rel+name+"/"
	}
	f, err := unix.Openat(at, "deep.jpg", unix.O_CREAT|unix.O_WRONLY, 0o644)
	must(t, err)
	_, err = unix.Write(f, content)
	must(t, err)
	unix.Close(f)
	unix.Close(at)
	return rel + "deep.jpg"
}

func badInput() error {
	m := machineAt(os.Getenv(childDir))
	t := m.t
	if os.Getuid() == 0 {
		t.Fatal("this must run as an ordinary user")
	}
	must(t, os.Mkdir(m.photos, 0o755))
	in := func(name string) string { return filepath.Join(m.photos, name) }
	jpeg := append([]byte("\xff\xd8\xff\xe1\x00\x20Exif\x00\x00MM\x00\x2a"), make([]byte, 300)...)
	stored := map[string][]byte{
		"not-a-photo.jpg":                  []byte("this is a text\n"),
		"empty.jpg":                        {},
		"truncated.jpg":                    jpeg[:20],
		"hostile.tif":                      append([]byte("II\x2a\x00\xff\xff\xff\xff"), bytes.Repeat([]byte{0xff}, 4096)...),
		strings.Repeat("n", 251) + ".jpg":  []byte("255 bytes"),
		strings.Repeat("ü", 125) + "a.jpg": []byte("255 bytes, fewer letters"),
		"two\nlines\r.jpg":                 []byte("newline"),
		"invalid \xff\xfe utf8 \xc3.jpg":   []byte("invalid"),
		"back\\slash: *?.jpg":              []byte("odd"),
		" .jpg":                            []byte("space"),
		"Ä.jpg":                            []byte("composed"),
		"A\u0308.jpg":                      []byte("decomposed"),
		"case.jpg":                         []byte("lower"),
		"CASE.JPG":                         []byte("upper"),
	}
	for name, b := range stored {
		write(t, in(name), b)
	}
	deep := deepPath(t, m.photos, []byte("deep"))
	write(t, in("nobody-reads-me.jpg"), []byte("secret"))
	must(t, os.Chmod(in("nobody-reads-me.jpg"), 0))
	write(t, in("closed/inside.jpg"), []byte("inside"))
	must(t, os.Chmod(in("closed"), 0))
	must(t, os.Symlink("loop-b", in("loop-a")))
	must(t, os.Symlink("loop-a", in("loop-b")))
	must(t, os.Mkdir(in("folder"), 0o755))
	must(t, os.Symlink("..", in("folder/up")))
	must(t, os.Symlink("/nowhere/at/all", in("dangling")))
	must(t, os.Chdir(m.photos)) // a socket's path is short
	l, err := net.Listen("unix", "socket")
	must(t, err)
	defer l.Close()
	must(t, unix.Mkfifo(in("pipe"), 0o644))
	write(t, in("vanishes-before.jpg"), []byte("soon gone"))
	write(t, in("vanishes-while-read.jpg"), bytes.Repeat([]byte("going "), 100_000))
	write(t, in("grows.jpg"), bytes.Repeat([]byte("grows "), 100_000))
	h := &meddling{OS: source.NewOS(m.clock)}
	h.before = func(p string) {
		if p == "vanishes-before.jpg" {
			os.Remove(in(p))
		}
	}
	h.during = func(p string) {
		switch p {
		case "vanishes-while-read.jpg":
			os.Remove(in(p))
		case "grows.jpg":
			f, _ := os.OpenFile(in(p), os.O_APPEND|os.O_WRONLY, 0)
			f.Write([]byte("more"))
			f.Close()
		}
	}
	m.tree = h
	m.setUp().withFolderAndPlace()
	run := m.backUp()
	s := m.state()
	if s.Verdict != backup.NeedsYou || !s.Counts.Sums() || !s.Counts.AtLeast || s.Counts.Unreadable < 2 {
		t.Errorf("verdict %s, counts %+v, causes %+v", s.Verdict, s.Counts, s.Causes)
	}
	page, err := m.engine.List(context.Background(), backup.Query{What: "files"})
	must(t, err)
	states := map[string]string{}
	for _, r := range page.Rows {
		states[strings.TrimPrefix(r.Path, m.photos+"/")] = strings.TrimSpace(r.State + " " + r.Code)
	}
	want := map[string]string{"nobody-reads-me.jpg": "unreadable permission", "closed": "unreadable contents-unknown", "loop-a": "stored", "folder/up": "stored",
		"dangling": "stored", "grows.jpg": "pending changing", deep: "stored"}
	for name := range stored {
		want[name] = "stored"
	}
	for name, w := range want {
		if len(name) > 300 {
			name = deep
		}
		if states[name] != w {
			t.Errorf("%.60q is %q, want %q", name, states[name], w)
		}
	}
	for _, name := range []string{"vanishes-before.jpg", "vanishes-while-read.jpg"} {
		if strings.HasPrefix(states[name], "stored") {
			t.Errorf("%s counts as stored", name)
		}
	}
	for _, name := range []string{"socket", "pipe"} {
		if st := states[name]; st != "" && !strings.HasPrefix(st, "skipped") {
			t.Errorf("%s is %q", name, st)
		}
	}
	// Each is told: what happened, why it matters, one action.
	code, answer := m.said("problems")
	told(t, answer, "problems", "LP101", "nobody-reads-me.jpg")
	told(t, answer, "problems", "LP111", "closed cannot be listed")
	told(t, answer, "causes", "LP101", "At least 2 originals are unprotected")
	if code != terminal.NeedsYou {
		t.Errorf("problems ended with %d", code)
	}
	var issues []any
	for _, i := range run.Issues {
		issues = append(issues, map[string]any{"code": i.Code, "path": i.Path})
	}
	for name, want := range map[string]string{"vanishes-before.jpg": "vanished", "vanishes-while-read.jpg": "changing", "grows.jpg": "changing"} {
		if !slices.ContainsFunc(run.Issues, func(i backup.Issue) bool { return i.Code == want && strings.HasSuffix(i.Path, name) }) {
			t.Errorf("the run does not say %q of %s: %v", want, name, issues)
		}
	}
	_, answer = m.said("photos")
	broken := map[string]string{}
	for _, p := range answer["photos"].([]any) {
		for _, f := range p.(map[string]any)["files"].([]any) {
			file := f.(map[string]any)
			broken[filepath.Base(file["path"].(string))] = messageIn(file["message"]).code
		}
	}
	for name, want := range map[string]string{"not-a-photo.jpg": "LP113", "empty.jpg": "LP113", "two\nlines\r.jpg": "LP113", "hostile.tif": "", "truncated.jpg": ""} {
		if got, ok := broken[name]; !ok || got != want {
			t.Errorf("%q is told as %q, want %q (%v)", name, got, want, ok)
		}
	}
	// Once everybody keeps still, the rest is stored; what cannot be read stays named.
	h.mu.Lock()
	h.before, h.during = nil, nil
	h.mu.Unlock()
	m.backUp()
	s = m.state()
	// The one that vanished is still expected: while a folder cannot be listed, nothing is taken for deleted.
	if d := s.Destinations[0]; d.Proven != s.Counts.Found-s.Counts.Unreadable-s.Counts.Skipped-1 || !s.Counts.Sums() {
		t.Errorf("after the second run: %+v, %d proven", s.Counts, d.Proven)
	}
	lib := m.unlock()
	to := filepath.Join(m.dir, "r")
	r, err := m.tryRestore(context.Background(), lib, to, restore.Options{})
	must(t, err)
	if !r.Whole() {
		for line := range r.Failed() {
			t.Errorf("%.100q: %s %s", line.Origin, line.Reason, line.Detail)
		}
	}
	for name, b := range stored {
		got, err := os.ReadFile(filepath.Join(to, "photos", name))
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("%q came back as %d bytes, %v", name, len(got), err)
		}
	}
	// Permission given back: all is well again.
	must(t, os.Chmod(in("nobody-reads-me.jpg"), 0o600))
	must(t, os.Chmod(in("closed"), 0o700))
	m.backUp()
	if s = m.state(); s.Counts.Unreadable != 0 || s.Verdict != backup.NotYet || s.Counts.AtLeast {
		t.Errorf("after permission came back: %s %+v %+v", s.Verdict, s.Counts, s.Causes)
	}
	if d := s.Destinations[0]; d.Proven != s.Counts.Found-s.Counts.Skipped || d.Gap != 0 {
		t.Errorf("at the end: %+v, %d proven", s.Counts, d.Proven)
	}
	t.Logf("figure: %d names of bad input: %d issues in the first run, %d restored identical", len(states), len(run.Issues), r.Written)
	return m.engine.Close()
}

func tmpfs(t testing.TB, dir, size string) {
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	must(t, os.MkdirAll(dir, 0o700))
	must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size))
}

// fullDisk: the destination's disk is full in the midst of a run. Files wait, red says why, nothing stored is lost; with room, all
// goes on by itself.
func fullDisk() error {
	m := machineAt(os.Getenv(childDir))
	t := m.t
	must(t, os.Mkdir(m.photos, 0o755))
	tmpfs(t, m.place("a"), "4m")
	m.setUp().withFolderAndPlace()
	numbered(t, m.photos, "fits", 1, 10, 100_000)
	m.backUpQuietly()
	old := history{}
	old.note(t, m.photos)
	numbered(t, m.photos, "more", 2, 60, 100_000)
	run := m.backUp()
	s := m.state()
	full := false
	for _, i := range run.Issues {
		full = full || i.Code == "full"
	}
	if !full || s.Verdict != backup.NeedsYou || s.Counts.Found != 70 || !s.Counts.Sums() {
		t.Errorf("issues %+v, verdict %s, counts %+v", run.Issues, s.Verdict, s.Counts)
	}
	l := m.unlock()
	r, err := m.tryRestore(context.Background(), l, filepath.Join(m.dir, "r"), restore.Options{Paths: []string{"fits/**"}})
	if err != nil || r.Selected != 10 || !r.Whole() {
		t.Errorf("what was stored before: %+v %v", r, err)
	}
	must(t, l.Close())
	stuck := s.Destinations[0].Proven
	code, answer := m.said("status")
	told(t, answer, "causes", "LP201", "destination is full")
	if code != terminal.NeedsYou {
		t.Errorf("a full destination is red, status ended with %d", code)
	}
	must(t, unix.Mount("tmpfs", m.place("a"), "tmpfs", unix.MS_REMOUNT, "size=64m"))
	m.backUpQuietly()
	m.mustProve()
	m.mustBeWhole(old)
	t.Logf("full after %d of 70 files; all 70 proven once there was room", stuck)
	return m.engine.Close()
}

// fullTarget: the disk restored to is full. The report names what is missing; nothing half-written bears a name.
func fullTarget() error {
	m := machineAt(os.Getenv(childDir))
	t := m.t
	must(t, os.Mkdir(m.photos, 0o755))
	m.setUp().withFolderAndPlace()
	numbered(t, m.photos, "a", 1, 60, 100_000)
	m.backUpQuietly()
	disk := filepath.Join(m.dir, "disk")
	tmpfs(t, disk, "3m")
	l := m.unlock()
	r, err := m.tryRestore(context.Background(), l, filepath.Join(disk, "r"), restore.Options{})
	if err == nil || r.Whole() || r.Written == 0 || r.NotRestored[restore.ReasonFull] == 0 || r.Written+r.Missing() != 60 {
		t.Fatalf("%v: %s %v", err, r.Sums(), r.NotRestored)
	}
	want := readTree(t, m.photos)
	n := 0
	for name, f := range readTree(t, filepath.Join(disk, "r", "photos")) {
		if w, ok := want[name]; ok {
			n++
			if w != f {
				t.Errorf("%s bears its name and is not whole", name)
			}
		}
	}
	if n != r.Written {
		t.Errorf("%d files there, %d in the report", n, r.Written)
	}
	must(t, unix.Mount("tmpfs", disk, "tmpfs", unix.MS_REMOUNT, "size=64m"))
	again, err := m.goOnRestoring(l, filepath.Join(disk, "r"))
	if err != nil || !again.Whole() {
		t.Errorf("gone on with: %v %+v", err, again)
	}
	t.Logf("full: %s; then %s", r.Sums(), again.Sums())
	must(t, l.Close())
	return m.engine.Close()
}
