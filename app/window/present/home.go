package present

import (
	"strings"
	"time"

	"lightproof/app/window/texts"
	words "lightproof/assets/strings"
	"lightproof/backup"
)

// Banner is the verdict: the biggest thing on screen.
type Banner struct {
	Verdict  backup.Verdict
	Headline string
	Second   string
	Ages     string
	Action   Action
}

// Stat is a number that opens its list.
type Stat struct {
	Number string
	Word   string
	Note   string
	Intent Intent
	Role   backup.Verdict // colour of the number where it is not zero; Safe = plain text
	Plain  bool
}

// DestinationRow is one line of the table of destinations.
type DestinationRow struct {
	ID      string
	Mark    backup.Verdict
	Name    string
	Place   string
	Room    string
	Filled  float64 // 0–1; negative = unknown
	Written string
	Proof   string
	Gap     string
	Problem string
}

// Tick is one line of the check-up card.
type Tick struct {
	Done   bool
	Text   string
	Action Action
}

// Home is the whole first screen.
type Home struct {
	Banner       Banner
	Empty        bool // nothing is protected yet: one sentence, one button
	Frozen       bool
	Stats        []Stat
	Destinations []DestinationRow
	Now          string
	Fraction     float64 // of the work in hand; negative = none or unknown
	Next         string
	Paused       string
	Ticks        []Tick
	AsOf         string // the age of the numbers where they are frozen
}

// ShowHome computes Home.
func ShowHome(f Feed) Home {
	h := Home{Banner: ShowBanner(f), Frozen: f.Frozen(), Fraction: -1}
	s := f.State
	if s == nil {
		return h
	}
	p := f.printer()
	if f.Frozen() {
		h.AsOf = texts.AsOf(p.Ago(s.At))
	}
	h.Empty = !s.Safety.SetUp || len(s.Folders) == 0 && !keysClosed(s)
	h.Stats = stats(s)
	for _, d := range s.Destinations {
		h.Destinations = append(h.Destinations, destinationRow(f, d))
	}
	h.Now, h.Fraction = work(s.Work)
	if f.Frozen() {
		h.Now, h.Fraction = "", -1
	}
	if !s.NextLook.IsZero() && !f.Frozen() {
		h.Next = texts.NextLook(p.Clock(s.NextLook))
	}
	if s.Paused != nil {
		h.Paused = texts.PausedUntil(p.Clock(s.Paused.Until))
	}
	h.Ticks = ticks(f)
	return h
}

// ShowBanner computes the verdict alone, for Home and the lock screen. It holds no name.
func ShowBanner(f Feed) Banner {
	p := f.printer()
	st, unsaid := standing(f)
	b := Banner{Verdict: backup.Verdict(st.Verdict)}
	b.Headline, b.Second = p.Home(st)
	if unsaid.What != "" {
		b.Headline, b.Second = texts.NotSafeYet(lower(unsaid.What)), unsaid.Why
	}
	s := f.State
	switch {
	case s == nil || !f.Live:
		b.Action = Action{Text: texts.StartIt, Intent: StartKeeper}
		if s == nil && f.Live {
			b.Action = Action{}
		}
	case !f.Silent.IsZero():
		b.Action = Action{Text: texts.RestartIt, Intent: RestartKeeper}
	case keysClosed(s):
		b.Action = TellCause(f, s.Causes[0]).Action
		if b.Action.Intent == SeeProblems {
			b.Action = Action{Text: texts.ShowProblems, Intent: SeeProblems}
		}
	case !s.Safety.SetUp || len(s.Folders) == 0:
		b.Action = Action{Text: texts.ChooseFolders, Intent: BeginSetup}
		if s.Safety.SetUp {
			b.Action.Intent = AddFolder
		}
	case len(s.Destinations) == 0:
		b.Action = Action{Text: texts.AddDestination, Intent: AddDestination}
	case st.Verdict == words.NeedsYou:
		b.Action = Action{Text: texts.SeeThe(words.Count(st.NeedYou)), Intent: SeeProblems}
	case st.Verdict == words.NotYet:
		b.Action = amberAction(st.Cause)
		if unsaid.What != "" {
			b.Action = Action{Text: texts.ShowProblems, Intent: SeeProblems}
		}
	}
	if s != nil && f.Live {
		var oldest time.Duration
		if !s.OldestProof.IsZero() {
			oldest = f.Now.Sub(s.OldestProof)
		}
		if !s.OldestProof.IsZero() || !s.LastLook.IsZero() {
			b.Ages = ages(p, oldest, s)
		}
	}
	return b
}

// keysClosed tells whether the background part runs without its keys: it then knows neither folders nor numbers.
func keysClosed(s *backup.State) bool {
	if !s.Safety.SetUp || len(s.Causes) == 0 {
		return false
	}
	switch words.Cause(s.Causes[0].Code) {
	case words.CauseKeychain, words.CauseKeysWait, words.CauseKeysLost:
		return true
	}
	return false
}

func ages(p words.Printer, oldest time.Duration, s *backup.State) string {
	var parts []string
	if oldest > 0 {
		parts = append(parts, texts.OldestProof(words.Span(oldest)))
	}
	if !s.LastLook.IsZero() {
		parts = append(parts, texts.LastLook(p.Ago(s.LastLook)))
	}
	if !s.LastPractice.IsZero() {
		parts = append(parts, texts.LastPractice(p.Date(s.LastPractice), s.LastPassed))
	}
	line := strings.Join(parts, " · ")
	if line == "" {
		return ""
	}
	return strings.ToUpper(line[:1]) + line[1:]
}

func amberAction(c words.Cause) Action {
	switch c {
	case words.CausePlaces, words.CauseNoCopies:
		return Action{Text: texts.AddSecondPlace, Intent: AddDestination}
	case words.CauseKit:
		return Action{Text: texts.CheckKit, Intent: CheckKit}
	case words.CausePaused:
		return Action{Text: texts.Resume, Intent: Resume}
	case words.CausePractice:
		return Action{Text: texts.Practise, Intent: Practice}
	case words.CauseDestination:
		return Action{Text: texts.ShowDestinations, Intent: SeeDestinations}
	case words.CauseFolder, words.CauseLook:
		return Action{Text: texts.ShowFolders, Intent: SeeFolders}
	case words.CauseBusy, words.CauseGroup:
		return Action{Text: texts.ShowThem, Intent: SeePending}
	case words.CauseExpired, words.CauseReadBack:
		return Action{Text: texts.CheckNow, Intent: CheckNow}
	}
	return Action{}
}

// standing is what the sentence is made of, and the cause's own message where the sentence has no words for it.
func standing(f Feed) (words.Standing, Told) {
	s := f.State
	if !f.Live {
		return words.Standing{Verdict: words.CannotTell, Cause: words.CauseStopped}, Told{}
	}
	if s == nil {
		return words.Standing{Verdict: words.CannotTell, Cause: words.CauseFirstLook}, Told{}
	}
	if !f.Silent.IsZero() {
		return words.Standing{Verdict: words.CannotTell, Cause: words.CauseSilent, Until: f.Silent}, Told{}
	}
	c := s.Counts
	st := words.Standing{
		Verdict: words.Verdict(s.Verdict), Protected: c.Protected, Found: c.Found, Skipped: c.Skipped, AtLeast: c.AtLeast,
		Places: int64(s.PlacesNow), Planned: int64(s.Plan.Places), NeedYou: c.Failed + c.Unreadable, Waiting: c.Pending,
	}
	for _, d := range s.Destinations {
		st.Proven = max(st.Proven, d.Proven)
	}
	if !c.Sums() {
		st.Verdict, st.Cause = words.CannotTell, words.CauseSums
		return st, Told{}
	}
	if keysClosed(s) {
		st.Cause = words.CauseOf(s.Causes[0].Code)
		return st, Told{}
	}
	if !s.Safety.SetUp || len(s.Folders) == 0 {
		st.Verdict, st.Cause = words.NotYet, words.CauseNothing
		return st, Told{}
	}
	var red int64
	code := ""
	var unsaid Told
	for _, cause := range s.Causes {
		if cause.Verdict == backup.NeedsYou {
			red += max(cause.Count, 1)
		}
		if code == "" && cause.Verdict == s.Verdict {
			code = cause.Code
			known := false
			st.Cause, known = causeOf(cause.Code, cause.Args)
			if !known && s.Verdict == backup.NotYet {
				unsaid = TellCause(f, cause)
			}
			st.Name = cause.Args["name"]
			if at, ok := value(cause.Args["until"]).(time.Time); ok {
				st.Until = at
			}
			if cause.Count > 0 {
				st.Waiting = cause.Count
			}
		}
	}
	if st.NeedYou == 0 {
		st.NeedYou = red
	}
	if s.Paused != nil {
		st.Until = s.Paused.Until
	}
	if len(s.Destinations) == 0 && st.Verdict == words.NotYet {
		st.Cause = words.CauseNoCopies
	}
	return st, unsaid
}

// stats are the four tiles, which add up to what was found.
func stats(s *backup.State) []Stat {
	c := s.Counts
	list := []Stat{
		{Number: words.Count(c.Protected), Word: texts.Protected, Intent: SeeProtected, Role: backup.Safe, Plain: c.Protected == 0},
		{Number: words.Count(c.Pending), Word: texts.Pending, Intent: SeePending, Role: backup.NotYet, Plain: c.Pending == 0},
		{Number: words.Count(c.Failed + c.Unreadable), Word: texts.Problems, Intent: SeeProblems, Role: backup.NeedsYou, Plain: c.Failed+c.Unreadable == 0},
		{Number: words.Count(c.Skipped + c.OnlineOnly), Word: texts.NotCovered, Intent: SeeUncovered, Role: backup.CannotTell, Plain: true},
	}
	if c.OnlineOnly > 0 {
		list[3].Note = texts.OnlineOnly(words.Count(c.OnlineOnly))
	} else if c.Skipped > 0 {
		list[3].Note = texts.LeftOut
	}
	if c.AtLeast {
		list[2].Note = texts.AtLeast
	}
	if s.PlacesNow < s.Plan.Places && c.Pending > 0 {
		list[1].Note = texts.PlacesOf(s.PlacesNow, s.Plan.Places)
	}
	return list
}

func destinationRow(f Feed, d backup.DestinationState) DestinationRow {
	p := f.printer()
	row := DestinationRow{ID: d.ID, Name: words.Name(d.Label), Place: texts.PlaceHome, Room: texts.Unknown, Filled: -1,
		Written: p.Ago(d.LastWrite), Proof: texts.NoneYet, Gap: words.Count(d.Gap)}
	if d.Away {
		row.Place = texts.PlaceAway
	}
	if d.FreeBytes >= 0 && d.TotalBytes > 0 {
		row.Room = texts.RoomFree(words.Size(d.FreeBytes))
		row.Filled = 1 - float64(d.FreeBytes)/float64(d.TotalBytes)
	}
	if !d.OldestProof.IsZero() {
		row.Proof = words.Span(f.Now.Sub(d.OldestProof))
	}
	switch {
	case f.Frozen():
		row.Mark = backup.CannotTell
	case d.Problem != "":
		row.Mark = backup.NeedsYou
		if !d.Reachable {
			row.Mark = backup.NotYet
		}
		row.Problem = TellCause(f, backup.Cause{Code: d.Problem, Count: d.Gap, Since: d.LastWrite, Args: map[string]string{"name": d.Label, "destination": d.Label}}).What
	case d.Gap > 0 || !d.Reachable:
		row.Mark = backup.NotYet
	}
	return row
}

func work(w *backup.Work) (string, float64) {
	if w == nil {
		return "", -1
	}
	part, fraction := "", -1.0
	switch {
	case w.TotalBytes > 0:
		fraction = float64(w.Bytes) / float64(w.TotalBytes)
	case w.Total > 0:
		fraction = float64(w.Done) / float64(w.Total)
	}
	if w.Total > 0 {
		part = texts.DoneOf(words.Count(w.Done), words.Count(w.Total))
	} else if w.Done > 0 {
		part = words.Count(w.Done)
	}
	line := []string{texts.Working(w.Kind)}
	if part != "" {
		line = append(line, part)
	}
	if w.Rate >= 1 {
		line = append(line, words.Size(int64(w.Rate))+"/s")
	}
	if w.Left > 0 {
		line = append(line, texts.About(words.Span(w.Left)))
	}
	return strings.Join(line, " · "), min(max(fraction, -1), 1)
}

func ticks(f Feed) []Tick {
	s := f.State
	if !s.Safety.SetUp {
		return nil
	}
	p := f.printer()
	kit := Tick{Done: !s.Safety.KitChecked.IsZero(), Text: texts.KitUnchecked, Action: Action{Text: texts.CheckKit, Intent: CheckKit}}
	if kit.Done {
		kit.Text, kit.Action = texts.KitChecked(p.Date(s.Safety.KitChecked)), Action{}
	}
	places := Tick{Done: s.PlacesNow >= s.Plan.Places, Text: texts.PlacesSet(s.PlacesNow, s.Plan.Places)}
	if !places.Done {
		places.Action = Action{Text: texts.AddDestination, Intent: AddDestination}
	}
	practice := Tick{Done: !s.LastPractice.IsZero() && s.LastPassed, Text: texts.NoPractice}
	if !s.LastPractice.IsZero() {
		practice.Text = texts.LastPractice(p.Date(s.LastPractice), s.LastPassed)
		practice.Text = strings.ToUpper(practice.Text[:1]) + practice.Text[1:]
	}
	if !practice.Done {
		practice.Action = Action{Text: texts.Practise, Intent: Practice}
	}
	if kit.Done && places.Done && practice.Done {
		return nil
	}
	return []Tick{kit, places, practice}
}
