//go:build !nowindow

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"lightproof/app/channel"
	"lightproof/app/keeper"
	"lightproof/app/terminal"
	"lightproof/app/window"
	"lightproof/app/window/live"
	"lightproof/backup"
	"lightproof/keystore"
	"lightproof/keystore/kit"
	"lightproof/keystore/secret"
)

func init() { runtime.LockOSThread() } // Fyne runs on the first thread

// openWindow shows the window, or raises the one that is open already.
func openWindow(ctx context.Context, home string, args []string) int {
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		fmt.Fprintln(os.Stderr, "There is no screen here. Lightproof works at the terminal too: lightproof --help lists the commands.")
		return 2
	}
	if home == "" {
		home = terminal.DefaultHome()
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := secret.HardenProcess(); err != nil && !errors.Is(err, secret.ErrUnsupported) {
		fmt.Fprintln(os.Stderr, err)
	}
	release, err := takeWindow(ctx, home, channel.Start{Args: args, Token: os.Getenv("XDG_ACTIVATION_TOKEN")})
	if errors.Is(err, errRaised) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer release()
	if slices.Contains(args, "--lock") || slices.Contains(args, "--close") {
		return 0 // no window is open, so there is nothing to lock or close
	}
	_ = kit.RemoveLeftovers()
	raised := make(chan []string, 8)
	var closing atomic.Bool // the tray's Quit: the background part ends after this window was told, and stays ended
	line, err := channel.ListenRaise(home, func(s channel.Start) {
		if slices.Contains(s.Args, "--close") {
			closing.Store(true)
		}
		select {
		case raised <- s.Args:
		default: // a window that is asked eight times in one moment comes forward all the same
		}
	})
	if err == nil {
		defer line.Close()
	}
	var front atomic.Bool
	desk := &live.Desk{Home: home, Keychain: &keystore.System{}, InFront: front.Load}
	svc, err := desk.Connect(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "The background part of Lightproof did not start:", err)
		return 1
	}
	set := &live.Setup{Desk: desk}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = window.Run(ctx, window.Options{Service: svc, Setup: set, Unlocker: &live.Unlocker{Desk: desk, Setup: set},
		StartKeeper: func() error {
			if closing.Load() {
				return errClosing
			}
			_, err := desk.Connect(ctx)
			return err
		},
		Hung:          desk.Hung,
		InFront:       &front,
		RestartKeeper: func() error { return desk.Restart(ctx) },
		TrayHost:      func() bool { return keeper.TrayHost(ctx) },
		Autostart:     login{home: home},
		Activations:   raised, Arguments: args, Home: home, Version: version})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// errRaised means that another window is open, and came forward.
var errRaised = errors.New("the open window came forward")

// endingWait bounds how long a start waits for a window that holds its lock and no longer listens: it is ending.
const endingWait = 5 * time.Second

// takeWindow makes this process the home's window, or hands start to the one that is.
func takeWindow(ctx context.Context, home string, start channel.Start) (release func() error, err error) {
	ctx, cancel := context.WithTimeout(ctx, endingWait)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		release, err := channel.Lock(filepath.Join(home, channel.WindowLock))
		if !errors.Is(err, channel.ErrHeld) {
			return release, err
		}
		raised := channel.Raise(ctx, home, start)
		if raised == nil {
			return nil, errRaised
		}
		if !errors.Is(raised, backup.ErrGone) {
			return nil, fmt.Errorf("Lightproof is open already, but its window does not answer: %w", raised)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("Lightproof is open already, but its window does not answer: %w", raised)
		case <-again.C:
		}
	}
}

var errClosing = errors.New("Lightproof is being quit")

// closeWait bounds how long Quit waits for the window to be told.
const closeWait = 5 * time.Second

// openFromTray carries out what the tray asks of the window: a second start raises the one that is open. Quit returns when the
// window was told, so that it does not start anew what is about to end.
func openFromTray(home string, intent keeper.Intent) {
	exe, err := os.Executable()
	if err != nil {
		return
	}
	args := []string{"--home", home}
	switch intent {
	case keeper.OpenProblems:
		args = append(args, "--problems")
	case keeper.OpenRestore:
		args = append(args, "--restore")
	case keeper.LockWindow:
		args = append(args, "--lock")
	case keeper.Quit:
		args = append(args, "--close")
	}
	if intent == keeper.Quit {
		ctx, cancel := context.WithTimeout(context.Background(), closeWait)
		defer cancel()
		_ = exec.CommandContext(ctx, exe, args...).Run() // where no window is open, or it hangs, the background part ends all the same
		return
	}
	cmd := exec.Command(exe, args...)
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }()
	}
}

// login is the start with the computer, as the desktop has it for this user.
type login struct{ home string }

func (l login) entry() (keeper.Autostart, error) {
	exe, err := os.Executable()
	args := []string{"keeper"}
	if l.home != terminal.DefaultHome() {
		args = []string{"--home", l.home, "keeper"}
	}
	return keeper.Autostart{Program: exe, Args: args}, err
}

// Read implements window.Autostart.
func (l login) Read(context.Context) (on, ok bool, err error) {
	a, err := l.entry()
	if err != nil {
		return false, false, err
	}
	st, err := a.Status()
	if errors.Is(err, keeper.ErrUnsupported) {
		return false, false, nil
	}
	return st.On, err == nil, err
}

// Set implements window.Autostart.
func (l login) Set(_ context.Context, on bool) error {
	a, err := l.entry()
	if err != nil {
		return err
	}
	if on {
		return a.Enable()
	}
	return a.Disable()
}
