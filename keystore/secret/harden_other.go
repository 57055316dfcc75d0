//go:build !linux && !darwin && !windows

package secret

func noCoreDumps() error        { return ErrUnsupported }
func denyInspection() error     { return ErrUnsupported }
func lockMemory(_ []byte) error { return ErrUnsupported }
