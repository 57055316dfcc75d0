//go:build linux || darwin

package source

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// brokenTree is a file system in memory whose every call can fail.
type brokenTree struct {
	entries map[string][]string // directory → names; what is no key is a file
	fail    map[string]error    // "call path" → error
	inodes  map[string]uint64
	system  map[string]fileSystem
	device  map[string]uint64
	lookers int
	listed  atomic.Int64 // calls of names
	opened  func(path string)
	asked   func(path string) // by readable, which only the walk itself calls

	mu   sync.Mutex // several ask at a time
	open int        // directories open now
	most int
}

type brokenDirectory struct {
	tree *brokenTree
	path string
}

func (b *brokenTree) os() *OS {
	return &OS{clock: SystemClock{}, lookers: b.lookers, root: func(path string) (directory, error) {
		if path != "/root" {
			return nil, fs.ErrNotExist
		}
		return brokenDirectory{b, ""}.openDir("")
	}}
}

func (d brokenDirectory) err(call, path string) error { return d.tree.fail[call+" "+path] }

func (d brokenDirectory) names() ([]string, error) {
	d.tree.listed.Add(1)
	return slices.Clone(d.tree.entries[d.path]), d.err("names", d.path)
}

func (d brokenDirectory) self() (facts, error) {
	f := facts{blocks: 1}
	f.Kind, f.ID = KindDir, Identity{Device: max(1, d.tree.device[d.path]), Inode: d.tree.inode(d.path)}
	return f, d.err("self", d.path)
}

func (b *brokenTree) inode(path string) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := b.inodes[path]; n != 0 {
		return n
	}
	n := uint64(1000)
	for _, c := range []byte(path) {
		n = n*131 + uint64(c)
	}
	return n
}

func (d brokenDirectory) stat(name string) (facts, error) {
	path := join(d.path, name)
	f := facts{blocks: 1}
	f.Kind, f.Size, f.UID, f.ID = KindFile, 1, -2, Identity{Device: 1, Inode: d.tree.inode(path)}
	if _, ok := d.tree.entries[path]; ok {
		f.Kind = KindDir
	}
	return f, d.err("stat", path)
}

func (d brokenDirectory) readable(name string) error {
	if d.tree.asked != nil {
		d.tree.asked(join(d.path, name))
	}
	return d.err("readable", join(d.path, name))
}

func (d brokenDirectory) readlink(string) (string, error) { return "", fs.ErrInvalid }

func (d brokenDirectory) openDir(rel string) (directory, error) {
	path := rel
	if d.path != "" {
		path = join(d.path, rel)
	}
	if d.tree.opened != nil {
		d.tree.opened(path)
	}
	if err := d.err("open", path); err != nil {
		return nil, err
	}
	d.tree.mu.Lock()
	defer d.tree.mu.Unlock()
	d.tree.open++
	d.tree.most = max(d.tree.most, d.tree.open)
	return brokenDirectory{d.tree, path}, nil
}

func (d brokenDirectory) openFile(string) (handle, error) { return nil, fs.ErrInvalid }

func (d brokenDirectory) fileSystem() fileSystem { return d.tree.system[d.path] }

func (d brokenDirectory) Close() error {
	d.tree.mu.Lock()
	defer d.tree.mu.Unlock()
	d.tree.open--
	return nil
}

func standard() *brokenTree {
	return &brokenTree{
		entries: map[string][]string{"": {"a", "b", "d", "e"}, "d": {"f", "g", "h"}, "d/h": {"i"}, "e": {"j"}},
		fail:    map[string]error{}, inodes: map[string]uint64{}, system: map[string]fileSystem{}, device: map[string]uint64{}, lookers: 4,
	}
}

func TestEachFaultOfAFileSystemIsSaid(t *testing.T) {
	readError := &fs.PathError{Op: "x", Path: "/secret/path", Err: syscall.EIO}
	for name, c := range map[string]struct {
		call     string
		err      error
		found    int64
		state    State
		path     string
		reason   Reason
		full     bool
		atLeast  bool
		vanished int64
	}{
		// What a listing gave before its error still counts: 6.
		"listing is cut short by the medium":   {"names d", readError, 6, Unreadable, "d", ReasonContentsUnknown, false, true, 0},
		"directory on a bad sector":            {"open d", readError, 3, Unreadable, "d", ReasonContentsUnknown, false, true, 0},
		"directory refused":                    {"open d", syscall.EACCES, 3, Unreadable, "d", ReasonContentsUnknown, true, true, 0},
		"listing refused after opening":        {"names d", syscall.EACCES, 6, Unreadable, "d", ReasonContentsUnknown, true, true, 0},
		"file vanishes before it is looked at": {"stat d/f", syscall.ENOENT, 5, 0, "", "", true, false, 1},
		"directory vanishes before it is open": {"open d", syscall.ENOENT, 3, 0, "", "", true, false, 1},
		"directory becomes a link":             {"open d", syscall.ELOOP, 3, 0, "", "", true, false, 1},
		"file on a bad sector":                 {"stat d/f", readError, 5, Failed, "d/f", ReasonReadError, true, false, 0},
		"file refused":                         {"readable d/f", syscall.EACCES, 5, Unreadable, "d/f", ReasonPermission, true, false, 0},
		"name the system cannot open":          {"stat d/f", syscall.ENAMETOOLONG, 5, Failed, "d/f", ReasonNameTooLong, true, false, 0},
		"too few descriptors":                  {"open d", syscall.EMFILE, 3, Unreadable, "d", ReasonContentsUnknown, false, true, 0},
		"root cannot be listed":                {"names ", readError, 6, Unreadable, "", ReasonContentsUnknown, false, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tree := standard()
			tree.fail[c.call] = c.err
			items, _, sum, err := collect(tree.os(), Folder{Root: "/root"}, ScanOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if sum.Full != c.full || sum.AtLeast != c.atLeast || sum.Vanished != c.vanished {
				t.Errorf("summary %+v", sum)
			}
			if sum.Found != c.found {
				t.Errorf("found %d, want %d", sum.Found, c.found)
			}
			if c.state == 0 {
				return
			}
			i := items[c.path]
			if i.State != c.state || i.Reason != c.reason || i.Err == nil {
				t.Errorf("item %+v", i)
			}
			if i.Err != nil && strings.Contains(i.Err.Error(), "secret") {
				t.Errorf("the error tells a path: %v", i.Err)
			}
		})
	}
}

func TestDirectoryInsideItselfIsEnteredOnce(t *testing.T) {
	tree := standard()
	tree.inodes["d/h"] = tree.inode("") // a bind mount of the root
	items, _, sum, err := collect(tree.os(), Folder{Root: "/root"}, ScanOptions{})
	if err != nil || items["d/h"].Rule != RuleSameFolder || sum.Found != 5 || sum.AtLeast {
		t.Errorf("%v %+v", err, sum)
	}
}

func TestMountedSystemFileSystemIsSkipped(t *testing.T) {
	tree := standard()
	tree.device["d"] = 7
	tree.system["d"] = fileSystem{name: "proc", system: true}
	items, _, sum, err := collect(tree.os(), Folder{Root: "/root"}, ScanOptions{})
	if err != nil || items["d"].Rule != RuleSystem || sum.Found != 3 {
		t.Errorf("%v %+v", err, sum)
	}
}

func TestSystemFoldersOfADriveAreSkippedAtItsRootOnly(t *testing.T) {
	tree := standard()
	for _, dir := range []string{"", "d", "e"} {
		tree.entries[dir] = append(tree.entries[dir], ".Trashes")
		tree.entries[join(dir, ".Trashes")] = []string{"thrown away"}
	}
	tree.device["d"] = 7 // a drive is mounted here
	items, _, _, err := collect(tree.os(), Folder{Root: "/root"}, ScanOptions{})
	if err != nil || items[".Trashes"].Rule != RuleVolumeSystem || items["d/.Trashes"].Rule != RuleVolumeSystem {
		t.Errorf("%v %+v", err, items)
	}
	if items["e/.Trashes/thrown away"].State != Found {
		t.Errorf("an ordinary directory of that name was left out: %+v", items)
	}
}

func TestFewDirectoriesAreOpenHoweverDeepTheTree(t *testing.T) {
	tree := standard()
	tree.entries = map[string][]string{}
	path := ""
	for range 500 {
		tree.entries[path] = []string{"d", "e", "x"}
		tree.entries[join(path, "e")] = []string{"y"}
		path = join(path, "d")
	}
	tree.entries[path] = nil
	_, _, sum, err := collect(tree.os(), Folder{Root: "/root"}, ScanOptions{})
	if err != nil || sum.Found != 1000 || !sum.Full {
		t.Fatalf("%v %+v", err, sum)
	}
	if tree.open != 0 || tree.most > 2*maxOpen+4 {
		t.Errorf("%d directories left open, %d at most", tree.open, tree.most)
	}
}

func TestDirectoryMovedDuringTheScanIsSaid(t *testing.T) {
	tree := standard()
	tree.entries = map[string][]string{}
	path := ""
	for range 50 {
		tree.entries[path] = []string{"d", "e"}
		tree.entries[join(path, "e")] = []string{"y"}
		path = join(path, "d")
	}
	tree.entries[path] = []string{"last"}
	sum, err := tree.os().Scan(context.Background(), Folder{Root: "/root"}, ScanOptions{}, func(i Item) error {
		if strings.HasSuffix(i.Path, "last") {
			tree.mu.Lock()
			defer tree.mu.Unlock()
			tree.inodes["d/d"] = 42 // another directory took its place
		}
		return nil
	})
	if err != nil || !sum.AtLeast || sum.Full || sum.Unreadable != 1 {
		t.Errorf("%v %+v", err, sum)
	}
	if tree.open != 0 {
		t.Errorf("%d directories left open", tree.open)
	}
}

func TestDriveThatGoesAwayIsAMissingFolder(t *testing.T) {
	for _, err := range []error{syscall.ENODEV, syscall.ENOTCONN, syscall.ENOENT, syscall.ENOTDIR, syscall.ESTALE} {
		tree := standard()
		tree.fail["open "] = err
		if _, _, _, err := collect(tree.os(), Folder{Root: "/root"}, ScanOptions{}); !errors.Is(err, ErrFolderMissing) {
			t.Errorf("%v", err)
		}
	}
}
