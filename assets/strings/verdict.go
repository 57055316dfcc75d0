package texts

import (
	"strings"
	"time"
)

// Verdict is the honest answer to "are my photos safe?". Its order is the order of precedence: a higher one outranks.
type Verdict int

// The four verdicts. Shape and word always stand beside the colour.
const (
	Safe Verdict = iota
	NotYet
	NeedsYou
	CannotTell
)

// Word is the verdict in words.
func (v Verdict) Word() string {
	return [...]string{"Safe", "Not yet", "Needs you", "Cannot tell"}[v]
}

// Shape is the verdict as one character.
func (v Verdict) Shape() string { return [...]string{"✓", "‖", "!", "?"}[v] }

// Cause is why a verdict is not Safe.
type Cause string

// Causes of NotYet, each with what ends it, and of CannotTell.
const (
	CauseNone        Cause = ""
	CausePlaces      Cause = "places"       // too few places
	CauseCopying     Cause = "copying"      // new or changed originals are being copied
	CauseReadBack    Cause = "read-back"    // copies wait to be read back
	CauseExpired     Cause = "expired"      // proof too old
	CauseNetwork     Cause = "network"      // no trusted network
	CauseDestination Cause = "destination"  // Name is not connected
	CauseFolder      Cause = "folder"       // Name is not connected
	CausePaused      Cause = "paused"       // until Until
	CauseBusy        Cause = "busy"         // files in use
	CauseGroup       Cause = "group"        // half of a group is missing
	CauseKit         Cause = "kit"          // kit never checked
	CausePractice    Cause = "practice"     // practice restore overdue
	CauseLook        Cause = "look"         // a folder was not wholly looked through
	CauseClock       Cause = "clock"        // the clock moved
	CauseStopped     Cause = "stopped"      // the background part is not running
	CauseSilent      Cause = "silent"       // it does not answer since Until
	CauseRecords     Cause = "records"      // records cannot be read
	CauseSums        Cause = "sums"         // the numbers do not add up
	CauseFirstLook   Cause = "first-look"   // the first look is not finished
	CauseCounting    Cause = "counting"     // after an end by force everything is counted anew
	CauseOldImage    Cause = "old-image"    // this computer was put back to an earlier state
	CauseNothing     Cause = "nothing"      // no folder chosen
	CauseNoCopies    Cause = "destinations" // no destination yet
	CauseKeychain    Cause = "keychain"     // the system keychain is locked
	CauseKeysWait    Cause = "keys-wait"    // the passphrase is given at each start, and was not yet
)

// CauseKeysLost is the one cause of NeedsYou with a sentence of its own: without keys there are no numbers to say.
const CauseKeysLost Cause = "keychain-lost"

// Standing is what the sentence is made of. All numbers count originals.
type Standing struct {
	Verdict   Verdict
	Protected int64 // proven in enough places
	Found     int64 // by the scan's own walk
	Skipped   int64 // left out by a rule or a choice
	AtLeast   bool  // a folder could not be listed, so totals are a lower bound
	Places    int64 // in how many places copies are proven
	Planned   int64 // in how many they should be
	Proven    int64 // checked or opened in Places places, enough of them or not
	NeedYou   int64 // failed, unreadable and the like: what Problems lists
	Waiting   int64 // originals that the cause holds up
	Cause     Cause
	Name      string    // destination or folder of the cause
	Until     time.Time // end of a pause; or since when the background part is silent
}

// notYet completes "Not safe yet: …."; cannotTell completes "Cannot tell: …."; ends says what ends the cause.
var (
	notYet = map[Cause]struct{ because, ends string }{
		CausePlaces: {"{proven:count} of {all:count} originals are checked in {places:count} of {planned:count} places",
			"A second place ends this."},
		CauseCopying:     {"{n:count} {n?original is|originals are} being copied", "It ends by itself."},
		CauseReadBack:    {"{n:count} {n?waits|wait} to be read back", "It ends by itself within a day."},
		CauseExpired:     {"the proof of {n:count} {n?original|originals} is too old", "The next check ends this."},
		CauseNetwork:     {"{n:count} {n?waits|wait} for a trusted network", "It ends on a network that you trust."},
		CauseDestination: {"{n:count} {n?waits|wait} for “{name}”", "Connect it to end this."},
		CauseFolder:      {"“{name}” is not connected", "Connect it to end this."},
		CausePaused:      {"copying is paused until {until:clock}", "It ends by itself, or resume now."},
		CauseBusy:        {"{n:count} {n?is|are} open in another program", "Close it to end this."},
		CauseGroup:       {"{n:count} {n?waits|wait} for the other half of a photo", "It ends when both halves are here."},
		CauseKit:         {"the recovery kit is not checked", "Checking it ends this (2 min)."},
		CausePractice:    {"the practice restore is overdue", "Practising ends this (2 min)."},
		CauseLook:        {"not every folder was looked through in the last day", "The next full look ends this."},
		CauseClock:       {"this computer's clock cannot be trusted", "Correct the date to end this."},
		CauseNothing:     {"nothing is protected yet", "Choose folders to begin."},
		CauseNoCopies:    {"there is no destination yet", "Add one to begin."},
		CauseKeychain:    {"the system keychain is locked", "Opening it ends this."},
		CauseKeysWait:    {"the keys wait for your passphrase", "Giving it once ends this."},
	}
	cannotTell = map[Cause]struct{ because, ends string }{
		CauseStopped:   {"the background part is not running", "Start it."},
		CauseSilent:    {"the background part does not answer since {until:clock}", "Restart it."},
		CauseRecords:   {"the records on this computer cannot be read", "They are being rebuilt from the copies."},
		CauseSums:      {"the numbers do not add up", "Everything is being counted again."},
		CauseFirstLook: {"the first look is not finished", "It ends by itself."},
		CauseCounting:  {"the originals are being counted", "It ends by itself."},
		CauseOldImage:  {"this computer was put back to an earlier state", "It is being compared with the copies."},
	}
)

// Home is the sentence of Home, tray and status: the verdict first, then what needs the person or what ends it. It never
// rounds and never says safe unless the verdict is Safe or NeedsYou with its exact numbers.
func (p Printer) Home(s Standing) (headline, second string) {
	values := p.values(s)
	switch s.Verdict {
	case CannotTell:
		why, ok := cannotTell[s.Cause]
		if !ok {
			why = cannotTell[CauseSums] // a cause without words is a fault of ours; grey stays grey
		}
		return p.must("Cannot tell: "+why.because+".", values), p.must(why.ends, values)
	case NotYet:
		why, ok := notYet[s.Cause]
		if !ok {
			why = notYet[CauseLook]
		}
		second = p.must(why.ends, values)
		if s.Cause != CausePlaces && s.Cause != CauseNothing && s.Cause != CauseNoCopies && s.Found > s.Skipped && s.Places >= s.Planned {
			second += " " + p.sum(s)
		}
		return p.must("Not safe yet: "+why.because+".", values), second + leftOut(s)
	}
	if s.Verdict == NeedsYou && s.Cause == CauseKeysLost {
		m, _ := p.Message(KeychainLost, nil)
		return m.What, m.Why
	}
	headline = p.sum(s)
	if s.Places < s.Planned {
		headline = p.must("{proven:count} of {all:count} originals are checked in {places:count} of {planned:count} places.", values)
	}
	if s.Verdict == NeedsYou {
		second = p.must("{you:count} {you?needs|need} you.", values)
	}
	return headline, strings.TrimSpace(second + leftOut(s))
}

func (p Printer) sum(s Standing) string {
	return p.must("{protected:count} of {least}{all:count} {all?original is|originals are} safe in {places:count} {places?place|places}.",
		p.values(s))
}

func leftOut(s Standing) string {
	if s.Skipped == 0 {
		return ""
	}
	return " " + Count(s.Skipped) + " left out by you or a rule."
}

func (p Printer) values(s Standing) Params {
	least := ""
	if s.AtLeast {
		least = "at least "
	}
	return Params{"protected": s.Protected, "all": s.Found - s.Skipped, "places": s.Places, "planned": s.Planned, "proven": s.Proven,
		"you": s.NeedYou, "n": s.Waiting, "name": s.Name, "until": s.Until, "least": least}
}

// must fills a template of this package with values of this package; the tests go through all of them.
func (p Printer) must(template string, values Params) string {
	text, _ := p.fill(template, values, map[string]bool{})
	return text
}

// Practice is the outcome of the last practice restore; the zero value is "none yet".
type Practice struct {
	At            time.Time
	Identical, Of int64
}

// Ages is the line of dates under the verdict: "Oldest proof 12 days · last look 20 min ago · practice restore 3 Nov: 25 of
// 25 identical." An age below zero means that there is no proof yet.
func (p Printer) Ages(oldestProof time.Duration, lastLook time.Time, practice Practice) string {
	proof := "no proof yet"
	if oldestProof >= 0 {
		proof = "oldest proof " + Span(oldestProof)
	}
	drill := "no practice restore yet"
	if !practice.At.IsZero() {
		drill = "practice restore " + p.Date(practice.At) + ": " + Count(practice.Identical) + " of " + Count(practice.Of) + " identical"
	}
	line := proof + " · last look " + p.Ago(lastLook) + " · " + drill + "."
	return strings.ToUpper(line[:1]) + line[1:]
}
