// Package widgets holds what the window's screens share: text that wraps, one-pass layouts, controls that pass on the keys that they
// do not use, and the components of the visual language. Widgets show what they are given; they know no engine.
package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"lightproof/app/window/theme"
)

// Style is the size and weight of a Text.
type Style struct {
	Size float32
	Bold bool
	Role fyne.ThemeColorName
	Wrap bool // over several lines; else one line, cut with "…"
	End  bool // aligned to the right: numbers in columns
	Mono bool
}

// The styles of the window.
var (
	Verdict = Style{Size: theme.VerdictSize, Bold: true, Role: theme.Text, Wrap: true}
	Section = Style{Size: theme.SectionSize, Bold: true, Role: theme.Text}
	Strong  = Style{Size: theme.StrongSize, Bold: true, Role: theme.Text}
	Body    = Style{Size: theme.BodySize, Role: theme.Text}
	Para    = Style{Size: theme.BodySize, Role: theme.Text, Wrap: true}
	Muted   = Style{Size: theme.BodySize, Role: theme.Muted}
	MutedP  = Style{Size: theme.BodySize, Role: theme.Muted, Wrap: true}
	Caption = Style{Size: theme.CaptionSize, Role: theme.Muted}
	Number  = Style{Size: theme.BodySize, Role: theme.Text, End: true}
)

// In gives the style another colour role.
func (s Style) In(role fyne.ThemeColorName) Style { s.Role = role; return s }

// Text is a piece of text in one style.
type Text struct {
	widget.BaseWidget
	text  string
	style Style
	width float32
	lines []string
}

// NewText makes a text.
func NewText(s string, style Style) *Text {
	t := &Text{text: s, style: style}
	t.ExtendBaseWidget(t)
	return t
}

// Value returns the text.
func (t *Text) Value() string { return t.text }

// Set changes the text; the same text costs nothing.
func (t *Text) Set(s string) {
	if t.text == s {
		return
	}
	t.text, t.lines = s, nil
	t.Refresh()
}

// SetRole changes the colour.
func (t *Text) SetRole(r fyne.ThemeColorName) {
	if t.style.Role != r {
		t.style.Role = r
		t.Refresh()
	}
}

func (t *Text) fyneStyle() fyne.TextStyle {
	return fyne.TextStyle{Bold: t.style.Bold, Monospace: t.style.Mono}
}

func (t *Text) measure(s string) fyne.Size { return fyne.MeasureText(s, t.style.Size, t.fyneStyle()) }

func (t *Text) lineHeight() float32 { return t.measure("Mg").Height }

// HeightFor is the height at a width.
func (t *Text) HeightFor(w float32) float32 {
	if !t.style.Wrap {
		return t.lineHeight()
	}
	return float32(len(t.broken(w))) * t.lineHeight()
}

// broken returns the lines at a width, remembered until width or text change.
func (t *Text) broken(w float32) []string {
	if t.lines == nil || t.width != w {
		t.width, t.lines = w, breakLines(t.text, w, func(s string) float32 { return t.measure(s).Width })
	}
	return t.lines
}

// breakLines breaks at spaces, and inside words that are longer than a line (paths, long names).
func breakLines(s string, w float32, measure func(string) float32) []string {
	var lines []string
	for _, para := range strings.Split(s, "\n") {
		line := ""
		for _, word := range strings.Fields(para) {
			if line != "" && measure(line+" "+word) <= w {
				line += " " + word
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			line = word
			for measure(line) > w && len([]rune(line)) > 1 {
				cut := fit(line, w, measure)
				lines = append(lines, line[:cut])
				line = line[cut:]
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// fit returns how many bytes of s fit into w, at least one rune.
func fit(s string, w float32, measure func(string) float32) int {
	ends := make([]int, 0, len(s))
	for i := range s {
		if i > 0 {
			ends = append(ends, i)
		}
	}
	ends = append(ends, len(s))
	lo, hi := 0, len(ends)-1
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if measure(s[:ends[mid]]) <= w {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return ends[lo]
}

// clip cuts a single line with an ellipsis.
func clip(s string, w float32, measure func(string) float32) string {
	if measure(s) <= w || s == "" {
		return s
	}
	room := w - measure("…")
	if room <= 0 {
		return "…"
	}
	return strings.TrimRight(s[:fit(s, room, measure)], " ") + "…"
}

// CreateRenderer is for the toolkit.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	r := &textRenderer{t: t}
	r.Refresh()
	return r
}

type textRenderer struct {
	t       *Text
	lines   []*canvas.Text
	objects []fyne.CanvasObject
}

func (r *textRenderer) Layout(size fyne.Size) {
	t := r.t
	measure := func(s string) float32 { return t.measure(s).Width }
	var lines []string
	if t.style.Wrap {
		lines = t.broken(size.Width)
	} else {
		lines = []string{clip(strings.ReplaceAll(t.text, "\n", " "), size.Width+0.5, measure)}
	}
	for len(r.lines) < len(lines) {
		c := canvas.NewText("", theme.Colour(t.style.Role))
		r.lines = append(r.lines, c)
		r.objects = append(r.objects, c)
	}
	h := t.lineHeight()
	top := float32(0)
	if !t.style.Wrap {
		top = (size.Height - h) / 2
	}
	for i, c := range r.lines {
		if i >= len(lines) {
			c.Hide()
			continue
		}
		c.Show()
		c.Text, c.TextSize, c.TextStyle, c.Color = lines[i], t.style.Size, t.fyneStyle(), theme.Colour(t.style.Role)
		c.Alignment = fyne.TextAlignLeading
		if t.style.End {
			c.Alignment = fyne.TextAlignTrailing
		}
		c.Move(fyne.NewPos(0, top+float32(i)*h))
		c.Resize(fyne.NewSize(size.Width, h))
		c.Refresh()
	}
}

func (r *textRenderer) MinSize() fyne.Size {
	t := r.t
	if t.style.Wrap {
		w := t.Size().Width
		if w <= 0 {
			w = 400
		}
		return fyne.NewSize(40, t.HeightFor(w))
	}
	return fyne.NewSize(t.measure(t.text).Width, t.lineHeight())
}

func (r *textRenderer) Refresh() {
	r.Layout(r.t.Size())
	canvas.Refresh(r.t)
}

func (r *textRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *textRenderer) Destroy()                     {}
