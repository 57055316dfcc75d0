package channel

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Names of the lock files in the home folder. Who holds a lock owns the things beside it; everybody else asks the owner.
const (
	EngineLock = "engine.lock" // writer.db, settings, destinations, the network, writer.bin, the keychain items
	ReaderLock = "reader.lock" // reader.db, restore.db, reader.bin
	WindowLock = "window.lock" // the window and its line
)

// ErrHeld means that another process holds the lock.
var ErrHeld = errors.New("another Lightproof holds the lock")

// HeldError names the process that holds a lock, as it wrote itself down: information only, PID is 0 where it cannot be read. It
// matches ErrHeld.
type HeldError struct {
	Path    string
	PID     int
	Started string // opaque; equal for one run of a process
}

func (e *HeldError) Error() string { return fmt.Sprintf("%v (process %d)", ErrHeld, e.PID) }

// Is makes errors.Is(err, ErrHeld) true.
func (e *HeldError) Is(target error) bool { return target == ErrHeld }

// Lock takes the exclusive lock on the file at path, which it creates if need be, without waiting. The lock belongs to this process
// alone and ends with it, however it ends: the file's existence means nothing. release frees it; the file stays, because removing
// it would let two processes lock two files of one name.
func Lock(path string) (release func() error, err error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		held := &HeldError{Path: path}
		if errors.Is(err, ErrHeld) {
			b, _ := io.ReadAll(io.LimitReader(f, 128))
			fmt.Sscan(strings.TrimSpace(string(b)), &held.PID, &held.Started)
			err = held
		}
		f.Close()
		return nil, err
	}
	pid := os.Getpid()
	if err := f.Truncate(0); err == nil {
		fmt.Fprintf(f, "%d %s\n", pid, startOf(pid)) // information only: a full disk must not keep the engine from running
	}
	return func() error {
		f.Truncate(0)
		return f.Close() // frees the lock
	}, nil
}
