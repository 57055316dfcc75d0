//go:build linux || darwin

package restore

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"lightproof/backup/vault"
)

// openFlags: a pipe that has taken the place of a file is not waited for.
const openFlags = unix.O_NONBLOCK

// openIn opens a file of a folder by its bare name. An os.Root would do the same, and then ask the system four more times whether it is one of those
// that can be waited for; a restore of many small files notices.
func openIn(d *dir, name string, flags int, perm uint32) (*os.File, error) {
	if name == "" || name == "." || name == ".." || strings.IndexByte(name, '/') >= 0 {
		return nil, &fs.PathError{Op: "openat", Path: name, Err: fs.ErrInvalid}
	}
	var fd int
	err := ignoringEINTR(func() (err error) {
		fd, err = unix.Openat(int(d.file.Fd()), name, flags|unix.O_NOFOLLOW|unix.O_NOCTTY|unix.O_CLOEXEC, perm)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "openat", Path: name, Err: err}
	}
	if flags&unix.O_NONBLOCK != 0 { // it is open, and was not waited for
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFL, 0); err != nil {
			unix.Close(fd)
			return nil, &fs.PathError{Op: "fcntl", Path: name, Err: err}
		}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// keepsModes: permission bits mean here what they meant where the file came from.
const keepsModes = true

// systemAllows: here every name without '/' and zero bytes can exist; what a disk refuses it says itself.
func systemAllows(string) bool { return true }

// setAttributes gives an open file its extended attributes and returns the names of those that this system or disk does not take.
func setAttributes(f *os.File, attrs []vault.Xattr) (refused []string) {
	for _, a := range attrs {
		err := ignoringEINTR(func() error { return unix.Fsetxattr(int(f.Fd()), a.Name, a.Value, 0) })
		if err != nil {
			refused = append(refused, a.Name)
		}
	}
	return refused
}

// setLinkTime sets the modification time of a link itself.
func setLinkTime(d *dir, name string, ns int64) error {
	t := nanoseconds(ns)
	times := []unix.Timespec{{Nsec: utimeOmit}, {}}
	var err error
	if times[1], err = unix.TimeToTimespec(t); err != nil {
		return err
	}
	return ignoringEINTR(func() error {
		return unix.UtimesNanoAt(int(d.file.Fd()), name, times, unix.AT_SYMLINK_NOFOLLOW)
	})
}

// setTime sets the modification time of a file.
func setTime(d *dir, name string, ns int64) error { return setLinkTime(d, name, ns) }

func setBirthTime(*os.File, int64) bool { return false }

func syncFolder(d *dir) error {
	err := d.file.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		return nil // some network file systems cannot; they order names themselves
	}
	return err
}

// reasonOf says what an error of the target means.
func reasonOf(err error) Reason {
	for _, c := range []struct {
		reason Reason
		errs   []unix.Errno
	}{
		{ReasonFull, []unix.Errno{unix.ENOSPC, unix.EDQUOT}},
		{ReasonLarge, []unix.Errno{unix.EFBIG}},
		{ReasonName, []unix.Errno{unix.ENAMETOOLONG, unix.EINVAL, unix.EILSEQ}},
		{ReasonRefused, []unix.Errno{unix.EACCES, unix.EPERM, unix.EROFS}},
		{ReasonFolder, []unix.Errno{unix.ENOTDIR, unix.ELOOP, unix.EISDIR}},
	} {
		for _, e := range c.errs {
			if errors.Is(err, e) {
				return c.reason
			}
		}
	}
	return ReasonTarget
}

// mayWrite tells whether new files can be made in the folder at path.
func mayWrite(path string) bool {
	err := unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	return !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EROFS)
}

func ignoringEINTR(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
