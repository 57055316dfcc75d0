package present

import (
	"strings"

	"lightproof/app/window/texts"
	words "lightproof/assets/strings"
	"lightproof/backup"
	"lightproof/backup/store/limit"
)

// Problem is one cause: what, why, one action; Files opens the originals under it.
type Problem struct {
	Verdict         backup.Verdict
	Class           string
	What, Why, Note string
	Action          Action
	Files           string
}

// Problems is the page of causes.
type Problems struct {
	Rows   []Problem
	Empty  string // the second line of the empty state
	Frozen bool
}

// ShowProblems lists the causes, what needs somebody first.
func ShowProblems(f Feed) Problems {
	vm := Problems{Frozen: f.Frozen()}
	if !f.Live {
		t := Tell(f.Now, string(words.Engine), 0, lastHeard(f), map[string]string{"at": timeText(f)})
		vm.Rows = append(vm.Rows, Problem{Verdict: backup.CannotTell, Class: "engine", What: texts.Stopped, Why: t.Why,
			Action: Action{Text: texts.StartIt, Intent: StartKeeper}})
	}
	if f.State == nil {
		return vm
	}
	p := f.printer()
	vm.Empty = texts.NoProblemsLine(p.Ago(f.State.LastLook))
	for _, want := range []backup.Verdict{backup.CannotTell, backup.NeedsYou, backup.NotYet} {
		for _, c := range f.State.Causes {
			if c.Verdict != want {
				continue
			}
			t := TellCause(f, c)
			row := Problem{Verdict: c.Verdict, Class: c.Code, What: t.What, Why: t.Why, Action: t.Action}
			var note []string
			if !c.Since.IsZero() {
				note = append(note, texts.Since(p.Date(c.Since)))
			}
			if t.Code != "" {
				note = append(note, t.Code)
			}
			row.Note = strings.Join(note, " · ")
			if row.Action.Intent == SeeProblems || row.Action.Intent == None {
				row.Action = Action{}
			}
			if c.Count > 0 && listed(c.Code) {
				row.Files = texts.SeeFiles + " (" + words.Count(c.Count) + ")"
			}
			vm.Rows = append(vm.Rows, row)
		}
	}
	return vm
}

// listed tells whether a cause has files under it, rather than being about a place or the keys.
func listed(code string) bool {
	switch classOf(code, nil) {
	case "look-due", "first-look", "counting", "no-folders", "missing", "waiting", words.TooFewPlaces, words.KitUnchecked, words.KeychainLocked, words.KeychainLost, words.KeychainNone, words.KeysWait, words.Identity, words.Newer, words.Clock, words.NoRoom,
		words.Engine, words.EngineSilent, words.Records, words.Paused, words.PracticeFailed, words.PracticeOverdue,
		words.Full, words.Login, words.WrongDisk, words.RolledBack, words.DestinationAway, words.ReadOnly, words.Access, words.Away:
		return false
	}
	return true
}

// FolderRow is one folder with its six counts.
type FolderRow struct {
	ID, Name, Watch, Note string
	Mark                  backup.Verdict
	Counts                []Stat
}

// ShowFolders lists folders. paths maps ids to paths where the names may be shown.
func ShowFolders(f Feed, paths map[string]string) []FolderRow {
	if f.State == nil {
		return nil
	}
	p := f.printer()
	var rows []FolderRow
	for i, s := range f.State.Folders {
		c := s.Counts
		row := FolderRow{ID: s.ID, Name: texts.FolderName(i + 1), Note: texts.LastScan + " " + p.Ago(s.LastScan), Watch: texts.EventsNot}
		if path := paths[s.ID]; path != "" {
			row.Name = words.Name(path)
		}
		if s.Events {
			row.Watch = texts.EventsLive
		}
		switch {
		case f.Frozen():
			row.Mark = backup.CannotTell
		case s.Missing:
			row.Mark, row.Watch = backup.NeedsYou, texts.MissingFolder
		case c.Failed+c.Unreadable > 0:
			row.Mark = backup.NeedsYou
		case c.Pending > 0 || c.OnlineOnly > 0 || s.LastScan.IsZero():
			row.Mark = backup.NotYet
		}
		for _, n := range []struct {
			word string
			n    int64
		}{{texts.Found, c.Found}, {texts.Protected, c.Protected}, {texts.Pending, c.Pending}, {texts.Problems, c.Failed + c.Unreadable}, {texts.NotCovered, c.Skipped + c.OnlineOnly}} {
			row.Counts = append(row.Counts, Stat{Number: words.Count(n.n), Word: n.word})
		}
		rows = append(rows, row)
	}
	return rows
}

// Place is one destination on its own page.
type Place struct {
	DestinationRow
	ReadBack string
	Stored   string
	Limit    string // both limits in words
	Up, Down string // as a person would enter them, empty = none
}

// enteredLimit is a limit as it stands in its field.
func enteredLimit(n int64) string {
	if n == 0 {
		return ""
	}
	return words.Rate(n)
}

// ReadLimits reads the two fields of a destination's limits; ok is false where one of them is no limit.
func ReadLimits(id, up, down string) (c backup.LimitDestination, ok bool) {
	l := limit.Limits{}
	var uerr, derr error
	l.Up, uerr = words.ParseRate(up)
	l.Down, derr = words.ParseRate(down)
	return backup.LimitDestination{ID: id, Up: l.Up, Down: l.Down}, uerr == nil && derr == nil && l.Check() == nil
}

// ShowPlaces lists destinations.
func ShowPlaces(f Feed) []Place {
	if f.State == nil {
		return nil
	}
	p := f.printer()
	var rows []Place
	for _, d := range f.State.Destinations {
		rows = append(rows, Place{DestinationRow: destinationRow(f, d), ReadBack: p.Ago(d.LastRead), Stored: words.Size(d.Stored),
			Limit: words.LimitPair(d.UpLimit, d.DownLimit), Up: enteredLimit(d.UpLimit), Down: enteredLimit(d.DownLimit)})
	}
	return rows
}

// Line is one row of a plain list.
type Line struct {
	Key, Main, Side string
	State           string
}

// ShowLines turns rows of the engine into lines; a row without a path is told by its message.
func ShowLines(f Feed, rows []backup.Row) []Line {
	p := f.printer()
	lines := make([]Line, 0, len(rows))
	for _, r := range rows {
		l := Line{Key: r.Key, Main: words.Name(r.Path), State: r.State}
		var why string
		if r.Code != "" {
			why = tellFile(f.Now, r)
		}
		if r.Path == "" {
			l.Main, why = why, ""
			if line, ok := p.Activity(r.Code, r.Args); ok {
				l.Main = line
			} else if line := texts.Did(r.Code, words.Count(r.Size), r.Size); line != "" {
				l.Main = line
			}
		}
		side := []string{}
		if why != "" {
			side = append(side, why)
		}
		if !r.Since.IsZero() {
			side = append(side, p.Clock(r.Since))
		}
		l.Side = strings.Join(side, " · ")
		lines = append(lines, l)
	}
	return lines
}
