//go:build !windows

package live

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// room is total and free bytes of the disk that holds dir, -1 where unknown.
func room(dir string) (total, free int64) {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return -1, -1
	}
	return int64(st.Blocks) * int64(st.Bsize), int64(st.Bavail) * int64(st.Bsize)
}

// sameDisk tells whether two folders share a file system: one failure takes both.
func sameDisk(a, b string) bool {
	sa, err := os.Stat(a)
	if err != nil {
		return false
	}
	sb, err := os.Stat(b)
	if err != nil {
		return false
	}
	x, ok := sa.Sys().(*syscall.Stat_t)
	y, ok2 := sb.Sys().(*syscall.Stat_t)
	return ok && ok2 && x.Dev == y.Dev
}
