// Package page is the contract between the window and its screens: what a screen is, and what it may ask for.
package page

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"lightproof/app/window/face"
	"lightproof/app/window/present"
	"lightproof/backup"
)

// Name is a screen's name in the router.
type Name string

// The screens that exist now.
const (
	Home         Name = "home"
	Timeline     Name = "timeline"
	Problems     Name = "problems"
	Folders      Name = "folders"
	Destinations Name = "destinations"
	Activity     Name = "activity"
	Settings     Name = "settings"
	List         Name = "list"
	Restore      Name = "restore"
	FirstRun     Name = "first-run"
	KitCheck     Name = "kit-check"
	NewKit       Name = "new-kit"
	Passphrase   Name = "passphrase"
	Lock         Name = "lock"
	Help         Name = "help"
)

// Route is a screen with what it shall show.
type Route struct {
	Name    Name
	Filter  string        // List: class or state; Timeline: text
	Title   string        // List
	Restore *face.Request // Restore: presets
	Plan    *face.Plan    // Restore: a waiting one
}

// Page is one screen. Every method runs on the screen's thread.
type Page interface {
	Content() fyne.CanvasObject
	// Opened is called when the page comes on screen, with its route.
	Opened(r Route)
	// Closed is called when it leaves; big things are dropped.
	Closed()
	// Show gets the newest state, at most five times a second.
	Show(f present.Feed)
	// Key gets keys that the focused control did not use; it reports whether it used them.
	Key(e *fyne.KeyEvent) bool
	// Scroll and SetScroll save and restore where the page was.
	Scroll() float64
	SetScroll(y float64)
}

// Base is a Page that does nothing; screens embed it.
type Base struct{}

// Opened does nothing.
func (Base) Opened(Route) {}

// Closed does nothing.
func (Base) Closed() {}

// Show does nothing.
func (Base) Show(present.Feed) {}

// Key uses no key.
func (Base) Key(*fyne.KeyEvent) bool { return false }

// Scroll is at the top.
func (Base) Scroll() float64 { return 0 }

// SetScroll does nothing.
func (Base) SetScroll(float64) {}

// Env is what screens may ask of the window.
type Env struct {
	Service  backup.Service
	Setup    face.Setup
	Unlocker face.Unlocker
	// Library is the unlocked side, nil while locked.
	Library func() face.Library
	Now     func() time.Time
	// Do runs a function on the screen's thread, Spawn off it; ctx ends when the window closes.
	Do    func(func())
	Spawn func(func(ctx context.Context))
	After func(time.Duration, func())
	// Intent carries an action out; Go shows a screen; Back the one before.
	Intent func(present.Action)
	Go     func(Route)
	Back   func()
	Toast  func(text string)
	// Ask asks a question inside the window; yes is called when the first button is pressed.
	Ask func(q Question)
	// PickFolder opens the system's folder dialog; done gets "" when it was cancelled.
	PickFolder func(done func(path string))
	// OpenPath hands a file or folder to the system's own program for it.
	OpenPath func(path string)
	Copy     func(text string)
	Unlocked func(face.Library)
	// Reopened puts a Library in the place of the one before it, on the same screen; nil locks. Where the window was locked meanwhile,
	// it stays so and next is locked, too. It reports whether the screen goes on.
	Reopened func(before, next face.Library) bool
	// Restoring tells whether a restore runs: until it ends, nothing may close the Library.
	Restoring func() bool
	Prefs     Prefs
}

// Prefs are the window's own settings.
type Prefs interface {
	Theme() string
	SetTheme(string)
	TextSize() int
	SetTextSize(int)
	// Autostart reads the system back; nil error with ok false = not offered here.
	Autostart(ctx context.Context) (on, ok bool, err error)
	SetAutostart(ctx context.Context, on bool) error
}

// Question is asked inside the window. Esc is the last button.
type Question struct {
	Text    string
	Note    string
	Buttons []string
	Chosen  func(i int)
}

// Run runs slow off the screen's thread and hands its result to done on it. Both may be closures over the page; done is not called
// after the window closed.
func Run[T any](e *Env, slow func(ctx context.Context) (T, error), done func(T, error)) {
	e.Spawn(func(ctx context.Context) {
		v, err := slow(ctx)
		if ctx.Err() != nil {
			return
		}
		e.Do(func() { done(v, err) })
	})
}
