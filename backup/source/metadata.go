package source

import "time"

// Bounds on extended attributes, in bytes. Linux itself allows values of at most 64 KiB (XATTR_SIZE_MAX).
const (
	MaxXattrValue = 64 << 10
	MaxXattrTotal = 1 << 20 // names and values together
)

// Xattr is one extended attribute, name and value as the system gives them.
type Xattr struct {
	Name  string
	Value []byte
}

// Metadata is what is kept of a file beside its bytes.
type Metadata struct {
	Mode      uint32    // POSIX permission bits with setuid, setgid and sticky (07777)
	ModTime   time.Time // UTC
	BirthTime time.Time // zero where the system does not tell
	Xattrs    []Xattr   // by name
	// XattrsLeftOut names attributes that exist but could not be kept: unreadable to us, or beyond the bounds.
	XattrsLeftOut []string
	// Unsettled: the file was opened so soon after its last change, as far as its times tell, that another change could bear the same
	// times (a step of the file system's clock, or another computer's). It is to be read once more although it looks unchanged.
	Unsettled bool
}
