package source

import (
	"errors"

	"golang.org/x/sys/windows"
)

func isWatchLimit(err error) bool {
	return errors.Is(err, windows.ERROR_TOO_MANY_OPEN_FILES) || errors.Is(err, windows.ERROR_NOT_ENOUGH_MEMORY)
}
