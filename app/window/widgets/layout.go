package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"lightproof/app/window/theme"
)

// flexible is an object whose height follows from its width.
type flexible interface{ HeightFor(w float32) float32 }

// flexibleLayout is a layout whose height follows from its width.
type flexibleLayout interface {
	heightFor(objects []fyne.CanvasObject, w float32) float32
}

// HeightOf is the height that an object needs at a width.
func HeightOf(o fyne.CanvasObject, w float32) float32 {
	switch v := o.(type) {
	case flexible:
		return v.HeightFor(w)
	case *fyne.Container:
		if l, ok := v.Layout.(flexibleLayout); ok {
			return l.heightFor(v.Objects, w)
		}
	}
	return o.MinSize().Height
}

// column stacks its objects at full width.
type column struct {
	gap   float32
	width float32
}

// Column stacks objects, gap pixels apart, each as wide as the column and as high as it needs at that width.
func Column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&column{gap: gap}, objects...)
}

func (c *column) heightFor(objects []fyne.CanvasObject, w float32) float32 {
	h, n := float32(0), 0
	for _, o := range objects {
		if o.Visible() {
			h += HeightOf(o, w)
			n++
		}
	}
	return h + c.gap*float32(max(n-1, 0))
}

func (c *column) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := float32(0)
	for _, o := range objects {
		if o.Visible() {
			w = max(w, o.MinSize().Width)
		}
	}
	at := c.width
	if at < w {
		at = w
	}
	return fyne.NewSize(w, c.heightFor(objects, at))
}

func (c *column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	c.width = size.Width
	y := float32(0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		h := HeightOf(o, size.Width)
		o.Move(fyne.NewPos(0, y))
		o.Resize(fyne.NewSize(size.Width, h))
		y += h + c.gap
	}
}

// row sets its objects side by side; the one at grow takes what is left, -1 = none.
type row struct {
	gap  float32
	grow int
	top  bool
}

// Row sets objects side by side, centred in height; the object at index grow takes the rest of the width (-1: none does).
func Row(gap float32, grow int, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&row{gap: gap, grow: grow}, objects...)
}

// TopRow is Row with its objects aligned at the top.
func TopRow(gap float32, grow int, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&row{gap: gap, grow: grow, top: true}, objects...)
}

func (r *row) widths(objects []fyne.CanvasObject, w float32) []float32 {
	out := make([]float32, len(objects))
	left, n := w, 0
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		n++
		if i != r.grow {
			out[i] = o.MinSize().Width
			left -= out[i]
		}
	}
	left -= r.gap * float32(max(n-1, 0))
	if r.grow >= 0 && r.grow < len(objects) && objects[r.grow].Visible() {
		out[r.grow] = max(left, 0)
	}
	return out
}

func (r *row) heightFor(objects []fyne.CanvasObject, w float32) float32 {
	h := float32(0)
	for i, width := range r.widths(objects, w) {
		if objects[i].Visible() {
			h = max(h, HeightOf(objects[i], width))
		}
	}
	return h
}

func (r *row) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	n := 0
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		n++
		m := o.MinSize()
		if t, ok := o.(*Text); ok && i == r.grow && !t.style.Wrap {
			m.Width = min(m.Width, 80)
		}
		size.Width += m.Width
		size.Height = max(size.Height, m.Height)
	}
	size.Width += r.gap * float32(max(n-1, 0))
	return size
}

func (r *row) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	x := float32(0)
	for i, w := range r.widths(objects, size.Width) {
		o := objects[i]
		if !o.Visible() {
			continue
		}
		h := HeightOf(o, w)
		y := (size.Height - h) / 2
		if r.top {
			y = 0
		}
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(w, h))
		x += w + r.gap
	}
}

// wrapRow sets objects side by side and goes on below where the width ends.
type wrapRow struct {
	gap   float32
	width float32
}

// WrapRow sets objects of their own size side by side and wraps.
func WrapRow(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&wrapRow{gap: gap}, objects...)
}

func (l *wrapRow) place(objects []fyne.CanvasObject, w float32, at func(fyne.CanvasObject, fyne.Position, fyne.Size)) float32 {
	var x, y, line float32
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		if x > 0 && x+m.Width > w {
			x, y, line = 0, y+line+l.gap, 0
		}
		if at != nil {
			at(o, fyne.NewPos(x, y), m)
		}
		x += m.Width + l.gap
		line = max(line, m.Height)
	}
	return y + line
}

func (l *wrapRow) heightFor(objects []fyne.CanvasObject, w float32) float32 {
	return l.place(objects, w, nil)
}

func (l *wrapRow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	w := float32(0)
	for _, o := range objects {
		if o.Visible() {
			w = max(w, o.MinSize().Width)
		}
	}
	return fyne.NewSize(w, l.place(objects, max(l.width, w), nil))
}

func (l *wrapRow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.width = size.Width
	l.place(objects, size.Width, func(o fyne.CanvasObject, p fyne.Position, s fyne.Size) {
		o.Move(p)
		o.Resize(s)
	})
}

// even gives each object the same width.
type even struct {
	gap, least float32
	width      float32
}

// Even sets objects side by side at equal widths, in as many columns as fit with at least least pixels each.
func Even(gap, least float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&even{gap: gap, least: least}, objects...)
}

func (e *even) columns(n int, w float32) int {
	cols := max(1, min(n, int((w+e.gap)/(e.least+e.gap))))
	if cols > 2 && n%cols == 1 { // no single one on a line of its own
		cols--
	}
	return cols
}

func (e *even) heightFor(objects []fyne.CanvasObject, w float32) float32 {
	cols := e.columns(len(objects), w)
	width := (w - e.gap*float32(cols-1)) / float32(cols)
	total, line := float32(0), float32(0)
	for i, o := range objects {
		line = max(line, HeightOf(o, width))
		if i%cols == cols-1 || i == len(objects)-1 {
			total += line + e.gap
			line = 0
		}
	}
	return max(total-e.gap, 0)
}

func (e *even) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(e.least, e.heightFor(objects, max(e.width, e.least)))
}

func (e *even) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	e.width = size.Width
	cols := e.columns(len(objects), size.Width)
	width := (size.Width - e.gap*float32(cols-1)) / float32(cols)
	y := float32(0)
	for i := 0; i < len(objects); i += cols {
		line := objects[i:min(i+cols, len(objects))]
		h := float32(0)
		for _, o := range line {
			h = max(h, HeightOf(o, width))
		}
		for j, o := range line {
			o.Move(fyne.NewPos(float32(j)*(width+e.gap), y))
			o.Resize(fyne.NewSize(width, h))
		}
		y += h + e.gap
	}
}

// inset surrounds its objects with room.
type inset struct{ x, y float32 }

// Inset surrounds an object with room: x at the sides, y above and below.
func Inset(x, y float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(inset{x, y}, o)
}

func (p inset) heightFor(objects []fyne.CanvasObject, w float32) float32 {
	return HeightOf(objects[0], w-2*p.x) + 2*p.y
}

func (p inset) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().Add(fyne.NewSize(2*p.x, 2*p.y))
}

func (p inset) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Move(fyne.NewPos(p.x, p.y))
	objects[0].Resize(size.Subtract(fyne.NewSize(2*p.x, 2*p.y)))
}

// Gap is empty room of a fixed size.
func Gap(w, h float32) fyne.CanvasObject {
	r := canvas.NewRectangle(theme.Colour(theme.Clear))
	r.SetMinSize(fyne.NewSize(w, h))
	return r
}

// fixedWidth gives an object a width of its own.
type fixedWidth struct{ w float32 }

// Fixed gives an object a width of its own, whatever its content wants.
func Fixed(w float32, o fyne.CanvasObject) *fyne.Container { return container.New(fixedWidth{w}, o) }

func (f fixedWidth) heightFor(objects []fyne.CanvasObject, _ float32) float32 {
	return HeightOf(objects[0], f.w)
}

func (f fixedWidth) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(f.w, HeightOf(objects[0], f.w))
}

func (f fixedWidth) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	h := HeightOf(objects[0], min(f.w, size.Width))
	objects[0].Move(fyne.NewPos(0, (size.Height-h)/2))
	objects[0].Resize(fyne.NewSize(min(f.w, size.Width), h))
}
