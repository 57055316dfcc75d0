package source

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// writers are calls and flags by which a file, or what is known of it, could be changed.
var writers = []string{
	"Create", "CreateTemp", "OpenFile", "WriteFile", "Remove", "RemoveAll", "Rename", "Truncate", "Chmod", "Chown", "Lchown", "Chtimes",
	"Mkdir", "MkdirAll", "MkdirTemp", "Symlink", "Link", "Write", "WriteAt", "WriteString", "Setxattr", "Lsetxattr", "Fsetxattr", "Removexattr",
	"Fremovexattr", "Utimes", "UtimesNanoAt", "Fchmod", "Fchmodat", "Fchown", "Ftruncate", "Fallocate", "Unlink", "Unlinkat", "Renameat",
	"Renameat2", "Mkdirat", "Mknodat", "Linkat", "Symlinkat", "Pwrite", "Pwritev", "Creat", "Mmap", "Sendfile", "CopyFileRange",
	"O_WRONLY", "O_RDWR", "O_CREAT", "O_CREATE", "O_APPEND", "O_TRUNC",
}

// allowed are uses that name something else: of a strings.Builder, of the file events.
var allowed = map[string]bool{
	"b.WriteByte": true, "w.source.Remove": true, "fsnotify.Remove": true, "fsnotify.Rename": true, "fsnotify.Create": true, "fsnotify.Chmod": true,
}

func TestNoCodeHereCanWriteAnOriginal(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		ast.Inspect(parsed, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			for _, w := range writers {
				if s.Sel.Name == w && !allowed[spelled(s)] {
					t.Errorf("%s: %s", set.Position(s.Pos()), spelled(s))
				}
			}
			return true
		})
	}
	if seen < 10 {
		t.Errorf("only %d files were looked at", seen)
	}
}

func spelled(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		return spelled(e.X) + "." + e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return "?"
}

func TestScanAndReadLeaveNoTrace(t *testing.T) {
	dir := plant(t, "a.jpg", "b.CR3", "b.xmp", "sub/c.mov", "sub/.DS_Store", "sub/deep/d.heic")
	if err := os.Symlink("a.jpg", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	var paths []string
	old := time.Now().Add(-72 * time.Hour)
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		paths = append(paths, p)
		if err == nil && d.Type().IsRegular() {
			// An access time before the change time is what relatime (mount(8)) would renew on the first read.
			err = errors.Join(os.Chtimes(p, old, old.Add(time.Hour)), os.Chmod(p, 0o444))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	events, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(events)
	before := map[string]unix.Stat_t{}
	for _, p := range paths {
		var s unix.Stat_t
		if err := unix.Lstat(p, &s); err != nil {
			t.Fatal(err)
		}
		before[p] = s
		mask := uint32(unix.IN_MODIFY | unix.IN_CLOSE_WRITE | unix.IN_ATTRIB | unix.IN_MOVE | unix.IN_MOVE_SELF | unix.IN_CREATE | unix.IN_DELETE |
			unix.IN_DELETE_SELF | unix.IN_DONT_FOLLOW)
		if _, err := unix.InotifyAddWatch(events, p, mask); err != nil {
			t.Fatal(err)
		}
	}
	folder := Folder{Root: dir}
	items, _, _ := scanned(t, folder, ScanOptions{})
	read := 0
	for _, i := range items {
		if i.Kind == KindFile && i.State == Found {
			readAll(t, folder, i)
			if _, err := ReadMetadataAt(dir, i.Path); err != nil {
				t.Fatal(err)
			}
			read++
		}
	}
	if read != 5 {
		t.Errorf("%d files read, want 5", read)
	}
	buffer := make([]byte, 4096)
	if n, err := unix.Read(events, buffer); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("the system saw events: %d bytes, %v", n, err)
	}
	for _, p := range paths {
		var now unix.Stat_t
		if err := unix.Lstat(p, &now); err != nil {
			t.Fatal(err)
		}
		was := before[p]
		if now.Mtim != was.Mtim || now.Ctim != was.Ctim || now.Mode != was.Mode || now.Size != was.Size || now.Nlink != was.Nlink {
			t.Errorf("%s changed: %+v, was %+v", filepath.Base(p), now, was)
		}
		if now.Atim != was.Atim && now.Mode&unix.S_IFMT != unix.S_IFLNK {
			t.Errorf("%s: access time %v, was %v", filepath.Base(p), now.Atim, was.Atim)
		}
	}
	if err := write(filepath.Join(dir, "a.jpg"), os.O_WRONLY, 0, "X"); err == nil { // the watch can see something (root may write)
		if n, _ := unix.Read(events, buffer); n <= 0 {
			t.Error("the watch is blind")
		}
	}
}
