package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"

	"lightproof/app/window/present"
	"lightproof/app/window/theme"
)

// Pressable is a clickable card: it takes focus, and Space or Enter presses it.
type Pressable struct {
	pressable
	Content fyne.CanvasObject
	Pad     float32
	Flat    bool // no card behind: rail entries, rows
	Chosen  bool
	OnKey   func(*fyne.KeyEvent) bool // before the usual keys
}

// NewPressable makes a clickable area around content.
func NewPressable(content fyne.CanvasObject, pad float32, flat bool, press func()) *Pressable {
	p := &Pressable{Content: content, Pad: pad, Flat: flat}
	p.press = press
	p.ExtendBaseWidget(p)
	return p
}

// SetPress changes what a press does; nil makes the area still.
func (p *Pressable) SetPress(f func()) { p.press = f }

// SetChosen marks the area as the chosen one of its group.
func (p *Pressable) SetChosen(on bool) {
	if p.Chosen != on {
		p.Chosen = on
		p.Refresh()
	}
}

// TypedKey presses, or passes on what is not used.
func (p *Pressable) TypedKey(ev *fyne.KeyEvent) {
	if p.OnKey != nil && p.OnKey(ev) {
		return
	}
	if p.press == nil || !p.key(ev) {
		Unused(p, ev)
	}
}

// HeightFor is the height at a width.
func (p *Pressable) HeightFor(w float32) float32 { return HeightOf(p.Content, w-2*p.Pad) + 2*p.Pad }

// CreateRenderer is for the toolkit.
func (p *Pressable) CreateRenderer() fyne.WidgetRenderer {
	r := &pressableRenderer{p: p, back: canvas.NewRectangle(theme.Colour(theme.Clear)), front: canvas.NewRectangle(theme.Colour(theme.Clear))}
	r.Refresh()
	return r
}

type pressableRenderer struct {
	p           *Pressable
	back, front *canvas.Rectangle
}

func (r *pressableRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	r.front.Resize(size)
	r.p.Content.Move(fyne.NewPos(r.p.Pad, r.p.Pad))
	r.p.Content.Resize(size.Subtract(fyne.NewSize(2*r.p.Pad, 2*r.p.Pad)))
}

func (r *pressableRenderer) MinSize() fyne.Size {
	return r.p.Content.MinSize().Add(fyne.NewSize(2*r.p.Pad, 2*r.p.Pad))
}

func (r *pressableRenderer) Refresh() {
	r.back.CornerRadius, r.front.CornerRadius = theme.Radius, theme.Radius
	r.back.FillColor, r.back.StrokeWidth = theme.Colour(theme.Clear), 0
	if !r.p.Flat {
		r.back.FillColor, r.back.StrokeColor, r.back.StrokeWidth = theme.Colour(theme.Card), theme.Colour(theme.Line), 1
	}
	if r.p.Chosen {
		r.back.FillColor = theme.Colour(theme.Raised)
	}
	paintBack(r.front, &r.p.pressable)
	r.back.Refresh()
	r.p.Content.Refresh()
}

func (r *pressableRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.p.Content, r.front}
}
func (r *pressableRenderer) Destroy() {}

var _ desktop.Cursorable = (*Pressable)(nil)

// Stat is a number that opens its list.
type Stat struct {
	*Pressable
	number, word, note *Text
}

// NewStat makes a stat tile.
func NewStat() *Stat {
	s := &Stat{number: NewText("", Style{Size: 24, Bold: true, Role: theme.Text}), word: NewText("", Body), note: NewText("", Caption)}
	s.Pressable = NewPressable(Column(2, s.number, s.word, s.note), 2*theme.Unit, false, nil)
	return s
}

// Set takes the view model; greyed numbers are the last known ones.
func (s *Stat) Set(vm present.Stat, greyed bool, press func()) {
	s.number.Set(vm.Number)
	role := RoleOf(vm.Role)
	if vm.Plain {
		role = theme.Text
	}
	if greyed {
		role = theme.Muted
	}
	s.number.SetRole(role)
	s.word.Set(vm.Word)
	s.note.Set(vm.Note)
	s.SetPress(press)
}
