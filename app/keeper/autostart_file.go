//go:build linux || darwin

package keeper

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Enable writes the entry that starts the background part at login.
func (a Autostart) Enable() error {
	path, err := entryPath()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFile(path, a.entry(), 0o644)
}

// Disable removes the entry; a missing one is no error.
func (a Autostart) Disable() error {
	path, err := entryPath()
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Status reads the entry back. One whose program is gone is off, as one that starts another program.
func (a Autostart) Status() (Status, error) {
	path, err := entryPath()
	if err != nil {
		return Status{}, err
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Status{}, nil
	}
	if err != nil {
		return Status{}, err
	}
	s := a.reads(b)
	if _, err := os.Stat(a.Program); s.On && err != nil {
		return Status{Moved: true}, nil
	}
	return s, nil
}
