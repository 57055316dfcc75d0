//go:build linux || darwin

package source

import (
	"io"

	"golang.org/x/sys/unix"
)

// descriptor is an original by its bare file descriptor. An os.File would ask the system three more times for each, to find out that an
// original cannot be waited for (epoll(7)) and is read like any other; with small originals that is a good part of the work.
type descriptor struct{ fd int } // -1 after Close

func (d *descriptor) Read(p []byte) (int, error) {
	return d.read(p, func() (int, error) { return unix.Read(d.fd, p) })
}

func (d *descriptor) ReadAt(p []byte, offset int64) (n int, err error) {
	for n < len(p) && err == nil {
		var some int
		some, err = d.read(p[n:], func() (int, error) { return unix.Pread(d.fd, p[n:], offset+int64(n)) })
		n += some
	}
	return n, err
}

// read is one call for bytes; none come at the end.
func (d *descriptor) read(p []byte, call func() (int, error)) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := ignoringEINTR(call)
	switch {
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

func (d *descriptor) facts() (facts, error) { return factsAt(d.fd) }

func (d *descriptor) xattrs() ([]Xattr, []string, error) { return xattrsOf(d.fd) }

func (d *descriptor) fileSystem() fileSystem { return fileSystemAt(d.fd) }

func (d *descriptor) Close() error {
	fd := d.fd
	d.fd = -1
	return unix.Close(fd) // not again where a signal came: it is closed then (close(2), "Dealing with error returns")
}
