package overview

import (
	"context"
	"strconv"

	"fyne.io/fyne/v2"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
)

// Settings are few: autostart, keys, appearance, text size.
type Settings struct {
	scrolled
	autostart *widgets.Check
	keysNote  *widgets.Text
	change    *widgets.Button // of the passphrase
	quiet     bool            // a change by us, not by the person
}

// NewSettings makes the page.
func NewSettings(env *page.Env, version string) *Settings {
	s := &Settings{scrolled: newScrolled(env, 2*theme.Unit)}
	s.autostart = widgets.NewCheck(texts.Autostart, func(on bool) {
		if !s.quiet {
			s.setAutostart(on)
		}
	})
	s.autostart.Disable()
	look := widgets.NewRadio([]string{string(theme.AsSystem), string(theme.Light), string(theme.Dark)}, []string{texts.AsSystem, texts.LightTheme, texts.DarkTheme},
		env.Prefs.Theme(), env.Prefs.SetTheme)
	size := widgets.NewRadio([]string{"100", "125", "150", "200"}, []string{"100 %", "125 %", "150 %", "200 %"}, strconv.Itoa(env.Prefs.TextSize()), func(v string) {
		n, _ := strconv.Atoi(v) // one of the four above
		env.Prefs.SetTextSize(n)
	})
	s.keysNote = widgets.NewText("", widgets.Style{Size: theme.CaptionSize, Role: theme.Muted, Wrap: true})
	kit := widgets.NewButton(texts.MakeNewKit, func() { env.Intent(present.Action{Intent: present.NewKit}) })
	check := widgets.NewButton(texts.CheckAKit, func() { env.Intent(present.Action{Intent: present.CheckKit}) })
	s.change = widgets.NewButton(texts.ChangePass, func() { env.Intent(present.Action{Intent: present.ChangePass}) })
	s.fill(widgets.NewText(texts.Settings, widgets.Section),
		widgets.Card(widgets.Column(theme.Unit, widgets.NewText(texts.Background, widgets.Strong), s.autostart)),
		widgets.Card(widgets.Column(theme.Unit, widgets.NewText(texts.KeysHead, widgets.Strong), widgets.WrapRow(theme.Unit, kit, s.change, check), s.keysNote)),
		widgets.Even(2*theme.Unit, 320,
			widgets.Card(widgets.Column(theme.Unit, widgets.NewText(texts.Appearance, widgets.Strong), look.Container)),
			widgets.Card(widgets.Column(theme.Unit, widgets.NewText(texts.TextSize, widgets.Strong), size.Container, widgets.NewText(texts.TextSizeNote, widgets.Caption)))),
		widgets.NewText(texts.App+" "+version, widgets.Caption))
	return s
}

// Opened reads the system back: what it says is shown, not what was wished.
func (s *Settings) Opened(page.Route) { s.readAutostart() }

// Show sets what this computer's way of opening allows.
func (s *Settings) Show(f present.Feed) {
	card := present.ShowKeysCard(f)
	s.keysNote.Set(card.Note)
	widgets.SetVisible(s.change, card.Change)
	s.scroll.Relayout()
}

func (s *Settings) readAutostart() {
	type answer struct{ on, ok bool }
	page.Run(s.env, func(ctx context.Context) (answer, error) {
		on, ok, err := s.env.Prefs.Autostart(ctx)
		return answer{on, ok}, err
	}, func(a answer, err error) {
		s.quiet = true
		s.autostart.SetChecked(a.on)
		s.quiet = false
		if err == nil && a.ok {
			s.autostart.Enable()
		}
	})
}

func (s *Settings) setAutostart(on bool) {
	page.Run(s.env, func(ctx context.Context) (struct{}, error) { return struct{}{}, s.env.Prefs.SetAutostart(ctx, on) }, func(_ struct{}, err error) {
		if err != nil {
			s.env.Toast(texts.AutostartNo)
		}
		s.readAutostart()
	})
}

// Help lists the keys.
type Help struct{ scrolled }

// NewHelp makes the page.
func NewHelp(env *page.Env) *Help {
	h := &Help{newScrolled(env, theme.Unit)}
	var lines []fyne.CanvasObject
	for _, l := range texts.HelpLines {
		lines = append(lines, widgets.Columns(2*theme.Unit, []float32{35, 65}, widgets.NewText(l[0], widgets.Style{Size: theme.BodySize, Bold: true, Role: theme.Text, Wrap: true}), widgets.NewText(l[1], widgets.Para)))
	}
	h.fill(widgets.NewText(texts.Help, widgets.Section), widgets.Card(widgets.Column(theme.Unit, lines...)))
	return h
}

// Lock is the locked screen: verdict and counts, no names, no pictures.
type Lock struct {
	scrolled
	banner  *widgets.Banner
	stats   []*widgets.Stat
	grid    *fyne.Container
	entry   *widgets.Entry
	button  *widgets.Button
	message *widgets.Note
	busy    bool
}

// NewLock makes the page.
func NewLock(env *page.Env) *Lock {
	l := &Lock{scrolled: newScrolled(env, 3*theme.Unit), banner: widgets.NewBanner(env.Intent), entry: widgets.NewSecret(texts.Passphrase), message: widgets.NewNote()}
	l.button = widgets.NewPrimary(texts.Unlock, l.unlock)
	l.entry.OnEnter = l.unlock
	var tiles []fyne.CanvasObject
	for range 4 {
		s := widgets.NewStat()
		l.stats = append(l.stats, s)
		tiles = append(tiles, s.Pressable)
	}
	l.grid = widgets.Even(2*theme.Unit, 150, tiles...)
	l.fill(l.banner.Container, l.grid,
		widgets.Card(widgets.Column(theme.Unit, widgets.Row(theme.Unit, 1, widgets.NewIcon("lock", theme.Muted, 20), widgets.NewText(texts.LockedTitle, widgets.Strong)),
			widgets.Row(theme.Unit, 0, l.entry, l.button), l.message.Container, widgets.NewText(texts.LockNote, widgets.Caption))))
	return l
}

// Opened takes the keyboard for the passphrase.
func (l *Lock) Opened(page.Route) {
	l.entry.SetText("")
	l.message.Say("")
	widgets.Focus(l.entry)
}

// Show sets the newest state. The tiles open no lists here.
func (l *Lock) Show(f present.Feed) {
	vm := present.ShowHome(f)
	if vm.Banner.Action.Intent != present.StartKeeper && vm.Banner.Action.Intent != present.RestartKeeper {
		vm.Banner.Action = present.Action{}
	}
	l.banner.Show(vm.Banner)
	widgets.SetVisible(l.grid, len(vm.Stats) > 0)
	for i, s := range l.stats {
		if i < len(vm.Stats) {
			s.Set(vm.Stats[i], vm.Frozen, nil)
		}
	}
	l.scroll.Relayout()
}

func (l *Lock) unlock() {
	if l.busy {
		return
	}
	l.busy = true
	typed := []byte(l.entry.Text)
	l.entry.SetText("")
	l.message.Say(texts.Unlocking)
	l.scroll.Relayout()
	page.Run(l.env, func(ctx context.Context) (face.Library, error) {
		lib, err := l.env.Unlocker.Unlock(ctx, typed)
		clear(typed)
		return lib, err
	}, func(lib face.Library, err error) {
		l.busy = false
		if err != nil {
			l.message.Warn(present.UnlockError(err))
			l.scroll.Relayout()
			widgets.Focus(l.entry)
			return
		}
		l.message.Say("")
		l.env.Unlocked(lib)
	})
}

// Key unlocks on Enter.
func (l *Lock) Key(e *fyne.KeyEvent) bool {
	if e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter {
		l.unlock()
		return true
	}
	return false
}
