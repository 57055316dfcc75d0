package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"lightproof/app/window/theme"
	"lightproof/backup"
)

// RoleOf is the colour of a verdict; it never means anything else.
func RoleOf(v backup.Verdict) fyne.ThemeColorName {
	return [...]fyne.ThemeColorName{theme.Safe, theme.NotYet, theme.NeedsYou, theme.CannotTell}[v&3]
}

// Mark is the shape of a verdict, told apart without colour: ✓ and ! on a disc, ‖ on a rounded square, ? in a ring.
type Mark struct {
	widget.BaseWidget
	verdict backup.Verdict
	side    float32
	plain   bool
}

// SetPlain draws a ring without a sign: not covered, which is no verdict.
func (m *Mark) SetPlain(on bool) {
	if m.plain != on {
		m.plain = on
		m.Refresh()
	}
}

// NewMark makes a mark of the given side in pixels.
func NewMark(v backup.Verdict, side float32) *Mark {
	m := &Mark{verdict: v, side: side}
	m.ExtendBaseWidget(m)
	return m
}

// Set changes the verdict.
func (m *Mark) Set(v backup.Verdict) {
	if m.verdict != v {
		m.verdict = v
		m.Refresh()
	}
}

// Verdict returns what is shown.
func (m *Mark) Verdict() backup.Verdict { return m.verdict }

// CreateRenderer is for the toolkit.
func (m *Mark) CreateRenderer() fyne.WidgetRenderer {
	r := &markRenderer{m: m, back: canvas.NewRectangle(theme.Colour(theme.Clear)), sign: canvas.NewText("?", theme.Colour(theme.Text))}
	r.dot = canvas.NewCircle(theme.Colour(theme.Clear))
	for range 2 {
		r.lines = append(r.lines, canvas.NewLine(theme.Colour(theme.Clear)))
	}
	r.Refresh()
	return r
}

type markRenderer struct {
	m     *Mark
	back  *canvas.Rectangle
	lines []*canvas.Line
	dot   *canvas.Circle
	sign  *canvas.Text
}

func (r *markRenderer) Layout(size fyne.Size) {
	s := r.m.side
	o := fyne.NewPos((size.Width-s)/2, (size.Height-s)/2)
	at := func(x, y float32) fyne.Position { return o.Add(fyne.NewPos(x*s, y*s)) }
	r.back.Move(o)
	r.back.Resize(fyne.NewSize(s, s))
	set := func(i int, x1, y1, x2, y2 float32) {
		r.lines[i].Position1, r.lines[i].Position2 = at(x1, y1), at(x2, y2)
	}
	switch r.m.verdict {
	case backup.Safe:
		set(0, .27, .53, .43, .69)
		set(1, .43, .69, .74, .33)
	case backup.NotYet:
		set(0, .38, .28, .38, .72)
		set(1, .62, .28, .62, .72)
	case backup.NeedsYou:
		set(0, .5, .22, .5, .58)
		r.dot.Move(at(.435, .69))
		r.dot.Resize(fyne.NewSize(.13*s, .13*s))
	default:
		min := r.sign.MinSize()
		r.sign.Move(o.Add(fyne.NewPos((s-min.Width)/2, (s-min.Height)/2)))
		r.sign.Resize(min)
	}
}

func (r *markRenderer) MinSize() fyne.Size { return fyne.NewSize(r.m.side, r.m.side) }

func (r *markRenderer) Refresh() {
	v, s := r.m.verdict, r.m.side
	colour, on := theme.Colour(RoleOf(v)), theme.Colour(theme.OnMark)
	r.back.FillColor, r.back.StrokeWidth, r.back.CornerRadius = colour, 0, s/2
	if v == backup.NotYet {
		r.back.CornerRadius = s / 4
	}
	for _, l := range r.lines {
		l.StrokeColor, l.StrokeWidth = on, max(s*.09, 1.5)
		l.Hidden = v == backup.CannotTell
	}
	r.lines[1].Hidden = v == backup.CannotTell || v == backup.NeedsYou
	r.dot.FillColor, r.dot.Hidden = on, v != backup.NeedsYou
	r.sign.Hidden = v != backup.CannotTell || r.m.plain
	r.sign.TextSize, r.sign.TextStyle.Bold, r.sign.Color = s*.62, true, on
	if v == backup.CannotTell {
		r.back.FillColor, r.back.StrokeColor, r.back.StrokeWidth = theme.Colour(theme.Clear), colour, max(s*.08, 1.5)
		r.sign.Color = colour
	}
	r.Layout(r.m.Size())
	canvas.Refresh(r.m)
}

func (r *markRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.lines[0], r.lines[1], r.dot, r.sign}
}
func (r *markRenderer) Destroy() {}
