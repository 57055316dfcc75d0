//go:build unix

package channel

import (
	"os"
	"syscall"
)

func kill(p *os.Process) error { return p.Signal(syscall.SIGKILL) }
