package local

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"lightproof/backup/direct"
	"lightproof/backup/store"
)

// Types of statfs(2) that the unix package does not name.
const (
	magicExfat    = 0x2011bab0
	magicNTFS3    = 0x7366746e
	magicZFS      = 0x2fc12fc1
	magicBcachefs = 0xca451a4e
	magicCeph     = 0x00c36400
)

// filesystem is what the code must know of the file system under a place.
type filesystem struct {
	groupSync bool // syncfs(2) makes contents durable and reports errors
	flushDisk bool // …but does not empty the drive's own cache
	bypass    bool // reads with O_DIRECT reach the medium
	honest    bool // …and write out what is dirty themselves, always
	remote    bool
}

// inspect classifies the file system. syncfs is trusted only where the kernel itself writes the blocks: FUSE and network file
// systems hand the pages on but pass no "make durable" to whoever stores them, so there each file is flushed by itself.
func inspect(root *os.Root, dir *os.File) (fs filesystem) {
	var st unix.Statfs_t
	if withFD(dir, func(fd int) error { return unix.Fstatfs(fd, &st) }) != nil {
		return fs
	}
	can := canReadDirect(root)
	switch uint32(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC:
		fs = filesystem{groupSync: true, bypass: can, honest: can}
	case unix.OVERLAYFS_SUPER_MAGIC: // its syncfs does not tell of failed writes below it
		fs = filesystem{bypass: can}
	case unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, magicBcachefs:
		fs = filesystem{groupSync: true, bypass: can}
	case unix.MSDOS_SUPER_MAGIC, magicExfat, magicNTFS3:
		fs = filesystem{groupSync: true, flushDisk: true, bypass: can}
	case magicZFS: // its own cache answers direct reads
		fs = filesystem{groupSync: true}
	case unix.TMPFS_MAGIC, unix.RAMFS_MAGIC: // there is no medium
		fs = filesystem{groupSync: true}
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, magicCeph:
		fs = filesystem{remote: true, bypass: can}
	case unix.V9FS_MAGIC, unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC, unix.CODA_SUPER_MAGIC:
		fs = filesystem{remote: true}
	case unix.FUSE_SUPER_MAGIC:
		// "fuseblk" is a driver of a local disk; all else may be a network, which the gate then judges.
		fs = filesystem{remote: mountType(dir) != "fuseblk"}
	}
	if fs.groupSync && !direct.ReportsWriteback() {
		fs.groupSync = false
	}
	return fs
}

// mountType finds the type of the mount that holds dir in /proc/self/mountinfo (proc_pid_mountinfo(5)); "" if it is not there.
func mountType(dir *os.File) string {
	dev, err := deviceOf(dir)
	if err != nil {
		return ""
	}
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	want := fmt.Sprintf("%d:%d", unix.Major(dev), unix.Minor(dev))
	for lines := bufio.NewScanner(f); lines.Scan(); {
		left, right, ok := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(left)
		if ok && len(fields) > 2 && fields[2] == want {
			kind, _, _ := strings.Cut(right, " ")
			return kind
		}
	}
	return ""
}

func deviceOf(f *os.File) (uint64, error) {
	var st unix.Stat_t
	if err := withFD(f, func(fd int) error { return unix.Fstat(fd, &st) }); err != nil {
		return 0, err
	}
	return uint64(st.Dev), nil
}

// evidence names the file system: by its UUID where the system lists one for the device, else by type and statfs identifier.
func evidence(root *os.Root) string {
	d, err := root.Open(".")
	if err != nil {
		return ""
	}
	defer d.Close()
	const byUUID = "/dev/disk/by-uuid"
	if dev, err := deviceOf(d); err == nil {
		links, _ := os.ReadDir(byUUID)
		for _, link := range links {
			var st unix.Stat_t
			if unix.Stat(filepath.Join(byUUID, link.Name()), &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFBLK && uint64(st.Rdev) == dev {
				return "uuid:" + link.Name()
			}
		}
	}
	var st unix.Statfs_t
	if withFD(d, func(fd int) error { return unix.Fstatfs(fd, &st) }) != nil {
		return ""
	}
	id := (*[8]byte)(unsafe.Pointer(&st.Fsid))
	return "fsid:" + strconv.FormatUint(uint64(uint32(st.Type)), 16) + ":" + hex.EncodeToString(id[:])
}

func roomOf(dir *os.File, _ string) (store.Room, error) {
	var st unix.Statfs_t
	if err := withFD(dir, func(fd int) error { return unix.Fstatfs(fd, &st) }); err != nil {
		return store.Room{}, err
	}
	unit := st.Frsize
	if unit == 0 {
		unit = st.Bsize
	}
	return store.Room{Total: int64(st.Blocks) * int64(unit), Free: int64(st.Bavail) * int64(unit)}, nil
}

func flush(f *os.File) error { return withFD(f, unix.Fsync) }

// flushContents makes the contents of a batch durable with one group flush.
func (s *Store) flushContents(batch []*staged) error {
	if done, err := s.flushGroup(); done || err != nil {
		return err
	}
	return s.flushEach(batch, os.O_RDONLY, flush)
}

// flushNames makes the entries of directories durable with one group flush, unless they are few: then what others have written to the
// same file system is not waited for. It tells whether it did.
func (s *Store) flushNames(dirs int) (done bool, err error) {
	if dirs < groupDirs {
		return false, nil
	}
	return s.flushGroup()
}

// flushGroup makes durable whatever was written to the file system (syncfs(2)). It tells whether it did; each file or directory has to be
// flushed by itself where it did not.
func (s *Store) flushGroup() (done bool, err error) {
	if !s.fs.groupSync {
		return false, nil
	}
	if withFD(s.dir, unix.Syncfs) != nil {
		// The error may be another program's: each file tells its own. It may also be that of a file which is being written and belongs to
		// the next batch, and it is told once: from here on no group flush can be trusted.
		s.fs.groupSync = false
		return false, nil
	}
	if s.fs.flushDisk {
		return true, syncDir(s.dir) // any flush of one file empties the drive's cache
	}
	return true, nil
}

// flushBatchEnd does nothing: here fsync of a directory empties the drive's cache.
func (s *Store) flushBatchEnd() error { return nil }

// moveNew gives a staged file its name in the open directory d unless the name is taken (os.ErrExist).
func moveNew(root *os.Root, w *writer, tmp string, d *os.File, dir, base string) error {
	err := withFD(w.dir, func(from int) error {
		return withFD(d, func(to int) error { return unix.Renameat2(from, tmp, to, base, unix.RENAME_NOREPLACE) })
	})
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) {
		return linkOrClaim(root, path.Join(w.name, tmp), path.Join(dir, base))
	}
	return err
}

func canReadDirect(root *os.Root) bool {
	f, err := root.OpenFile(store.PlaceFile, os.O_RDONLY|unix.O_DIRECT|nonBlocking, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = f.ReadAt(direct.Buffer(direct.Align), 0)
	return err == nil || errors.Is(err, io.EOF)
}

// directAlways tells whether direct reads of this file are never made through the cache instead, as ext4 does with data that it encrypts or
// journals: statx(2), STATX_DIOALIGN, which Linux 6.1 and later answer.
func directAlways(f *os.File) bool {
	var st unix.Statx_t
	err := withFD(f, func(fd int) error { return unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_DIOALIGN, &st) })
	return err == nil && st.Mask&unix.STATX_DIOALIGN != 0 && st.Dio_mem_align != 0
}

// freshFile reads past the page cache.
type freshFile struct {
	*os.File
	direct bool
}

// freshReader opens an object, which is open as f, for direct reads. Before, it writes the file's dirty pages out and drops the clean
// ones, for a kernel that answers a direct read from its cache nevertheless (compressed btrfs); where there are no direct reads, the dropped
// pages must do. An honest file system is spared the first, which costs a flush of the drive for each object.
func (s *Store) freshReader(f *os.File, name string) (*freshFile, error) {
	if s.fs.honest && directAlways(f) {
		_ = withFD(f, func(fd int) error { return unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED) })
		if d, err := s.root.OpenFile(name, os.O_RDONLY|unix.O_DIRECT|nonBlocking, 0); err == nil {
			return &freshFile{File: d, direct: true}, nil
		}
	}
	err := withFD(f, func(fd int) error {
		if err := unix.Fdatasync(fd); err != nil && !cannotFlushDir(err) && !errors.Is(err, unix.EROFS) {
			return err
		}
		return unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED)
	})
	if err != nil {
		return nil, err
	}
	d, err := s.root.OpenFile(name, os.O_RDONLY|unix.O_DIRECT|nonBlocking, 0)
	if err == nil {
		return &freshFile{File: d, direct: true}, nil
	}
	d, err = s.root.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	return &freshFile{File: d}, err
}

// ReadAt reads whole blocks around the range into an aligned buffer.
func (f *freshFile) ReadAt(p []byte, off int64) (int, error) {
	if !f.direct {
		return f.File.ReadAt(p, off)
	}
	if off%direct.Align == 0 && len(p)%direct.Align == 0 && direct.Aligned(p) {
		n, err := f.blocks(p, off)
		if err != nil || n == len(p) {
			return n, err
		}
		return n, io.EOF
	}
	skip := int(off % direct.Align)
	buf := direct.Buffer((skip + len(p) + direct.Align - 1) &^ (direct.Align - 1))
	n, err := f.blocks(buf, off-int64(skip))
	if err != nil {
		return 0, err
	}
	got := copy(p, buf[min(skip, n):n])
	if got < len(p) {
		return got, io.EOF
	}
	return got, nil
}

// blocks reads whole blocks into an aligned buffer; at the end of the file fewer bytes come.
func (f *freshFile) blocks(buf []byte, off int64) (int, error) {
	n := 0
	for n < len(buf) {
		// The last block of a file comes back short; a short read elsewhere goes on at a block's start.
		n -= n % direct.Align
		var got int
		err := withFD(f.File, func(fd int) (err error) {
			got, err = unix.Pread(fd, buf[n:], off+int64(n))
			return err
		})
		if errors.Is(err, unix.EINVAL) {
			f.direct = false
			n, err := f.File.ReadAt(buf, off)
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return n, err
		}
		if err != nil {
			return 0, os.NewSyscallError("pread", err)
		}
		n += got
		if got == 0 || n%direct.Align != 0 {
			break
		}
	}
	return n, nil
}
