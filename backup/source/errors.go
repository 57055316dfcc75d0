package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// classify wraps a system error with the sentinel that tells a caller what to do. Paths are dropped: an error may reach a log.
func classify(err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{ErrFolderMissing, ErrVanished, ErrChanged, ErrChangedWhileRead, ErrUnreadable, ErrReadError,
		ErrBusy, ErrOnlineOnly, ErrNotFile, ErrNameTooLong} {
		if errors.Is(err, known) {
			return err
		}
	}
	bare := withoutPath(err)
	if kind := classifySystem(bare); kind != nil {
		return fmt.Errorf("%w: %w", kind, bare)
	}
	switch {
	case errors.Is(bare, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrVanished, bare)
	case errors.Is(bare, fs.ErrPermission):
		return fmt.Errorf("%w: %w", ErrUnreadable, bare)
	}
	return fmt.Errorf("%w: %w", ErrReadError, bare)
}

func withoutPath(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	case errors.As(err, &call):
		return call.Err
	}
	return err
}
