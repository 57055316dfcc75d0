package source

import (
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxPiece    = 4000 // PATH_MAX is 4,096 with the final zero byte
	searchFlags = unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
)

// noOpenat2 remembers that this kernel (before 5.6) or its filter refuses openat2.
var noOpenat2 atomic.Bool

// openPiece opens rel in one call where the kernel can refuse links in the middle of a path.
func openPiece(dir int, rel string, flags int) (int, error) {
	if !strings.Contains(rel, "/") || noOpenat2.Load() {
		return openPieceByName(dir, rel, flags)
	}
	how := unix.OpenHow{Flags: uint64(flags), Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS}
	if flags&unix.O_PATH == 0 {
		how.Flags |= unix.O_NOATIME
	}
	fd, err := ignoringEINTR(func() (int, error) { return unix.Openat2(dir, rel, &how) })
	switch {
	case err == nil:
		return fd, nil
	case errors.Is(err, unix.ENOSYS):
		noOpenat2.Store(true)
		return openPieceByName(dir, rel, flags)
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINVAL):
		// EPERM: not the owner (no O_NOATIME), or a system call filter. EAGAIN: a rename raced us, or a lease. Opening by name decides.
		return openPieceByName(dir, rel, flags)
	}
	return -1, err
}

// openQuietly opens without touching the access time where the system allows that: to the owner and to root (open(2), O_NOATIME).
func openQuietly(dir int, name string, flags int) (int, error) {
	if flags&unix.O_PATH == 0 {
		fd, err := ignoringEINTR(func() (int, error) { return unix.Openat(dir, name, flags|unix.O_NOATIME, 0) })
		if !errors.Is(err, unix.EPERM) {
			return fd, err
		}
	}
	return ignoringEINTR(func() (int, error) { return unix.Openat(dir, name, flags, 0) })
}

func (d unixDirectory) self() (facts, error) { return statFile(d.file) }

func statFile(f *os.File) (facts, error) { return factsAt(int(f.Fd())) }

// factsAt are those of an open file.
func factsAt(fd int) (facts, error) { return statAt(fd, "", unix.AT_EMPTY_PATH) }

func (d unixDirectory) stat(name string) (facts, error) {
	return statAt(d.at, name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT)
}

func statAt(dir int, name string, flags int) (facts, error) {
	var s unix.Statx_t
	err := unix.Statx(dir, name, flags, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &s)
	for err == unix.EINTR { // no closure: what it fills stays on the stack
		err = unix.Statx(dir, name, flags, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &s)
	}
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) { // before Linux 4.11, or filtered: no birth time then
		return statOld(dir, name, flags)
	}
	if err != nil {
		return facts{}, err
	}
	f := facts{blocks: int64(s.Blocks)}
	f.Kind = kindOf(uint32(s.Mode))
	f.Size = int64(s.Size)
	f.Mode = permissionBits(uint32(s.Mode))
	f.ModTime = time.Unix(s.Mtime.Sec, int64(s.Mtime.Nsec)).UTC()
	if s.Mask&unix.STATX_BTIME != 0 && (s.Btime.Sec != 0 || s.Btime.Nsec != 0) {
		f.BirthTime = time.Unix(s.Btime.Sec, int64(s.Btime.Nsec)).UTC()
	}
	f.ID = Identity{
		Device: unix.Mkdev(s.Dev_major, s.Dev_minor), Inode: s.Ino,
		ChangeTime: time.Unix(s.Ctime.Sec, int64(s.Ctime.Nsec)).UTC(),
	}
	f.UID, f.GID, f.Links = int64(s.Uid), int64(s.Gid), uint64(s.Nlink)
	return f, nil
}

func statOld(dir int, name string, flags int) (facts, error) {
	var s unix.Stat_t
	_, err := ignoringEINTR(func() (struct{}, error) { return struct{}{}, unix.Fstatat(dir, name, &s, flags) })
	if err != nil {
		return facts{}, err
	}
	f := facts{blocks: s.Blocks}
	f.Kind = kindOf(s.Mode)
	f.Size = s.Size
	f.Mode = permissionBits(s.Mode)
	f.ModTime = time.Unix(s.Mtim.Unix()).UTC()
	f.ID = Identity{Device: s.Dev, Inode: s.Ino, ChangeTime: time.Unix(s.Ctim.Unix()).UTC()}
	f.UID, f.GID, f.Links = int64(s.Uid), int64(s.Gid), uint64(s.Nlink)
	return f, nil
}

// readable asks the system, with access lists and capabilities taken into account, without opening anything.
func (d unixDirectory) readable(name string) error {
	err := unix.Faccessat(d.at, name, unix.R_OK, unix.AT_EACCESS|unix.AT_SYMLINK_NOFOLLOW)
	if errors.Is(err, unix.EACCES) {
		return err
	}
	return nil // anything else will be said by Open
}

// systemFileSystems hold no user's files (statfs(2), magic numbers). devtmpfs calls itself tmpfs; its devices are no files anyway.
var systemFileSystems = map[int64]string{
	unix.PROC_SUPER_MAGIC: "proc", unix.SYSFS_MAGIC: "sysfs", unix.DEBUGFS_MAGIC: "debugfs", unix.TRACEFS_MAGIC: "tracefs",
	unix.SECURITYFS_MAGIC: "securityfs", unix.CGROUP_SUPER_MAGIC: "cgroup", unix.CGROUP2_SUPER_MAGIC: "cgroup2",
	unix.DEVPTS_SUPER_MAGIC: "devpts", unix.PSTOREFS_MAGIC: "pstore", unix.EFIVARFS_MAGIC: "efivarfs", unix.BPF_FS_MAGIC: "bpf",
	unix.SELINUX_MAGIC: "selinuxfs", unix.NSFS_MAGIC: "nsfs", unix.BINFMTFS_MAGIC: "binfmt_misc", 0x62656570: "configfs",
	0x19800202: "mqueue", 0x65735543: "fusectl", 0x67596969: "rpc_pipefs", unix.USBDEVICE_SUPER_MAGIC: "usbdevfs",
}

var networkFileSystems = map[int64]string{
	unix.NFS_SUPER_MAGIC: "nfs", unix.SMB_SUPER_MAGIC: "smb", unix.CIFS_SUPER_MAGIC: "cifs", unix.SMB2_SUPER_MAGIC: "smb2",
	unix.AFS_SUPER_MAGIC: "afs", unix.CODA_SUPER_MAGIC: "coda", unix.V9FS_MAGIC: "9p", unix.CEPH_SUPER_MAGIC: "ceph",
	unix.NCP_SUPER_MAGIC: "ncp", unix.FUSE_SUPER_MAGIC: "fuse", // what lies behind fuse may change things without an event
}

var localFileSystems = map[int64]string{
	unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs", unix.TMPFS_MAGIC: "tmpfs",
	unix.F2FS_SUPER_MAGIC: "f2fs", unix.MSDOS_SUPER_MAGIC: "vfat", unix.EXFAT_SUPER_MAGIC: "exfat",
	unix.OVERLAYFS_SUPER_MAGIC: "overlay", 0x2fc12fc1: "zfs", 0x7366746e: "ntfs3",
}

func (d unixDirectory) fileSystem() fileSystem { return fileSystemAt(d.at) }

func fileSystemAt(fd int) fileSystem {
	var s unix.Statfs_t
	if err := unix.Fstatfs(fd, &s); err != nil {
		return fileSystem{}
	}
	magic := int64(s.Type) & 0xffffffff
	if name, ok := systemFileSystems[magic]; ok {
		return fileSystem{name: name, system: true}
	}
	if name, ok := networkFileSystems[magic]; ok {
		return fileSystem{name: name, network: true}
	}
	return fileSystem{name: localFileSystems[magic], coarse: magic == unix.MSDOS_SUPER_MAGIC}
}

// placeholder recognises what virtual file clients on Linux leave in place of a file: Nextcloud and ownCloud put a file of one
// byte with a suffix of their own.
func placeholder(f facts) bool {
	return f.offline || f.Size <= 1 && (strings.HasSuffix(f.Path, ".nextcloud") || strings.HasSuffix(f.Path, ".owncloud"))
}
