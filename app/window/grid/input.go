package grid

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"lightproof/app/window/face"
	"lightproof/app/window/present"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
)

// settle is how long after the last fast scroll pictures are loaded again.
const settle = 80 * time.Millisecond

// Scrolled moves the content. Above two screens a second only placeholders are bound, until it slows.
func (g *Grid) Scrolled(e *fyne.ScrollEvent) { g.scrollBy(float64(-e.Scrolled.DY)) }

func (g *Grid) scrollBy(dy float64) {
	now := g.src.Now()
	dt := now.Sub(g.lastAt).Seconds()
	g.lastAt = now
	target := max(0, min(g.offset+dy, g.maxOffset()))
	moved := max(target-g.offset, g.offset-target)
	g.offset = target
	fast := dt > 0 && dt < 0.5 && moved/dt > 2*float64(g.size.Height)
	if fast {
		g.fling = true
		g.src.After(settle, func() {
			g.src.Do(func() {
				if g.src.Now().Sub(g.lastAt) >= settle || !g.fling {
					g.fling = false
					g.relayout()
				}
			})
		})
	}
	g.relayout()
}

// jump scrolls to a fraction of the whole.
func (g *Grid) jump(f float64) {
	g.offset = max(0, min(f, 1)) * g.maxOffset()
	g.relayout()
}

// FocusGained, FocusLost, TypedRune and TypedKey make the grid one stop of Tab; arrows move inside.
func (g *Grid) FocusGained() { g.focused = true; g.relayout() }

// FocusLost hides the ring.
func (g *Grid) FocusLost() { g.focused, g.shift = false, false; g.relayout() }

// TypedRune knows the keys that depend on the layout of the keyboard.
func (g *Grid) TypedRune(r rune) {
	switch r {
	case '[':
		g.month(-1)
	case ']':
		g.month(1)
	case 'g', 'G':
		if g.OnKey != nil {
			g.OnKey(&fyne.KeyEvent{Name: fyne.KeyG})
		}
	}
}

// KeyDown notes Shift, which extends the selection.
func (g *Grid) KeyDown(e *fyne.KeyEvent) {
	if e.Name == desktop.KeyShiftLeft || e.Name == desktop.KeyShiftRight {
		g.shift = true
	}
}

// KeyUp notes the end of Shift.
func (g *Grid) KeyUp(e *fyne.KeyEvent) {
	if e.Name == desktop.KeyShiftLeft || e.Name == desktop.KeyShiftRight {
		g.shift = false
	}
}

// TypedKey moves, selects and opens.
func (g *Grid) TypedKey(e *fyne.KeyEvent) {
	page := max(1, int(float64(g.size.Height)/(g.plan.side+cellGap))-1)
	switch e.Name {
	case fyne.KeyLeft:
		g.move(g.focus - 1)
	case fyne.KeyRight:
		g.move(g.focus + 1)
	case fyne.KeyUp:
		g.move(g.plan.step(g.focus, -1))
	case fyne.KeyDown:
		g.move(g.plan.step(g.focus, 1))
	case fyne.KeyPageUp:
		g.move(g.plan.step(g.focus, -page))
	case fyne.KeyPageDown:
		g.move(g.plan.step(g.focus, page))
	case fyne.KeyHome:
		g.move(0)
	case fyne.KeyEnd:
		g.move(g.plan.total - 1)
	case fyne.KeySpace:
		g.toggle(g.focus)
	case fyne.KeyReturn, fyne.KeyEnter:
		g.open(g.focus)
	case fyne.KeyEscape:
		if len(g.chosen) > 0 {
			g.ClearSelection()
			return
		}
		g.unused(e)
	default:
		g.unused(e)
	}
}

func (g *Grid) unused(e *fyne.KeyEvent) {
	if g.OnKey == nil || !g.OnKey(e) {
		widgets.Unused(g, e)
	}
}

func (g *Grid) move(to int) {
	if g.plan.total == 0 {
		return
	}
	to = max(0, min(to, g.plan.total-1))
	from := g.focus
	g.focus = to
	if g.shift {
		if g.anchor < 0 {
			g.anchor = from
		}
		g.selectRange(g.anchor, to)
	} else {
		g.anchor = -1
	}
	g.reveal()
	g.moved()
}

func (g *Grid) moved() {
	if item, ok := g.Current(); ok && g.OnMove != nil {
		g.OnMove(item)
	}
}

// reveal scrolls the focus into view.
func (g *Grid) reveal() {
	_, y := g.plan.place(g.focus)
	switch {
	case y-headHeight < g.offset:
		g.offset = max(y-headHeight, 0)
	case y+g.plan.side > g.offset+float64(g.size.Height):
		g.offset = min(y+g.plan.side-float64(g.size.Height)+cellGap, g.maxOffset())
	}
	g.relayout()
}

func (g *Grid) selectRange(a, b int) {
	g.chosen = map[string]int64{}
	for i := min(a, b); i <= max(a, b); i++ {
		if item := g.item(i); item != nil {
			g.chosen[item.ID] = item.Bytes
		}
	}
	g.selected()
}

func (g *Grid) toggle(i int) {
	item := g.item(i)
	if item == nil {
		return
	}
	if _, on := g.chosen[item.ID]; on {
		delete(g.chosen, item.ID)
	} else {
		g.chosen[item.ID] = item.Bytes
	}
	g.selected()
	g.relayout()
}

func (g *Grid) open(i int) {
	if item := g.item(i); item != nil && g.OnOpen != nil {
		g.OnOpen(*item)
	}
}

// month moves the focus to the first group of the newer or older month.
func (g *Grid) month(by int) {
	if g.plan.total == 0 {
		return
	}
	s := max(0, min(g.plan.sectionOf(g.focus)+by, len(g.months)-1))
	g.focus = g.months[s].First
	g.offset = min(g.plan.tops[s], g.maxOffset())
	g.relayout()
	g.moved()
}

// MouseDown takes the focus, opens, or selects with Ctrl and Shift.
func (g *Grid) MouseDown(e *desktop.MouseEvent) {
	if e.Button != desktop.MouseButtonPrimary {
		return
	}
	widgets.Focus(g)
	i := g.plan.hit(float64(e.Position.X), float64(e.Position.Y)+g.offset)
	if i < 0 || e.Position.X > g.gridWidth() {
		return
	}
	from := g.focus
	g.focus = i
	switch {
	case e.Modifier&fyne.KeyModifierShift != 0:
		if g.anchor < 0 {
			g.anchor = from
		}
		g.selectRange(g.anchor, i)
		g.relayout()
	case e.Modifier&(fyne.KeyModifierControl|fyne.KeyModifierSuper) != 0:
		g.anchor = i
		g.toggle(i)
	default:
		g.anchor = i
		g.relayout()
		g.open(i)
	}
}

// MouseUp does nothing; Mouseable asks for it.
func (g *Grid) MouseUp(*desktop.MouseEvent) {}

// head is the heading of a month.
type head struct {
	box           *fyne.Container
	back          *widgets.Surface
	title, counts *widgets.Text
	status        *widgets.Text
	mark          *widgets.Mark
}

func newHead() *head {
	h := &head{back: widgets.NewSurface(theme.Page, "", 0), title: widgets.NewText("", widgets.Strong), counts: widgets.NewText("", widgets.Muted),
		status: widgets.NewText("", widgets.Muted), mark: widgets.NewMark(0, 16)}
	h.box = container.NewStack(h.back, widgets.Inset(16, 4, widgets.Row(10, 1, h.title, h.counts, h.mark, h.status)))
	return h
}

// statusWidth is the narrowest heading that still has room for the status beside the counts; the mark stays.
const statusWidth float32 = 460

func (h *head) show(m face.Month, now time.Time, width float32) {
	vm := present.ShowMonth(m, now)
	h.title.Set(vm.Title)
	h.counts.Set(vm.Counts)
	h.status.Set(vm.Status)
	widgets.SetVisible(h.status, width >= statusWidth)
	h.mark.Set(present.VerdictOf(vm.Mark))
	h.mark.SetPlain(vm.Mark >= face.MarkUncovered)
	h.box.Refresh()
}

// scrubber is the strip at the right: one tick per month, years beside them; a click or a drag jumps.
type scrubber struct {
	widget.BaseWidget
	g *Grid
}

func newScrubber(g *Grid) *scrubber {
	s := &scrubber{g: g}
	s.ExtendBaseWidget(s)
	return s
}

func (s *scrubber) Tapped(e *fyne.PointEvent)    { s.to(e.Position.Y) }
func (s *scrubber) Dragged(e *fyne.DragEvent)    { s.to(e.Position.Y) }
func (s *scrubber) DragEnd()                     {}
func (s *scrubber) Scrolled(e *fyne.ScrollEvent) { s.g.Scrolled(e) }
func (s *scrubber) Cursor() desktop.Cursor       { return desktop.PointerCursor }
func (s *scrubber) to(y float32) {
	if h := s.Size().Height - 2*scrubPad; h > 0 {
		s.g.jump(float64((y - scrubPad) / h))
	}
}

const scrubPad float32 = 16

func (s *scrubber) CreateRenderer() fyne.WidgetRenderer {
	return &scrubRenderer{s: s, thumb: canvas.NewRectangle(theme.Colour(theme.Accent))}
}

type scrubRenderer struct {
	s       *scrubber
	thumb   *canvas.Rectangle
	ticks   []*canvas.Rectangle
	years   []*canvas.Text
	objects []fyne.CanvasObject
}

func (r *scrubRenderer) MinSize() fyne.Size { return fyne.NewSize(scrubWidth, 40) }

func (r *scrubRenderer) Layout(size fyne.Size) {
	g := r.s.g
	r.objects = r.objects[:0]
	h := g.plan.height()
	if len(g.months) == 0 || h <= 0 {
		return
	}
	at := func(y float64) float32 { return scrubPad + float32(y/h)*(size.Height-2*scrubPad) }
	year, lastText, n, k := 0, float32(-100), 0, 0
	for i, m := range g.months {
		y := at(g.plan.tops[i])
		if k == len(r.ticks) {
			r.ticks = append(r.ticks, canvas.NewRectangle(theme.Colour(theme.Line)))
		}
		t := r.ticks[k]
		k++
		t.FillColor = theme.Colour(theme.Line)
		w := float32(8)
		if m.Mark != face.MarkProven {
			t.FillColor, w = theme.Colour(widgets.RoleOf(present.VerdictOf(m.Mark))), 12
		}
		t.Move(fyne.NewPos(size.Width-w-6, y))
		t.Resize(fyne.NewSize(w, 2))
		r.objects = append(r.objects, t)
		if m.Year != year && y-lastText > 16 {
			year, lastText = m.Year, y
			if n == len(r.years) {
				r.years = append(r.years, canvas.NewText("", theme.Colour(theme.Muted)))
			}
			t := r.years[n]
			n++
			t.Text, t.TextSize, t.Color = fmt.Sprint(m.Year), 11, theme.Colour(theme.Muted)
			t.Move(fyne.NewPos(6, y-7))
			t.Resize(t.MinSize())
			r.objects = append(r.objects, t)
		}
	}
	r.thumb.FillColor, r.thumb.CornerRadius = theme.Colour(theme.Accent), 2
	thumb := max(float32(float64(g.size.Height)/max(h, 1))*(size.Height-2*scrubPad), 12)
	r.thumb.Move(fyne.NewPos(size.Width-4, min(at(g.offset), size.Height-thumb)))
	r.thumb.Resize(fyne.NewSize(4, thumb))
	if g.maxOffset() > 0 {
		r.objects = append(r.objects, r.thumb)
	}
}

func (r *scrubRenderer) Refresh()                     { r.Layout(r.s.Size()); canvas.Refresh(r.s) }
func (r *scrubRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *scrubRenderer) Destroy()                     {}
