package direct

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const magicBcachefs = 0xca451a4e // statfs(2); the unix package does not name it

// able tells whether the file lies on a local disk's file system whose direct writes are known to be good. On tmpfs there is no medium, on
// a network the server decides, and a FUSE driver may copy all the same.
func able(f *os.File) bool {
	var st unix.Statfs_t
	if control(f, func(fd int) error { return unix.Fstatfs(fd, &st) }) != nil {
		return false
	}
	switch uint32(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.OVERLAYFS_SUPER_MAGIC, magicBcachefs:
		return true
	}
	return false
}

// stacked tells whether the file system stands on another one, whose failed writes its own syncfs does not tell (overlayfs).
func stacked(f *os.File) bool {
	var st unix.Statfs_t
	err := control(f, func(fd int) error { return unix.Fstatfs(fd, &st) })
	return err != nil || uint32(st.Type) == unix.OVERLAYFS_SUPER_MAGIC
}

// preallocate takes the room of the file, whose length stays as it is. That a file system cannot is no error.
func preallocate(f *os.File, size int64) error {
	err := control(f, func(fd int) error { return unix.Fallocate(fd, unix.FALLOC_FL_KEEP_SIZE, 0, size) })
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG) || errors.Is(err, unix.EIO) {
		return &os.PathError{Op: "fallocate", Path: f.Name(), Err: err}
	}
	return nil
}

// set turns direct writing of an open file on or off (fcntl(2), F_SETFL).
func set(f *os.File, on bool) error {
	return control(f, func(fd int) error {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err != nil {
			return err
		}
		flags &^= unix.O_DIRECT
		if on {
			flags |= unix.O_DIRECT
		}
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, flags)
		return err
	})
}

// turnedDown tells whether a file system does not take a direct write that set did not refuse.
func turnedDown(err error) bool { return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) }

// ReportsWriteback tells whether syncfs reports failed writes: since Linux 5.8, see syncfs(2).
func ReportsWriteback() bool {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return false
	}
	major, minor := 0, 0
	fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor)
	return major > 5 || major == 5 && minor >= 8
}

// SyncFS makes durable all that was written to the file system that f lies on. See Groups.
func SyncFS(f *os.File) error { return control(f, unix.Syncfs) }

func control(f *os.File, fn func(fd int) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := c.Control(func(fd uintptr) {
		for {
			if inner = fn(int(fd)); !errors.Is(inner, unix.EINTR) {
				return
			}
		}
	}); err != nil {
		return err
	}
	return inner
}
