package source

import (
	"errors"

	"golang.org/x/sys/windows"
)

// classifySystem maps what the generic errors of io/fs do not tell apart; nil leaves it to them.
func classifySystem(err error) error {
	var number windows.Errno
	if !errors.As(err, &number) {
		return nil
	}
	switch number {
	case windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION, windows.ERROR_TOO_MANY_OPEN_FILES:
		return ErrBusy
	case windows.ERROR_NOT_READY, windows.ERROR_DEV_NOT_EXIST, windows.ERROR_BAD_NETPATH, windows.ERROR_BAD_NET_NAME:
		return ErrFolderMissing
	case windows.ERROR_FILENAME_EXCED_RANGE:
		return ErrNameTooLong
	}
	return nil
}
