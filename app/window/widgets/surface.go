package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"lightproof/app/window/theme"
)

// Surface is a filled, rounded rectangle in a colour role that follows the theme.
type Surface struct {
	widget.BaseWidget
	Role   fyne.ThemeColorName
	Stroke fyne.ThemeColorName // empty = none
	Width  float32             // of the stroke; 0 = 1 pixel
	Round  float32
	Min    fyne.Size
}

// NewSurface makes a surface.
func NewSurface(role, stroke fyne.ThemeColorName, round float32) *Surface {
	s := &Surface{Role: role, Stroke: stroke, Round: round}
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer is for the toolkit.
func (s *Surface) CreateRenderer() fyne.WidgetRenderer {
	r := &surfaceRenderer{s: s, rect: canvas.NewRectangle(theme.Colour(s.Role))}
	r.Refresh()
	return r
}

type surfaceRenderer struct {
	s    *Surface
	rect *canvas.Rectangle
}

func (r *surfaceRenderer) Layout(size fyne.Size) { r.rect.Resize(size) }
func (r *surfaceRenderer) MinSize() fyne.Size    { return r.s.Min }
func (r *surfaceRenderer) Refresh() {
	r.rect.FillColor, r.rect.CornerRadius, r.rect.StrokeWidth = theme.Colour(r.s.Role), r.s.Round, 0
	if r.s.Stroke != "" {
		r.rect.StrokeColor, r.rect.StrokeWidth = theme.Colour(r.s.Stroke), max(r.s.Width, 1)
	}
	r.rect.Refresh()
}
func (r *surfaceRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.rect} }
func (r *surfaceRenderer) Destroy()                     {}

// over lays its objects one over another; the last one says how high they are.
type over struct{}

// Over lays objects one over another, all at full size.
func Over(objects ...fyne.CanvasObject) *fyne.Container { return container.New(over{}, objects...) }

func (over) heightFor(objects []fyne.CanvasObject, w float32) float32 {
	h := float32(0)
	for _, o := range objects {
		if o.Visible() {
			h = max(h, HeightOf(o, w))
		}
	}
	return h
}

func (over) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		if o.Visible() {
			size = size.Max(o.MinSize())
		}
	}
	return size
}

func (over) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(0, 0))
		o.Resize(size)
	}
}

// Card is a raised white area with padding.
func Card(o fyne.CanvasObject) *fyne.Container {
	return Over(NewSurface(theme.Card, theme.Line, theme.Radius), Inset(2*theme.Unit, 2*theme.Unit, o))
}

// Rule is a horizontal line.
func Rule() fyne.CanvasObject {
	s := NewSurface(theme.Line, "", 0)
	s.Min = fyne.NewSize(1, 1)
	return s
}

// page centres its single object up to the widest text page, with margins.
type page struct{}

func (page) inner(w float32) (x, width float32) {
	width = min(w-2*theme.Margin, theme.PageWidth)
	return (w - width) / 2, width
}

func (p page) heightFor(objects []fyne.CanvasObject, w float32) float32 {
	_, width := p.inner(w)
	return HeightOf(objects[0], width) + 2*theme.Margin
}

func (p page) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().Add(fyne.NewSize(2*theme.Margin, 2*theme.Margin))
}

func (p page) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	x, width := p.inner(size.Width)
	objects[0].Move(fyne.NewPos(x, theme.Margin))
	objects[0].Resize(fyne.NewSize(width, max(HeightOf(objects[0], width), size.Height-2*theme.Margin)))
}

// Scroller is a vertically scrolling text page.
type Scroller struct {
	*fyne.Container
	Scroll *container.Scroll
}

// scrolled sets the page's width before the scroll asks for its height.
type scrolled struct{ page *fyne.Container }

func (s scrolled) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(320, 120) }

func (s scrolled) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	s.page.Resize(fyne.NewSize(size.Width, HeightOf(s.page, size.Width)))
	objects[0].Move(fyne.NewPos(0, 0))
	objects[0].Resize(size)
}

// NewScroller makes a scrolling page of a column.
func NewScroller(content fyne.CanvasObject) *Scroller {
	p := container.New(page{}, content)
	sc := container.NewVScroll(p)
	return &Scroller{Container: container.New(scrolled{p}, sc), Scroll: sc}
}

// Relayout measures the page anew after its content changed.
func (s *Scroller) Relayout() {
	s.Container.Layout.Layout(s.Container.Objects, s.Container.Size())
	s.Scroll.Refresh()
}

// border is a border layout without any padding.
type border struct{ top, bottom, left, right fyne.CanvasObject }

// Border sets objects at the edges and center into what is left, with no room between; nil leaves an edge out.
func Border(top, bottom, left, right fyne.CanvasObject, center ...fyne.CanvasObject) *fyne.Container {
	var objects []fyne.CanvasObject
	objects = append(objects, center...)
	for _, o := range []fyne.CanvasObject{top, bottom, left, right} {
		if o != nil {
			objects = append(objects, o)
		}
	}
	return container.New(&border{top, bottom, left, right}, objects...)
}

func shown(o fyne.CanvasObject) bool { return o != nil && o.Visible() }

func (b *border) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var mid, size fyne.Size
	for _, o := range objects {
		if o.Visible() && o != b.top && o != b.bottom && o != b.left && o != b.right {
			mid = mid.Max(o.MinSize())
		}
	}
	size = mid
	for _, o := range []fyne.CanvasObject{b.left, b.right} {
		if shown(o) {
			m := o.MinSize()
			size = fyne.NewSize(size.Width+m.Width, max(size.Height, m.Height))
		}
	}
	for _, o := range []fyne.CanvasObject{b.top, b.bottom} {
		if shown(o) {
			m := o.MinSize()
			size = fyne.NewSize(max(size.Width, m.Width), size.Height+m.Height)
		}
	}
	return size
}

func (b *border) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	var x, y float32
	w, h := size.Width, size.Height
	if shown(b.top) {
		t := HeightOf(b.top, w)
		b.top.Move(fyne.NewPos(0, 0))
		b.top.Resize(fyne.NewSize(w, t))
		y, h = t, h-t
	}
	if shown(b.bottom) {
		t := HeightOf(b.bottom, w)
		b.bottom.Move(fyne.NewPos(0, size.Height-t))
		b.bottom.Resize(fyne.NewSize(w, t))
		h -= t
	}
	if shown(b.left) {
		t := b.left.MinSize().Width
		b.left.Move(fyne.NewPos(0, y))
		b.left.Resize(fyne.NewSize(t, h))
		x, w = t, w-t
	}
	if shown(b.right) {
		t := b.right.MinSize().Width
		b.right.Move(fyne.NewPos(size.Width-t, y))
		b.right.Resize(fyne.NewSize(t, h))
		w -= t
	}
	for _, o := range objects {
		if o.Visible() && o != b.top && o != b.bottom && o != b.left && o != b.right {
			o.Move(fyne.NewPos(x, y))
			o.Resize(fyne.NewSize(w, h))
		}
	}
}
