package keeper

import (
	"context"
	"os"
)

// canTray tells whether there is a session bus that answers. The tray's library finds the bus by the environment alone, and would
// try to start one of its own.
func canTray(ctx context.Context) bool {
	conn, err := session(ctx)
	if err != nil {
		return false
	}
	conn.Close()
	return os.Setenv("DBUS_SESSION_BUS_ADDRESS", sessionAddress()) == nil
}
