//go:build linux

package desktop

import (
	"testing"

	"lightproof/app/window/texts"
)

// TestTheWindowFollowsADarkDesktop opens every screen on a dark desktop.
func TestTheWindowFollowsADarkDesktop(t *testing.T) {
	p := newPerson(t, 20)
	p.wears("dark")
	p.setUp()
	p.settled()
	p.unlockedWindow()
	for i, name := range []string{texts.Timeline, texts.Problems, texts.Folders, texts.Destinations, texts.Activity} {
		p.key([]string{"ctrl+2", "ctrl+3", "ctrl+4", "ctrl+5", "ctrl+6"}[i])
		p.look(name, true)
	}
	p.key("ctrl+comma")
	p.read(texts.Appearance)
	p.key("ctrl+r")
	p.read(texts.ReasonBadEdit)
	at, ok := p.place()
	if !ok {
		t.Fatal("no window")
	}
	if r, g, b, _ := p.picture().At(at.Max.X-5, at.Min.Y+at.Dy()/2).RGBA(); r+g+b > 3*0x6000 {
		t.Error("the page is light on a dark desktop")
	}
}
