//go:build !linux

package keeper

import "context"

// WatchTrayHost calls seen(true) and waits for ctx: Windows and macOS always show a tray.
func WatchTrayHost(ctx context.Context, seen func(visible bool)) error {
	seen(true)
	<-ctx.Done()
	return ctx.Err()
}

// TrayHost tells whether a tray would be visible now.
func TrayHost(context.Context) bool { return true }
