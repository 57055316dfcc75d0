package restore

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// trash moves a file of an open folder to the user's trash as the freedesktop.org Trash specification 1.0 says: the home trash where
// it is on the same disk, else the one at the top of the file's disk. path is where the folder stands. ErrNoTrash leaves it untouched.
func trash(d *dir, path, name string, now time.Time) error {
	st, err := d.file.Stat()
	if err != nil {
		return err
	}
	device := st.Sys().(*syscall.Stat_t).Dev
	if home := homeTrash(); home != "" && deviceOf(existingParent(home)) == device {
		if err := os.MkdirAll(home, 0o700); err == nil {
			if err = moveToTrash(d, filepath.Join(path, name), name, home, now); err == nil {
				return nil
			}
		}
	}
	top := topOf(path, device)
	uid := strconv.Itoa(os.Getuid())
	// An administrator's common trash counts only with the sticky bit and if it is no link.
	if st, err := os.Lstat(filepath.Join(top, ".Trash")); err == nil && st.IsDir() && st.Mode()&fs.ModeSticky != 0 {
		own := filepath.Join(top, ".Trash", uid)
		if trashFolder(own, device) && moveToTrash(d, relativeTo(top, filepath.Join(path, name)), name, own, now) == nil {
			return nil
		}
	}
	own := filepath.Join(top, ".Trash-"+uid)
	if trashFolder(own, device) && moveToTrash(d, relativeTo(top, filepath.Join(path, name)), name, own, now) == nil {
		return nil
	}
	return ErrNoTrash
}

func homeTrash() string {
	data := os.Getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(data) {
		home, err := os.UserHomeDir()
		if err != nil || !filepath.IsAbs(home) {
			return ""
		}
		data = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(data, "Trash")
}

// trashFolder makes the folder if needed and tells whether it is a real one, ours and on that disk.
func trashFolder(path string, device uint64) bool {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return false
	}
	st, err := os.Lstat(path)
	if err != nil || !st.IsDir() {
		return false
	}
	sys := st.Sys().(*syscall.Stat_t)
	return sys.Dev == device && int(sys.Uid) == os.Getuid()
}

func deviceOf(path string) uint64 {
	st, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return st.Sys().(*syscall.Stat_t).Dev
}

// topOf is the top folder of the disk that path is on.
func topOf(path string, device uint64) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		path = p
	}
	for {
		up := filepath.Dir(path)
		if up == path || deviceOf(up) != device {
			return path
		}
		path = up
	}
}

func relativeTo(top, path string) string {
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	if rel, err := filepath.Rel(top, path); err == nil {
		return rel
	}
	return path
}

// moveToTrash writes the information file first, under a name that is free, then moves the file itself.
func moveToTrash(d *dir, origin, name, box string, now time.Time) error {
	for _, sub := range []string{"files", "info"} {
		if err := os.MkdirAll(filepath.Join(box, sub), 0o700); err != nil {
			return err
		}
	}
	files, err := os.Open(filepath.Join(box, "files"))
	if err != nil {
		return err
	}
	defer files.Close()
	text := "[Trash Info]\nPath=" + (&url.URL{Path: origin}).EscapedPath() + "\nDeletionDate=" + now.Local().Format("2006-01-02T15:04:05") + "\n"
	short := name
	if len(short) > 200 { // room for a number and ".trashinfo" within 255 bytes
		short = strings.ToValidUTF8(short[:200], "")
	}
	for n := 1; n < 10_000; n++ {
		free := short
		if n > 1 {
			free = fmt.Sprintf("%s.%d", short, n)
		}
		info := filepath.Join(box, "info", free+".trashinfo")
		f, err := os.OpenFile(info, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Sync(), f.Close())
		if err == nil {
			err = ignoringEINTR(func() error {
				return unix.Renameat2(int(d.file.Fd()), name, int(files.Fd()), free, unix.RENAME_NOREPLACE)
			})
		}
		if err == nil {
			return nil
		}
		os.Remove(info)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return ErrNoTrash
}
