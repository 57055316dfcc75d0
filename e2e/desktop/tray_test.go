//go:build linux

package desktop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lightproof/app/keeper/bustest"
	"lightproof/app/window/texts"
	words "lightproof/assets/strings"
	"lightproof/backup"
)

// choose reads the tray's menu until it holds the line, and clicks it.
func (p *person) choose(label string) {
	p.t.Helper()
	var line bustest.Entry
	p.tray.WaitMenu(p.t, func(m []bustest.Entry) bool {
		var ok bool
		line, ok = bustest.Find(m, label)
		return ok && line.Enabled
	})
	p.tray.Click(p.t, line)
}

// TestTheTrayWorksWithoutAWindow reads and clicks the menu as a desktop's panel does, over the bus.
func TestTheTrayWorksWithoutAWindow(t *testing.T) {
	p := newPerson(t, 6)
	p.setUp()
	keeper := p.keeper()
	p.tray.WaitItem(t)
	p.settled()
	menu := p.tray.WaitMenu(t, func(m []bustest.Entry) bool {
		return len(m) > 0 && strings.Contains(m[0].Label, "checked in 1 of 2 places")
	})
	t.Logf("menu: %q", bustest.Labels(menu))

	p.choose(words.TrayPauseHour)
	p.untilState("a pause", func(s *backup.State) bool { return s.Paused != nil })
	p.choose(words.TrayResume)
	p.untilState("the end of the pause", func(s *backup.State) bool { return s.Paused == nil })

	found := p.state().Counts.Found
	from := p.sourceFile()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.photos, "new.jpg"), append(b, "another"...), 0o644); err != nil {
		t.Fatal(err)
	}
	p.choose(words.TrayBackUpNow)
	p.untilState("the new original", func(s *backup.State) bool {
		return s.Counts.Found == found+1 && s.Destinations[0].Gap == 0 && s.Work == nil
	})

	p.choose(words.TrayOpen)
	p.focus()
	p.read(texts.LockedTitle)
	p.typing(pass)
	p.key("Return")
	p.look(texts.CheckNow, true)
	p.choose(words.TrayLock)
	p.read(texts.LockedTitle)

	window := p.processes("window")
	p.choose(words.TrayQuit)
	for _, pid := range append(window, keeper) {
		p.gone(pid)
	}
	p.until("the end of all", func() bool { return len(p.processes("")) == 0 }) // what told the window ends a moment later
}

// TestANoticeComesWhenThePhotosNeedThePerson takes a folder away: that will not heal by itself, and is told over the bus.
func TestANoticeComesWhenThePhotosNeedThePerson(t *testing.T) {
	p := newPerson(t, 6)
	p.setUp()
	p.settled()
	if err := os.Rename(p.photos, p.photos+" elsewhere"); err != nil {
		t.Fatal(err)
	}
	p.terminal("backup")
	p.untilState("red", func(s *backup.State) bool { return s.Verdict == backup.NeedsYou })
	n := p.notices.Next(t)
	if n.App == "" || n.Title == "" {
		t.Errorf("an empty notice: %+v", n)
	}
	t.Logf("notice: %q %q", n.Title, n.Body)
}
