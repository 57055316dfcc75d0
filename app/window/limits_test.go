package window

import (
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"lightproof/app/window/page"
	"lightproof/app/window/texts"
	"lightproof/app/window/widgets"
	"lightproof/app/window/windowtest"
	"lightproof/backup"
)

// focusButton moves the keyboard to the first button of that name, and says whether there is one.
func (f *fixture) focusButton(text string) bool {
	for range 60 {
		f.window.Canvas().FocusNext()
		if b, ok := f.window.Canvas().Focused().(*widgets.Button); ok && b.Text == text {
			return true
		}
	}
	return false
}

// Limits are set with the keyboard alone: the button, two fields, Enter. What is no limit is said, and nothing is sent.
func TestLimitsOfADestinationAreSetInItsForm(t *testing.T) {
	s := windowtest.Safe()
	s.Destinations[0].UpLimit = 4_000_000
	f := unlocked(t, s)
	f.goTo(page.Route{Name: page.Destinations})
	if tree := f.tree(); !strings.Contains(tree, "4 MB/s up") {
		t.Errorf("the limit is not shown:\n%s", tree)
	}
	if !f.focusButton(texts.LimitAction) {
		t.Fatalf("no button for the limits:\n%s", f.tree())
	}
	f.press(fyne.KeyReturn)
	if tree := f.tree(); !strings.Contains(tree, texts.LimitTitle(s.Destinations[0].Label)) || !strings.Contains(tree, "4 MB/s") {
		t.Fatalf("no form:\n%s", tree)
	}
	f.typed("x")
	f.press(fyne.KeyReturn)
	if tree := f.tree(); !strings.Contains(tree, texts.LimitBad) || slices.Contains(f.service.Did(), "limit-destination") {
		t.Fatalf("%v was done; shown:\n%s", f.service.Did(), tree)
	}
	entry := f.window.Canvas().Focused().(*widgets.Entry)
	entry.SetText("")
	f.typed("20 Mbit/s")
	f.press(fyne.KeyReturn)
	want := backup.LimitDestination{ID: s.Destinations[0].ID, Up: 2_500_000}
	if !slices.Contains(f.service.Commands, backup.Command(want)) {
		t.Errorf("done: %+v", f.service.Commands)
	}
	if tree := f.tree(); strings.Contains(tree, texts.LimitNote) {
		t.Errorf("the form stays:\n%s", tree)
	}
}
