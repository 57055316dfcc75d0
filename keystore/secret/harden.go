package secret

import (
	"errors"
	"fmt"
)

// ErrUnsupported: this system has no such protection, or the program does not know how to ask for it.
var ErrUnsupported = errors.New("not supported by this system")

// HardenProcess keeps the process's memory out of crash reports: core dumps are switched off, by the size limit and, on Linux, also by
// the filter that counts where the system pipes dumps to a program. Children inherit both. Call it first thing in main. An error
// says which step failed; the process goes on as before.
func HardenProcess() error {
	if err := noCoreDumps(); err != nil {
		return fmt.Errorf("switching off core dumps: %w", err)
	}
	return nil
}

// DenyInspection stops other programs of the same user from reading this process's memory (Linux: PR_SET_DUMPABLE 0, which also ends
// core dumps; macOS: PT_DENY_ATTACH). It is apart from HardenProcess because on Linux it makes /proc/<pid> root's own, and desktop
// portals then refuse the process (they look into /proc/<pid>/root): for processes without file dialogs. ErrUnsupported elsewhere.
func DenyInspection() error {
	if err := denyInspection(); err != nil {
		return fmt.Errorf("denying inspection: %w", err)
	}
	return nil
}

// KeepInMemory asks the system not to write the pages that hold the secret to swap space. Best effort: an error (often the user's
// limit on locked memory) leaves the secret usable. The pages stay locked until the process ends, since others may share them;
// so it is for the few long-lived keys, not for every buffer.
func (s Secret) KeepInMemory() error {
	if len(s.b) == 0 {
		return nil
	}
	if err := lockMemory(s.b); err != nil {
		return fmt.Errorf("locking memory: %w", err)
	}
	return nil
}
