package restore

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const utimeOmit = unix.UTIME_OMIT

// renameNoReplace renames within one folder, never over another file (renameat2(2)). done is false where the disk does not know that.
func renameNoReplace(folder *os.File, from, to string) (done bool, err error) {
	fd := int(folder.Fd())
	err = ignoringEINTR(func() error { return unix.Renameat2(fd, from, fd, to, unix.RENAME_NOREPLACE) })
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) {
		return false, nil
	}
	return err == nil, err
}

// dropCache makes the next read come from the disk. It works for what was flushed before (posix_fadvise(2)).
func dropCache(f *os.File) { _ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) }

// openFiles is how many files this process may have open (getrlimit(2)).
func openFiles() int {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) != nil {
		return 256
	}
	return int(min(l.Cur, 1<<20))
}

// Windows file systems by the magic numbers of statfs(2).
var windowsDisks = map[int64]string{
	unix.MSDOS_SUPER_MAGIC: "vfat", unix.EXFAT_SUPER_MAGIC: "exfat", 0x7366746e: "ntfs", 0x5346544e: "ntfs",
	unix.CIFS_SUPER_MAGIC: "cifs", unix.SMB2_SUPER_MAGIC: "smb", unix.SMB_SUPER_MAGIC: "smb",
}

func kindOfDisk(path string) diskKind {
	k := diskKind{maxName: 255, attributes: true}
	var s unix.Statfs_t
	if ignoringEINTR(func() error { return unix.Statfs(path, &s) }) != nil {
		return k
	}
	if s.Namelen > 0 && s.Namelen < 1<<16 {
		k.maxName = int(s.Namelen)
	}
	if name, ok := windowsDisks[int64(s.Type)&0xffffffff]; ok {
		k = diskKind{name: name, maxName: 255, utf16: true, windows: true, caseless: true, attributes: name == "ntfs"}
	}
	return k
}

// room is what the disk of the folder at path holds and what is free for us, in bytes; -1 where it cannot be told.
func room(path string) (free, total int64) {
	var s unix.Statfs_t
	if ignoringEINTR(func() error { return unix.Statfs(path, &s) }) != nil {
		return -1, -1
	}
	return int64(s.Bavail) * s.Bsize, int64(s.Blocks) * s.Bsize
}
