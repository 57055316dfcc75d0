package channel

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// startOf tells when the process began, as an opaque text, "" where there is none.
func startOf(pid int) string {
	if pid <= 0 {
		return ""
	}
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || k.Proc.P_pid != int32(pid) {
		return ""
	}
	return fmt.Sprint(k.Proc.P_starttime.Sec, ".", k.Proc.P_starttime.Usec)
}
