package direct

import (
	"errors"
	"io"
	"os"
)

// Read calls fn with the bytes of f, from its start, in pieces of at most len(buf), which lie in buf: a Buffer of whole blocks. A file of From
// bytes and more is read past the page cache where the system can. An error of fn ends it. The position of f is not changed.
func Read(f *os.File, size int64, buf []byte, fn func([]byte) error) error {
	return read(f, size, func() []byte { return buf }, fn)
}

// ReadAhead is Read with two buffers of one length: while fn has the bytes of one, the other is filled.
func ReadAhead(f *os.File, size int64, one, other []byte, fn func([]byte) error) (err error) {
	filled, free, end := make(chan []byte), make(chan []byte, 2), make(chan struct{})
	free <- one
	free <- other
	var failed error
	go func() {
		defer close(filled)
		failed = read(f, size, func() []byte { return <-free }, func(b []byte) error {
			select {
			case <-end:
				return errEnded
			default:
			}
			select {
			case filled <- b:
				return nil
			case <-end:
				return errEnded
			}
		})
	}()
	for b := range filled {
		if err = fn(b); err != nil {
			break
		}
		free <- b[:cap(b)][:len(one)]
	}
	close(end)
	for b := range filled { // the other goroutine uses the buffers until its end
		free <- b
	}
	if err != nil {
		return err
	}
	return failed
}

var errEnded = errors.New("nobody takes more")

func read(f *os.File, size int64, next func() []byte, fn func([]byte) error) error {
	buf := next()
	past := size >= From && Aligned(buf) && len(buf)%Align == 0 && able(f) && set(f, true) == nil
	if past {
		defer func() { _ = set(f, false) }() // the caller may go on reading it in its own way
	}
	for at := int64(0); ; {
		n, err := f.ReadAt(buf, at)
		down := past && turnedDown(err) // some file systems do so at the odd end of a file only
		if down {
			past, err = false, set(f, false)
		}
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		at += int64(n)
		if n > 0 {
			if err := fn(buf[:n]); err != nil {
				return err
			}
		}
		if end {
			return nil
		}
		if n > 0 {
			buf = next()
		}
	}
}

// Groups tells whether SyncFS of an open file or folder makes durable all that was written to its file system, and reports what went wrong.
// What is given to SyncFS must have been open since before the first write: it learns of each error once.
func Groups(f *os.File) bool { return able(f) && !stacked(f) && ReportsWriteback() }
