//go:build linux || darwin

package source

import (
	"errors"

	"golang.org/x/sys/unix"
)

// classifySystem maps what the generic errors of io/fs do not tell apart; nil leaves it to them.
func classifySystem(err error) error {
	var number unix.Errno
	if !errors.As(err, &number) {
		return nil
	}
	switch number {
	case unix.ENOTDIR, unix.ESTALE:
		return ErrVanished
	case unix.ELOOP: // a symbolic link stands where the scan saw none
		return ErrChanged
	case unix.EBUSY, unix.ETXTBSY, unix.EAGAIN: // EAGAIN: another program holds a lease (fcntl F_SETLEASE)
		return ErrBusy
	case unix.EMFILE, unix.ENFILE, unix.ENOMEM: // our shortage, not the file's fault: it heals
		return ErrBusy
	case unix.ENXIO: // a socket, or a pipe without a reader
		return ErrNotFile
	case unix.ENAMETOOLONG:
		return ErrNameTooLong
	case unix.ENODEV, unix.ENOTCONN, unix.ESHUTDOWN, unix.EHOSTDOWN, unix.EHOSTUNREACH:
		return ErrFolderMissing
	}
	return nil
}
