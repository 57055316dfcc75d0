package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/backup"
)

// Bar is a fraction as a bar; below zero it is empty.
type Bar struct {
	widget.BaseWidget
	fraction float64
	height   float32
	role     fyne.ThemeColorName
}

// NewBar makes a bar of a height.
func NewBar(height float32) *Bar {
	b := &Bar{fraction: -1, height: height, role: theme.Accent}
	b.ExtendBaseWidget(b)
	return b
}

// Set changes the fraction.
func (b *Bar) Set(f float64) {
	if b.fraction != f {
		b.fraction = f
		b.Refresh()
	}
}

// SetRole changes the colour of the filled part.
func (b *Bar) SetRole(r fyne.ThemeColorName) { b.role = r; b.Refresh() }

// CreateRenderer is for the toolkit.
func (b *Bar) CreateRenderer() fyne.WidgetRenderer {
	r := &barRenderer{b: b, back: canvas.NewRectangle(theme.Colour(theme.Raised)), fill: canvas.NewRectangle(theme.Colour(theme.Accent))}
	r.Refresh()
	return r
}

type barRenderer struct {
	b          *Bar
	back, fill *canvas.Rectangle
}

func (r *barRenderer) Layout(size fyne.Size) {
	h := r.b.height
	y := (size.Height - h) / 2
	r.back.Move(fyne.NewPos(0, y))
	r.back.Resize(fyne.NewSize(size.Width, h))
	r.fill.Move(fyne.NewPos(0, y))
	f := float32(max(0, min(1, r.b.fraction)))
	r.fill.Hidden = f <= 0
	r.fill.Resize(fyne.NewSize(max(size.Width*f, h), h))
}
func (r *barRenderer) MinSize() fyne.Size { return fyne.NewSize(40, r.b.height) }
func (r *barRenderer) Refresh() {
	r.back.FillColor, r.fill.FillColor = theme.Colour(theme.Line), theme.Colour(r.b.role)
	r.back.CornerRadius, r.fill.CornerRadius = r.b.height/2, r.b.height/2
	r.Layout(r.b.Size())
	canvas.Refresh(r.b)
}
func (r *barRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.back, r.fill} }
func (r *barRenderer) Destroy()                     {}

// columns sets its objects at fixed shares of the width.
type columns struct {
	shares []float32
	gap    float32
}

// Columns sets objects in columns whose widths are shares of the whole; rows with the same shares line up.
func Columns(gap float32, shares []float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&columns{shares, gap}, objects...)
}

func (c *columns) each(w float32, at func(i int, x, width float32)) {
	total := float32(0)
	for _, s := range c.shares {
		total += s
	}
	w -= c.gap * float32(len(c.shares)-1)
	x := float32(0)
	for i, s := range c.shares {
		width := w * s / total
		at(i, x, width)
		x += width + c.gap
	}
}

func (c *columns) heightFor(objects []fyne.CanvasObject, w float32) float32 {
	h := float32(0)
	c.each(w, func(i int, _, width float32) { h = max(h, HeightOf(objects[i], width)) })
	return h
}

func (c *columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	h := float32(0)
	for _, o := range objects {
		if t, ok := o.(*Text); ok {
			h = max(h, t.lineHeight())
			continue
		}
		h = max(h, o.MinSize().Height)
	}
	return fyne.NewSize(160, h)
}

func (c *columns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	c.each(size.Width, func(i int, x, width float32) {
		h := HeightOf(objects[i], width)
		objects[i].Move(fyne.NewPos(x, (size.Height-h)/2))
		objects[i].Resize(fyne.NewSize(width, h))
	})
}

// destinationShares are the columns of Home's table: name, place, room, written, oldest proof, gap.
var destinationShares = []float32{25, 9, 21, 19, 15, 14}

// DestinationHead is the heading of the table.
func DestinationHead() fyne.CanvasObject {
	head := Caption
	right := head
	right.End = true
	return Inset(theme.Unit, 0, Columns(theme.Unit, destinationShares,
		NewText(texts.ColDestination, head), NewText(texts.ColPlace, head), NewText(texts.ColRoom, head),
		NewText(texts.ColWritten, head), NewText(texts.ColProof, right), NewText(texts.ColGap, right)))
}

// DestinationRow is one line of the table; a press opens Destinations.
type DestinationRow struct {
	*Pressable
	mark                                            *Mark
	name, place, room, written, proof, gap, problem *Text
	bar                                             *Bar
	below                                           *fyne.Container
}

// NewDestinationRow makes a row.
func NewDestinationRow(press func()) *DestinationRow {
	r := &DestinationRow{mark: NewMark(backup.CannotTell, 18), name: NewText("", Style{Size: theme.BodySize, Bold: true, Role: theme.Text}), place: NewText("", Body), room: NewText("", Body),
		written: NewText("", Body), proof: NewText("", Number), gap: NewText("", Number), problem: NewText("", MutedP), bar: NewBar(4)}
	r.below = Row(theme.Unit, 1, Gap(18, 1), r.problem)
	line := Columns(theme.Unit, destinationShares, Row(theme.Unit, 1, r.mark, r.name), r.place, Column(3, r.room, r.bar), r.written, r.proof, r.gap)
	r.Pressable = NewPressable(Column(2, line, r.below), theme.Unit, true, press)
	return r
}

// Show sets the view model.
func (r *DestinationRow) Set(vm present.DestinationRow) {
	r.mark.Set(vm.Mark)
	r.name.Set(vm.Name)
	r.place.Set(vm.Place)
	r.room.Set(vm.Room)
	r.written.Set(vm.Written)
	r.proof.Set(vm.Proof)
	r.gap.Set(vm.Gap)
	r.bar.Set(vm.Filled)
	setVisible(r.bar, vm.Filled >= 0)
	r.bar.SetRole(theme.Accent)
	if vm.Filled > .95 {
		r.bar.SetRole(theme.NotYet)
	}
	r.problem.Set(vm.Problem)
	setVisible(r.below, vm.Problem != "")
}

// ProblemRow is what happened · why it matters · one action, with the number of files that opens them.
type ProblemRow struct {
	*fyne.Container
	mark            *Mark
	what, why, note *Text
	action, files   *Button
}

// NewProblemRow makes a row.
func NewProblemRow() *ProblemRow {
	r := &ProblemRow{mark: NewMark(backup.NeedsYou, 24), what: NewText("", Style{Size: theme.StrongSize, Bold: true, Role: theme.Text, Wrap: true}),
		why: NewText("", Para), note: NewText("", Caption)}
	r.action, r.files = NewButton("", nil), NewButton("", nil)
	r.Container = Card(TopRow(2*theme.Unit, 1, r.mark, Column(theme.Half, r.what, r.why, r.note, Gap(1, 2), WrapRow(theme.Unit, r.action, r.files))))
	return r
}

// Show sets the view model.
func (r *ProblemRow) Show(vm present.Problem, do, files func()) {
	r.mark.Set(vm.Verdict)
	r.what.Set(vm.What)
	r.why.Set(vm.Why)
	r.note.Set(vm.Note)
	r.action.SetText(vm.Action.Text)
	r.action.OnTapped = do
	setVisible(r.action, vm.Action.Text != "")
	r.files.SetText(vm.Files)
	r.files.OnTapped = files
	setVisible(r.files, vm.Files != "")
}

// Empty is the empty state of a page: one sentence, one button.
type Empty struct {
	*fyne.Container
	Button *Button
	why    *Text
}

// SetWhy changes the second line.
func (e *Empty) SetWhy(s string) { e.why.Set(s) }

// NewEmpty makes an empty state.
func NewEmpty(icon, title, why, action string, do func()) *Empty {
	e := &Empty{Button: NewPrimary(action, do), why: NewText(why, Muted)}
	e.Container = Column(theme.Unit, Gap(1, 48), Row(0, 0, container.NewCenter(NewIcon(icon, theme.Muted, 48))),
		Row(0, 0, container.NewCenter(NewText(title, Section))), Row(0, 0, container.NewCenter(e.why)), Gap(1, 4),
		Row(0, 0, container.NewCenter(e.Button)))
	if action == "" {
		e.Button.Hide()
	}
	return e
}
