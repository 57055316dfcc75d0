package window

import (
	"strings"

	"fyne.io/fyne/v2"

	"lightproof/app/window/page"
	"lightproof/app/window/windowtest"
	"lightproof/backup"
)

// restoreTo walks the restore wizard to a step by the keyboard.
func (f *fixture) restoreTo(step string) {
	f.t.Helper()
	if step == "run" {
		f.library.Hold = make(chan struct{})
	}
	f.goTo(page.Route{Name: page.Restore})
	f.press(fyne.KeyDown) // the reason: a bad edit, which suggests a moment
	if step == "reason" {
		return
	}
	f.press(fyne.KeyReturn) // when
	if step == "when" {
		return
	}
	f.press(fyne.KeyReturn) // which
	if step == "which" {
		return
	}
	f.press(fyne.KeyReturn) // to
	f.typed("/tmp/restored")
	if step == "to" {
		return
	}
	f.press(fyne.KeyReturn) // conflicts
	if step == "conflicts" {
		return
	}
	f.press(fyne.KeyReturn) // dry run
	if step == "dry" {
		return
	}
	if step == "run" {
		f.focusedMain()
		f.queue.Held = 1
		f.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		f.queue.Until(func() bool {
			return f.shell.wizard.Running() && strings.Contains(windowtest.Tree(f.shell.center.Objects[0]), "MB/s") || f.tick()
		})
		return
	}
	f.press(fyne.KeyReturn) // run, which ends at once, and proof
}

// tick lets a throttled update through and says that more is to come.
func (f *fixture) tick() bool {
	f.queue.Do(func() {})
	for _, due := range f.queue.Due(pace) {
		due()
	}
	return false
}

func (f *fixture) focusedMain() {
	f.t.Helper()
	if f.window.Canvas().Focused() == nil {
		f.t.Fatal("nothing has the keyboard")
	}
}

// firstRunTo walks the first run to a step by the keyboard.
func (f *fixture) firstRunTo(step string) {
	f.t.Helper()
	if step == "recover" {
		f.goTo(page.Route{Name: page.FirstRun, Filter: "recover"})
		return
	}
	if step == "what" {
		return
	}
	f.press(fyne.KeyReturn) // where
	f.typed("/media/anna/Backup A")
	f.press(fyne.KeyReturn) // test
	if step == "where" {
		return
	}
	f.press(fyne.KeyReturn) // keys
	f.typed(windowtest.Passphrase)
	f.press(fyne.KeyReturn)
	f.typed(windowtest.Passphrase)
	if step == "keys" {
		return
	}
	f.press(fyne.KeyReturn) // kit
	if step == "kit" {
		return
	}
	f.press(fyne.KeyReturn) // check
	if step == "kit-check" {
		return
	}
	at, _ := f.setup.AskWords()
	for _, i := range at {
		f.typed(windowtest.Words[i])
		f.press(fyne.KeyReturn)
	}
	f.typed(windowtest.Passphrase)
	f.press(fyne.KeyReturn)
	s := windowtest.OnePlace()
	s.Work = &backup.Work{Kind: "backing-up", Done: 503, Total: 812, Bytes: 20e9, TotalBytes: 38e9, Rate: 92e6}
	f.set(s)
}
