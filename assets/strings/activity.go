package texts

import (
	"strconv"
	"strings"
	"time"
)

// Activity says one record of the activity log in a sentence or two: what was done, how much, how long it took, and how it ended. args
// are the record's numbers by name, as text (see the engine's Row.Args); those that an older record lacks are left out. ok is false for
// a record that has a message of its own.
func (p Printer) Activity(code string, args map[string]string) (text string, ok bool) {
	if len(args) == 0 {
		return "", false
	}
	n := func(name string) int64 {
		v, _ := strconv.ParseInt(args[name], 10, 64) // what is not there counts as none
		return v
	}
	say := func(template string) string {
		values := Params{}
		for name := range args {
			values[name] = n(name)
		}
		for _, span := range []string{"took", "span"} {
			values[span] = time.Duration(n(span)) * time.Second
		}
		return p.must(template, values)
	}
	switch code {
	case "backup":
		return backedUp(n, say, args), true
	case "check":
		return say("Read {checked:count} {checked?copy|copies} back") + took(say, args) + ": " + verdictOfCopies(n, say) + ended(n, say), true
	case "practice":
		if n("passed") == 1 {
			return say("Practice restore of {files:count} {files?original: it is|originals: all are} identical."), true
		}
		return say("Practice restore of {files:count} {files?original|originals}: failed."), true
	case "pause":
		if n("span") == 0 {
			return "Copying was resumed.", true
		}
		return say("Copying was paused for {span:span}."), true
	}
	return "", false
}

func backedUp(n func(string) int64, say func(string) string, args map[string]string) string {
	var did []string
	if n("new") > 0 {
		did = append(did, say("copied {new:count} new {new?version|versions}, {read:size}"))
	}
	if n("removed") > 0 {
		did = append(did, say("recorded {removed:count} {removed?deletion|deletions}"))
	}
	if len(did) == 0 {
		did = []string{"found nothing new"}
	}
	text := strings.Join(did, ", ")
	if _, known := args["looked"]; known {
		text = say("looked at {looked:count} {looked?original|originals}, ") + text
	}
	text = strings.ToUpper(text[:1]) + text[1:] + took(say, args) + "."
	if n("bad") > 0 {
		text += " " + upperFirst(verdictOfCopies(n, say))
	}
	return text + ended(n, say)
}

func took(say func(string) string, args map[string]string) string {
	if _, known := args["took"]; !known {
		return ""
	}
	return say(" in {took:span}")
}

func verdictOfCopies(n func(string) int64, say func(string) string) string {
	switch bad, repaired := n("bad"), n("repaired"); {
	case bad == 0:
		return "no fault."
	case repaired >= bad:
		return say("{bad:count} {bad?was damaged and is repaired|were damaged and are repaired}.")
	default:
		return say("{bad:count} {bad?is|are} damaged, {repaired:count} repaired.")
	}
}

// ended adds what kept the work from ending well.
func ended(n func(string) int64, say func(string) string) string {
	switch {
	case n("stopped") == 1:
		return " It was stopped before its end."
	case n("issues") > 0:
		return say(" {issues:count} {issues?thing|things} did not go as planned.")
	}
	return ""
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
