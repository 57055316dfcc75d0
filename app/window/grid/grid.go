package grid

import (
	"context"
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"lightproof/app/window/face"
)

// Source is where the grid's contents come from. Fetch and the Load run off the screen's thread; the grid calls no other.
type Source struct {
	// Fetch reads groups [from, from+n).
	Fetch func(ctx context.Context, from, n int) ([]face.Item, error)
	// Load reads one tile as JPEG.
	Load func(ctx context.Context, id string, px int) ([]byte, error)
	// Do runs a function on the screen's thread; Spawn runs one off it.
	Do, Spawn func(func())
	// After calls f on any goroutine after d.
	After func(d time.Duration, f func())
	Now   func() time.Time
}

// fetchSize is how many groups are fetched at once; heldPages bounds what is remembered of them.
const (
	fetchSize = 200
	heldPages = 64
)

// Grid is the timeline. Its fields are set before the first Set.
type Grid struct {
	widget.BaseWidget
	OnOpen   func(face.Item)           // Enter or a click
	OnSelect func(n int, bytes int64)  // the selection changed
	OnKey    func(*fyne.KeyEvent) bool // keys that the grid does not use
	OnMove   func(face.Item)           // the focus moved

	src    Source
	loader *loader
	ctx    context.Context
	cancel context.CancelFunc

	months  []face.Month
	plan    plan
	offset  float64
	size    fyne.Size
	pages   map[int][]face.Item
	asked   map[int]bool
	recent  []int // pages by use, newest last
	round   int   // answers of an older content are dropped
	cells   map[int]*cell
	pool    []*cell
	heads   []*head
	sticky  *head
	scrub   *scrubber
	focus   int
	focused bool
	shift   bool
	anchor  int
	chosen  map[string]int64 // id → bytes
	blank   map[string]bool  // groups whose picture could not be made; asked again when the contents change
	lastAt  time.Time
	fling   bool
	objects []fyne.CanvasObject
}

// New makes an empty grid.
func New(src Source) *Grid {
	g := &Grid{src: src, pages: map[int][]face.Item{}, asked: map[int]bool{}, cells: map[int]*cell{}, chosen: map[string]int64{}, blank: map[string]bool{}, anchor: -1}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	g.sticky, g.scrub = newHead(), newScrubber(g)
	g.loader = newLoader(workers(), src.Load, func(id string, px int, img *image.RGBA) {
		src.Do(func() { g.deliver(id, px, img) })
	})
	g.plan = newPlan(nil, 100)
	g.ExtendBaseWidget(g)
	return g
}

// Close ends the workers and drops every picture.
func (g *Grid) Close() {
	g.cancel()
	g.loader.stop()
	g.pages = map[int][]face.Item{}
}

// Forget drops the decoded pictures, as on leaving the page; they are decoded again when shown.
func (g *Grid) Forget() {
	g.loader.drop()
	for _, c := range g.cells {
		c.picture(nil)
	}
}

// Idle tells whether no picture is being fetched or decoded.
func (g *Grid) Idle() bool { return g.loader.idle() }

// Set replaces the sections at the top; the focus stays on the same group where it is still there.
func (g *Grid) Set(months []face.Month) {
	g.round++
	g.blank = map[string]bool{}
	g.months, g.pages, g.asked, g.recent = months, map[int][]face.Item{}, map[int]bool{}, nil
	g.plan = newPlan(months, float64(g.gridWidth()))
	g.focus = min(g.focus, max(g.plan.total-1, 0))
	g.offset = min(g.offset, g.maxOffset())
	g.relayout()
}

// Top scrolls to the newest.
func (g *Grid) Top() { g.focus, g.offset = 0, 0; g.relayout() }

// Offset and SetOffset save and restore the scroll.
func (g *Grid) Offset() float64 { return g.offset }

// SetOffset scrolls.
func (g *Grid) SetOffset(y float64) { g.offset = max(0, min(y, g.maxOffset())); g.relayout() }

// GoTo brings a month to the top; month 0 means the newest month of the year. It reports whether there is one.
func (g *Grid) GoTo(year, month int) bool {
	for i, m := range g.months {
		if m.Year == year && (month == 0 || int(m.Month) == month) {
			g.focus = m.First
			g.offset = min(g.plan.tops[i], g.maxOffset())
			g.relayout()
			g.moved()
			return true
		}
	}
	return false
}

// Selection lists the selected groups.
func (g *Grid) Selection() []string {
	ids := make([]string, 0, len(g.chosen))
	for id := range g.chosen {
		ids = append(ids, id)
	}
	return ids
}

// ClearSelection selects nothing.
func (g *Grid) ClearSelection() {
	g.chosen, g.anchor = map[string]int64{}, -1
	g.selected()
	g.relayout()
}

func (g *Grid) selected() {
	if g.OnSelect == nil {
		return
	}
	var bytes int64
	for _, n := range g.chosen {
		bytes += n
	}
	g.OnSelect(len(g.chosen), bytes)
}

// Current is the group that has the focus.
func (g *Grid) Current() (face.Item, bool) {
	if it := g.item(g.focus); it != nil {
		return *it, true
	}
	return face.Item{}, false
}

func (g *Grid) gridWidth() float32 { return max(g.size.Width-scrubWidth, 100) }

func (g *Grid) maxOffset() float64 { return max(g.plan.height()-float64(g.size.Height), 0) }

// scale is the canvas's pixels per device-independent pixel, compared at each bind.
func (g *Grid) scale() float32 {
	if c := fyne.CurrentApp().Driver().CanvasForObject(g); c != nil {
		return c.Scale()
	}
	return 1
}

// item returns a fetched group, or asks for its page.
func (g *Grid) item(i int) *face.Item {
	if i < 0 || i >= g.plan.total {
		return nil
	}
	p := i / fetchSize
	if items, ok := g.pages[p]; ok {
		if k := i % fetchSize; k < len(items) {
			return &items[k]
		}
		return nil
	}
	if g.asked[p] || g.src.Fetch == nil {
		return nil
	}
	g.asked[p] = true
	round := g.round
	g.src.Spawn(func() {
		items, err := g.src.Fetch(g.ctx, p*fetchSize, fetchSize)
		g.src.Do(func() {
			if round != g.round || g.ctx.Err() != nil {
				return
			}
			delete(g.asked, p)
			if err != nil {
				return // the placeholders stay; the next scroll asks again
			}
			g.remember(p, items)
			g.relayout()
		})
	})
	return nil
}

func (g *Grid) remember(p int, items []face.Item) {
	g.pages[p] = items
	g.recent = append(g.recent, p)
	if len(g.recent) > heldPages {
		delete(g.pages, g.recent[0])
		g.recent = g.recent[1:]
	}
}

// relayout binds what is visible: cells that stay move, others are recycled.
func (g *Grid) relayout() {
	if g.size.Width < 1 || g.size.Height < 1 {
		return
	}
	p := g.plan
	spare := float64(spareRows) * (p.side + cellGap)
	first, last := p.visible(g.offset-spare, g.offset+float64(g.size.Height)+spare)
	for i, c := range g.cells {
		if i < first || i >= last {
			g.pool = append(g.pool, c)
			delete(g.cells, i)
		}
	}
	px := int(float32(p.side)*g.scale() + 0.5)
	g.objects = g.objects[:0]
	for i := first; i < last; i++ {
		c := g.cells[i]
		if c == nil {
			c = g.take()
			g.cells[i] = c
		}
		item := g.item(i)
		was, wasPx := c.id, c.px
		on := item != nil
		_, sel := g.chosen[idOf(item)]
		c.bind(i, item, float32(p.side), g.focused && i == g.focus, on && sel)
		x, y := p.place(i)
		c.box.Move(fyne.NewPos(float32(x), float32(y-g.offset)))
		if c.id == "" || !item.Picture || g.blank[c.id] {
			c.picture(nil)
			c.noPicture(item)
		} else if c.id != was || wasPx != px || c.waits() {
			c.px = px
			c.picture(nil)
			if !g.fling {
				c.picture(g.loader.get(c.id, px))
			}
		}
		g.objects = append(g.objects, c.box)
	}
	g.loader.keep(g.shows)
	g.layoutHeads(first, last)
	g.objects = append(g.objects, g.scrub)
	g.scrub.Move(fyne.NewPos(g.size.Width-scrubWidth, 0))
	g.scrub.Resize(fyne.NewSize(scrubWidth, g.size.Height))
	g.scrub.Refresh()
	canvas.Refresh(g) // redraws; the cells were bound above, and pictures keep their textures
}

func idOf(item *face.Item) string {
	if item == nil {
		return ""
	}
	return item.ID
}

func (g *Grid) take() *cell {
	if n := len(g.pool); n > 0 {
		c := g.pool[n-1]
		g.pool = g.pool[:n-1]
		c.id, c.px = "", 0
		c.picture(nil)
		return c
	}
	return newCell()
}

func (g *Grid) shows(id string) bool {
	for _, c := range g.cells {
		if c.id == id {
			return true
		}
	}
	return false
}

// deliver shows a decoded picture if a cell still wants it.
func (g *Grid) deliver(id string, px int, img *image.RGBA) {
	if img == nil {
		g.blank[id] = true
		g.relayout()
		return
	}
	for _, c := range g.cells {
		if c.id == id && c.px == px && c.waits() {
			c.picture(img)
		}
	}
}

// layoutHeads shows the headings of the visible sections; the first one sticks to the top.
func (g *Grid) layoutHeads(first, last int) {
	p := g.plan
	top := p.sectionAt(g.offset)
	if top < 0 {
		return
	}
	end := p.sectionAt(g.offset + float64(g.size.Height))
	used := 0
	for s := top; s <= end; s++ {
		if used == len(g.heads) {
			g.heads = append(g.heads, newHead())
		}
		h := g.heads[used]
		used++
		h.show(p.months[s], g.src.Now(), g.gridWidth())
		h.box.Move(fyne.NewPos(0, float32(p.tops[s]-g.offset)))
		h.box.Resize(fyne.NewSize(g.gridWidth(), float32(headHeight)))
		g.objects = append(g.objects, h.box)
	}
	g.sticky.show(p.months[top], g.src.Now(), g.gridWidth())
	y := min(0, p.tops[top+1]-monthGap-headHeight-g.offset)
	g.sticky.box.Move(fyne.NewPos(0, float32(y)))
	g.sticky.box.Resize(fyne.NewSize(g.gridWidth(), float32(headHeight)))
	if g.offset > p.tops[top] {
		g.objects = append(g.objects, g.sticky.box)
	}
}

// CreateRenderer is for the toolkit.
func (g *Grid) CreateRenderer() fyne.WidgetRenderer { return &renderer{g} }

type renderer struct{ g *Grid }

func (r *renderer) Layout(size fyne.Size) {
	g := r.g
	if g.size == size {
		return
	}
	old := g.plan
	keep := -1
	if g.size.Width > 0 && old.total > 0 {
		keep, _ = old.visible(g.offset, g.offset+1)
	}
	g.size = size
	g.plan = newPlan(g.months, float64(g.gridWidth()))
	if keep > 0 && g.offset > 0 && keep < g.plan.total {
		_, y := g.plan.place(keep)
		g.offset = y - headHeight
	}
	g.offset = max(0, min(g.offset, g.maxOffset()))
	g.relayout()
}

func (r *renderer) MinSize() fyne.Size { return fyne.NewSize(320, 160) }
func (r *renderer) Refresh() {
	for _, c := range r.g.cells {
		item := r.g.item(c.index)
		_, sel := r.g.chosen[idOf(item)]
		c.bind(c.index, item, float32(r.g.plan.side), r.g.focused && c.index == r.g.focus, item != nil && sel)
		if item != nil && (!item.Picture || r.g.blank[item.ID]) {
			c.noPicture(item)
		}
		c.box.Refresh()
	}
}
func (r *renderer) Objects() []fyne.CanvasObject { return r.g.objects }

// Destroy ends nothing: the toolkit drops renderers that were out of sight for a minute and makes them anew.
func (r *renderer) Destroy() {}

// IsClip keeps the cells inside the widget.
func (r *renderer) IsClip() {}
