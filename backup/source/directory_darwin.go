package source

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxPiece    = 1000 // PATH_MAX is 1,024 with the final zero byte
	searchFlags = dirFlags
	sfDataless  = 0x40000000 // SF_DATALESS, sys/stat.h
)

func openPiece(dir int, rel string, flags int) (int, error) { return openPieceByName(dir, rel, flags) }

func openQuietly(dir int, name string, flags int) (int, error) {
	return ignoringEINTR(func() (int, error) { return unix.Openat(dir, name, flags, 0) })
}

func (d unixDirectory) self() (facts, error) { return statFile(d.file) }

func statFile(f *os.File) (facts, error) { return factsAt(int(f.Fd())) }

// factsAt are those of an open file.
func factsAt(fd int) (facts, error) {
	var s unix.Stat_t
	_, err := ignoringEINTR(func() (struct{}, error) { return struct{}{}, unix.Fstat(fd, &s) })
	return factsOf(&s), err
}

func (d unixDirectory) stat(name string) (facts, error) {
	var s unix.Stat_t
	_, err := ignoringEINTR(func() (struct{}, error) {
		return struct{}{}, unix.Fstatat(d.at, name, &s, unix.AT_SYMLINK_NOFOLLOW)
	})
	return factsOf(&s), err
}

func factsOf(s *unix.Stat_t) facts {
	f := facts{blocks: s.Blocks, offline: s.Flags&sfDataless != 0}
	f.Kind = kindOf(uint32(s.Mode))
	f.Size = s.Size
	f.Mode = permissionBits(uint32(s.Mode))
	f.ModTime = time.Unix(s.Mtim.Unix()).UTC()
	f.BirthTime = time.Unix(s.Btim.Unix()).UTC()
	f.ID = Identity{Device: uint64(s.Dev), Inode: s.Ino, ChangeTime: time.Unix(s.Ctim.Unix()).UTC()}
	f.UID, f.GID, f.Links = int64(s.Uid), int64(s.Gid), uint64(s.Nlink)
	return f
}

func (d unixDirectory) readable(name string) error {
	err := unix.Faccessat(d.at, name, unix.R_OK, unix.AT_EACCESS)
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		return err
	}
	return nil
}

func (d unixDirectory) fileSystem() fileSystem { return fileSystemAt(d.at) }

func fileSystemAt(fd int) fileSystem {
	var s unix.Statfs_t
	if err := unix.Fstatfs(fd, &s); err != nil {
		return fileSystem{}
	}
	name := unix.ByteSliceToString(s.Fstypename[:])
	return fileSystem{
		name: name, system: name == "devfs" || name == "autofs",
		network: s.Flags&unix.MNT_LOCAL == 0, coarse: name == "msdos",
	}
}

func placeholder(f facts) bool { return f.offline }
