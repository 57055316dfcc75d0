//go:build !nowindow

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"lightproof/app/channel"
	"lightproof/app/keeper"
	"lightproof/app/terminal"
	"lightproof/app/window"
	"lightproof/app/window/live"
	"lightproof/keystore"
	"lightproof/keystore/kit"
)

func init() { runtime.LockOSThread() } // Fyne runs on the first thread

// openWindow shows the window, or raises the one that is open already.
func openWindow(ctx context.Context, home string, args []string) int {
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		fmt.Fprintln(os.Stderr, "There is no screen here. Lightproof works at the terminal too: lightproof --help lists the commands.")
		return 2
	}
	home, err := terminal.Home(home)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	release, err := channel.Lock(filepath.Join(home, channel.WindowLock))
	if errors.Is(err, channel.ErrHeld) {
		start := channel.Start{Args: args, Token: os.Getenv("XDG_ACTIVATION_TOKEN")}
		if err := channel.Raise(ctx, home, start); err != nil {
			fmt.Fprintln(os.Stderr, "Lightproof is open already, but its window does not answer:", err)
			return 1
		}
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer release()
	_ = kit.RemoveLeftovers()
	raised := make(chan []string, 8)
	line, err := channel.ListenRaise(home, func(s channel.Start) {
		select {
		case raised <- s.Args:
		default: // a window that is asked eight times in one moment comes forward all the same
		}
	})
	if err == nil {
		defer line.Close()
	}
	desk := &live.Desk{Home: home, Keychain: &keystore.System{}}
	svc, err := desk.Connect(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "The background part of Lightproof did not start:", err)
		return 1
	}
	set := &live.Setup{Desk: desk}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	err = window.Run(ctx, window.Options{Service: svc, Setup: set, Unlocker: &live.Unlocker{Desk: desk, Setup: set},
		StartKeeper:   func() error { _, err := desk.Connect(ctx); return err },
		RestartKeeper: func() error { return desk.Restart(ctx) },
		TrayHost:      func() bool { return keeper.TrayHost(ctx) },
		Activations:   raised, Arguments: args, Home: home, Version: version})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
