package keeper

import (
	"time"

	"lightproof/assets"
	texts "lightproof/assets/strings"
	"lightproof/backup"
)

// Intent is what a click means. Clicks carry it instead of a place in the menu, which may have changed under the pointer.
type Intent string

// The intents, one a menu item. The keeper itself carries out BackUpNow, the pauses and Resume; the others are handed on.
const (
	OpenHome     Intent = "open-home"
	OpenProblems Intent = "open-problems"
	OpenWork     Intent = "open-work" // what runs, or the pause
	BackUpNow    Intent = "back-up"
	pauseMenu    Intent = "pause"
	PauseHour    Intent = "pause-hour"
	PauseMorning Intent = "pause-morning"
	PauseWeek    Intent = "pause-week"
	Resume       Intent = "resume"
	OpenRestore  Intent = "open-restore"
	LockWindow   Intent = "lock"
	OpenWindow   Intent = "open"
	quitMenu     Intent = "quit-menu"
	quitSays     Intent = "quit-says"
	Quit         Intent = "quit"
)

// Item is one line of the menu. A line without Intent is a separator.
type Item struct {
	Intent   Intent
	Label    string
	Disabled bool // to be read only
	Children []Item
}

// View is all that the tray shows.
type View struct {
	Icon  assets.State
	Title string // also what a screen reader says for the icon
	Menu  []Item
}

// ViewOf is the tray for a state: icon and menu depend on nothing else. now decides only how times are written.
func ViewOf(s *backup.State, now time.Time) View {
	p := texts.Printer{Now: now}
	verdict, needsYou := p.Tray(Standing(s))
	menu := []Item{{Intent: OpenHome, Label: verdict}}
	if needsYou != "" {
		menu = append(menu, Item{Intent: OpenProblems, Label: "  " + needsYou})
	}
	if work := workLine(p, s); work != "" {
		menu = append(menu, Item{Intent: OpenWork, Label: "  " + work})
	}
	menu = append(menu, Item{})
	if s.Safety.SetUp {
		menu = append(menu, Item{Intent: BackUpNow, Label: texts.TrayBackUpNow})
		if s.Paused != nil {
			menu = append(menu, Item{Intent: Resume, Label: texts.TrayResume})
		} else {
			menu = append(menu, Item{Intent: pauseMenu, Label: texts.TrayPause, Children: []Item{
				{Intent: PauseHour, Label: texts.TrayPauseHour},
				{Intent: PauseMorning, Label: texts.TrayPauseMorning},
				{Intent: PauseWeek, Label: texts.TrayPauseWeek},
			}})
		}
		menu = append(menu, Item{Intent: OpenRestore, Label: texts.TrayRestore}, Item{Intent: LockWindow, Label: texts.TrayLock})
	}
	menu = append(menu, Item{Intent: OpenWindow, Label: texts.TrayOpen}, Item{Intent: quitMenu, Label: texts.TrayQuit, Children: []Item{
		{Intent: quitSays, Label: texts.QuitSays, Disabled: true},
		{Intent: Quit, Label: texts.TrayQuit},
	}})
	return View{Icon: shape(s), Title: "Lightproof", Menu: menu}
}

// skeleton is every item that a menu can have, in order; the menu shows a part of it. The tray makes each item once, so that an item
// keeps its identity, and a click that comes while the menu changes still means what was read.
func skeleton() []Item {
	return []Item{{Intent: OpenHome}, {Intent: OpenProblems}, {Intent: OpenWork}, {},
		{Intent: BackUpNow}, {Intent: Resume},
		{Intent: pauseMenu, Children: []Item{{Intent: PauseHour}, {Intent: PauseMorning}, {Intent: PauseWeek}}},
		{Intent: OpenRestore}, {Intent: LockWindow}, {Intent: OpenWindow},
		{Intent: quitMenu, Children: []Item{{Intent: quitSays}, {Intent: Quit}}}}
}

// workLine says what runs or why nothing does.
func workLine(p texts.Printer, s *backup.State) string {
	if s.Paused != nil {
		return "Paused until " + p.Clock(s.Paused.Until) // the reason stands in the verdict's sentence
	}
	if s.Work == nil {
		if s.OpenedDue > 0 {
			return texts.Count(s.OpenedDue) + " copies wait to be opened: open and unlock Lightproof"
		}
		return ""
	}
	what, ok := workWords[s.Work.Kind]
	if !ok {
		return ""
	}
	switch left := s.Work.Total - s.Work.Done; {
	case s.Work.Total <= 0 && s.Work.Done <= 0:
		return what
	case s.Work.Total <= 0:
		return what + ", " + texts.Count(s.Work.Done) + " so far"
	default:
		return what + ", " + texts.Count(max(left, 0)) + " left"
	}
}

var workWords = map[string]string{
	"looking": "Looking at folders", "backing-up": "Copying", "reading-back": "Reading back", "repairing": "Repairing",
}

// pauseFor is how long a pause of the menu lasts; ok is false for another intent. A pause always ends. The morning is tomorrow's by
// the calendar, whatever the clocks do in between.
func pauseFor(i Intent, now time.Time) (d time.Duration, ok bool) {
	switch i {
	case PauseHour:
		return time.Hour, true
	case PauseMorning:
		y, m, day := now.Date()
		return time.Date(y, m, day+1, 8, 0, 0, 0, now.Location()).Sub(now), true
	case PauseWeek:
		return 7 * 24 * time.Hour, true
	}
	return 0, false
}

func find(menu []Item, i Intent) (Item, bool) {
	for _, m := range menu {
		if m.Intent == i {
			return m, true
		}
	}
	return Item{}, false
}
