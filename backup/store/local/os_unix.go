//go:build unix

package local

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// nonBlocking keeps an open from waiting for ever on a named pipe that somebody put where an object is expected.
const nonBlocking = unix.O_NONBLOCK

func isAny(err error, numbers ...unix.Errno) bool {
	for _, n := range numbers {
		if errors.Is(err, n) {
			return true
		}
	}
	return false
}

func isFull(err error) bool    { return isAny(err, unix.ENOSPC, unix.EDQUOT) }
func isRefused(err error) bool { return isAny(err, unix.EACCES, unix.EPERM, unix.EROFS) }
func isIO(err error) bool      { return isAny(err, unix.EIO) }
func isNotDir(err error) bool  { return isAny(err, unix.ENOTDIR) }

func isAway(err error) bool {
	return isAny(err, unix.ENODEV, unix.ENXIO, unix.ENOTCONN, unix.ESTALE, unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.ENETDOWN,
		unix.ENETUNREACH, unix.ETIMEDOUT, unix.ECONNABORTED, unix.ECONNRESET, unix.ESHUTDOWN)
}

// cannotFlushDir says that a file system has no flush for directories at all, which is its way of saying that none is needed.
func cannotFlushDir(err error) bool { return isAny(err, unix.EINVAL, unix.ENOTSUP, unix.ENOSYS) }

// syncDir makes the entries of an open directory durable.
func syncDir(d *os.File) error {
	err := flush(d)
	if err != nil && cannotFlushDir(err) {
		return nil
	}
	return err
}

// withFD runs fn on the file's descriptor, which stays open meanwhile.
func withFD(f *os.File, fn func(fd int) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := c.Control(func(fd uintptr) { inner = retry(func() error { return fn(int(fd)) }) }); err != nil {
		return err
	}
	return inner
}

func retry(fn func() error) error {
	for {
		if err := fn(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func tryLock(f *os.File) (bool, error) {
	err := withFD(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
