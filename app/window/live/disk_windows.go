package live

import (
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

func room(dir string) (total, free int64) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return -1, -1
	}
	var avail, all, rest uint64
	if windows.GetDiskFreeSpaceEx(p, &avail, &all, &rest) != nil {
		return -1, -1
	}
	return int64(all), int64(avail)
}

func sameDisk(a, b string) bool {
	return strings.EqualFold(filepath.VolumeName(a), filepath.VolumeName(b))
}
