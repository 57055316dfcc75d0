//go:build !linux

package local

// setGroupSync does nothing: only Linux knows both ways.
func setGroupSync(*Store, bool) {}
