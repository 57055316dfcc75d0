package source

import (
	"errors"

	"golang.org/x/sys/unix"
)

func isNoXattr(err error) bool { return errors.Is(err, unix.ENOATTR) }
