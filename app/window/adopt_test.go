package window

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/windowtest"
	"lightproof/backup"
)

// twice is a state in which something else writes under this computer's name.
func twice() backup.State {
	s := windowtest.NeedsYou()
	s.Causes = []backup.Cause{{Code: "identity", Verdict: backup.NeedsYou}}
	return s
}

// asked is the question over the page, in words.
func (f *fixture) asked() string {
	f.settle()
	if top := f.window.Canvas().Overlays().Top(); top != nil {
		return windowtest.Tree(top)
	}
	return ""
}

// settles presses the alarm's own button.
func (f *fixture) settles() {
	f.t.Helper()
	f.goTo(page.Route{Name: page.Problems})
	f.window.Canvas().FocusNext()
	f.press(fyne.KeyReturn)
}

func TestTheAlarmAboutThisComputersNameIsSettledByItsOwner(t *testing.T) {
	f := unlocked(t, twice())
	f.settles()
	if !strings.Contains(f.asked(), texts.AdoptAsk) {
		t.Fatalf("asked:\n%s\nover\n%s", f.asked(), f.tree())
	}
	if f.library.Adoptions != 0 {
		t.Error("adopted before an answer")
	}
	f.press(fyne.KeyReturn)
	if f.library.Adoptions != 1 || f.asked() != "" {
		t.Errorf("%d adoptions; then asked:\n%s", f.library.Adoptions, f.asked())
	}
	f.library.AdoptErr = &present.Refused{Code: "forked", Err: backup.ErrForked}
	f.settles()
	f.press(fyne.KeyReturn)
	if !strings.Contains(f.asked(), "Two computers wrote under this computer's name") {
		t.Errorf("a refusal shows:\n%s", f.asked())
	}
}

func TestASecondComputerIsToldToTakeANameOfItsOwn(t *testing.T) {
	f := unlocked(t, twice())
	f.settles()
	f.window.Canvas().FocusNext()
	f.press(fyne.KeyReturn)
	if !strings.Contains(f.asked(), texts.OwnName) || f.library.Adoptions != 0 {
		t.Errorf("%d adoptions; asked:\n%s", f.library.Adoptions, f.asked())
	}
}

func TestTheAlarmAboutThisComputersNameAsksForThePassphraseFirst(t *testing.T) {
	f := open(t, twice())
	f.shell.intent(present.Action{Intent: present.Adopt})
	f.settle()
	if got := f.shell.router.now.route.Name; got != page.Lock || f.asked() != "" {
		t.Errorf("on %q, asked %q", got, f.asked())
	}
}
