package present

import (
	"path"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lightproof/app/window/texts"
	words "lightproof/assets/strings"
	"lightproof/backup"
)

// classes are the engine's codes whose message has another name in the string table.
var classes = map[string]words.Class{
	"name-too-long": words.BadName, "damaged-copy": words.Damaged, "practice-failed": words.PracticeFailed, "practice-due": words.PracticeOverdue,
	"cannot-tell": words.Records, "unlistable-folder": words.Unlistable, "contents-unknown": words.Unlistable,
	"not a file": words.NotAFile,
}

// spoken are the causes that the sentence has words for.
var spoken = []words.Cause{words.CausePlaces, words.CauseCopying, words.CauseReadBack, words.CauseExpired, words.CauseNetwork, words.CauseDestination, words.CauseFolder,
	words.CausePaused, words.CauseBusy, words.CauseGroup, words.CauseKit, words.CausePractice, words.CauseLook, words.CauseClock, words.CauseStopped, words.CauseSilent,
	words.CauseRecords, words.CauseSums, words.CauseFirstLook, words.CauseCounting, words.CauseOldImage, words.CauseNothing, words.CauseNoCopies}

// classOf is the message of an engine's code; about a destination, "away" means another one than about a folder.
func classOf(code string, args map[string]string) words.Class {
	if code == string(words.Away) && args["destination"] != "" {
		return words.DestinationAway
	}
	if c, ok := classes[code]; ok {
		return c
	}
	return words.Class(code)
}

// causeOf is the cause that the sentence names, and whether it has words for it.
func causeOf(code string, args map[string]string) (words.Cause, bool) {
	c := words.CauseOf(code)
	if c == words.CauseFolder && args["destination"] != "" {
		c = words.CauseDestination
	}
	if c == words.CauseFolder && args["name"] == "" {
		return c, false
	}
	return c, slices.Contains(spoken, c)
}

// TellCause writes the message of a cause. What the engine does not say about a sum of files (names never travel in a state) is taken
// from the state, or left out rather than shown as unknown.
func TellCause(f Feed, c backup.Cause) Told {
	args := map[string]string{"system": system(), "folder": texts.AFolder, "name": texts.ADestination, "where": texts.TheCloud}
	if s := f.State; s != nil {
		args["places"], args["planned"] = itoa(int64(s.PlacesNow)), itoa(int64(s.Plan.Places))
		for _, d := range s.Destinations {
			if d.Label == c.Args["destination"] || d.Label == c.Args["name"] {
				args["room"] = itoa(max(d.FreeBytes, 0))
				if !d.LastWrite.IsZero() {
					args["age"] = f.Now.Sub(d.LastWrite).String()
				}
			}
		}
		if c.Code == "practice-due" || c.Code == "practice-overdue" {
			if s.LastPractice.IsZero() {
				return Told{What: texts.NoPracticeYet, Why: texts.WhyPractise, Action: Action{Text: texts.Practise, Intent: Practice}}
			}
			args["age"] = f.Now.Sub(s.LastPractice).String()
		}
	}
	for k, v := range c.Args {
		args[k] = v
	}
	t := Tell(f.Now, string(classOf(c.Code, c.Args)), c.Count, c.Since, args)
	if what := counted(c, args); what != "" {
		t.What = what
	} else if !slices.Contains(words.Classes(), classOf(c.Code, c.Args)) {
		t.What, t.Why, t.Code, t.Action = sentence(f, c), "", "", amberAction(words.CauseOf(c.Code))
		if c.Code == "failed" {
			t.What, t.Why = texts.FailedFiles(words.Count(c.Count), c.Count == 1), ""
		}
	}
	if strings.Contains(t.Why, "?") {
		t.Why = ""
	}
	return t
}

// counted words the causes about several files whose table entry speaks of one file by name.
func counted(c backup.Cause, args map[string]string) string {
	n := words.Count(c.Count)
	switch words.Class(c.Code) {
	case words.Busy:
		if args["file"] == "" {
			return texts.BusyFiles(n, c.Count == 1)
		}
	case words.Changing:
		if args["file"] == "" {
			return texts.ChangingFiles(n, c.Count == 1)
		}
	case "practice-failed", words.PracticeFailed:
		if args["bad"] == "" {
			return texts.PracticeFailed
		}
	}
	return ""
}

// sentence is the reason of the verdict's sentence alone: "21 originals are being copied."
func sentence(f Feed, c backup.Cause) string {
	cause, _ := causeOf(c.Code, c.Args)
	v := words.NotYet
	if c.Verdict == backup.CannotTell {
		v = words.CannotTell
	}
	head, _ := f.printer().Home(words.Standing{Verdict: v, Cause: cause, Waiting: c.Count})
	if _, reason, ok := strings.Cut(head, ": "); ok {
		head = reason
	}
	return upper(head)
}

func upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// lower makes a sentence fit behind a colon; a name in quotes or of a system stays as it is.
func lower(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	second, _ := utf8.DecodeRuneInString(s[n:])
	if strings.HasPrefix(s, system()) || unicode.IsUpper(second) {
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}

func system() string {
	switch runtime.GOOS {
	case "darwin":
		return "macOS"
	case "windows":
		return "Windows"
	}
	return "Linux"
}

// tellFile is why one file is listed.
func tellFile(now time.Time, r backup.Row) string {
	args := map[string]string{"file": path.Base(r.Path), "folder": path.Dir(r.Path), "system": system(), "where": texts.TheCloud, "name": texts.ADestination}
	for k, v := range r.Args {
		args[k] = v
	}
	class := classOf(r.Code, r.Args)
	if !slices.Contains(words.Classes(), class) {
		if c, ok := causeOf(r.Code, r.Args); ok {
			return sentence(Feed{Now: now}, backup.Cause{Code: string(c), Verdict: backup.NotYet, Count: 1})
		}
		return ""
	}
	return Tell(now, string(class), 1, r.Since, args).What
}

// Accepts tells which rows of the engine's list belong under a number or a cause, and the engine's own filter for it.
func Accepts(f Feed, what string) (filter string, accept func(backup.Row) bool) {
	all := func(backup.Row) bool { return true }
	switch Intent(what) {
	case SeeProtected:
		return "stored", all
	case SeePending:
		if f.State != nil && f.State.Counts.Protected == 0 {
			return "", func(r backup.Row) bool { return r.State == "pending" || r.State == "stored" }
		}
		return "pending", all
	case SeeUncovered:
		return "", func(r backup.Row) bool { return r.State == "skipped" || r.State == "online-only" }
	case "", "failed":
		return "", all
	}
	class := classOf(what, nil)
	if class == words.Permission { // a folder that cannot be listed counts there, too
		return "", func(r backup.Row) bool { return r.State == "unreadable" }
	}
	return "", func(r backup.Row) bool { return classOf(r.Code, nil) == class }
}
