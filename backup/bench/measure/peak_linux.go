package measure

import (
	"os"
	"syscall"
)

// peak is the most memory that the process had resident, in bytes; getrusage(2) counts in KiB.
func peak(s *os.ProcessState) int64 {
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss << 10
	}
	return 0
}

// DropCaches empties the page cache and the caches of names, of what FlushDisks has written. Only root may.
func DropCaches() error { return os.WriteFile("/proc/sys/vm/drop_caches", []byte("3\n"), 0o200) }

// FlushDisks writes everything to the disks that is still in memory only, so that no program pays for another's writes.
func FlushDisks() { syscall.Sync() }
