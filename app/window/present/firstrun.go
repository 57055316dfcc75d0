package present

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lightproof/app/window/face"
	"lightproof/app/window/texts"
	words "lightproof/assets/strings"
	"lightproof/backup"
)

// FirstRunSteps are the four steps.
func FirstRunSteps() []Step {
	return []Step{{"what", texts.StepWhat}, {"where", texts.StepWhere}, {"keys", texts.StepKeys}, {"start", texts.StepStart}}
}

// SourceRow is one offered folder.
type SourceRow struct {
	Path, Name, Note string
	Readable         bool
}

// ShowSource writes an offered folder.
func ShowSource(s face.Source) SourceRow {
	row := SourceRow{Path: s.Path, Name: words.Name(s.Name), Readable: s.Readable}
	if !s.Readable {
		row.Note = texts.NotReadable
		return row
	}
	row.Note = texts.Sourced(words.Count(s.Originals), words.Size(s.Bytes))
	if s.OnlineOnly > 0 {
		row.Note += texts.WithOnline(words.Count(s.OnlineOnly))
	}
	return row
}

// PlaceTest is the outcome of testing a destination.
type PlaceTest struct {
	Mark  backup.Verdict
	Lines []string
	Good  bool // may be used
}

// ShowPlaceTest judges a tested destination.
func ShowPlaceTest(p face.Place, now time.Time) PlaceTest {
	switch {
	case p.Holds:
		return PlaceTest{Mark: backup.NotYet, Lines: []string{texts.AlreadyHolds}}
	case !p.OK:
		t := Tell(now, string(classOf(p.Code, map[string]string{"destination": p.Dir})), 0, now, map[string]string{"name": p.Label, "dir": p.Dir, "folder": p.Dir, "room": strconv.FormatInt(max(p.Free, 0), 10)})
		return PlaceTest{Mark: backup.NeedsYou, Lines: []string{t.What, t.Why}}
	}
	t := PlaceTest{Good: true, Mark: backup.Safe, Lines: []string{texts.PlaceGood(words.Size(p.Free))}}
	if p.SameDisk {
		t.Mark = backup.NotYet
		t.Lines = append(t.Lines, texts.SameDisk)
	}
	t.Lines = append(t.Lines, texts.OnePlace)
	return t
}

// StrengthLine says how strong a passphrase is and as how good that counts.
func StrengthLine(s face.Strength) (string, backup.Verdict, float64) {
	switch s {
	case 1:
		return texts.Weak, backup.NeedsYou, .4
	case 2:
		return texts.Fair, backup.NotYet, .7
	case 3:
		return texts.Strong, backup.Safe, 1
	}
	return texts.TooShort, backup.NeedsYou, .15
}

// KeysReady tells whether the keys can be made, and if not, why (empty while nothing was typed).
func KeysReady(first, again, kit string, second bool, s face.Strength) (bool, string) {
	switch {
	case first == "":
		return false, ""
	case s < 2:
		return false, ""
	case again != "" && first != again:
		return false, texts.NotSame
	case again == "":
		return false, ""
	case second && utf8.RuneCountInString(kit) < 8:
		return false, texts.TooShort
	}
	return true, ""
}

// SplitWords reads the words of a kit as typed: any white space or comma between them, letters in any case.
func SplitWords(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\t' || r == '\r' || r == '\u00a0' })
}

// KitError says why a check failed.
func KitError(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, face.ErrWrongWords):
		return texts.WordsWrong
	case errors.Is(err, face.ErrReplaced):
		return texts.KitReplacedWhat
	case errors.Is(err, face.ErrWrongPassphrase):
		return texts.WrongPassphrase
	case errors.Is(err, face.ErrKeychain):
		return texts.KeychainLocked
	}
	return refusal(err, texts.SetupFailed)
}

// FirstProgress is what the last step shows: the first copies as they become real.
type FirstProgress struct {
	Line     string
	Fraction float64
	Done     bool
	Verdict  backup.Verdict
}

// ShowFirstProgress reads the state while the first copies are made. Done is when every found original is in a copy that was read
// back, or waits only for a second place.
func ShowFirstProgress(f Feed) FirstProgress {
	v := FirstProgress{Fraction: -1, Verdict: backup.NotYet, Line: texts.Starting}
	s := f.State
	if s == nil || f.Frozen() {
		return v
	}
	v.Line, v.Fraction = work(s.Work)
	if s.Work != nil {
		return v
	}
	var proven int64
	for _, d := range s.Destinations {
		proven = max(proven, d.Proven)
	}
	if s.Counts.Found > 0 && proven > 0 && !s.LastLook.IsZero() {
		b := ShowBanner(f)
		v.Done, v.Line, v.Verdict = true, b.Headline, b.Verdict
	}
	return v
}
