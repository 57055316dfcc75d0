package terminal

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// dropProgram gives back the pages of the program's file that were needed to start and to work: a resting background part needs few
// of them. They are clean copies of a file, so the kernel reads them again where they are touched (proc(5), madvise(2)). A part of the
// file that this process has changed in memory is left alone. What fails here costs only memory.
func dropProgram() {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	f, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return
	}
	for _, m := range cleanMappings(f, exe) {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED)
	}
}

// mapping is a range of addresses.
type mapping struct{ start, end uintptr }

// cleanMappings finds in the text of smaps the mappings of the file at path that cannot be written and hold no page of this process's
// own.
func cleanMappings(smaps []byte, path string) []mapping {
	var out []mapping
	var now mapping
	candidate := false
	for in := bufio.NewScanner(bytes.NewReader(smaps)); in.Scan(); {
		line := in.Text()
		var start, end uintptr
		var perm string
		if n, _ := fmt.Sscanf(line, "%x-%x %4s ", &start, &end, &perm); n == 3 {
			now = mapping{start, end}
			candidate = (perm == "r-xp" || perm == "r--p") && strings.HasSuffix(line, " "+path) && end > start
			continue
		}
		if value, ok := strings.CutPrefix(line, "Anonymous:"); ok && candidate {
			if strings.TrimSpace(value) == "0 kB" {
				out = append(out, now)
			}
			candidate = false
		}
	}
	return out
}
