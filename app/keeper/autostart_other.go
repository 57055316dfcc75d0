//go:build !linux && !windows && !darwin

package keeper

// Enable is not supported on this system.
func (a Autostart) Enable() error { return ErrUnsupported }

// Disable is not supported on this system.
func (a Autostart) Disable() error { return ErrUnsupported }

// Status is not supported on this system.
func (a Autostart) Status() (Status, error) { return Status{}, ErrUnsupported }
