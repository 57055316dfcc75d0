package floor

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Best is the fastest way that was found; NOTES.md of backup/bench has the figures.
const Best = Direct

// openPlain opens a file for reading without registering it with the runtime's poller, which a file on a disk never needs.
func openPlain(path string) (*plain, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return &plain{fd: fd}, nil
}

// writeFile makes a new file with the given content; durable it becomes by syncAll.
func writeFile(path string, object []byte, mode Mode) (err error) {
	flags := unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_CLOEXEC
	if mode == Direct {
		flags |= unix.O_DIRECT
	}
	fd, err := unix.Open(path, flags, 0o644)
	if err != nil {
		return &os.PathError{Op: "create", Path: path, Err: err}
	}
	defer func() {
		if cerr := unix.Close(fd); err == nil && cerr != nil {
			err = &os.PathError{Op: "close", Path: path, Err: cerr}
		}
	}()
	length := len(object)
	if mode == Direct { // whole blocks; what is too much is cut off again
		object = object[: (length+alignment-1)&^(alignment-1) : cap(object)]
		clear(object[length:])
	}
	if mode == Reserved || mode == Direct {
		if err := unix.Fallocate(fd, 0, 0, int64(len(object))); err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
			return &os.PathError{Op: "reserve", Path: path, Err: err}
		}
	}
	for rest := object; len(rest) > 0; {
		n, err := unix.Write(fd, rest)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return &os.PathError{Op: "write", Path: path, Err: err}
		}
		rest = rest[max(n, 0):]
	}
	switch {
	case mode == Direct && len(object) != length:
		err = unix.Ftruncate(fd, int64(length))
	case mode == Early:
		err = unix.SyncFileRange(fd, 0, 0, unix.SYNC_FILE_RANGE_WRITE)
	}
	if err != nil {
		return &os.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

// syncAll makes everything on the file system of dir durable (syncfs), one call for all pieces.
func syncAll(dir string) error {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: dir, Err: err}
	}
	defer unix.Close(fd)
	if err := unix.Syncfs(fd); err != nil {
		return &os.PathError{Op: "sync", Path: dir, Err: err}
	}
	return nil
}

// plain is an open file without the runtime's bookkeeping.
type plain struct{ fd int }

// Read is as io.Reader wants it.
func (p *plain) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(p.fd, b)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return 0, err
		}
		if n == 0 && len(b) > 0 {
			return 0, io.EOF
		}
		return n, nil
	}
}

// Close gives the descriptor back.
func (p *plain) Close() error { return unix.Close(p.fd) }
