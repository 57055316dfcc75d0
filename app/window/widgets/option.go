package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"lightproof/app/window/theme"
)

// pressable is what clickable areas of our own share: hover, focus, keys.
type pressable struct {
	widget.BaseWidget
	focused, hovered, off bool
	press                 func()
}

func (p *pressable) Tapped(*fyne.PointEvent) {
	if p.press != nil && !p.off {
		p.press()
	}
}
func (p *pressable) FocusGained()                   { p.focused = true; p.Refresh() }
func (p *pressable) FocusLost()                     { p.focused = false; p.Refresh() }
func (p *pressable) MouseIn(*desktop.MouseEvent)    { p.hovered = true; p.Refresh() }
func (p *pressable) MouseMoved(*desktop.MouseEvent) {}
func (p *pressable) MouseOut()                      { p.hovered = false; p.Refresh() }
func (p *pressable) TypedRune(rune)                 {}
func (p *pressable) Cursor() desktop.Cursor {
	if p.press == nil || p.off {
		return desktop.DefaultCursor
	}
	return desktop.PointerCursor
}

// key reports whether ev pressed the area.
func (p *pressable) key(ev *fyne.KeyEvent) bool {
	switch ev.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		p.Tapped(nil)
		return true
	}
	return false
}

// option is one choice of a Radio.
type option struct {
	pressable
	key    string
	label  *Text
	chosen bool
	pick   func()
	step   func(int)
}

func newOption(label string, chosen bool) *option {
	o := &option{label: NewText(label, Para), chosen: chosen}
	o.press = func() { o.pick() }
	o.ExtendBaseWidget(o)
	return o
}

func (o *option) set(on bool) {
	if o.chosen != on {
		o.chosen = on
		o.Refresh()
	}
}

// TypedKey chooses with Space and moves with the arrows.
func (o *option) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeySpace:
		o.Tapped(nil)
	case fyne.KeyUp:
		o.step(-1)
	case fyne.KeyDown:
		o.step(1)
	default:
		Unused(o, ev)
	}
}

func (o *option) HeightFor(w float32) float32 {
	return max(o.label.HeightFor(w-optionText-theme.Unit)+2*theme.Unit, 32)
}

const optionText float32 = 36

func (o *option) CreateRenderer() fyne.WidgetRenderer {
	back := canvas.NewRectangle(theme.Colour(theme.Clear))
	back.CornerRadius = 6
	ring := canvas.NewCircle(theme.Colour(theme.Clear))
	ring.StrokeWidth = 2
	dot := canvas.NewCircle(theme.Colour(theme.Accent))
	r := &optionRenderer{o: o, back: back, ring: ring, dot: dot}
	r.Refresh()
	return r
}

type optionRenderer struct {
	o         *option
	back      *canvas.Rectangle
	ring, dot *canvas.Circle
}

func (r *optionRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	y := float32(16) - 8
	if size.Height < 32 {
		y = (size.Height - 16) / 2
	}
	r.ring.Move(fyne.NewPos(10, y))
	r.ring.Resize(fyne.NewSize(16, 16))
	r.dot.Move(fyne.NewPos(14, y+4))
	r.dot.Resize(fyne.NewSize(8, 8))
	h := r.o.label.HeightFor(size.Width - optionText - theme.Unit)
	r.o.label.Move(fyne.NewPos(optionText, max((size.Height-h)/2, 0)))
	r.o.label.Resize(fyne.NewSize(size.Width-optionText-theme.Unit, h))
}

func (r *optionRenderer) MinSize() fyne.Size {
	w := r.o.Size().Width
	if w < 200 {
		w = 400
	}
	return fyne.NewSize(160, r.o.HeightFor(w))
}

func (r *optionRenderer) Refresh() {
	r.ring.StrokeColor = theme.Colour(theme.Muted)
	if r.o.chosen {
		r.ring.StrokeColor = theme.Colour(theme.Accent)
		r.dot.Show()
	} else {
		r.dot.Hide()
	}
	r.dot.FillColor = theme.Colour(theme.Accent)
	paintBack(r.back, &r.o.pressable)
	r.ring.Refresh()
	r.dot.Refresh()
	r.o.label.Refresh()
}

// paintBack draws hover and focus behind or around an area.
func paintBack(back *canvas.Rectangle, p *pressable) {
	back.FillColor, back.StrokeWidth = theme.Colour(theme.Clear), 0
	if p.hovered && !p.off {
		back.FillColor = theme.Colour(theme.Hover)
	}
	if p.focused {
		back.StrokeColor, back.StrokeWidth = theme.Colour(theme.Accent), theme.FocusStroke
	}
	back.Refresh()
}

func (r *optionRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.ring, r.dot, r.o.label}
}
func (r *optionRenderer) Destroy() {}
