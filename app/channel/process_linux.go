package channel

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// startOf tells when the process began, as an opaque text, "" where there is none (or it has ended and only waits to be reaped).
// It is field 22 of /proc/PID/stat (proc(5)): clock ticks since boot.
func startOf(pid int) string {
	if pid <= 0 {
		return ""
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	end := bytes.LastIndexByte(b, ')') // the program's name may hold anything
	if end < 0 {
		return ""
	}
	fields := strings.Fields(string(b[end+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}
