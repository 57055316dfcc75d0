package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// machine is a made-up sysfs with mounts.
type machine struct {
	t     *testing.T
	dir   string
	lines []string
	nodes map[string]uint64
}

func newMachine(t *testing.T) *machine {
	m := &machine{t: t, dir: t.TempDir(), nodes: map[string]uint64{}}
	m.write("dev/block/.keep", "")
	return m
}

func (m *machine) write(name, text string) {
	m.t.Helper()
	name = filepath.Join(m.dir, "sys", name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text+"\n"), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// block adds a block device with its number; attributes are pairs of name and value.
func (m *machine) block(number, dir string, attributes ...string) {
	m.t.Helper()
	m.write(filepath.Join(dir, "dev"), number)
	for i := 0; i < len(attributes); i += 2 {
		m.write(filepath.Join(dir, attributes[i]), attributes[i+1])
	}
	m.link(filepath.Join("dev/block", number), dir)
}

func (m *machine) link(name, to string) {
	m.t.Helper()
	name = filepath.Join(m.dir, "sys", name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(m.dir, "sys", to), name); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) mount(number, point, kind, source, options string) {
	m.lines = append(m.lines, "22 1 "+number+" / "+point+" rw,relatime shared:1 - "+kind+" "+source+" "+options)
}

func (m *machine) of(path string) Kind {
	m.t.Helper()
	mounts := filepath.Join(m.dir, "mountinfo")
	if err := os.WriteFile(mounts, []byte(strings.Join(m.lines, "\n")+"\n"), 0o644); err != nil {
		m.t.Fatal(err)
	}
	s := system{sys: filepath.Join(m.dir, "sys"), mounts: mounts,
		node: func(path string) (uint64, bool) { n, ok := m.nodes[path]; return n, ok },
		real: func(path string) (string, error) {
			if strings.Contains(path, "absent") {
				return "", fs.ErrNotExist
			}
			return path, nil
		}}
	return s.of(path, 0)
}

const (
	sataDisk = "devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block/sda"
	nvmeDisk = "devices/pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1"
	usbDisk  = "devices/pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host3/target3:0:0/3:0:0:0/block/sdb"
	virtio   = "devices/pci0000:00/0000:00:02.0/virtio1/block/vda"
	iscsi    = "devices/platform/host4/session1/target4:0:0/4:0:0:0/block/sdc"
)

func TestDriveIsToldByItsPlaceInTheMachine(t *testing.T) {
	for _, c := range []struct {
		name, dir  string
		attributes []string
		want       Kind
	}{
		{"a spinning disk", sataDisk, []string{"queue/rotational", "1", "device/vendor", "ATA"}, Spinning},
		{"an SSD", nvmeDisk, []string{"queue/rotational", "0", "removable", "0"}, SolidState},
		{"a spinning disk on USB", usbDisk, []string{"queue/rotational", "1"}, Removable},
		{"an SSD on USB", usbDisk, []string{"queue/rotational", "0"}, Removable},
		{"a card in a reader that says so", "devices/pci0000:00/0000:02:00.0/block/mmcblk0", []string{"queue/rotational", "0", "device/type", "SD"}, Removable},
		{"built-in flash", "devices/platform/mmc0/block/mmcblk1", []string{"queue/rotational", "0", "device/type", "MMC"}, SolidState},
		{"a drive with exchangeable media", sataDisk, []string{"queue/rotational", "1", "removable", "1"}, Removable},
		{"a virtual drive that claims nothing else", virtio, []string{"queue/rotational", "1"}, Unknown},
		{"a virtual drive that claims to be solid", virtio, []string{"queue/rotational", "0"}, SolidState},
		{"a Xen drive", "devices/vbd-51712/block/xvda", []string{"queue/rotational", "1"}, Unknown},
		{"a made-up disk of a host", sataDisk, []string{"queue/rotational", "1", "device/vendor", "QEMU"}, Unknown},
		{"a drive at the end of a network", iscsi, []string{"queue/rotational", "1"}, Network},
		{"a network block device", "devices/virtual/block/nbd0", []string{"queue/rotational", "0"}, Network},
		{"a device without figures", sataDisk, nil, Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine(t)
			m.block("8:0", c.dir, c.attributes...)
			m.block("8:1", c.dir+"/p1", "partition", "1")
			m.mount("8:1", "/", "ext4", "/dev/root", "rw")
			if got := m.of("/home/anna"); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// A volume is as slow as the slowest disk that it lies on, however many layers lie between.
func TestVolumesAreFollowedToTheirDisks(t *testing.T) {
	m := newMachine(t)
	m.block("8:0", sataDisk, "queue/rotational", "1")
	m.block("8:1", sataDisk+"/sda1", "partition", "1")
	m.block("259:0", nvmeDisk, "queue/rotational", "0")
	m.block("259:1", nvmeDisk+"/nvme0n1p1", "partition", "1")
	m.block("253:0", "devices/virtual/block/dm-0", "queue/rotational", "0")
	m.link("devices/virtual/block/dm-0/slaves/nvme0n1p1", nvmeDisk+"/nvme0n1p1")
	m.block("9:0", "devices/virtual/block/md0", "queue/rotational", "0")
	m.link("devices/virtual/block/md0/slaves/sda1", sataDisk+"/sda1")
	m.link("devices/virtual/block/md0/slaves/dm-0", "devices/virtual/block/dm-0")
	m.block("9:1", "devices/virtual/block/md1", "queue/rotational", "0")
	m.link("devices/virtual/block/md1/slaves/a-spinning", sataDisk+"/sda1")
	m.link("devices/virtual/block/md1/slaves/b-solid", "devices/virtual/block/dm-0")
	m.block("7:0", "devices/virtual/block/loop0", "queue/rotational", "0", "loop/backing_file", "/mixed/image")
	m.block("253:9", "devices/virtual/block/dm-9", "queue/rotational", "0")
	m.link("devices/virtual/block/dm-9/slaves/dm-9", "devices/virtual/block/dm-9") // no machine has this; it must end
	m.mount("8:1", "/", "ext4", "/dev/sda1", "rw")
	m.mount("253:0", "/fast", "ext4", "/dev/mapper/fast", "rw")
	m.mount("9:0", "/mixed", "xfs", "/dev/md0", "rw")
	m.mount("9:1", "/turned", "xfs", "/dev/md1", "rw")
	m.mount("7:0", "/image", "ext4", "/dev/loop0", "rw")
	m.mount("253:9", "/ring", "ext4", "/dev/mapper/ring", "rw")
	for path, want := range map[string]Kind{
		"/":              Spinning,
		"/fast/2019":     SolidState,
		"/faster":        Spinning, // not below /fast
		"/mixed/2019/08": Spinning,
		"/turned/2019":   Spinning, // whichever of the two is named first
		"/image/x":       Spinning,
		"/ring":          Unknown,
		"/fast/absent":   Unknown,
	} {
		if got := m.of(path); got != want {
			t.Errorf("%s lies on %s, want %s", path, got, want)
		}
	}
}

func TestMountsSayWhereFilesAre(t *testing.T) {
	m := newMachine(t)
	m.block("8:0", sataDisk, "queue/rotational", "1")
	m.block("259:0", nvmeDisk, "queue/rotational", "0")
	m.nodes["/dev/nvme0n1"] = unix.Mkdev(259, 0)
	m.mount("8:0", "/", "ext4", "/dev/sda", "rw")
	m.mount("0:40", "/photos", "btrfs", "/dev/nvme0n1", "rw,subvol=/photos")
	m.mount("0:41", "/tmp", "tmpfs", "tmpfs", "rw")
	m.mount("0:42", "/nas", "nfs4", "nas:/photos", "rw")
	m.mount("0:43", "/share", "cifs", "//nas/photos", "rw")
	m.mount("0:44", "/remote", "fuse.sshfs", "anna@host:", "rw")
	m.mount("0:45", "/box", "overlay", "overlay", "rw,lowerdir=/tmp/l,upperdir=/photos/box/upper,workdir=/photos/box/work")
	m.mount("0:46", "/sealed", "overlay", "overlay", "ro,lowerdir=/tmp/l:/tmp/m")
	m.mount("0:47", "/pool", "zfs", "tank/photos", "rw")
	m.mount("0:48", `/with\040space`, "tmpfs", "tmpfs", "rw")
	m.mount("0:49", "/twice", "nfs", "nas:/old", "rw")
	m.mount("0:50", "/twice", "tmpfs", "tmpfs", "rw")
	m.mount("0:51", "/loop", "overlay", "overlay", "rw,upperdir=/loop/upper")
	m.lines = append(m.lines, "", "nonsense", "1 2 3 - x", "22 1 8:0 / relative rw - ext4 /dev/sda rw")
	for path, want := range map[string]Kind{
		"/home/anna":        Spinning,
		"/photos/2019":      SolidState,
		"/tmp/x":            SolidState,
		"/nas":              Network,
		"/share/2019":       Network,
		"/remote/2019":      Network,
		"/box/home":         SolidState,
		"/sealed":           Unknown,
		"/pool/2019":        Unknown,
		"/with space/2019":  SolidState,
		"/with":             Spinning,
		"/twice/2019":       SolidState,
		"/loop/for/ever":    Unknown,
		"/photosfromphones": Spinning,
	} {
		if got := m.of(path); got != want {
			t.Errorf("%s lies on %s, want %s", path, got, want)
		}
	}
}

func TestWithoutTablesNothingIsKnown(t *testing.T) {
	s := system{sys: t.TempDir(), mounts: filepath.Join(t.TempDir(), "absent"), node: blockDevice, real: realPath}
	if got := s.of(t.TempDir(), 0); got != Unknown {
		t.Errorf("without mounts: %s", got)
	}
	s.mounts = linux.mounts
	s.real = func(string) (string, error) { return "", errors.New("no") }
	if got := s.of("/", 0); got != Unknown {
		t.Errorf("without a real path: %s", got)
	}
}

// Mount points and labels are chosen by whoever mounts.
func FuzzParseMount(f *testing.F) {
	f.Add("22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw")
	f.Add(`22 1 0:45 / /a\040b rw - overlay overlay rw,upperdir=/x\`)
	f.Add(" - ")
	f.Fuzz(func(t *testing.T, line string) {
		m, ok := parseMount(line)
		if ok && (!strings.HasPrefix(m.point, "/") || m.kind == "") {
			t.Errorf("%+v", m)
		}
	})
}
