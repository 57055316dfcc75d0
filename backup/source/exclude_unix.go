//go:build linux || darwin

package source

import "golang.org/x/sys/unix"

// exclusions are the excluded paths as the files and directories they are when the scan begins, so that no other spelling, link or
// mount leads to them.
type exclusions map[Identity]string

func newExclusions(_ string, paths []Excluded) exclusions {
	now := exclusions{}
	for _, p := range paths {
		var s unix.Stat_t
		_, err := ignoringEINTR(func() (struct{}, error) { return struct{}{}, unix.Stat(p.Path, &s) })
		if err == nil {
			now[Identity{Device: uint64(s.Dev), Inode: s.Ino}] = p.Name
		}
	}
	return now
}

func (e exclusions) rule(id Identity, _ string) (string, bool) {
	if len(e) == 0 {
		return "", false
	}
	name, out := e[Identity{Device: id.Device, Inode: id.Inode}]
	return name, out
}
