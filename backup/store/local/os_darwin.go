package local

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"lightproof/backup/store"
)

// filesystem is what the code must know of the file system under a place.
type filesystem struct {
	bypass bool // reads reach the medium: never promised here, F_NOCACHE leaves pages in the cache that are there already
	remote bool
}

func inspect(_ *os.Root, dir *os.File) filesystem {
	var st unix.Statfs_t
	if withFD(dir, func(fd int) error { return unix.Fstatfs(fd, &st) }) != nil {
		return filesystem{remote: true}
	}
	return filesystem{remote: st.Flags&unix.MNT_LOCAL == 0}
}

func evidence(root *os.Root) string {
	d, err := root.Open(".")
	if err != nil {
		return ""
	}
	defer d.Close()
	var st unix.Statfs_t
	if withFD(d, func(fd int) error { return unix.Fstatfs(fd, &st) }) != nil {
		return ""
	}
	var id [8]byte
	for i, v := range st.Fsid.Val {
		for j := range 4 {
			id[4*i+j] = byte(uint32(v) >> (8 * j))
		}
	}
	return fmt.Sprintf("fsid:%s:%s", unix.ByteSliceToString(st.Fstypename[:]), hex.EncodeToString(id[:]))
}

func roomOf(dir *os.File, _ string) (store.Room, error) {
	var st unix.Statfs_t
	if err := withFD(dir, func(fd int) error { return unix.Fstatfs(fd, &st) }); err != nil {
		return store.Room{}, err
	}
	return store.Room{Total: int64(st.Blocks) * int64(st.Bsize), Free: int64(st.Bavail) * int64(st.Bsize)}, nil
}

// flush hands the file to the drive; the drive may still hold it in its own cache (fsync(2) of macOS).
func flush(f *os.File) error { return withFD(f, unix.Fsync) }

// flushContents hands each file to the drive and then has the drive empty its cache once.
func (s *Store) flushContents(batch []*staged) error {
	if err := s.flushEach(batch, os.O_RDONLY, flush); err != nil {
		return err
	}
	return fullSync(s.writer.dir)
}

// flushNames leaves each directory to a flush of its own, which is cheap here: it does not empty the drive's cache.
func (s *Store) flushNames(int) (bool, error) { return false, nil }

// flushBatchEnd empties the drive's cache after the directories were handed to it.
func (s *Store) flushBatchEnd() error { return fullSync(s.dir) }

// fullSync asks for F_FULLFSYNC, which network file systems and some drives lack: there, fsync must do.
func fullSync(f *os.File) error {
	err := withFD(f, func(fd int) error {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_FULLFSYNC, 0)
		return err
	})
	if isAny(err, unix.ENOTSUP, unix.EINVAL, unix.ENOTTY) {
		return syncDir(f)
	}
	return err
}

func moveNew(root *os.Root, w *writer, tmp string, d *os.File, dir, base string) error {
	err := withFD(w.dir, func(from int) error {
		return withFD(d, func(to int) error { return unix.RenameatxNp(from, tmp, to, base, unix.RENAME_EXCL) })
	})
	if isAny(err, unix.EINVAL, unix.ENOSYS, unix.ENOTSUP) {
		return linkOrClaim(root, path.Join(w.name, tmp), path.Join(dir, base))
	}
	return err
}

type freshFile struct{ *os.File }

// freshReader opens the file so that the read leaves nothing in the cache.
func (s *Store) freshReader(_ *os.File, name string) (*freshFile, error) {
	f, err := s.root.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, err
	}
	// Best effort: Properties promise nothing.
	_ = withFD(f, func(fd int) error {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_NOCACHE, 1)
		return err
	})
	return &freshFile{f}, nil
}

var _ io.ReaderAt = (*freshFile)(nil)
