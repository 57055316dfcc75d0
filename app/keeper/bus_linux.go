package keeper

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/godbus/dbus/v5"
)

// busTimeout bounds the first exchange with a bus: an address may lead to something that does not answer.
const busTimeout = 5 * time.Second

// sessionAddress is where the session bus is, "" for nowhere. The D-Bus library would start a bus of its own where there is none;
// nobody else would ever see what we put on that.
func sessionAddress() string {
	if a := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); a != "" && a != "autolaunch:" {
		return a
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		if path := filepath.Join(dir, "bus"); isSocket(path) {
			return "unix:path=" + dbus.EscapeBusAddressValue(path)
		}
	}
	return ""
}

func isSocket(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Type() == os.ModeSocket
}

// session opens a connection of our own to the session bus: portals, keychain and tray share the library's, and one of them may
// block it. It lives until ctx ends. The error matches ErrNoBus where there is none.
func session(ctx context.Context) (*dbus.Conn, error) {
	address := sessionAddress()
	if address == "" {
		return nil, ErrNoBus
	}
	return connect(ctx, address)
}

// connect opens a connection that closes when ctx ends.
func connect(ctx context.Context, address string) (*dbus.Conn, error) {
	type result struct {
		conn *dbus.Conn
		err  error
	}
	life, end := context.WithCancel(ctx)
	done := make(chan result, 1)
	go func() {
		conn, err := dbus.Connect(address, dbus.WithContext(life))
		done <- result{conn, err}
	}()
	timer := time.NewTimer(busTimeout)
	defer timer.Stop()
	select {
	case r := <-done:
		if r.err != nil {
			end()
			return nil, r.err
		}
		context.AfterFunc(r.conn.Context(), end)
		return r.conn, nil
	case <-timer.C:
	case <-ctx.Done():
	}
	end()
	go func() { // the exchange may still succeed
		if r := <-done; r.conn != nil {
			r.conn.Close()
		}
	}()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, context.DeadlineExceeded
}
