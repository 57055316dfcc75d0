package measure

import (
	"errors"
	"os"
	"syscall"
)

// peak is the most memory that the process had resident, in bytes.
func peak(s *os.ProcessState) int64 {
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss
	}
	return 0
}

// DropCaches is not there on this system.
func DropCaches() error { return errors.ErrUnsupported }

// FlushDisks writes everything to the disks that is still in memory only, so that no program pays for another's writes.
func FlushDisks() { _ = syscall.Sync() }
