//go:build unix

package channel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"lightproof/backup"
)

// maxSocketPath is the longest usable path in bytes: sun_path holds 104 on macOS and 108 on Linux, with a closing zero.
const maxSocketPath = 100

// places lists where the socket may be, best first. Server and client go through the same list, because they may have been started
// with different environments (a login session has XDG_RUNTIME_DIR, a cron job has not).
func places(home string, k kind) ([]string, error) {
	tag, err := homeTag(home)
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(home)
	if err != nil {
		return nil, err
	}
	uid := strconv.Itoa(os.Getuid())
	var dirs []string
	if runtime.GOOS == "darwin" {
		dirs = append(dirs, filepath.Join(os.TempDir(), "lightproof")) // the user's own temporary folder
	} else if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		dirs = append(dirs, filepath.Join(dir, "lightproof"))
	} else {
		dirs = append(dirs, filepath.Join("/run/user", uid, "lightproof"))
	}
	dirs = append(dirs, filepath.Join(abs, "run"), filepath.Join("/tmp", "lightproof-"+uid))
	var paths []string
	for _, dir := range dirs {
		if p := filepath.Join(dir, string(k)+"-"+tag+".sock"); len(p) <= maxSocketPath {
			paths = append(paths, p)
		}
	}
	return paths, nil
}

// ownFolder checks that dir is a real folder of this user that nobody else may enter. With create it is made, and its mode put
// right; its parent must exist.
func ownFolder(dir string, create bool) error {
	if create {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(st.Uid) != os.Getuid() {
		return fmt.Errorf("%w: its folder", ErrStranger)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if !create {
			return fmt.Errorf("%w: others may enter its folder", ErrStranger)
		}
		return os.Chmod(dir, 0o700)
	}
	return nil
}

// listen opens the line. The caller holds the lock that goes with it: only then may a dead socket be removed.
func listen(home string, k kind) (*ownListener, error) {
	paths, err := places(home, k)
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, path := range paths {
		l, err := listenAt(path)
		if err == nil {
			return &ownListener{Listener: l, address: path}, nil
		}
		if errors.Is(err, backup.ErrBusy) {
			return nil, err
		}
		failed = append(failed, err)
	}
	return nil, fmt.Errorf("no place for the local socket: %w", errors.Join(failed...))
}

func listenAt(path string) (*net.UnixListener, error) {
	if err := ownFolder(filepath.Dir(path), true); err != nil {
		return nil, err
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != fs.ModeSocket {
			return nil, fmt.Errorf("%w: something else stands in its place", ErrStranger)
		}
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close()
			return nil, backup.ErrBusy
		} else if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ENOENT) {
			return nil, err
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// dial connects to the line and checks folder, socket and peer. The error matches backup.ErrGone where nobody serves.
func dial(ctx context.Context, home string, k kind) (net.Conn, peer, error) {
	paths, err := places(home, k)
	if err != nil {
		return nil, peer{}, err
	}
	refused := error(nil)
	for _, path := range paths {
		c, p, err := dialAt(ctx, path)
		switch {
		case err == nil:
			return c, p, nil
		case ctx.Err() != nil:
			return nil, peer{}, context.Cause(ctx)
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		default:
			refused = err
		}
	}
	if refused != nil {
		return nil, peer{}, refused
	}
	return nil, peer{}, backup.ErrGone
}

func dialAt(ctx context.Context, path string) (net.Conn, peer, error) {
	if err := ownFolder(filepath.Dir(path), false); err != nil {
		return nil, peer{}, err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, peer{}, err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Getuid() {
		return nil, peer{}, ErrStranger
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, peer{}, err
	}
	p, err := checkPeer(c)
	if err != nil {
		c.Close()
		return nil, peer{}, err
	}
	return c, p, nil
}

// checkPeer refuses a peer with another user id, also root.
func checkPeer(c net.Conn) (peer, error) {
	uc, ok := c.(*net.UnixConn)
	if !ok {
		return peer{}, ErrStranger
	}
	raw, err := uc.SyscallConn()
	if err != nil {
		return peer{}, err
	}
	uid, pid := -1, 0
	var credErr error
	if err := raw.Control(func(fd uintptr) { uid, pid, credErr = credentials(int(fd)) }); err != nil {
		return peer{}, err
	}
	if credErr != nil {
		return peer{}, credErr
	}
	if uid != os.Getuid() {
		return peer{}, fmt.Errorf("%w: peer uid %d", ErrStranger, uid)
	}
	return peer{pid: pid}, nil
}

// ownListener hands on only connections of this user.
type ownListener struct {
	net.Listener
	address string
	refused atomic.Int64
}

// Accept skips strangers: their connection is closed before a byte of it is read.
func (l *ownListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if _, err := checkPeer(c); err != nil {
			l.refused.Add(1)
			c.Close()
			continue
		}
		return c, nil
	}
}
