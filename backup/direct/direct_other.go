//go:build !linux

package direct

import (
	"errors"
	"os"
)

// Other systems write through their cache.
func able(*os.File) bool { return false }

func stacked(*os.File) bool { return false }

func preallocate(*os.File, int64) error { return nil }

func set(*os.File, bool) error { return errors.ErrUnsupported }

func turnedDown(error) bool { return false }

// ReportsWriteback is about Linux.
func ReportsWriteback() bool { return false }

// SyncFS is not supported here: see Groups.
func SyncFS(*os.File) error { return errors.ErrUnsupported }
