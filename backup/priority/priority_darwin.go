package priority

import "golang.org/x/sys/unix"

// From sys/resource.h of macOS; the unix package does not name them.
const (
	prioDarwinProcess = 4
	prioDarwinBG      = 0x1000
)

// step puts the process into the state in which processor, disk and network are throttled, or takes it out of it.
func step(back bool) {
	prio := 0
	if back {
		prio = prioDarwinBG
	}
	_ = unix.Setpriority(prioDarwinProcess, 0, prio)
}
