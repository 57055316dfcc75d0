package source

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

// rootDirectory resolves every name from an open handle (os.Root), so long paths work and no link leads out. Names come from the
// os package as WTF-8.
type rootDirectory struct{ root *os.Root }

func openRoot(path string) (directory, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return rootDirectory{root}, nil
}

func (d rootDirectory) Close() error { return d.root.Close() }

func (d rootDirectory) names() ([]string, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []string
	for {
		some, err := f.Readdirnames(4096)
		all = append(all, some...)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

func (d rootDirectory) self() (facts, error) { return d.stat(".") }

func (d rootDirectory) stat(name string) (facts, error) {
	info, err := d.root.Lstat(name)
	if err != nil {
		return facts{}, err
	}
	return factsOf(info), nil
}

func statFile(f *os.File) (facts, error) {
	info, err := f.Stat()
	if err != nil {
		return facts{}, err
	}
	return factsOf(info), nil
}

// elsewhere are the attributes of a file whose bytes the system would fetch (File Attribute Constants, Win32).
const elsewhere = windows.FILE_ATTRIBUTE_OFFLINE | windows.FILE_ATTRIBUTE_RECALL_ON_OPEN | windows.FILE_ATTRIBUTE_RECALL_ON_DATA_ACCESS

func factsOf(info os.FileInfo) facts {
	f := facts{blocks: -1}
	f.UID, f.GID, f.Links = -1, -1, 1
	f.Size, f.Mode, f.ModTime = info.Size(), uint32(info.Mode().Perm()), info.ModTime().UTC()
	if data, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		f.offline = data.FileAttributes&elsewhere != 0
		f.BirthTime = time.Unix(0, data.CreationTime.Nanoseconds()).UTC()
	}
	switch {
	case info.IsDir():
		f.Kind = KindDir
	case info.Mode()&os.ModeSymlink != 0:
		f.Kind = KindSymlink
	case info.Mode().IsRegular() || f.offline: // a placeholder is a reparse point, which Go calls irregular
		f.Kind = KindFile
	default:
		f.Kind = KindOther
	}
	return f
}

func (d rootDirectory) readable(string) error { return nil } // only opening tells

func (d rootDirectory) readlink(name string) (string, error) { return d.root.Readlink(name) }

func (d rootDirectory) openDir(rel string) (directory, error) {
	root, err := d.root.OpenRoot(filepath.FromSlash(rel))
	if err != nil {
		return nil, err
	}
	return rootDirectory{root}, nil
}

func (d rootDirectory) openFile(rel string) (handle, error) {
	f, err := d.root.Open(filepath.FromSlash(rel))
	if err != nil {
		return nil, err
	}
	return windowsFile{f}, nil
}

// windowsFile is an open original.
type windowsFile struct{ *os.File }

func (f windowsFile) facts() (facts, error) { return statFile(f.File) }

func (f windowsFile) xattrs() ([]Xattr, []string, error) { return readXattrs(f.File) }

func (f windowsFile) fileSystem() fileSystem { return fileSystemOf(f.File) }

func (d rootDirectory) fileSystem() fileSystem {
	f, err := d.root.Open(".")
	if err != nil {
		return fileSystem{}
	}
	defer f.Close()
	return fileSystemOf(f)
}

func fileSystemOf(f *os.File) fileSystem {
	var name [windows.MAX_PATH + 1]uint16
	err := windows.GetVolumeInformationByHandle(windows.Handle(f.Fd()), nil, 0, nil, nil, nil, &name[0], uint32(len(name)))
	if err != nil {
		return fileSystem{}
	}
	s := windows.UTF16ToString(name[:])
	return fileSystem{name: s, coarse: s == "FAT" || s == "FAT32"}
}

func placeholder(f facts) bool { return f.offline }
