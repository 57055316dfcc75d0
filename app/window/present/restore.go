package present

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lightproof/app/window/face"
	"lightproof/app/window/texts"
	words "lightproof/assets/strings"
	"lightproof/backup"
)

// Step is one step of a wizard.
type Step struct {
	Key, Name string
}

// RestoreSteps are the steps of this version. Steps whose choices need later parts of the program are absent.
func RestoreSteps() []Step {
	return []Step{{"reason", texts.StepReason}, {"when", texts.StepWhen}, {"which", texts.StepWhich}, {"to", texts.StepTo},
		{"conflicts", texts.StepConflicts}, {"dry", texts.StepDry}, {"run", texts.StepRun}, {"proof", texts.StepProof}}
}

// Preset is what a reason presets of the request.
func Preset(r face.Request, reason face.Reason) face.Request {
	r.Reason = reason
	switch reason {
	case face.ReasonLost:
		r.Deleted = true
	case face.ReasonEverything:
		r.IDs, r.Paths, r.Version, r.At = nil, nil, "", time.Time{}
		r.Deleted = false
	case face.ReasonBadEdit:
		r.Deleted = false
	}
	if r.Conflict == "" {
		r.Conflict = face.KeepBoth
	}
	return r
}

// Summary is the running summary of a restore beside its steps.
func Summary(r face.Request, now time.Time) []string {
	p := words.Printer{Now: now}
	var lines []string
	switch r.Reason {
	case face.ReasonLost:
		lines = append(lines, texts.ReasonLost)
	case face.ReasonBadEdit:
		lines = append(lines, texts.ReasonBadEdit)
	case face.ReasonEverything:
		lines = append(lines, texts.ReasonAll)
	}
	when := texts.WhenNewest
	if !r.At.IsZero() {
		when = p.Clock(r.At)
	}
	lines = append(lines, when)
	switch {
	case len(r.IDs) > 0:
		lines = append(lines, texts.WhichSelected+": "+words.Count(int64(len(r.IDs))))
	case len(r.Paths) > 0:
		lines = append(lines, words.Name(strings.Join(r.Paths, ", ")))
	default:
		lines = append(lines, texts.WhichAll)
	}
	if r.Original {
		lines = append(lines, texts.ToOriginal)
	} else if r.Dir != "" {
		lines = append(lines, words.Name(r.Dir))
	}
	return lines
}

// CanLeave tells whether a step is complete.
func CanLeave(step string, r face.Request) bool {
	switch step {
	case "reason":
		return r.Reason != ""
	case "to":
		return r.Original || filepath.IsAbs(r.Dir)
	}
	return true
}

// Check is one line of the dry run.
type Check struct {
	Name, Value string
	Mark        backup.Verdict
}

// DryRun is the dry run's outcome.
type DryRun struct {
	Checks   []Check
	Missing  []face.Trouble
	Good     bool // all pass
	Waivable bool // what does not pass can be waived by a tick
	Waiver   string
	Told     Told // why it cannot start, where it cannot
}

// ShowPlan judges a plan.
func ShowPlan(p face.Plan, now time.Time) DryRun {
	d := DryRun{Good: true, Missing: p.Missing}
	add := func(name, value string, bad bool) {
		m := backup.Safe
		if bad {
			m = backup.NeedsYou
			d.Good = false
		}
		d.Checks = append(d.Checks, Check{name, value, m})
	}
	add(texts.DryFiles, words.Count(p.Files)+" · "+words.Size(p.Bytes), p.Files == 0)
	add(texts.DryNew, words.Count(p.New), false)
	add(texts.DryIdentical, words.Count(p.Identical), false)
	differ := words.Count(p.Differ)
	if p.Differ > 0 {
		differ += " · " + ConflictWord(p.Request.Conflict)
	}
	add(texts.DryDiffer, differ, false)
	add(texts.DryNames, words.Count(p.LongNames), p.LongNames > 0)
	add(texts.DryClash, words.Count(p.Clashes), false)
	noRoom := p.Free >= 0 && p.Need > p.Free
	free := texts.Unknown
	if p.Free >= 0 {
		free = words.Size(p.Free)
	}
	add(texts.DryRoom, texts.RoomNeeded(words.Size(p.Need), free), noRoom)
	if len(p.Missing) > 0 {
		add(texts.MissingFiles, words.Count(int64(len(p.Missing))), true)
	}
	blocked := p.Files > 0 && p.New+p.Identical+p.Differ == 0 // nothing at all can be written or is there
	switch {
	case p.Files == 0:
		d.Told = Tell(now, string(words.RestoreNothing), 0, now, nil)
	case blocked && len(p.Missing) > 0 && p.Missing[0].Code == "target":
		d.Told = Tell(now, string(words.RestoreTarget), 0, now, map[string]string{"folder": words.Name(p.Missing[0].Path)})
	case noRoom:
		d.Told = Tell(now, string(words.RestoreRoom), 0, now, map[string]string{"lacking": strconv.FormatInt(p.Need-p.Free, 10)})
	case p.NotEmpty && d.Good:
		d.Waivable, d.Waiver, d.Good = true, texts.DryNotEmpty, false
	case !d.Good:
		d.Waivable, d.Waiver = true, texts.DryAnyway
	}
	return d
}

// ConflictWord names a choice.
func ConflictWord(c face.Conflict) string {
	switch c {
	case face.Replace:
		return texts.ConflictReplace
	case face.Skip:
		return texts.ConflictSkip
	}
	return texts.ConflictBoth
}

// Progress is a running restore.
type Progress struct {
	Line, Current string
	Fraction      float64
}

// ShowProgress writes a progress.
func ShowProgress(p face.Progress) Progress {
	line := []string{texts.DoneOf(words.Count(p.Done), words.Count(p.Total))}
	if p.Rate >= 1 {
		line = append(line, words.Size(int64(p.Rate))+"/s")
	}
	if p.Left > 0 {
		line = append(line, texts.About(words.Span(p.Left)))
	}
	v := Progress{Line: strings.Join(line, " · "), Current: words.Name(p.Current), Fraction: -1}
	if p.TotalBytes > 0 {
		v.Fraction = float64(p.Bytes) / float64(p.TotalBytes)
	} else if p.Total > 0 {
		v.Fraction = float64(p.Done) / float64(p.Total)
	}
	return v
}

// Proof is the proof page.
type Proof struct {
	Verdict  backup.Verdict
	Headline string
	Sum      string
	Note     string
	Missing  []face.Trouble
	HTML     string
	Dir      string
}

// ShowReport judges a report. It never says more than its sum: where the sum does not hold, it cannot tell.
func ShowReport(r face.Report) Proof {
	not := int64(len(r.NotRestored))
	p := Proof{Headline: texts.Identical(words.Count(r.Identical + r.Already)), Missing: r.NotRestored, HTML: r.HTML, Dir: r.Dir,
		Sum: texts.SumLine(words.Count(r.Selected), words.Count(r.Identical), words.Count(r.Already), words.Count(not))}
	if not > 0 {
		p.Headline += " · " + texts.NotRestored(words.Count(not))
		p.Verdict = backup.NeedsYou
	}
	if r.Selected != r.Identical+r.Already+not {
		p.Verdict = backup.CannotTell
	}
	if r.Stopped {
		p.Note = texts.StoppedEarly
		p.Verdict = max(p.Verdict, backup.NotYet)
	}
	return p
}

// UnlockError says why the photos did not open.
func UnlockError(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, face.ErrWrongPassphrase):
		return texts.WrongPassphrase
	case errors.Is(err, face.ErrKeychain):
		return texts.KeychainLocked
	case errors.Is(err, face.ErrElsewhere):
		return texts.OpenElsewhere
	}
	return refusal(err, texts.UnlockFailed)
}
