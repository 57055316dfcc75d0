package kit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Opener shows a file in the system's viewer, from which it can be printed. Open returns when the viewer took it over, or when ctx
// ends without the viewer having failed.
type Opener interface {
	Open(ctx context.Context, path string) error
}

// ErrFolder: the folder for the page could be read or changed by someone else.
var ErrFolder = errors.New("the folder for the kit page is not ours alone")

const (
	pagePrefix = "kit-"
	pageSuffix = ".html"
)

// ShowPage writes the page to a temporary file that only this user can read (in XDG_RUNTIME_DIR, which is memory, else in the folder
// for temporary files) and opens it. Call remove when the person is done, at the latest when the program ends; it may be called
// more than once. On an error nothing is left. RemoveLeftovers removes what a killed program left.
func ShowPage(ctx context.Context, k *Kit, opener Opener) (remove func() error, err error) {
	page, err := k.Page()
	if err != nil {
		return nil, err
	}
	defer clear(page)
	dir, err := pageFolder()
	if err != nil {
		return nil, fmt.Errorf("showing the kit: %w", err)
	}
	path := filepath.Join(dir, pagePrefix+strings.ToLower(rand.Text())+pageSuffix)
	if err := writeNew(path, page); err != nil {
		return nil, fmt.Errorf("showing the kit: %w", err)
	}
	remove = func() error { return erase(path) }
	if err := opener.Open(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("showing the kit: %w", err), remove())
	}
	return remove, nil
}

// RemoveLeftovers removes the pages that an earlier run could not. Call it at the start, before any ShowPage.
func RemoveLeftovers() error {
	dir := pageFolderName()
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = oursAlone(dir)
	}
	if err != nil {
		return fmt.Errorf("removing old kit pages: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), pagePrefix) && strings.HasSuffix(e.Name(), pageSuffix) {
			err = errors.Join(err, erase(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// WriteFile writes the text form to a new file that only this user can read, for a person who asked for a file. It never replaces
// one (fs.ErrExist); on an error it leaves none behind.
func WriteFile(path string, k *Kit) error {
	text, err := k.Text()
	if err != nil {
		return err
	}
	defer clear(text)
	if err := writeNew(path, text); err != nil {
		return fmt.Errorf("writing the kit: %w", err)
	}
	return nil
}

func writeNew(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return errors.Join(err, erase(path))
	}
	return nil
}

// erase overwrites the file before it removes it. On most disks that promises nothing; it costs nothing either.
func erase(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode().IsRegular() {
		if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
			_, _ = f.Write(make([]byte, min(info.Size(), pageRoom)))
			_ = f.Sync()
			_ = f.Close()
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func pageFolder() (string, error) {
	dir := pageFolderName()
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return dir, oursAlone(dir)
}

// pageFolderName has a fixed name so that leftovers are found; where others may make folders too, oursAlone tells theirs apart.
func pageFolderName() string {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if info, err := os.Stat(base); !filepath.IsAbs(base) || err != nil || !info.IsDir() {
		base = os.TempDir()
	}
	return filepath.Join(base, fmt.Sprintf("lightproof-kit-%d", os.Getuid()))
}
