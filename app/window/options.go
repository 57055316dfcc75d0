package window

import (
	"context"
	"sync/atomic"
	"time"

	"lightproof/backup"
)

// Title is the window's title and class; a desktop file's StartupWMClass is equal to it.
const Title = "Lightproof"

// Options are what Run needs. Service, Setup and Unlocker must be set.
type Options struct {
	Service  backup.Service
	Setup    Setup
	Unlocker Unlocker
	// StartKeeper starts the background part and returns when it answers, or an error.
	StartKeeper func() error
	// RestartKeeper ends a background part that does not answer, and starts another; nil = StartKeeper.
	RestartKeeper func() error
	// Hung tells whether the background part's process was last seen alive but silent; nil = never.
	Hung func() bool
	// InFront is set while the window has the keyboard, if the caller asks; Run writes it.
	InFront *atomic.Bool
	// TrayHost tells whether a tray shows the background part's picture; nil = it does.
	TrayHost func() bool
	// Autostart reads and sets the start with the computer; nil = not offered here.
	Autostart Autostart
	// Activations carries the arguments of later starts of the program: each raises the window.
	Activations <-chan []string
	// Arguments are the program's own: the name of a screen to open.
	Arguments []string
	// Home is Lightproof's folder, for window.json.
	Home    string
	Version string
}

// Autostart is the start with the computer, per user.
type Autostart interface {
	// Read tells whether it is on; ok is false where it is not offered.
	Read(ctx context.Context) (on, ok bool, err error)
	Set(ctx context.Context, on bool) error
}

// surroundings are what tests replace.
type surroundings struct {
	do    func(func())
	spawn func(func())
	after func(time.Duration, func())
	now   func() time.Time
	open  func(path string)
	pick  func(done func(string))
	quit  func()
}
