package secret

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// noCoreDumps keeps the system from showing and reporting a crash; without Windows Error Reporting set up for it, no dump is written.
func noCoreDumps() error {
	windows.SetErrorMode(windows.SEM_FAILCRITICALERRORS | windows.SEM_NOGPFAULTERRORBOX)
	return nil
}

func denyInspection() error { return ErrUnsupported }

func lockMemory(b []byte) error {
	return windows.VirtualLock(uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
}
