package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"lightproof/app/window/page"
	"lightproof/app/window/present"
)

// keys gives the window its shortcuts.
func (s *shell) keys() {
	c := s.window.Canvas()
	digits := []fyne.KeyName{fyne.Key1, fyne.Key2, fyne.Key3, fyne.Key4, fyne.Key5, fyne.Key6, fyne.Key7, fyne.Key8, fyne.Key9}
	on := func(key fyne.KeyName, mod fyne.KeyModifier, f func()) {
		cut := &desktop.CustomShortcut{KeyName: key, Modifier: mod}
		s.shortcuts[cut.ShortcutName()] = func() {
			if s.question == nil {
				f()
			}
		}
		c.AddShortcut(cut, func(fyne.Shortcut) { s.shortcuts[cut.ShortcutName()]() })
	}
	mod := fyne.KeyModifierShortcutDefault
	for i, p := range places {
		on(digits[i], mod, func() { s.goTo(page.Route{Name: p.name}) })
	}
	on(fyne.KeyComma, mod, func() { s.goTo(page.Route{Name: page.Settings}) })
	on(fyne.KeyF, mod, func() {
		s.goTo(page.Route{Name: page.Timeline})
		s.timeline.FocusSearch()
	})
	on(fyne.KeyR, mod, func() { s.intent(present.Action{Intent: present.Restore}) })
	on(fyne.KeyL, mod, s.lock)
	on(fyne.KeyP, mod|fyne.KeyModifierShift, s.bar.toggle)
	c.SetOnTypedKey(s.key)
}

// key takes what no focused control used.
func (s *shell) key(e *fyne.KeyEvent) {
	if s.question != nil {
		if e.Name == fyne.KeyEscape {
			s.question.last()
		}
		return
	}
	if p := s.router.pages[s.router.now.route.Name]; p != nil && p.Key(e) {
		return
	}
	switch e.Name {
	case fyne.KeyEscape:
		s.back()
	case fyne.KeyF5:
		if s.library != nil {
			s.intent(present.Action{Intent: present.CheckNow})
		}
	case fyne.KeyF1:
		s.goTo(page.Route{Name: page.Help})
	}
}
