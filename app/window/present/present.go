// Package present turns plain state into view models: texts, fractions, and which button. It knows no toolkit, no clock and no
// goroutine, so every screen's decisions are table-tested.
package present

import (
	"strconv"
	"strings"
	"time"

	words "lightproof/assets/strings"
	"lightproof/backup"
)

// Intent is what a button asks for; the window carries it out.
type Intent string

// The intents of the window.
const (
	None            Intent = ""
	StartKeeper     Intent = "start-keeper"
	RestartKeeper   Intent = "restart-keeper"
	SeeProblems     Intent = "problems"
	SeeFolders      Intent = "folders"
	SeeDestinations Intent = "destinations"
	SeeTimeline     Intent = "timeline"
	SeePending      Intent = "pending"
	SeeUncovered    Intent = "uncovered"
	SeeProtected    Intent = "protected"
	SeeActivity     Intent = "activity"
	BeginSetup      Intent = "first-run"
	AddFolder       Intent = "add-folder"
	AddDestination  Intent = "add-destination"
	CheckKit        Intent = "check-kit"
	Resume          Intent = "resume"
	Pause           Intent = "pause"
	CheckNow        Intent = "check-now"
	Restore         Intent = "restore"
	ContinueRestore Intent = "continue-restore"
	Practice        Intent = "practice"
	WriteProof      Intent = "proof"
	RetryAll        Intent = "retry-all"
	LeaveOut        Intent = "leave-out"
	Unlock          Intent = "unlock"
	Adopt           Intent = "adopt"
	NewKit          Intent = "new-kit"
	ChangePass      Intent = "passphrase"
	ChooseStep      Intent = "choose-step" // back to the step of the wizard that Arg names
)

// Action is a button: its words and what it asks for. An empty Text means no button.
type Action struct {
	Text   string
	Intent Intent
	Arg    string
}

// Feed is the newest state and how live it is.
type Feed struct {
	State  *backup.State // nil until the first one came
	Live   bool          // the event stream stands
	Silent time.Time     // since when there has been no beat; zero while it beats
	Now    time.Time
	Tries  int // starts of the background part in the last ten minutes
}

// Frozen tells whether numbers must be shown greyed: they are the last known ones.
func (f Feed) Frozen() bool { return !f.Live || !f.Silent.IsZero() || f.State == nil }

func (f Feed) printer() words.Printer { return words.Printer{Now: f.Now} }

// params turns the arguments of a cause into template values: times and numbers are written as text by the channel.
func params(args map[string]string, count int64, since, now time.Time, class words.Class) words.Params {
	p := words.Params{}
	for _, name := range words.Needs(class) {
		switch v, ok := args[name]; {
		case ok:
			p[name] = value(v)
		case name == "n":
			p[name] = count
		case (name == "since" || name == "at") && !since.IsZero():
			p[name] = since
		case name == "age" && !since.IsZero():
			p[name] = now.Sub(since)
		}
	}
	return p
}

// value reads a number, a time or a span out of text; anything else stays text.
func value(s string) any {
	if n, ok := whole(s); ok {
		return n
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t
	}
	if d, err := time.ParseDuration(s); err == nil {
		return d
	}
	return s
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func whole(s string) (int64, bool) {
	if s == "" || len(s) > 18 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	var n int64
	for _, d := range s {
		n = n*10 + int64(d-'0')
	}
	return n, true
}

// Told is one user-facing message, ready to show.
type Told struct {
	What, Why, Code string
	Action          Action
}

// Tell writes the message of a class for a person.
func Tell(now time.Time, code string, count int64, since time.Time, args map[string]string) Told {
	class := words.Class(code)
	m, _ := words.Printer{Now: now}.Message(class, params(args, count, since, now, class)) // fit to show whatever is missing
	return Told{What: m.What, Why: m.Why, Code: m.Code, Action: Action{Text: m.Action, Intent: intentOf(class), Arg: stepOf(class)}}
}

// intentOf says what the one action of a message does here. Where the window has no screen for it yet, it leads to the list that
// holds the thing.
func intentOf(c words.Class) Intent {
	switch c {
	case words.Engine:
		return StartKeeper
	case words.EngineSilent:
		return RestartKeeper
	case words.KitUnchecked:
		return CheckKit
	case words.Identity:
		return Adopt
	case words.Paused:
		return Resume
	case words.TooFewPlaces:
		return AddDestination
	case words.PracticeOverdue, words.PracticeFailed:
		return Practice
	case words.Busy, words.Changing:
		return RetryAll
	case words.Away, words.Missing, words.Permission, words.Unlistable:
		return SeeFolders
	case words.Full, words.Login, words.WrongDisk, words.RolledBack, words.DestinationAway, words.ReadOnly, words.NotEmpty:
		return SeeDestinations
	case words.RestoreAway:
		return SeeDestinations
	case words.RestoreWaits, words.RestoreFull, words.RestoreGone:
		return ContinueRestore
	case words.RestoreRoom, words.RestoreTarget, words.RestoreNothing, words.RestorePattern, words.RestoreFailed:
		return ChooseStep
	case words.Locked, words.KeychainLocked, words.KeysWait:
		return Unlock
	}
	return SeeProblems
}

// stepOf is the step of the restore wizard at which a message's action is done.
func stepOf(c words.Class) string {
	switch c {
	case words.RestoreRoom, words.RestoreTarget:
		return "to"
	case words.RestoreNothing:
		return "when"
	case words.RestorePattern:
		return "which"
	case words.RestoreFailed:
		return "dry"
	}
	return ""
}

// lastHeard is when the last state came; zero if none did.
func lastHeard(f Feed) time.Time {
	if f.State == nil {
		return time.Time{}
	}
	return f.State.At
}

func timeText(f Feed) string {
	if at := lastHeard(f); !at.IsZero() {
		return at.Format(time.RFC3339)
	}
	return ""
}
