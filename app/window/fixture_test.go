package window

import (
	"runtime"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"lightproof/app/window/page"
	"lightproof/app/window/theme"
	"lightproof/app/window/windowtest"
	"lightproof/backup"
)

// fixture is a window over made-up surroundings. The test's goroutine is the screen's thread: it drains the queue.
type fixture struct {
	t        *testing.T
	queue    *windowtest.Queue
	service  *windowtest.Service
	library  *windowtest.Library
	setup    *windowtest.Setup
	unlocker *windowtest.Unlocker
	shell    *shell
	window   fyne.Window
	picked   string
	opened   []string
	quits    int
	starts   int
}

// open opens a window over a state and waits for its first screen.
func open(t *testing.T, state backup.State, change ...func(*fixture, *Options)) *fixture {
	t.Helper()
	a := test.NewTempApp(t)
	theme.Use(a, theme.New(theme.Light))
	f := &fixture{t: t, queue: windowtest.NewQueue(windowtest.Now), service: windowtest.NewService(state), library: windowtest.NewLibrary(),
		setup: windowtest.NewSetup(), picked: "/media/anna/Backup A"}
	f.unlocker = &windowtest.Unlocker{Library: f.library}
	f.window = a.NewWindow(Title)
	f.window.SetPadded(false)
	f.window.Resize(fyne.NewSize(1100, 720))
	o := Options{Service: f.service, Setup: f.setup, Unlocker: f.unlocker, Home: t.TempDir(), Version: "0.1.0"}
	for _, c := range change {
		c(f, &o)
	}
	f.shell = newShell(f.window, o, surroundings{do: f.queue.Do, spawn: f.queue.Spawn, after: f.queue.After, now: f.queue.Now,
		open: func(p string) { f.opened = append(f.opened, p) }, pick: func(done func(string)) { done(f.picked) }, quit: func() { f.quits++ }})
	f.shell.start()
	t.Cleanup(func() {
		f.shell.finish()
		f.queue.Settle()
		f.window.Close()
	})
	f.queue.Until(func() bool { return f.shell.router.now.route.Name != "" })
	f.queue.Settle()
	return f
}

// unlocked opens a window and unlocks it.
func unlocked(t *testing.T, state backup.State, change ...func(*fixture, *Options)) *fixture {
	t.Helper()
	f := open(t, state, change...)
	f.shell.unlocked(f.library)
	f.settle()
	return f
}

// settle runs everything that is queued, pictures included.
func (f *fixture) settle() {
	f.queue.Settle()
	for !f.shell.timeline.Grid().Idle() {
		runtime.Gosched()
		f.queue.Settle()
	}
	f.queue.Settle()
}

// goTo shows a screen and waits for its contents.
func (f *fixture) goTo(r page.Route) {
	f.t.Helper()
	f.shell.goTo(r)
	f.settle()
}

// set changes the engine's state and waits until the window shows it.
func (f *fixture) set(s backup.State) {
	f.t.Helper()
	f.service.Set(s)
	f.queue.Until(func() bool {
		if st := f.shell.latest.State; st != nil && st.Verdict == s.Verdict && st.Counts == s.Counts {
			return true
		}
		f.queue.Advance(pace)
		runtime.Gosched()
		f.queue.Do(func() {})
		return false
	})
	f.settle()
}

// tree is what the window shows, in words.
func (f *fixture) tree() string {
	f.settle()
	return windowtest.Tree(f.shell.center.Objects[0])
}

// press sends a key to the focused control, or to the window where there is none.
func (f *fixture) press(name fyne.KeyName) {
	f.t.Helper()
	if o := f.window.Canvas().Focused(); o != nil {
		o.TypedKey(&fyne.KeyEvent{Name: name})
	} else {
		f.window.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: name})
	}
	f.settle()
}

// typed types into the focused control.
func (f *fixture) typed(s string) {
	f.t.Helper()
	o := f.window.Canvas().Focused()
	if o == nil {
		f.t.Fatal("nothing has the keyboard")
	}
	for _, r := range s {
		o.TypedRune(r)
	}
	f.settle()
}

// wait moves the clock.
func (f *fixture) wait(d time.Duration) {
	f.queue.Advance(d)
	f.settle()
}
