package restore

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"

	"lightproof/backup/vault"
)

const openFlags = 0

func openIn(d *dir, name string, flags int, perm uint32) (*os.File, error) {
	return d.root.OpenFile(name, flags, fs.FileMode(perm))
}

// keepsModes: only "read-only" of the permission bits exists here.
const keepsModes = false

func systemAllows(name string) bool { return windowsAllows(name) }

// setAttributes: there is no place for extended attributes of other systems.
func setAttributes(_ *os.File, attrs []vault.Xattr) (refused []string) {
	for _, a := range attrs {
		refused = append(refused, a.Name)
	}
	return refused
}

func setLinkTime(*dir, string, int64) error { return nil }

// setTime sets the modification time of a file.
func setTime(d *dir, name string, ns int64) error {
	return d.root.Chtimes(name, time.Time{}, nanoseconds(ns))
}

// setBirthTime sets the creation time of an open file.
func setBirthTime(f *os.File, ns int64) bool {
	t := windows.NsecToFiletime(ns)
	return windows.SetFileTime(windows.Handle(f.Fd()), &t, nil, nil) == nil
}

// syncFolder: names of NTFS are journalled; a folder handle cannot be flushed without special rights.
func syncFolder(*dir) error { return nil }

func renameNoReplace(*os.File, string, string) (bool, error) { return false, nil }

// dropCache: a file that was flushed cannot be taken out of the cache by one handle.
func dropCache(*os.File) {}

func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, windows.ERROR_DISK_FULL), errors.Is(err, windows.ERROR_HANDLE_DISK_FULL), errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED):
		return ReasonFull
	case errors.Is(err, windows.ERROR_FILE_TOO_LARGE):
		return ReasonLarge
	case errors.Is(err, windows.ERROR_INVALID_NAME), errors.Is(err, windows.ERROR_FILENAME_EXCED_RANGE), errors.Is(err, windows.ERROR_BAD_PATHNAME):
		return ReasonName
	case errors.Is(err, fs.ErrPermission), errors.Is(err, windows.ERROR_WRITE_PROTECT), errors.Is(err, windows.ERROR_PRIVILEGE_NOT_HELD):
		return ReasonRefused
	case errors.Is(err, windows.ERROR_DIRECTORY):
		return ReasonFolder
	}
	return ReasonTarget
}

func kindOfDisk(string) diskKind {
	return diskKind{maxName: 255, utf16: true, windows: true, caseless: true}
}

func room(path string) (free, total int64) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return -1, -1
	}
	var avail, all, rest uint64
	if err := windows.GetDiskFreeSpaceEx(p, &avail, &all, &rest); err != nil {
		return -1, -1
	}
	return int64(avail), int64(all)
}

// mayWrite: access lists are only asked by trying, which a dry run does not.
func mayWrite(string) bool { return true }

// openFiles is how many files this process may have open. Groups, which keep files open, are not used here.
func openFiles() int { return 256 }
