package disk

import "golang.org/x/sys/unix"

// of knows networks and removable media from statfs(2). What kind of drive lies behind a volume only IOKit tells, which needs cgo; Macs
// have had solid-state drives for a decade, which Unknown counts as.
func of(path string) Kind {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return Unknown
	}
	switch {
	case st.Flags&unix.MNT_LOCAL == 0:
		return Network
	case st.Flags&unix.MNT_REMOVABLE != 0:
		return Removable
	}
	return Unknown
}
