package secret

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// noCoreDumps: RLIMIT_CORE is not enforced where core_pattern pipes to a program (core(5)); an empty coredump_filter leaves such a
// dump without the memory's contents.
func noCoreDumps() error {
	err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	filter := os.WriteFile("/proc/self/coredump_filter", []byte("0"), 0)
	if errors.Is(filter, fs.ErrNotExist) { // a kernel without core dumps, or no /proc
		filter = nil
	}
	return errors.Join(err, filter)
}

func denyInspection() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }

func lockMemory(b []byte) error { return unix.Mlock(b) }
