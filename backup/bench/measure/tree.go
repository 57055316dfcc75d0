package measure

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrDiffers means a restored tree that is not the original one.
var ErrDiffers = errors.New("what came back differs")

// Compare checks that both trees hold the same regular files with the same bytes and the same times to the nanosecond, and returns how many.
// Error: ErrDiffers.
func Compare(original, restored string) (files int, err error) {
	a, b := make([]byte, 1<<20), make([]byte, 1<<20)
	err = eachFile(original, func(rel string, want fs.FileInfo) error {
		files++
		got, err := os.Lstat(filepath.Join(restored, rel))
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is missing: %w", rel, ErrDiffers)
		}
		if err != nil {
			return err
		}
		if got.Size() != want.Size() || !got.Mode().IsRegular() {
			return fmt.Errorf("%s has %d bytes, not %d: %w", rel, got.Size(), want.Size(), ErrDiffers)
		}
		if !got.ModTime().Equal(want.ModTime()) {
			return fmt.Errorf("%s has the time %v, not %v: %w", rel, got.ModTime(), want.ModTime(), ErrDiffers)
		}
		same, err := equal(filepath.Join(original, rel), filepath.Join(restored, rel), a, b)
		if err == nil && !same {
			err = fmt.Errorf("%s has other bytes: %w", rel, ErrDiffers)
		}
		return err
	})
	if err != nil {
		return files, err
	}
	back := 0
	if err := eachFile(restored, func(string, fs.FileInfo) error { back++; return nil }); err != nil {
		return files, err
	}
	if back != files {
		return files, fmt.Errorf("%d files came back, there are %d: %w", back, files, ErrDiffers)
	}
	return files, nil
}

// equal compares two files through the given buffers of one size.
func equal(p, q string, a, b []byte) (bool, error) {
	f, err := os.Open(p)
	if err != nil {
		return false, err
	}
	defer f.Close()
	g, err := os.Open(q)
	if err != nil {
		return false, err
	}
	defer g.Close()
	for {
		n, err := io.ReadFull(f, a)
		m, err2 := io.ReadFull(g, b)
		if !bytes.Equal(a[:n], b[:m]) {
			return false, nil
		}
		if ended(err) && ended(err2) {
			return true, nil
		}
		if err := errors.Join(err, err2); err != nil {
			return false, err
		}
	}
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// Size is the sum of the sizes of all regular files below the given folders, in bytes.
func Size(dirs ...string) (int64, error) {
	var n int64
	for _, dir := range dirs {
		if err := eachFile(dir, func(_ string, info fs.FileInfo) error { n += info.Size(); return nil }); err != nil {
			return n, err
		}
	}
	return n, nil
}

// Warm reads every file below the given folders once, so that the page cache holds what fits into it.
func Warm(dirs ...string) error {
	buf := make([]byte, 1<<20)
	for _, dir := range dirs {
		err := eachFile(dir, func(rel string, _ fs.FileInfo) error {
			f, err := os.Open(filepath.Join(dir, rel))
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, buf)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachFile calls f for every regular file below dir, with its path from there.
func eachFile(dir string, f func(rel string, info fs.FileInfo) error) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return f(rel, info)
	})
}
