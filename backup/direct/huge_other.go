//go:build !linux

package direct

func inHugePages([]byte) bool { return false }
