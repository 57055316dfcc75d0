package window

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"lightproof/app/window/face"
	"lightproof/app/window/firstrun"
	"lightproof/app/window/keys"
	"lightproof/app/window/overview"
	"lightproof/app/window/page"
	"lightproof/app/window/photos"
	"lightproof/app/window/present"
	"lightproof/app/window/remember"
	"lightproof/app/window/restore"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
	"lightproof/backup"
)

// shell is the window with its rail, its screens and what they share. All of it lives on the screen's thread.
type shell struct {
	options Options
	around  surroundings
	window  fyne.Window
	ctx     context.Context
	end     context.CancelFunc

	env     page.Env
	router  router
	feed    *feed
	latest  present.Feed
	library face.Library
	kept    remember.Window
	saving  struct {
		one    sync.Mutex
		newest atomic.Pointer[remember.Window]
	}
	rail     *rail
	bar      *topBar
	center   *fyne.Container
	root     *fyne.Container
	bread    *toast
	question *question
	// shortcuts are what the canvas was given, by name.
	shortcuts map[string]func()
	timeline  *photos.Timeline
	wizard    *restore.Wizard
	opened    bool // the first state decided where to begin
	tried     bool // convenient mode was tried
	closing   bool
}

// newShell builds the window's content. Nothing runs before start.
func newShell(w fyne.Window, o Options, around surroundings) *shell {
	s := &shell{options: o, around: around, window: w, kept: remember.Load(o.Home), bread: newToast(), shortcuts: map[string]func(){}}
	s.ctx, s.end = context.WithCancel(context.Background())
	s.env = page.Env{
		Service: o.Service, Setup: o.Setup, Unlocker: o.Unlocker, Library: func() face.Library { return s.library }, Now: around.now,
		Do: s.do, Spawn: func(f func(context.Context)) { around.spawn(func() { f(s.ctx) }) }, After: around.after,
		Intent: s.intent, Go: s.goTo, Back: func() { s.back() }, Toast: s.toast, Ask: s.ask, OpenPath: around.open, PickFolder: around.pick,
		Copy: func(text string) { fyne.CurrentApp().Clipboard().SetContent(text) }, Unlocked: s.unlocked, Prefs: s,
		Reopened: s.reopened, Restoring: func() bool { return s.wizard.Running() },
	}
	env := &s.env
	s.timeline, s.wizard = photos.NewTimeline(env), restore.NewWizard(env)
	s.router.pages = map[page.Name]page.Page{
		page.Home: overview.NewHome(env), page.Timeline: s.timeline, page.Problems: overview.NewProblems(env), page.Folders: overview.NewFolders(env),
		page.Destinations: overview.NewDestinations(env), page.Activity: overview.NewActivity(env), page.List: overview.NewFiles(env),
		page.Settings: overview.NewSettings(env, o.Version), page.Help: overview.NewHelp(env), page.Lock: overview.NewLock(env),
		page.Restore: s.wizard, page.FirstRun: firstrun.NewWizard(env), page.KitCheck: keys.NewKitCheck(env), page.NewKit: keys.NewNewKit(env),
		page.Passphrase: keys.NewPassphrase(env),
	}
	s.router.show = s.place
	s.rail, s.bar, s.center = newRail(s), newTopBar(s), container.NewStack()
	s.root = widgets.Border(nil, nil, s.rail.box, nil, widgets.Border(s.bar.box, nil, nil, nil, s.center))
	s.rail.box.Hide()
	s.bar.box.Hide()
	w.SetContent(container.NewStack(widgets.NewSurface(theme.Page, "", 0), s.root, s.bread.box))
	s.feed = &feed{service: o.Service, around: around, start: o.StartKeeper, hung: o.Hung, show: s.show}
	s.keys()
	return s
}

// do hands f to the screen's thread; nothing is shown any more once the window closes.
func (s *shell) do(f func()) {
	s.around.do(func() {
		if s.ctx.Err() == nil {
			f()
		}
	})
}

// start follows the engine; the first state decides whether set-up, lock or Home comes first.
func (s *shell) start() {
	s.feed.show = s.show
	go s.feed.run(s.ctx)
	if s.options.Activations != nil {
		go func() {
			for {
				select {
				case args, ok := <-s.options.Activations:
					if !ok {
						return
					}
					s.do(func() { s.activate(args) })
				case <-s.ctx.Done():
					return
				}
			}
		}()
	}
}

// activate does what a later start of the program asks: --lock and --close do that, anything else raises the window and opens the
// screen that the arguments name; while locked, that opens after unlocking.
func (s *shell) activate(args []string) {
	switch named(args) {
	case "close": // the tray said before what stops
		s.shut()
		return
	case page.Lock:
		s.lock()
		return
	}
	s.window.Show()
	s.window.RequestFocus()
	if s.library == nil {
		s.options.Arguments = args
		return
	}
	s.openNamed(args)
}

// named is the screen that the first argument names, as "problems" or "--problems".
func named(args []string) page.Name {
	if len(args) == 0 {
		return ""
	}
	return page.Name(strings.TrimLeft(args[0], "-"))
}

func (s *shell) openNamed(args []string) {
	name := named(args)
	if s.router.pages[name] != nil && s.library != nil && name != page.Lock {
		s.goTo(page.Route{Name: name})
	}
}

// show takes the newest state.
func (s *shell) show(f present.Feed) {
	if s.ctx.Err() != nil {
		return
	}
	s.latest = f
	if !s.opened && (f.State != nil || !f.Live) {
		s.begin(f)
	}
	if p := s.router.pages[s.router.now.route.Name]; p != nil {
		p.Show(f)
	}
	s.rail.show(f)
	s.bar.show(f)
}

// begin shows the first screen.
func (s *shell) begin(f present.Feed) {
	switch {
	case f.State == nil:
		s.goTo(page.Route{Name: page.Lock}) // "cannot tell", with its button; the first state decides anew
		return
	case !f.State.Safety.SetUp:
		s.opened = true
		s.goTo(page.Route{Name: page.FirstRun})
		return
	}
	s.opened = true
	s.goTo(page.Route{Name: page.Lock})
	if f.State.Safety.Mode == "convenient" && !s.tried {
		s.tried = true
		page.Run(&s.env, func(ctx context.Context) (face.Library, error) { return s.env.Unlocker.Unlock(ctx, nil) }, func(lib face.Library, err error) {
			if err == nil {
				s.unlocked(lib)
			}
		})
	}
}

// place puts a screen into the window. Rail and bar stand beside unlocked screens only.
func (s *shell) place(p page.Page, r page.Route) {
	s.dismiss()
	chrome := s.library != nil && r.Name != page.FirstRun
	widgets.SetVisible(s.rail.box, chrome)
	widgets.SetVisible(s.bar.box, chrome && r.Name != page.Restore)
	s.window.Canvas().Unfocus()
	s.center.Objects = []fyne.CanvasObject{p.Content()}
	s.center.Refresh()
	s.root.Refresh()
	s.rail.choose(r.Name)
	p.Show(s.latest)
	s.bar.show(s.latest)
}

// goTo shows a screen. While locked only the lock, set-up and help can be reached.
func (s *shell) goTo(r page.Route) {
	if s.library == nil && r.Name != page.FirstRun && r.Name != page.Lock && r.Name != page.Help {
		r = page.Route{Name: page.Lock}
	}
	s.router.to(r)
}

func (s *shell) back() bool {
	if s.router.back() {
		return true
	}
	if s.router.now.route.Name != page.Home && s.library != nil {
		s.goTo(page.Route{Name: page.Home})
		return true
	}
	if s.library == nil && s.router.now.route.Name == page.Help {
		s.goTo(page.Route{Name: page.Lock})
		return true
	}
	return false
}

// unlocked takes the opened library and shows Home, or the screen that the arguments name.
func (s *shell) unlocked(lib face.Library) {
	s.library = lib
	s.opened = true
	s.goTo(page.Route{Name: page.Home})
	s.openNamed(s.options.Arguments)
	s.options.Arguments = nil
	page.Run(&s.env, func(ctx context.Context) (*face.Plan, error) { return lib.Waiting(ctx) }, func(p *face.Plan, err error) {
		if err == nil {
			s.bar.waiting(p)
		}
	})
}

// lock drops the reading keys and everything that shows a name or a picture.
func (s *shell) lock() {
	if s.library == nil {
		return
	}
	if s.wizard.Running() {
		s.toast(texts.CloseInRestore)
		return
	}
	lib := s.library
	s.dropLibrary()
	s.around.spawn(lib.Lock)
}

// dropLibrary leaves nothing on screen that shows a name or a picture.
func (s *shell) dropLibrary() {
	s.library = nil
	s.timeline.Forget()
	s.router.forget()
	s.bar.waiting(nil)
	s.goTo(page.Route{Name: page.Lock})
}

// reopened goes on with another Library in the place of the one before it.
func (s *shell) reopened(before, next face.Library) bool {
	switch {
	case s.library != before: // locked while it was opened
		if next != nil {
			s.around.spawn(next.Lock)
		}
		return false
	case next == nil:
		s.dropLibrary()
		return false
	}
	s.library = next
	return true
}

// command carries a command out and says how it went.
func (s *shell) command(c backup.Command, good string) {
	page.Run(&s.env, func(ctx context.Context) (backup.Reply, error) { return s.options.Service.Do(ctx, c) }, func(_ backup.Reply, err error) {
		if err != nil {
			good = texts.Failed
		}
		if good != "" {
			s.toast(good)
		}
	})
}
