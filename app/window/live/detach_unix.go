//go:build !windows

package live

import (
	"os/exec"
	"syscall"
)

// detach gives the child a session of its own, so that closing ours does not end it.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
