package restore

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const utimeOmit = -2 // UTIME_OMIT of <sys/stat.h>

// renameNoReplace renames within one folder, never over another file (renameatx_np(2)). done is false where the disk does not know that.
func renameNoReplace(folder *os.File, from, to string) (done bool, err error) {
	fd := int(folder.Fd())
	err = ignoringEINTR(func() error { return unix.RenameatxNp(fd, from, fd, to, unix.RENAME_EXCL) })
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return false, nil
	}
	return err == nil, err
}

// dropCache asks that reads of this file go past the cache (fcntl(2), F_NOCACHE).
func dropCache(f *os.File) { _, _ = unix.FcntlInt(f.Fd(), unix.F_NOCACHE, 1) }

// kindOfDisk: disks here usually compare names without regard to case and always without regard to Unicode form.
func kindOfDisk(string) diskKind {
	return diskKind{maxName: 255, utf16: true, caseless: true, attributes: true}
}

func room(path string) (free, total int64) {
	var s unix.Statfs_t
	if ignoringEINTR(func() error { return unix.Statfs(path, &s) }) != nil {
		return -1, -1
	}
	return int64(s.Bavail) * int64(s.Bsize), int64(s.Blocks) * int64(s.Bsize)
}

// openFiles is how many files this process may have open. Groups, which keep files open, are not used here.
func openFiles() int { return 256 }
