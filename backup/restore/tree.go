package restore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lightproof/backup/direct"
)

// errNotFolder tells that a file or a link stands where a folder is needed.
var errNotFolder = errors.New("not a folder")

// tree is the folder that is restored to. All access goes through handles on it, so that nothing outside can be reached, and nothing
// is written to what a path leads to later.
type tree struct {
	path string
	root *os.Root
	self fs.FileInfo
	kind diskKind

	top      *os.File // root, open for flushes since before the first write
	flushing sync.Mutex
	groups   atomic.Bool // one flush of top makes all files durable: see direct.Groups
}

// openTree opens the folder at path, whose own path may lead through links: the user chose it so.
func openTree(path string) (*tree, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	self, err := root.Stat(".")
	if err != nil {
		root.Close()
		return nil, err
	}
	t := &tree{path: path, root: root, self: self, kind: kindOfDisk(path)}
	if t.top, err = root.Open("."); err != nil {
		root.Close()
		return nil, err
	}
	t.groups.Store(direct.Groups(t.top))
	return t, nil
}

// here tells whether the path still leads to this folder: not after the drive was removed or another one took its place.
func (t *tree) here() bool {
	now, err := os.Stat(t.path)
	return err == nil && os.SameFile(now, t.self)
}

func (t *tree) Close() error { return errors.Join(t.top.Close(), t.root.Close()) }

// dir is one open folder of a tree.
type dir struct {
	rel  string // below the tree, "" = its top
	root *os.Root
	file *os.File
	own  bool // root is the dir's own handle
	uses int  // by how many it is borrowed

	fresh *fresh // it was opened under the hidden name of that
}

func (d *dir) Close() {
	d.file.Close()
	if d.own {
		d.root.Close()
	}
}

// dir opens the folder rel, name by name, so that paths of any length work and no link is followed. With create, missing folders are
// made; made is called with each folder that got a new entry.
func (t *tree) dir(rel string, create bool, made func(rel string)) (*dir, error) {
	at, own, done := t.root, false, ""
	fail := func(err error) (*dir, error) {
		if own {
			at.Close()
		}
		return nil, err
	}
	for rest := rel; rest != ""; {
		name, more, _ := strings.Cut(rest, "/")
		rest = more
		info, err := at.Lstat(name)
		if create && errors.Is(err, fs.ErrNotExist) {
			if err = at.Mkdir(name, 0o777); err == nil && made != nil {
				made(done)
			}
			if err == nil || errors.Is(err, fs.ErrExist) {
				info, err = at.Lstat(name)
			}
		}
		if err != nil {
			return fail(err)
		}
		if !info.IsDir() {
			return fail(fmt.Errorf("%w: %q", errNotFolder, name))
		}
		next, err := at.OpenRoot(name)
		if err != nil {
			return fail(err)
		}
		if now, err := next.Stat("."); err != nil || !os.SameFile(now, info) {
			next.Close()
			return fail(fmt.Errorf("%w: %q was exchanged", errNotFolder, name))
		}
		if own {
			at.Close()
		}
		at, own, done = next, true, join(done, name)
	}
	f, err := at.Open(".")
	if err != nil {
		return fail(err)
	}
	return &dir{rel: rel, root: at, file: f, own: own}, nil
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// open opens a regular file for reading without following a link, waiting for a pipe or touching anything else.
func (d *dir) open(name string) (*os.File, error) {
	info, err := d.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is no regular file: %w", name, fs.ErrInvalid)
	}
	f, err := openIn(d, name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	if now, err := f.Stat(); err != nil || !os.SameFile(now, info) {
		f.Close()
		return nil, fmt.Errorf("%q was exchanged: %w", name, fs.ErrInvalid)
	}
	return f, nil
}

// openOwn opens a file that this job wrote. One whose recorded permissions keep even its owner from reading is made readable for the
// moment of opening.
func (d *dir) openOwn(name string) (*os.File, error) {
	f, err := d.open(name)
	if !errors.Is(err, fs.ErrPermission) {
		return f, err
	}
	info, err := d.root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fs.ErrPermission, err)
	}
	if err := d.root.Chmod(name, info.Mode()|0o400); err != nil {
		return nil, err
	}
	f, err = d.open(name)
	return f, errors.Join(err, d.root.Chmod(name, info.Mode()))
}

// publish gives the temporary file its name and fails with fs.ErrExist where something has that name.
func (d *dir) publish(temp, name string) error {
	done, err := renameNoReplace(d.file, temp, name)
	if done || err != nil {
		return err
	}
	// Without such a call a second name is made and the first taken away: a link never replaces.
	err = d.root.Link(temp, name)
	if err == nil {
		return d.root.Remove(temp)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	// A disk without links (FAT): look first. Nothing better exists there.
	if _, err := d.root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fs.ErrExist
		}
		return err
	}
	return d.root.Rename(temp, name)
}

// fileMode translates Unix permission bits, set-id and sticky included.
func fileMode(bits uint32) fs.FileMode {
	m := fs.FileMode(bits & 0o777)
	if bits&0o4000 != 0 {
		m |= fs.ModeSetuid
	}
	if bits&0o2000 != 0 {
		m |= fs.ModeSetgid
	}
	if bits&0o1000 != 0 {
		m |= fs.ModeSticky
	}
	return m
}

// nanoseconds makes a time of Unix nanoseconds.
func nanoseconds(ns int64) time.Time { return time.Unix(ns/1e9, ns%1e9).UTC() }

// existingParent is the nearest folder at or above path that exists.
func existingParent(path string) string {
	for {
		if st, err := os.Stat(path); err == nil && st.IsDir() {
			return path
		}
		up := filepath.Dir(path)
		if up == path {
			return path
		}
		path = up
	}
}

// readBuffers are what files are compared in.
var readBuffers = sync.Pool{New: func() any {
	b := direct.Buffer(1 << 20)
	return &b
}}
