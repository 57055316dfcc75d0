package present

import (
	"fmt"
	"strings"
	"time"

	"lightproof/app/window/face"
	"lightproof/app/window/texts"
	words "lightproof/assets/strings"
	"lightproof/backup"
)

// VerdictOf is the colour and shape of a mark.
func VerdictOf(m face.Mark) backup.Verdict {
	return [...]backup.Verdict{backup.Safe, backup.NotYet, backup.NeedsYou, backup.CannotTell, backup.CannotTell}[min(m, face.MarkDeleted)]
}

// MonthHead is the heading of a month.
type MonthHead struct {
	Title, Counts, Status string
	Mark                  face.Mark
}

// ShowMonth writes a month's heading.
func ShowMonth(m face.Month, now time.Time) MonthHead {
	h := MonthHead{Title: fmt.Sprintf("%s %d", m.Month, m.Year), Mark: m.Mark,
		Counts: texts.MonthCounts(words.Count(m.Originals), words.Count(int64(m.Groups)), m.Originals == 1, m.Groups == 1)}
	var parts []string
	if m.Problems > 0 {
		parts = append(parts, texts.NProblems(words.Count(m.Problems)))
	}
	if m.Pending > 0 {
		parts = append(parts, texts.NPending(words.Count(m.Pending)))
	}
	if m.Uncovered > 0 {
		parts = append(parts, texts.NUncovered(words.Count(m.Uncovered)))
	}
	if len(parts) == 0 && m.Mark == face.MarkProven && !m.OldestProof.IsZero() {
		parts = append(parts, texts.AllProven(words.Span(now.Sub(m.OldestProof))))
	}
	h.Status = strings.Join(parts, " · ")
	return h
}

// Badges are the short texts on a tile, at most three, most telling first.
func Badges(i face.Item) []string {
	var b []string
	if i.Kind == face.KindVideo && i.Length > 0 {
		b = append(b, Length(i.Length))
	}
	b = append(b, i.Badges...)
	if i.Versions > 1 {
		b = append(b, fmt.Sprintf("v%d", i.Versions))
	}
	if len(b) > 3 {
		b = b[:3]
	}
	return b
}

// Length writes a video's length as 0:41.
func Length(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// MarkWord says a mark in words.
func MarkWord(m face.Mark) string {
	return [...]string{texts.ProtectedIn, texts.PendingMark, texts.ProblemMark, texts.UncoveredMark, texts.DeletedMark}[min(m, face.MarkDeleted)]
}

// CopyRow is one destination's copy on the details page.
type CopyRow struct {
	Mark        backup.Verdict
	Name, State string
}

// VersionRow is one version on the details page.
type VersionRow struct {
	ID, When, What, Size string
	Current              bool
}

// Details is the details panel.
type Details struct {
	Title, Status string
	Mark          face.Mark
	Facts, All    []face.Field
	Fingerprint   string // short, for the eye
	Full          string // for the clipboard
	Location      string
	Copies        []CopyRow
	Versions      []VersionRow
}

// ShowDetails writes the details of one group.
func ShowDetails(d face.Details, now time.Time) Details {
	p := words.Printer{Now: now}
	vm := Details{Title: words.Name(d.Item.Name), Mark: d.Item.Mark, Status: MarkWord(d.Item.Mark), Facts: d.Facts, All: d.All,
		Full: d.Fingerprint, Fingerprint: d.Fingerprint, Location: d.Location}
	if len(vm.Full) > 16 {
		vm.Fingerprint = vm.Full[:8] + "…" + vm.Full[len(vm.Full)-8:]
	}
	for _, c := range d.Copies {
		row := CopyRow{Name: words.Name(c.Destination), State: texts.CopyLine(c.Level, p.Ago(c.At)), Mark: backup.NotYet}
		if c.Level == "checked" || c.Level == "opened" {
			row.Mark = backup.Safe
		}
		if c.Bad != "" {
			row.Mark = backup.NeedsYou
			row.State = Tell(now, c.Bad, 1, c.At, map[string]string{"name": c.Destination}).What
		}
		vm.Copies = append(vm.Copies, row)
	}
	for _, v := range d.Versions {
		what := v.What
		if v.Files != "" {
			what += " (" + v.Files + ")"
		}
		vm.Versions = append(vm.Versions, VersionRow{ID: v.ID, When: p.Clock(v.At), What: what, Size: words.Size(v.Bytes), Current: v.Current})
	}
	return vm
}

// ParseMonth reads "2019", "2019-08", "8/2019" or "Aug 2019"; month 0 stands for the whole year.
func ParseMonth(s string) (year, month int, ok bool) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{"2006-01", "2006-1", "1/2006", "01/2006", "1.2006", "Jan 2006", "January 2006", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Year(), int(t.Month()), true
		}
	}
	if t, err := time.Parse("2006", s); err == nil {
		return t.Year(), 0, true
	}
	return 0, 0, false
}
