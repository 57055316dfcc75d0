//go:build !windows

package kit

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

func viewerCommand(path string) (string, []string) {
	if runtime.GOOS == "darwin" {
		return "open", []string{path}
	}
	return "xdg-open", []string{path}
}

// oursAlone refuses a folder that is a link, somebody else's, or open to others: in a shared folder anyone may have made it first.
func oursAlone(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || info.Mode().Perm()&0o077 != 0 || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%w: %s", ErrFolder, dir)
	}
	return nil
}
