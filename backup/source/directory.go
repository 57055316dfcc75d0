package source

import "io"

// facts are an Item's facts and what else the system told with them.
type facts struct {
	Item
	blocks  int64 // of 512 bytes on the medium; -1 where the system does not tell
	offline bool  // the system marks the bytes as not being here
}

// fileSystem is what is known of the file system a directory lies on.
type fileSystem struct {
	name    string
	system  bool // holds no user's files: proc, sysfs and the like
	network bool
	coarse  bool // times with a step of two seconds (FAT)
}

// directory is one open directory. Names are single names; rel paths may hold several, none of which may be a symbolic link.
type directory interface {
	names() ([]string, error) // all of them, unordered; with an error, those read before it
	self() (facts, error)
	stat(name string) (facts, error) // of the name itself, never of a link's target
	readable(name string) error
	readlink(name string) (string, error)
	openDir(rel string) (directory, error)
	openFile(rel string) (handle, error)
	fileSystem() fileSystem
	Close() error
}

// handle is one open original. Nothing of it may be used after Close.
type handle interface {
	io.Reader // io.EOF at the end
	io.ReaderAt
	facts() (facts, error)
	xattrs() (kept []Xattr, leftOut []string, err error) // by name, within MaxXattrValue and MaxXattrTotal
	fileSystem() fileSystem
	Close() error
}
