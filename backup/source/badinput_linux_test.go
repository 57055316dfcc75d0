package source

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOddNamesAreKeptByteForByte(t *testing.T) {
	names := []string{
		"new\nline.jpg", "tab\t.jpg", " leading and trailing ", "invalid\xff\xfe.jpg", "\xc3\x28", strings.Repeat("n", 255),
		strings.Repeat("ü", 127), "-rf", "*?[x].jpg", `back\slash`, "e\u0301.jpg", "\u00e9.jpg", "...", "\x01\x7f", "a:b", "con", "~",
	}
	dir := plant(t, names...)
	items, order, sum := scanned(t, Folder{Root: dir}, ScanOptions{})
	if len(order) != len(names) || sum.Found != int64(len(names)) {
		t.Fatalf("%d items, want %d", len(order), len(names))
	}
	for _, name := range names {
		if got := readAll(t, Folder{Root: dir}, items[name]); string(got) != name {
			t.Errorf("%q holds %q", name, got)
		}
	}
}

func TestPathsBeyondPathMaxAreReadThroughDirectories(t *testing.T) {
	dir := t.TempDir()
	name := strings.Repeat("d", 200)
	const levels = 60 // 60 × 201 bytes: far over PATH_MAX, and more levels than are kept open
	at, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for level := range levels {
		for _, sub := range []string{name, "z side"} { // the second is entered when the first's depths have been left
			if err := unix.Mkdirat(at, sub, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		plantAt(t, at, "z side/side.jpg", []byte{byte(level)})
		next, err := unix.Openat(at, name, unix.O_DIRECTORY|unix.O_RDONLY, 0)
		unix.Close(at)
		if err != nil {
			t.Fatal(err)
		}
		at = next
	}
	plantAt(t, at, "deep.jpg", []byte("deep"))
	unix.Close(at)

	warm, _, _ := scanned(t, Folder{Root: dir}, ScanOptions{Under: "z side/side.jpg"}) // what the runtime opens once for itself
	readAll(t, Folder{Root: dir}, warm["z side/side.jpg"])
	before := openDescriptors(t)
	items, _, sum := scanned(t, Folder{Root: dir}, ScanOptions{})
	if sum.Found != levels+1 || !sum.Full || sum.AtLeast {
		t.Fatalf("summary %+v", sum)
	}
	deep := strings.Repeat(name+"/", levels) + "deep.jpg"
	if got := readAll(t, Folder{Root: dir}, items[deep]); string(got) != "deep" {
		t.Errorf("the deepest file holds %q", got)
	}
	side := strings.Repeat(name+"/", 40) + "z side/side.jpg"
	if got := readAll(t, Folder{Root: dir}, items[side]); !bytes.Equal(got, []byte{40}) {
		t.Errorf("a file on the way back holds %q", got)
	}
	if _, err := ReadMetadataAt(dir, deep); err != nil {
		t.Errorf("metadata of the deepest file: %v", err)
	}
	_, order, _ := scanned(t, Folder{Root: dir}, ScanOptions{Under: strings.TrimSuffix(deep, "/deep.jpg")})
	if len(order) != 1 || order[0] != deep {
		t.Errorf("scan under the deepest directory gives %d items", len(order))
	}
	noOpenat2.Store(true) // as on a kernel before 5.6
	defer noOpenat2.Store(false)
	if got := readAll(t, Folder{Root: dir}, items[deep]); string(got) != "deep" {
		t.Errorf("name by name the deepest file holds %q", got)
	}
	if after := openDescriptors(t); after > before {
		t.Errorf("%d descriptors open, %d before", after, before)
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

func plantAt(t *testing.T, dir int, name string, content []byte) {
	t.Helper()
	fd, err := unix.Openat(dir, name, unix.O_CREAT|unix.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := unix.Write(fd, content); err != nil {
		t.Fatal(err)
	}
}

func TestSymlinksAreRecordedNeverFollowed(t *testing.T) {
	dir := plant(t, "real/a.jpg")
	outside := plant(t, "secret.jpg")
	links := map[string]string{
		"loop": ".", "self": "self", "up": "..", "one": "two", "two": "one", "dangling": "not/there", "out": outside, "file": "real/a.jpg",
		"odd": "line\nbreak\xff", "long": strings.Repeat("x/", 1500), "real/back": "../real",
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	items, order, sum := scanned(t, Folder{Root: dir}, ScanOptions{})
	if len(order) != len(links)+1 || sum.Found != int64(len(links)+1) {
		t.Errorf("%q", order)
	}
	for name, target := range links {
		if i := items[name]; i.Kind != KindSymlink || i.Target != target || i.State != Found {
			t.Errorf("%q: %+v", name, i)
		}
	}
	if _, err := NewOS(nil).Open(context.Background(), Folder{Root: dir}, items["file"]); !errors.Is(err, ErrNotFile) {
		t.Errorf("a link was opened: %v", err)
	}
	link := filepath.Join(t.TempDir(), "chosen")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if _, viaLink, _ := scanned(t, Folder{Root: link}, ScanOptions{}); len(viaLink) != len(order) {
		t.Errorf("a root that is a link gives %d items, want %d", len(viaLink), len(order))
	}
}

func TestWhatIsNoFileIsSkippedAndNeverOpened(t *testing.T) {
	dir := plant(t, "a.jpg")
	if err := unix.Mkfifo(filepath.Join(dir, "pipe.jpg"), 0o644); err != nil {
		t.Fatal(err)
	}
	old, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir) // socket names are short
	listener, err := net.Listen("unix", "socket.jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	t.Chdir(old)
	folder := Folder{Root: dir, Rules: Rules{{Name: "all", Pattern: "**", Include: true}}}
	items, _, sum := scanned(t, folder, ScanOptions{})
	if sum.Skipped != 2 || items["pipe.jpg"].Rule != RuleNotFile || items["socket.jpg"].Rule != RuleNotFile || items["pipe.jpg"].Kind != KindOther {
		t.Errorf("items %+v", items)
	}
	for _, name := range []string{"pipe.jpg", "socket.jpg"} { // as if it had taken a file's place: opening must not block
		item := items["a.jpg"]
		item.Path = name
		if _, err := NewOS(nil).Open(context.Background(), folder, item); !errors.Is(err, ErrChanged) && !errors.Is(err, ErrNotFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	devices, _, _ := scanned(t, Folder{Root: "/dev"}, ScanOptions{Under: "null"})
	if i := devices["null"]; i.State != Skipped || i.Rule != RuleNotFile {
		t.Errorf("a device: %+v", i)
	}
}

func TestSystemFileSystemsAreNotWalked(t *testing.T) {
	items, order, sum := scanned(t, Folder{Root: "/proc"}, ScanOptions{})
	if len(order) != 1 || items[""].Rule != RuleSystem || sum.Dirs != 0 {
		t.Errorf("%q %+v", order, sum)
	}
	items, order, _ = scanned(t, Folder{Root: "/"}, ScanOptions{Under: "proc"})
	if len(order) != 1 || items["proc"].Rule != RuleSystem {
		t.Errorf("below another root: %q", order)
	}
}

func TestHardLinksAreFilesOfTheirOwn(t *testing.T) {
	dir := plant(t, "a.jpg")
	if err := os.Link(filepath.Join(dir, "a.jpg"), filepath.Join(dir, "b.jpg")); err != nil {
		t.Fatal(err)
	}
	items, _, sum := scanned(t, Folder{Root: dir}, ScanOptions{})
	if sum.Found != 2 || items["a.jpg"].ID.Inode != items["b.jpg"].ID.Inode || items["b.jpg"].Links != 2 {
		t.Errorf("items %+v", items)
	}
}

func TestSparseFilesAreFilesUnlessTheFileSystemIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sparse"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "sparse"), 1<<20); err != nil {
		t.Fatal(err)
	}
	items, _, sum := scanned(t, Folder{Root: dir}, ScanOptions{})
	if items["sparse"].State != Found {
		t.Errorf("%+v", items["sparse"])
	}
	items, _, _ = scanned(t, Folder{Root: dir}, ScanOptions{SparseMeansOnline: []string{sum.Root.FileSystem}})
	if items["sparse"].State != OnlineOnly {
		t.Errorf("on a named file system: %+v", items["sparse"])
	}
}

func readAll(t *testing.T, folder Folder, item Item) []byte {
	t.Helper()
	f, err := NewOS(nil).Open(context.Background(), folder, item)
	if err != nil {
		t.Fatalf("open %.40q: %v", item.Path, err)
	}
	defer f.Close()
	content, err := io.ReadAll(f)
	if err == nil {
		err = f.Finish()
	}
	if err != nil {
		t.Fatalf("read %.40q: %v", item.Path, err)
	}
	return content
}
