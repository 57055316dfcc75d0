//go:build nowindow

package main

import (
	"context"

	"lightproof/app/terminal"
)

// openWindow has no window to open in this build: it shows what the terminal offers.
func openWindow(ctx context.Context, home string, args []string) int {
	rest := []string{"--help"}
	if home != "" {
		rest = append([]string{"--home", home}, rest...)
	}
	return terminal.Main(ctx, append(rest, args...), terminal.System(), version)
}
