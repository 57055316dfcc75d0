package local

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"sync/atomic"

	"lightproof/backup/direct"
)

// tmpDir holds one directory for each writer; nothing in it is an object.
const tmpDir = "tmp"

// lockName is the file in a writer's directory that its process holds locked for as long as it lives. The system drops the lock
// with the process, whatever ends it, so a directory whose lock can be had is a dead writer's.
const lockName = "lock"

// pieceSize is how many bytes are written between two looks at the context.
const pieceSize = 4 << 20

// writer is this process's own directory below tmp.
type writer struct {
	name string   // relative to the root
	dir  *os.File // open directory
	lock *os.File
	next atomic.Uint64
}

// newWriter makes and locks a fresh directory.
func newWriter(root *os.Root) (*writer, error) {
	if err := root.Mkdir(tmpDir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, classify("make the temporary folder", err)
	}
	for range 8 {
		var id [8]byte
		rand.Read(id[:])
		w := &writer{name: path.Join(tmpDir, "w"+hex.EncodeToString(id[:]))}
		if err := root.Mkdir(w.name, 0o700); err != nil {
			if errors.Is(err, os.ErrExist) || errors.Is(err, os.ErrNotExist) {
				continue
			}
			return nil, classify("make the temporary folder", err)
		}
		ok, err := w.start(root)
		if ok {
			return w, nil
		}
		w.close(root)
		if err != nil {
			return nil, classify("make the temporary folder", err)
		}
		// A sweeper met the directory between its making and its locking: take another.
	}
	return nil, errors.New("make the temporary folder: another process removes it again and again")
}

func (w *writer) start(root *os.Root) (ok bool, err error) {
	w.lock, err = root.OpenFile(path.Join(w.name, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if got, err := tryLock(w.lock); err == nil && !got {
		return false, nil
	} // A file system without locks leaves the directory unlocked; sweep then leaves it alone, for the same reason.
	mine, err := w.lock.Stat()
	if err != nil {
		return false, err
	}
	there, err := root.Lstat(path.Join(w.name, lockName))
	if err != nil || !os.SameFile(mine, there) {
		return false, nil
	}
	if w.dir, err = root.Open(w.name); err != nil {
		return false, err
	}
	return true, nil
}

// write puts data into a fresh file and returns its name within the writer's directory. Nothing is left after an error.
func (w *writer) write(root *os.Root, data []byte, durable bool) (string, error) {
	return w.writeChecked(root, data, durable, func() error { return nil })
}

func (w *writer) writeChecked(root *os.Root, data []byte, durable bool, goOn func() error) (name string, err error) {
	name = strconv.FormatUint(w.next.Add(1), 36)
	full := path.Join(w.name, name)
	f, err := root.OpenFile(full, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", classify("write a temporary file", err)
	}
	defer func() {
		if err != nil {
			root.Remove(full)
		}
	}()
	if err := fill(f, data, goOn); err != nil {
		f.Close()
		return "", err
	}
	if durable {
		if err := f.Sync(); err != nil {
			f.Close()
			return "", classify("flush a temporary file", err)
		}
	}
	// Some network file systems report a full disk only here.
	if err := f.Close(); err != nil {
		return "", classify("write a temporary file", err)
	}
	return name, nil
}

// fill writes the data of a fresh file.
func fill(f *os.File, data []byte, goOn func() error) error {
	out, err := direct.NewWriter(f, int64(len(data)))
	for rest := data; err == nil && len(rest) > 0; {
		if err := goOn(); err != nil {
			return errors.Join(err, out.Flush())
		}
		n := min(len(rest), pieceSize)
		_, err = out.Write(rest[:n])
		rest = rest[n:]
	}
	if err = errors.Join(err, out.Flush()); err != nil {
		return classify("write a temporary file", err)
	}
	return nil
}

func (w *writer) remove(root *os.Root, name string) { root.Remove(path.Join(w.name, name)) }

// close removes the writer's directory, the lock last.
func (w *writer) close(root *os.Root) {
	if w.dir != nil {
		w.dir.Close()
	}
	empty(root, w.name)
	if w.lock != nil {
		root.Remove(path.Join(w.name, lockName))
		w.lock.Close()
	}
	root.Remove(path.Join(w.name, lockName))
	root.Remove(w.name)
}

// sweep removes what dead writers left. Errors are not reported: a place may be readable only, and what stays costs room, nothing
// else. Directories of the living, of other computers too, are locked.
func sweep(root *os.Root) {
	for _, name := range entries(root, tmpDir) {
		if !strings.HasPrefix(name, "w") {
			continue
		}
		dir := path.Join(tmpDir, name)
		lock, err := root.OpenFile(path.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			continue
		}
		if got, err := tryLock(lock); err != nil || !got {
			lock.Close()
			continue
		}
		(&writer{name: dir, lock: lock}).close(root)
	}
}

// empty removes all files of a writer's directory but its lock.
func empty(root *os.Root, dir string) {
	for _, name := range entries(root, dir) {
		if name != lockName {
			root.Remove(path.Join(dir, name))
		}
	}
}

// entries lists a directory; a place has few writers, and a writer no more files than one batch.
func entries(root *os.Root, dir string) []string {
	d, err := root.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	var all []string
	for {
		names, err := d.Readdirnames(512)
		all = append(all, names...)
		if err != nil || len(names) == 0 || len(all) > 1<<20 {
			return all
		}
	}
}

// claim takes a name with an empty file and moves the staged file over it: for file systems that can neither rename without
// replacing nor link. No other writer takes a claimed name. After a crash in between an empty file is left, which no reader accepts.
func claim(root *os.Root, from, to string) error {
	f, err := root.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := root.Rename(from, to); err != nil {
		return errors.Join(fmt.Errorf("move over the claimed name: %w", err), root.Remove(to))
	}
	return nil
}

// linkOrClaim moves from to to unless to exists: the portable way.
func linkOrClaim(root *os.Root, from, to string) error {
	switch err := root.Link(from, to); {
	case err == nil:
		return root.Remove(from)
	case errors.Is(err, os.ErrExist), errors.Is(err, os.ErrNotExist), isFull(err):
		return err
	default:
		return claim(root, from, to)
	}
}
