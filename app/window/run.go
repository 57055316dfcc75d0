package window

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"lightproof/app/window/page"
	"lightproof/app/window/remember"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	words "lightproof/assets/strings"

	"lightproof/assets"
	"lightproof/backup"
)

// appID is the application's name towards the desktop.
const appID = "io.github.lightproof.Lightproof"

// memoryLimit makes the collector work harder before pictures fill the memory; it is no hard bound.
const memoryLimit = 256 << 20

// Run opens the window and returns when it was closed, or when ctx ended. It must be called from the program's first goroutine.
// The error says that there is no display or that options are missing.
func Run(ctx context.Context, o Options) error {
	if o.Service == nil || o.Setup == nil || o.Unlocker == nil {
		return fmt.Errorf("open the window: service, set-up and unlocker must be given")
	}
	debug.SetMemoryLimit(memoryLimit)
	kept := remember.Load(o.Home)
	if kept.TextSize != 100 && os.Getenv("FYNE_SCALE") == "" {
		if err := os.Setenv("FYNE_SCALE", strconv.FormatFloat(float64(kept.TextSize)/100, 'f', 2, 64)); err != nil {
			return fmt.Errorf("open the window: %w", err)
		}
	}
	a := app.NewWithID(appID)
	theme.Use(a, theme.New(theme.Choice(kept.Theme)))
	if icon, err := assets.AppPNG(256); err == nil {
		a.SetIcon(fyne.NewStaticResource("lightproof.png", icon))
	}
	w := a.NewWindow(Title)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(kept.Width, kept.Height))
	s := newShell(w, o, surroundings{
		do: fyne.Do, spawn: func(f func()) { go f() }, after: func(d time.Duration, f func()) { time.AfterFunc(d, f) }, now: time.Now,
		open: openPath, pick: func(done func(string)) { pickFolder(w, done) }, quit: a.Quit,
	})
	w.SetCloseIntercept(s.close)
	w.SetMaster()
	a.Lifecycle().SetOnStarted(s.start)
	if front := o.InFront; front != nil {
		a.Lifecycle().SetOnEnteredForeground(func() { front.Store(true) })
		a.Lifecycle().SetOnExitedForeground(func() { front.Store(false) })
	}
	stopped := context.AfterFunc(ctx, func() { fyne.Do(s.shut) })
	w.ShowAndRun()
	stopped()
	s.finish()
	return nil
}

// close answers the window's close button. The background part goes on without it; the first time that is explained, and where
// there is no tray it is asked.
func (s *shell) close() {
	switch {
	case s.wizard.Running():
		s.ask(page.Question{Text: texts.CloseInRestore, Note: texts.CloseInRestoreWhy, Buttons: []string{texts.KeepOpen, texts.CloseWaits}, Chosen: func(i int) {
			if i == 1 {
				s.shut()
			}
		}})
	case s.latest.State == nil || !s.latest.State.Safety.SetUp || s.kept.Closed || !s.latest.Live:
		s.shut()
	case s.options.TrayHost != nil && !s.options.TrayHost():
		s.ask(page.Question{Text: words.NoTrayQuestion, Buttons: []string{words.NoTrayKeepRunning, texts.Quit, texts.Cancel}, Chosen: func(i int) {
			switch i {
			case 0:
				s.kept.Closed = true
				s.shut()
			case 1:
				s.quit()
			}
		}})
	default:
		s.ask(page.Question{Text: words.TrayFirstClose, Buttons: []string{texts.Close, texts.Cancel}, Chosen: func(i int) {
			if i == 0 {
				s.kept.Closed = true
				s.shut()
			}
		}})
	}
}

// quit ends the background part too.
func (s *shell) quit() {
	s.end() // its end must not make us start it anew
	s.around.spawn(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, _ = s.options.Service.Do(ctx, backup.Retire{Reason: "quit"}) // it is ending; there is nobody to tell
		s.around.do(s.shut)
	})
}

// shut ends the window. What is slow happens after it is gone.
func (s *shell) shut() {
	if s.closing {
		return
	}
	s.closing = true
	s.end() // from here on the end of the background part is no reason to start it anew
	size := s.window.Canvas().Size()
	s.kept.Width, s.kept.Height = size.Width, size.Height
	s.kept.Screen = string(s.router.now.route.Name)
	s.around.quit()
}

// finish drops the keys and writes window.json.
func (s *shell) finish() {
	s.end()
	s.timeline.Grid().Close()
	if s.library != nil {
		s.library.Lock()
	}
	if s.options.Home != "" && s.closing {
		_ = remember.Save(s.options.Home, s.kept) // a lost window size is worth no message
	}
}
