// Package sourcetest invents folders for tests: content follows from the name, so that millions of files cost nothing, and every
// fault of a source can be planned.
package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"lightproof/backup/source"
)

// Epoch is the modification time of every invented file's first version; each edit is a minute later than the one before.
var Epoch = time.Date(2020, 1, 2, 3, 4, 5, 678_901_234, time.UTC)

// Tree is an invented source.Tree with any number of folders. It may be used, and changed, from several goroutines.
type Tree struct {
	mu         sync.Mutex
	folders    map[string]*folder
	beforeRead func(root, path string, offset int64)
	opened     map[string]int
	fired      map[string]int
}

var _ source.Tree = (*Tree)(nil)

type folder struct {
	files    map[string]*file // put by name, or an invented one that was touched
	invented int
	size     func(int) int64
	missing  bool
	cut      error
}

type file struct {
	item    source.Item
	version int
	bytes   []byte // nil: invented
	removed bool
	planted bool // lies beside the invented ones
	faults  Faults
	meta    source.Metadata
}

// Faults are planned for one file. A nil error means no fault.
type Faults struct {
	Open     error // Open returns it
	Read     error // Read returns it on reaching ReadAt
	ReadAt   int64 // offset in bytes
	Metadata error // Metadata returns it
	Finish   error // Finish returns it
	Vanish   bool  // scanned, but gone when it is opened
}

// New returns a Tree without folders.
func New() *Tree {
	return &Tree{folders: map[string]*folder{}, opened: map[string]int{}, fired: map[string]int{}}
}

// AddFolder makes an empty folder at root.
func (t *Tree) AddFolder(root string) { t.Invent(root, 0, nil) }

// Invent makes a folder of n files of size(i) bytes each, named by InventedPath.
func (t *Tree) Invent(root string, n int, size func(i int) int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.folders[root] = &folder{files: map[string]*file{}, invented: n, size: size}
}

// filesPerFolder is how many invented files share a directory.
const filesPerFolder = 500

// InventedPath is the path of the i-th invented file (0 to 99,999,999).
func InventedPath(i int) string {
	path := []byte("000000/IMG_00000000.JPG")
	for at, n := len("000000/IMG_00000000")-1, i; n > 0; at, n = at-1, n/10 {
		path[at] = byte('0' + n%10)
	}
	for at, n := len("000000")-1, i/filesPerFolder; n > 0; at, n = at-1, n/10 {
		path[at] = byte('0' + n%10)
	}
	return string(path)
}

// Put makes or replaces a file of the given size whose content follows from its path.
func (t *Tree) Put(root, path string, size int64) { t.put(root, path, size, nil) }

// PutBytes makes or replaces a file with the given content.
func (t *Tree) PutBytes(root, path string, content []byte) {
	t.put(root, path, int64(len(content)), slices.Clone(content))
}

func (t *Tree) put(root, path string, size int64, content []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.find(root, path)
	if f == nil {
		f = &file{version: 0, planted: true}
		t.folders[root].files[path] = f
		f.item = newItem(path, size)
	}
	f.removed = false
	f.bytes = content
	f.item.Size = size
	f.bump()
}

func newItem(path string, size int64) source.Item {
	return source.Item{
		Path: path, Kind: source.KindFile, State: source.Found, Size: size, Mode: 0o644, Links: 1,
		ModTime: Epoch, BirthTime: Epoch.Add(-time.Hour),
		ID: source.Identity{Device: 1, Inode: nameKey(path) | 1, ChangeTime: Epoch},
	}
}

func (f *file) bump() {
	f.version++
	f.item.ModTime = Epoch.Add(time.Duration(f.version-1) * time.Minute)
	f.item.ID.ChangeTime = f.item.ModTime
	f.meta.Mode, f.meta.ModTime, f.meta.BirthTime = f.item.Mode, f.item.ModTime, f.item.BirthTime
}

// Edit gives an invented file new content of the given size and a new time. It panics if there is no such file.
func (t *Tree) Edit(root, path string, size int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.must(root, path)
	f.bytes, f.item.Size = nil, size
	f.bump()
}

// Corrupt changes a file's bytes while size, time and identity stay.
func (t *Tree) Corrupt(root, path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.must(root, path)
	f.version += 1 << 20
	if f.bytes != nil && len(f.bytes) > 0 {
		f.bytes = slices.Clone(f.bytes)
		f.bytes[len(f.bytes)/2] ^= 1
	}
}

// Remove deletes a file.
func (t *Tree) Remove(root, path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.must(root, path).removed = true
}

// Set changes what scans say of a file: its state and reason, kind, mode, target of a link.
func (t *Tree) Set(root, path string, change func(*source.Item)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.must(root, path)
	change(&f.item)
	f.item.Path = path
	f.meta.Mode, f.meta.ModTime, f.meta.BirthTime = f.item.Mode, f.item.ModTime, f.item.BirthTime
}

// SetXattrs gives a file extended attributes.
func (t *Tree) SetXattrs(root, path string, xattrs ...source.Xattr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.must(root, path).meta.Xattrs = xattrs
}

// SetUnsettled makes a file one that was changed just before it is opened, or no longer.
func (t *Tree) SetUnsettled(root, path string, unsettled bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.must(root, path).meta.Unsettled = unsettled
}

// Plan plans faults for a file, in place of those planned before.
func (t *Tree) Plan(root, path string, faults Faults) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.must(root, path).faults = faults
}

// Fired returns how often a planned fault of this file happened: a test whose fault did not fire proves nothing.
func (t *Tree) Fired(root, path string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fired[root+"\x00"+path]
}

// Opened returns how often this file was opened.
func (t *Tree) Opened(root, path string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.opened[root+"\x00"+path]
}

// SetMissing makes a folder as if its drive were gone, or brings it back.
func (t *Tree) SetMissing(root string, missing bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.folders[root].missing = missing
}

// CutScan makes scans of a folder end halfway: with one directory of unknown contents, AtLeast, and not Full. nil heals it.
func (t *Tree) CutScan(root string, cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.folders[root].cut = cause
}

// BeforeRead has fn called before every Read with the offset at which it begins. fn may change the Tree.
func (t *Tree) BeforeRead(fn func(root, path string, offset int64)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.beforeRead = fn
}

// Content returns what reading the file now would give. It panics if there is no such file.
func (t *Tree) Content(root, path string) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.must(root, path)
	content := make([]byte, f.item.Size)
	f.fill(content, 0)
	return content
}

func (t *Tree) must(root, path string) *file {
	f := t.find(root, path)
	if f == nil {
		panic("sourcetest: no file " + path)
	}
	t.folders[root].files[path] = f
	return f
}

// find returns a file, invented ones included, or nil.
func (t *Tree) find(root, path string) *file {
	fo := t.folders[root]
	if fo == nil {
		panic("sourcetest: no folder " + root)
	}
	if f := fo.files[path]; f != nil {
		return f
	}
	i, ok := inventedIndex(path)
	if !ok || i >= fo.invented {
		return nil
	}
	return invent(path, fo.size(i))
}

func invent(path string, size int64) *file {
	f := &file{item: newItem(path, size)}
	f.bump()
	return f
}

// inventedIndex is InventedPath backwards.
func inventedIndex(path string) (int, bool) {
	const start, length = len("000000/IMG_"), len("00000000")
	if len(path) != start+length+len(".JPG") {
		return 0, false
	}
	i, err := strconv.Atoi(path[start : start+length])
	return i, err == nil && i >= 0 && InventedPath(i) == path
}

// Open implements source.Tree.
func (t *Tree) Open(ctx context.Context, fo source.Folder, item source.Item) (source.File, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.folders[fo.Root]; f == nil || f.missing {
		return nil, source.ErrFolderMissing
	}
	f := t.find(fo.Root, item.Path)
	if f == nil || f.removed {
		return nil, source.ErrVanished
	}
	key := fo.Root + "\x00" + item.Path
	if err := f.refusal(item); err != nil {
		if f.faults.Open != nil || f.faults.Vanish {
			t.fired[key]++
		}
		return nil, err
	}
	t.opened[key]++
	t.folders[fo.Root].files[item.Path] = f
	return &reading{tree: t, root: fo.Root, file: f, item: f.item, version: f.version, meta: f.meta}, nil
}

func (f *file) refusal(item source.Item) error {
	switch {
	case f.faults.Vanish:
		f.removed = true
		return source.ErrVanished
	case f.faults.Open != nil:
		return f.faults.Open
	case item.Kind != source.KindFile:
		return source.ErrNotFile
	case item.State == source.OnlineOnly:
		return source.ErrOnlineOnly
	case item.Size != f.item.Size || !item.ModTime.Equal(f.item.ModTime) || item.ID.Inode != f.item.ID.Inode:
		return source.ErrChanged
	}
	return nil
}

// ErrPlanned is a fault for tests that need no particular one; it counts as a read error.
var ErrPlanned = fmt.Errorf("%w: planned", source.ErrReadError)

var errClosed = errors.New("sourcetest: file is closed")

var _ io.ReaderAt = (*reading)(nil)
