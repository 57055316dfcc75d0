package channel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"sync/atomic"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"

	"lightproof/backup"
)

// pipeName is the line's name; it holds the user's SID, so that two users of one machine never meet.
func pipeName(home string, k kind) (string, *windows.SID, error) {
	tag, err := homeTag(home)
	if err != nil {
		return "", nil, err
	}
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return "", nil, err
	}
	return `\\.\pipe\lightproof-` + user.User.Sid.String() + "-" + string(k) + "-" + tag, user.User.Sid, nil
}

// listen opens the pipe for this user alone; network logons are denied. go-winio asks for the first instance of the name, so a
// pipe that somebody else opened under it is an error.
func listen(home string, k kind) (*ownListener, error) {
	name, sid, err := pipeName(home, k)
	if err != nil {
		return nil, err
	}
	descriptor := fmt.Sprintf("O:%sD:P(D;;GA;;;NU)(A;;GA;;;%s)", sid, sid)
	l, err := winio.ListenPipe(name, &winio.PipeConfig{SecurityDescriptor: descriptor, InputBufferSize: 1 << 16, OutputBufferSize: 1 << 16})
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_PIPE_BUSY) {
		return nil, backup.ErrBusy
	}
	if err != nil {
		return nil, err
	}
	return &ownListener{Listener: l, address: name, sid: sid}, nil
}

// dial connects at identification level: the server may see who calls, not act as them.
func dial(ctx context.Context, home string, k kind) (net.Conn, peer, error) {
	name, sid, err := pipeName(home, k)
	if err != nil {
		return nil, peer{}, err
	}
	c, err := winio.DialPipeAccessImpLevel(ctx, name, windows.GENERIC_READ|windows.GENERIC_WRITE, winio.PipeImpLevelIdentification)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, windows.ERROR_FILE_NOT_FOUND) {
		return nil, peer{}, backup.ErrGone
	}
	if err != nil {
		return nil, peer{}, err
	}
	handle, ok := c.(interface{ Fd() uintptr })
	if !ok {
		c.Close()
		return nil, peer{}, ErrStranger
	}
	sd, err := windows.GetSecurityInfo(windows.Handle(handle.Fd()), windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		c.Close()
		return nil, peer{}, err
	}
	if owner, _, err := sd.Owner(); err != nil || !owner.Equals(sid) {
		c.Close()
		return nil, peer{}, fmt.Errorf("%w: the pipe's owner", ErrStranger)
	}
	var pid uint32
	if err := windows.GetNamedPipeServerProcessId(windows.Handle(handle.Fd()), &pid); err != nil {
		pid = 0
	}
	return c, peer{pid: int(pid)}, nil
}

// ownListener hands on only connections of this user.
type ownListener struct {
	net.Listener
	address string
	sid     *windows.SID
	refused atomic.Int64
}

// Accept skips clients whose token is not of this user.
func (l *ownListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if !l.isOurs(c) {
			l.refused.Add(1)
			c.Close()
			continue
		}
		return c, nil
	}
}

func (l *ownListener) isOurs(c net.Conn) bool {
	handle, ok := c.(interface{ Fd() uintptr })
	if !ok {
		return false
	}
	var pid uint32
	if err := windows.GetNamedPipeClientProcessId(windows.Handle(handle.Fd()), &pid); err != nil {
		return false
	}
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return false
	}
	defer windows.CloseHandle(process)
	var token windows.Token
	if err := windows.OpenProcessToken(process, windows.TOKEN_QUERY, &token); err != nil {
		return false
	}
	defer token.Close()
	user, err := token.GetTokenUser()
	return err == nil && user.User.Sid.Equals(l.sid)
}
