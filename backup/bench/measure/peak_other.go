//go:build !linux && !darwin

package measure

import (
	"errors"
	"os"
)

// peak is not known: this system does not say it of a process that has ended.
func peak(*os.ProcessState) int64 { return 0 }

// DropCaches is not there on this system.
func DropCaches() error { return errors.ErrUnsupported }

// FlushDisks does nothing here: there is no one call for it.
func FlushDisks() {}
