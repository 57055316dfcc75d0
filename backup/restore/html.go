package restore

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

//go:embed report.html
var page string

var pageTemplate = template.Must(template.New("report").Parse(page))

// listed bounds how many files one list of the page names; the table beside it has all.
const listed = 500

// WriteHTML writes the report for people: one page without any other file, for light and dark screens and for paper.
func (r *Report) WriteHTML(w io.Writer) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	return pageTemplate.Execute(w, v)
}

// view is what the page shows, already worded.
type view struct {
	Whole                                    bool
	Verdict, Bytes                           string
	Selected, Written, There, Unread, Absent int
	Began, Ended, Where, Moment              string
	Job, Policy                              string
	Reasons                                  []reasonView
	Months, Folders                          []groupView
	Notes                                    []noteView
}

type reasonView struct {
	Text  string
	Count int
	Paths []pathView
	More  int
}

type pathView struct{ Path, Detail string }

type groupView struct {
	Name             string
	Selected, Proven int
	Unread, Absent   int
	Bytes            string
	bytes            int64
}

type noteView struct {
	Text    string
	Count   int
	Example string
}

func (r *Report) view() (view, error) {
	v := view{Whole: r.Whole(), Selected: r.Selected, Written: r.Written, There: r.AlreadyThere, Unread: r.Unread, Absent: r.Missing(), Bytes: size(r.Bytes),
		Began: moment(r.Began), Ended: moment(r.Ended), Job: r.Job.String(), Where: "each file's own place", Moment: "newest versions"}
	if !r.Target.InPlace() {
		v.Where = printable(r.Target.Dir)
	}
	if !r.At.IsZero() {
		v.Moment = "as it was on " + moment(r.At.In(r.Ended.Location()))
	}
	v.Policy = map[Conflict]string{KeepBoth: "both kept", Skip: "the file that was there kept", Replace: "the file that was there moved to the trash"}[r.Conflict]
	proven := r.Written + r.AlreadyThere
	switch {
	case v.Whole:
		v.Verdict = fmt.Sprintf("All %s %s identical.", count(r.Selected), plural(r.Selected, "file is", "files are"))
	case r.Unread > 0:
		v.Verdict = fmt.Sprintf("%s of %s files are written, not read back: nothing is proven about them. %s identical, %s not restored.",
			count(r.Unread), count(r.Selected), count(proven), count(v.Absent))
	case proven == 0:
		v.Verdict = "No file was restored."
	default:
		v.Verdict = fmt.Sprintf("%s of %s files are identical, %s not restored.", count(proven), count(r.Selected), count(v.Absent))
	}
	reasons, months, folders, notes := reasons{}, groups{}, groups{}, notes{}
	err := r.Each(func(l *Line) error {
		reasons.add(l)
		months.add(l.month(), l)
		folders.add(printable(l.Folder), l)
		notes.add(l)
		return nil
	})
	v.Reasons, v.Months, v.Folders, v.Notes = reasons.views(), months.views(), folders.views(), notes.views()
	return v, err
}

// reasons gathers what was not restored, by why.
type reasons map[Reason]*reasonView

func (found reasons) add(l *Line) {
	if l.Result != NotRestored {
		return
	}
	g := found[l.Reason]
	if g == nil {
		g = &reasonView{Text: l.Reason.String()}
		found[l.Reason] = g
	}
	if g.Count++; g.Count <= listed {
		g.Paths = append(g.Paths, pathView{printable(l.Origin), printable(l.Detail)})
	} else {
		g.More++
	}
}

func (found reasons) views() []reasonView {
	out := make([]reasonView, 0, len(found))
	for _, key := range slices.Sorted(maps.Keys(found)) {
		out = append(out, *found[key])
	}
	slices.SortStableFunc(out, func(a, b reasonView) int { return b.Count - a.Count })
	return out
}

// groups sums up by a name.
type groups map[string]*groupView

func (found groups) add(name string, l *Line) {
	g := found[name]
	if g == nil {
		g = &groupView{Name: name}
		found[name] = g
	}
	g.Selected++
	g.bytes += l.Size
	switch l.Result {
	case NotRestored:
		g.Absent++
	case Unread:
		g.Unread++
	default:
		g.Proven++
	}
}

func (found groups) views() []groupView {
	out := make([]groupView, 0, len(found))
	for _, g := range found {
		g.Bytes = size(g.bytes)
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b groupView) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// month is the camera's month, or the file's with a mark.
func (l *Line) month() string {
	if len(l.Taken) >= 7 {
		return l.Taken[:7]
	}
	if l.Modified.UnixNano() == 0 {
		return "no date"
	}
	return l.Modified.Format("2006-01") + " (file date)"
}

// notes counts the notes by their text.
type notes map[string]*noteView

func (found notes) add(l *Line) {
	for _, n := range l.Notes {
		g := found[n]
		if g == nil && len(found) < listed {
			g = &noteView{Text: printable(n), Example: printable(l.Target)}
			found[n] = g
		}
		if g != nil {
			g.Count++
		}
	}
}

func (found notes) views() []noteView {
	out := make([]noteView, 0, len(found))
	for _, g := range found {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b noteView) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Text, b.Text)) })
	return out
}

func moment(t time.Time) string { return t.Format("2 January 2006, 15:04 MST") }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// count writes a number with a comma after each three digits.
func count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size writes bytes in decimal units, as disks are sold.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n < 1_000_000_000_000:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%.2f TB", float64(n)/1e12)
}
