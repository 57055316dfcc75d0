package local

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/windows"

	"lightproof/backup/store"
)

const nonBlocking = 0

// filesystem is what the code must know of the file system under a place.
type filesystem struct {
	bypass bool // never promised: reads go through the system's cache
	remote bool
}

func inspect(root *os.Root, _ *os.File) filesystem {
	volume, err := windows.UTF16PtrFromString(filepath.VolumeName(absolute(root.Name())) + `\`)
	return filesystem{remote: err != nil || windows.GetDriveType(volume) == windows.DRIVE_REMOTE}
}

func absolute(name string) string {
	if full, err := filepath.Abs(name); err == nil {
		return full
	}
	return name
}

// evidence names the volume by its serial number.
func evidence(root *os.Root) string {
	d, err := root.Open(".")
	if err != nil {
		return ""
	}
	defer d.Close()
	var serial uint32
	var kind [64]uint16
	err = withHandle(d, func(h windows.Handle) error {
		return windows.GetVolumeInformationByHandle(h, nil, 0, &serial, nil, nil, &kind[0], uint32(len(kind)))
	})
	if err != nil {
		return ""
	}
	return fmt.Sprintf("volume:%s:%08x", windows.UTF16ToString(kind[:]), serial)
}

func withHandle(f *os.File, fn func(windows.Handle) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := c.Control(func(fd uintptr) { inner = fn(windows.Handle(fd)) }); err != nil {
		return err
	}
	return inner
}

func roomOf(_ *os.File, dir string) (store.Room, error) {
	name, err := windows.UTF16PtrFromString(absolute(dir))
	if err != nil {
		return store.Room{}, err
	}
	var free, total uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, &total, nil); err != nil {
		return store.Room{}, err
	}
	return store.Room{Total: int64(total), Free: int64(free)}, nil
}

func tryLock(f *os.File) (bool, error) {
	err := withHandle(f, func(h windows.Handle) error {
		return windows.LockFileEx(h, windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// flushContents flushes the files of a batch side by side; FlushFileBuffers needs a handle that may write.
func (s *Store) flushContents(batch []*staged) error {
	return s.flushEach(batch, os.O_RDWR, (*os.File).Sync)
}

func (s *Store) flushNames(int) (bool, error) { return false, nil }

// syncDir does nothing: Windows has no flush for one directory, its journal keeps names in order.
func syncDir(*os.File) error { return nil }

func (s *Store) flushBatchEnd() error { return nil }

// moveNew links, which fails where the name is taken; exFAT and FAT have no links and claim the name.
func moveNew(root *os.Root, w *writer, tmp string, _ *os.File, dir, base string) error {
	return linkOrClaim(root, path.Join(w.name, tmp), path.Join(dir, base))
}

// freshReader reads through the cache, as Properties say.
func (s *Store) freshReader(_ *os.File, name string) (*os.File, error) { return s.root.Open(name) }

func isAny(err error, numbers ...windows.Errno) bool {
	for _, n := range numbers {
		if errors.Is(err, n) {
			return true
		}
	}
	return false
}

// errorDiskQuotaExceeded is ERROR_DISK_QUOTA_EXCEEDED of winerror.h, which the windows package does not name.
const errorDiskQuotaExceeded windows.Errno = 1295

func isFull(err error) bool {
	return isAny(err, windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, errorDiskQuotaExceeded)
}

func isRefused(err error) bool {
	return isAny(err, windows.ERROR_ACCESS_DENIED, windows.ERROR_WRITE_PROTECT, windows.ERROR_LOGON_FAILURE)
}

func isIO(err error) bool {
	return isAny(err, windows.ERROR_IO_DEVICE, windows.ERROR_CRC, windows.ERROR_READ_FAULT, windows.ERROR_WRITE_FAULT)
}

func isNotDir(err error) bool { return isAny(err, windows.ERROR_DIRECTORY) }

func isAway(err error) bool {
	return isAny(err, windows.ERROR_NOT_READY, windows.ERROR_DEV_NOT_EXIST, windows.ERROR_BAD_NETPATH, windows.ERROR_NETNAME_DELETED,
		windows.ERROR_DEVICE_NOT_CONNECTED, windows.ERROR_FILE_INVALID, windows.ERROR_UNEXP_NET_ERR, windows.ERROR_BAD_NET_NAME,
		windows.ERROR_NO_SUCH_DEVICE, windows.ERROR_DEVICE_REMOVED)
}
