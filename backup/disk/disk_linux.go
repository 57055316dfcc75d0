package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// system is what is asked: the kernel's tables and the numbers of devices. Tests put a made-up tree in its place.
type system struct {
	sys    string                                  // where sysfs is mounted
	mounts string                                  // mountinfo of this process, proc_pid_mountinfo(5)
	node   func(path string) (dev uint64, ok bool) // number of the block device that a device file stands for
	real   func(path string) (string, error)       // absolute and without symbolic links
}

var linux = system{sys: "/sys", mounts: "/proc/self/mountinfo", node: blockDevice, real: realPath}

func of(path string) Kind { return linux.of(path, 0) }

// deepest bounds how many layers are followed: overlays on loop devices on volumes, each named by the one above.
const deepest = 12

func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

func blockDevice(path string) (uint64, bool) {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return 0, false
	}
	return uint64(st.Rdev), true
}

// of finds the mount that holds the path, and what it is mounted from.
func (s system) of(path string, depth int) Kind {
	path, err := s.real(path)
	if err != nil || depth > deepest {
		return Unknown
	}
	m, ok := s.mount(path)
	if !ok {
		return Unknown
	}
	switch m.kind {
	case "tmpfs", "ramfs":
		return SolidState
	case "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "ceph", "9p", "afs", "coda", "davfs":
		return Network
	case "fuse":
		return Network // who answers is a program, most often one that asks another computer
	case "overlay":
		if m.upper == "" {
			return Unknown
		}
		return s.of(m.upper, depth+1)
	}
	if strings.HasPrefix(m.kind, "fuse.") {
		return Network
	}
	// Some file systems (btrfs) have numbers of their own, which no table of devices knows: there the device file says it.
	if dev, ok := s.node(m.source); ok {
		return s.block(fmt.Sprintf("%d:%d", unix.Major(dev), unix.Minor(dev)), depth)
	}
	return s.block(m.number, depth)
}

// mount is one line of mountinfo.
type mount struct {
	number string // "major:minor" of the file system
	point  string
	kind   string // type of the file system
	source string
	upper  string // overlay: the directory that takes what is written
}

// mount finds the mount that holds the path: the longest mount point that leads to it; of several on one point the newest covers the others.
func (s system) mount(path string) (best mount, ok bool) {
	b, err := os.ReadFile(s.mounts)
	if err != nil {
		return best, false
	}
	for line := range strings.Lines(string(b)) {
		m, good := parseMount(line)
		if good && below(path, m.point) && (!ok || len(m.point) >= len(best.point)) {
			best, ok = m, true
		}
	}
	return best, ok
}

func below(path, dir string) bool {
	return path == dir || dir == "/" || strings.HasPrefix(path, dir) && path[len(dir)] == '/'
}

// parseMount reads one line of mountinfo: number, parent, major:minor, root, mount point, options, tags, "-", type, source, super options.
func parseMount(line string) (m mount, ok bool) {
	left, right, ok := strings.Cut(line, " - ")
	l, r := strings.Fields(left), strings.Fields(right)
	if !ok || len(l) < 5 || len(r) < 2 {
		return m, false
	}
	m = mount{number: l[2], point: unescape(l[4]), kind: r[0], source: unescape(r[1])}
	if len(r) > 2 {
		for o := range strings.SplitSeq(r[2], ",") {
			if dir, is := strings.CutPrefix(o, "upperdir="); is {
				m.upper = unescape(dir)
			}
		}
	}
	return m, strings.HasPrefix(m.point, "/")
}

// unescape turns the octal \040 of mountinfo back into the byte that it stands for.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// block tells the kind of a block device by its number "major:minor".
func (s system) block(number string, depth int) Kind {
	dir, err := filepath.EvalSymlinks(filepath.Join(s.sys, "dev/block", number))
	if err != nil {
		return Unknown
	}
	return s.device(dir, depth)
}

// device tells the kind of a block device by its directory in sysfs, following partitions to their disk and volumes (device mapper, md,
// bcache, loop) to what they lie on.
func (s system) device(dir string, depth int) Kind {
	if depth > deepest {
		return Unknown
	}
	if _, err := os.Stat(filepath.Join(dir, "partition")); err == nil {
		dir = filepath.Dir(dir)
	}
	if file := attribute(dir, "loop/backing_file"); file != "" {
		return s.of(file, depth+1)
	}
	if slaves, err := os.ReadDir(filepath.Join(dir, "slaves")); err == nil && len(slaves) > 0 {
		kind := Unknown
		for _, e := range slaves {
			if below, err := filepath.EvalSymlinks(filepath.Join(dir, "slaves", e.Name())); err == nil {
				kind = slower(kind, s.device(below, depth+1))
			}
		}
		return kind
	}
	return drive(dir)
}

// drive tells the kind of a whole drive.
func drive(dir string) Kind {
	kind := Unknown
	switch attribute(dir, "queue/rotational") {
	case "0":
		kind = SolidState
	case "1":
		kind = Spinning
	}
	_, bus, _ := strings.Cut(dir, "/devices/")
	for part := range strings.SplitSeq(bus, "/") {
		switch {
		case strings.HasPrefix(part, "usb"):
			return Removable
		case strings.HasPrefix(part, "session"): // iSCSI
			return Network
		case kind == Spinning && (strings.HasPrefix(part, "virtio") || strings.HasPrefix(part, "vbd-")):
			kind = Unknown // the host does not say what it keeps the drive on, and "rotational" is what the kernel then assumes
		}
	}
	switch {
	case attribute(dir, "removable") == "1", attribute(dir, "device/type") == "SD":
		return Removable
	case strings.HasPrefix(filepath.Base(dir), "nbd"), strings.HasPrefix(filepath.Base(dir), "rbd"):
		return Network
	}
	switch attribute(dir, "device/vendor") {
	case "QEMU", "VMware", "VBOX", "Msft":
		if kind == Spinning {
			return Unknown
		}
	}
	return kind
}

// attribute reads one value of sysfs, "" where there is none.
func attribute(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
