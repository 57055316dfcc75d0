//go:build linux || darwin

package source

import (
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	dirFlags  = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fileFlags = unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC | unix.O_NOCTTY
)

// namesAtOnce bounds one call for names, so that a huge directory is read in steps.
const namesAtOnce = 4096

type unixDirectory struct {
	file *os.File
	at   int // its descriptor, as long as file is open
}

func newUnixDirectory(fd int) unixDirectory {
	return unixDirectory{os.NewFile(uintptr(fd), "folder"), fd}
}

// openRoot opens the folder itself. Its path may lead through symbolic links: the user chose it so.
func openRoot(path string) (directory, error) {
	fd, err := openQuietly(unix.AT_FDCWD, path, dirFlags&^unix.O_NOFOLLOW)
	if err != nil {
		return nil, err
	}
	return newUnixDirectory(fd), nil
}

func (d unixDirectory) Close() error { return d.file.Close() }

func (d unixDirectory) names() ([]string, error) {
	var all []string
	for {
		some, err := d.file.Readdirnames(namesAtOnce)
		all = append(all, some...)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

func (d unixDirectory) readlink(name string) (string, error) {
	for size := 256; ; size *= 2 {
		buffer := make([]byte, size)
		n, err := ignoringEINTR(func() (int, error) { return unix.Readlinkat(d.at, name, buffer) })
		if err != nil {
			return "", err
		}
		if n < size {
			return string(buffer[:n]), nil
		}
	}
}

func (d unixDirectory) openDir(rel string) (directory, error) {
	fd, err := openBeneath(d.at, rel, dirFlags)
	if err != nil {
		return nil, err
	}
	return newUnixDirectory(fd), nil
}

func (d unixDirectory) openFile(rel string) (handle, error) {
	fd, err := openBeneath(d.at, rel, fileFlags)
	if err != nil {
		return nil, err
	}
	return &descriptor{fd}, nil
}

// openBeneath opens rel below the directory dir without following any link. Long paths are resolved in pieces that the system
// accepts in one call.
func openBeneath(dir int, rel string, flags int) (int, error) {
	at := dir
	defer func() {
		if at != dir {
			unix.Close(at)
		}
	}()
	for {
		piece, rest := splitPath(rel)
		if rest == "" {
			return openPiece(at, piece, flags)
		}
		next, err := openPiece(at, piece, searchFlags)
		if err != nil {
			return -1, err
		}
		if at != dir {
			unix.Close(at)
		}
		at, rel = next, rest
	}
}

// openPieceByName opens one name after the other, each relative to the one before: every POSIX.1-2008 system can do that.
func openPieceByName(dir int, rel string, flags int) (int, error) {
	at := dir
	for {
		name, rest, more := strings.Cut(rel, "/")
		f := flags
		if more {
			f = searchFlags
		}
		next, err := openQuietly(at, name, f)
		if at != dir {
			unix.Close(at)
		}
		if err != nil || !more {
			return next, err
		}
		at, rel = next, rest
	}
}

// splitPath cuts rel at a '/' so that the first piece stays below maxPiece bytes, or at the first '/' where a name is longer.
func splitPath(rel string) (piece, rest string) {
	if len(rel) < maxPiece {
		return rel, ""
	}
	cut := strings.LastIndexByte(rel[:maxPiece], '/')
	if cut < 0 {
		if cut = strings.IndexByte(rel, '/'); cut < 0 {
			return rel, ""
		}
	}
	return rel[:cut], rel[cut+1:]
}

func ignoringEINTR[T any](call func() (T, error)) (T, error) {
	for {
		v, err := call()
		if !errors.Is(err, unix.EINTR) {
			return v, err
		}
	}
}

func permissionBits(mode uint32) uint32 { return mode & 0o7777 }

func kindOf(mode uint32) Kind {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return KindFile
	case unix.S_IFLNK:
		return KindSymlink
	case unix.S_IFDIR:
		return KindDir
	}
	return KindOther
}
