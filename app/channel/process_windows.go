package channel

import (
	"os"
	"strconv"

	"golang.org/x/sys/windows"
)

func kill(p *os.Process) error { return p.Kill() }

// startOf tells when the process began, as an opaque text, "" where there is none.
func startOf(pid int) string {
	if pid <= 0 {
		return ""
	}
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(h)
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(h, &created, &exited, &kernel, &user) != nil || exited.Nanoseconds() > 0 && exited.HighDateTime != 0 {
		return ""
	}
	return strconv.FormatInt(created.Nanoseconds(), 10)
}
