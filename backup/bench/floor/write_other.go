//go:build !linux

package floor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Best is the fastest way that was found.
const Best = Plain

func openPlain(path string) (*os.File, error) { return os.Open(path) }

// writeFile makes a new file with the given content; durable it becomes by syncAll.
func writeFile(path string, object []byte, _ Mode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(object)
	return errors.Join(err, f.Close())
}

// syncAll makes every file below dir durable; this system has no one call for all of them.
func syncAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}
