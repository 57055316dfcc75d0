//go:build linux || darwin

package source

import (
	"errors"

	"golang.org/x/sys/unix"
)

// isWatchLimit: inotify says ENOSPC, kqueue runs out of descriptors.
func isWatchLimit(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOMEM)
}
