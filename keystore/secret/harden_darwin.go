package secret

import "golang.org/x/sys/unix"

// ptDenyAttach is PT_DENY_ATTACH (sys/ptrace.h).
const ptDenyAttach = 31

func noCoreDumps() error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }

func denyInspection() error {
	if _, _, errno := unix.Syscall6(unix.SYS_PTRACE, ptDenyAttach, 0, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

func lockMemory(b []byte) error { return unix.Mlock(b) }
