//go:build nowindow

package main

import (
	"context"

	"lightproof/app/keeper"
	"lightproof/app/terminal"
)

// openWindow has no window to open in this build: it shows what the terminal offers.
func openWindow(ctx context.Context, home string, args []string) int {
	rest := []string{"--help"}
	if home != "" {
		rest = append([]string{"--home", home}, rest...)
	}
	return terminal.Run(ctx, append(rest, args...), terminal.Options{Streams: streams(), Version: version})
}

// openFromTray does nothing: there is no window in this build.
func openFromTray(string, keeper.Intent) {}
