package floor

import (
	"fmt"
	"slices"
	"unsafe"
)

// Mode is a way to write a piece.
type Mode string

// The ways to write. What the system does not have is done as Plain.
const (
	Plain    Mode = "plain"    // through the page cache
	Reserved Mode = "reserved" // through the page cache, room reserved first
	Early    Mode = "early"    // through the page cache, writing to the disk begun at once
	Direct   Mode = "direct"   // past the page cache
)

// Modes are all of them.
var Modes = []Mode{Plain, Reserved, Early, Direct}

// ParseMode reads the name of a mode.
func ParseMode(s string) (Mode, error) {
	if !slices.Contains(Modes, Mode(s)) {
		return "", fmt.Errorf("no way to write is called %q; there are %v", s, Modes)
	}
	return Mode(s), nil
}

// alignment is what writing past the page cache asks of addresses and lengths; every disk today is content with it.
const alignment = 4096

// aligned makes a buffer of n bytes at an aligned address.
func aligned(n int) []byte {
	b := make([]byte, n+alignment)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) & (alignment - 1))
	return b[skip : skip+n : skip+n]
}
