//go:build linux || darwin

package source

import (
	"errors"
	"os"
	"sort"
	"strings"

	"golang.org/x/sys/unix"
)

func readXattrs(f *os.File) (kept []Xattr, leftOut []string, err error) { return xattrsOf(int(f.Fd())) }

// xattrsOf reads all extended attributes that we are allowed to see, by name, within MaxXattrValue and MaxXattrTotal.
func xattrsOf(fd int) (kept []Xattr, leftOut []string, err error) {
	names, err := xattrNames(fd)
	if err != nil || len(names) == 0 {
		return nil, nil, err
	}
	total := 0
	for _, name := range names {
		value, err := xattrValue(fd, name)
		switch {
		case isNoXattr(err): // removed meanwhile
		case errors.Is(err, unix.EIO):
			return nil, nil, err
		case err != nil, len(value) > MaxXattrValue, total+len(name)+len(value) > MaxXattrTotal:
			leftOut = append(leftOut, name)
		default:
			total += len(name) + len(value)
			kept = append(kept, Xattr{name, value})
		}
	}
	return kept, leftOut, nil
}

func xattrNames(fd int) ([]string, error) {
	var room [1024]byte
	buffer := room[:]
	for {
		n, err := unix.Flistxattr(fd, buffer)
		if err == unix.EINTR { // no closure: room stays on the stack
			continue
		}
		if err == nil && n == 0 {
			return nil, nil
		}
		if errors.Is(err, unix.ERANGE) && len(buffer) < MaxXattrTotal {
			buffer = make([]byte, len(buffer)*8)
			continue
		}
		if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EPERM) {
			return nil, nil // this file system has none
		}
		if err != nil {
			return nil, err
		}
		names := strings.Split(strings.TrimSuffix(string(buffer[:n]), "\x00"), "\x00")
		if names[0] == "" {
			return nil, nil
		}
		sort.Strings(names)
		return names, nil
	}
}

// xattrValue returns the value, or an error where it is longer than MaxXattrValue.
func xattrValue(fd int, name string) ([]byte, error) {
	for size := 256; ; size *= 16 {
		buffer := make([]byte, min(size, MaxXattrValue))
		n, err := ignoringEINTR(func() (int, error) { return unix.Fgetxattr(fd, name, buffer) })
		if errors.Is(err, unix.ERANGE) && len(buffer) < MaxXattrValue {
			continue
		}
		if err != nil {
			return nil, err
		}
		return buffer[:n:n], nil
	}
}
