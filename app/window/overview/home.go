// Package overview holds the screens about the state of the whole: Home, Problems, Folders, Destinations, Activity, Settings, Lock.
package overview

import (
	"fyne.io/fyne/v2"

	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
)

// scrolled is what scrolling screens share.
type scrolled struct {
	page.Base
	env    *page.Env
	scroll *widgets.Scroller
	body   *fyne.Container
}

func newScrolled(env *page.Env, gap float32) scrolled {
	body := widgets.Column(gap)
	return scrolled{env: env, body: body, scroll: widgets.NewScroller(body)}
}

// Content is the page.
func (s *scrolled) Content() fyne.CanvasObject { return s.scroll.Container }

// Scroll is where the page is.
func (s *scrolled) Scroll() float64 { return float64(s.scroll.Scroll.Offset.Y) }

// SetScroll goes there.
func (s *scrolled) SetScroll(y float64) {
	s.scroll.Scroll.Offset = fyne.NewPos(0, float32(y))
	s.scroll.Relayout()
}

func (s *scrolled) fill(objects ...fyne.CanvasObject) {
	s.body.Objects = objects
	s.body.Refresh()
	s.scroll.Relayout()
}

// Home is the first screen: verdict, sums, destinations, what goes on now.
type Home struct {
	scrolled
	banner  *widgets.Banner
	asOf    *widgets.Text
	stats   []*widgets.Stat
	grid    *fyne.Container
	table   *fyne.Container
	rows    []*widgets.DestinationRow
	now     *widgets.Text
	bar     *widgets.Bar
	next    *widgets.Text
	nowCard *fyne.Container
	checkup *fyne.Container
	ticks   *fyne.Container
	empty   *widgets.Empty
	full    []fyne.CanvasObject
	buttons *fyne.Container
	check   *widgets.Button
	isEmpty bool
	last    []present.Tick
}

// NewHome makes Home.
func NewHome(env *page.Env) *Home {
	h := &Home{scrolled: newScrolled(env, 3*theme.Unit)}
	h.banner = widgets.NewBanner(env.Intent)
	h.asOf = widgets.NewText("", widgets.Caption)
	var tiles []fyne.CanvasObject
	for range 4 {
		s := widgets.NewStat()
		h.stats = append(h.stats, s)
		tiles = append(tiles, s.Pressable)
	}
	h.grid = widgets.Even(2*theme.Unit, 150, tiles...)
	h.table = widgets.Column(theme.Half)
	h.now, h.next, h.bar = widgets.NewText("", widgets.Body), widgets.NewText("", widgets.Muted), widgets.NewBar(6)
	h.check = widgets.NewButton(texts.CheckNow, func() { env.Intent(present.Action{Intent: present.CheckNow}) })
	restore := widgets.NewButton(texts.RestoreDots, func() { env.Intent(present.Action{Intent: present.Restore}) })
	proof := widgets.NewButton(texts.ProofDots, func() { env.Intent(present.Action{Intent: present.WriteProof}) })
	h.buttons = widgets.Row(theme.Unit, -1, restore, proof, h.check)
	h.nowCard = widgets.Card(widgets.Column(theme.Unit, h.now, h.bar, widgets.Row(theme.Unit, 0, h.next, h.buttons)))
	h.ticks = widgets.Column(theme.Half)
	h.checkup = widgets.Card(widgets.Column(theme.Unit, widgets.NewText(texts.CheckUp, widgets.Strong), h.ticks))
	h.empty = widgets.NewEmpty("photo", texts.NothingYet, texts.NothingYetWhy, texts.ChooseFolders, func() {
		env.Intent(h.banner.Action())
	})
	h.full = []fyne.CanvasObject{h.banner.Container, h.asOf, h.grid, widgets.Card(h.table), h.nowCard, h.checkup}
	h.fill(h.full...)
	return h
}

// Show sets the newest state.
func (h *Home) Show(f present.Feed) {
	vm := present.ShowHome(f)
	h.banner.Show(vm.Banner)
	if vm.Empty != h.isEmpty {
		h.isEmpty = vm.Empty
		if vm.Empty {
			h.fill(h.empty.Container)
		} else {
			h.fill(h.full...)
		}
	}
	if vm.Empty && !vm.Frozen {
		h.scroll.Relayout()
		return
	}
	h.asOf.Set(vm.AsOf)
	widgets.SetVisible(h.asOf, vm.AsOf != "")
	for i, s := range h.stats {
		widgets.SetVisible(s.Pressable, i < len(vm.Stats))
		if i < len(vm.Stats) {
			st := vm.Stats[i]
			s.Set(st, vm.Frozen, func() { h.env.Intent(present.Action{Intent: st.Intent, Text: st.Word}) })
		}
	}
	widgets.SetVisible(h.grid, len(vm.Stats) > 0)
	h.showRows(vm)
	h.now.Set(vm.Now)
	if vm.Now == "" {
		h.now.Set(texts.NowIdle)
	}
	if vm.Paused != "" {
		h.now.Set(vm.Paused)
	}
	h.bar.Set(vm.Fraction)
	widgets.SetVisible(h.bar, vm.Fraction >= 0)
	h.next.Set(vm.Next)
	widgets.SetVisible(h.nowCard, !vm.Frozen)
	h.showTicks(vm.Ticks)
	h.scroll.Relayout()
}

func (h *Home) showRows(vm present.Home) {
	for len(h.rows) < len(vm.Destinations) {
		h.rows = append(h.rows, widgets.NewDestinationRow(func() { h.env.Go(page.Route{Name: page.Destinations}) }))
	}
	objects := []fyne.CanvasObject{widgets.DestinationHead(), widgets.Rule()}
	for i, d := range vm.Destinations {
		h.rows[i].Set(d)
		objects = append(objects, h.rows[i].Pressable)
	}
	if len(objects) != len(h.table.Objects) {
		h.table.Objects = objects
		h.table.Refresh()
	}
	widgets.SetVisible(h.full[3], len(vm.Destinations) > 0)
}

func (h *Home) showTicks(ticks []present.Tick) {
	widgets.SetVisible(h.checkup, len(ticks) > 0)
	if sameTicks(ticks, h.last) {
		return
	}
	h.last = ticks
	h.ticks.Objects = nil
	for _, t := range ticks {
		mark := widgets.NewMark(0, 18)
		if !t.Done {
			mark.Set(1)
		}
		line := []fyne.CanvasObject{mark, widgets.NewText(t.Text, widgets.Body)}
		if t.Action.Text != "" {
			line = append(line, widgets.NewButton(t.Action.Text, func() { h.env.Intent(t.Action) }))
		} else {
			line = append(line, widgets.Gap(1, 34))
		}
		h.ticks.Objects = append(h.ticks.Objects, widgets.Row(theme.Unit, 1, line...))
	}
	h.ticks.Refresh()
}

func sameTicks(a, b []present.Tick) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Key presses the verdict's action on Enter.
func (h *Home) Key(e *fyne.KeyEvent) bool {
	if e.Name != fyne.KeyReturn && e.Name != fyne.KeyEnter {
		return false
	}
	if a := h.banner.Action(); a.Intent != present.None {
		h.env.Intent(a)
		return true
	}
	return false
}
