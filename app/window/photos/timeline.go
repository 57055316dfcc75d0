// Package photos holds the timeline and the details of a photo.
package photos

import (
	"context"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"lightproof/app/window/face"
	"lightproof/app/window/grid"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
	words "lightproof/assets/strings"
)

// Timeline is the grid with search above and details at the right.
type Timeline struct {
	page.Base
	env     *page.Env
	box     *fyne.Container
	search  *widgets.Entry
	filter  *widgets.Chooser
	restore *widgets.Button
	picked  *widgets.Text
	clear   *widgets.Button
	center  *fyne.Container
	grid    *grid.Grid
	details *Details
	side    *fyne.Container
	empty   *widgets.Empty
	nothing *widgets.Empty
	failed  *widgets.Empty
	where   face.Filter
	view    atomic.Pointer[view] // what the grid's workers read, off the screen's thread
	round   int
	loaded  bool
	seen    int64 // versions known when the months were read
}

// view is an opened library through one filter.
type view struct {
	lib    face.Library
	filter face.Filter
}

// filters are the entries of the filter list.
var filters = []struct {
	name string
	f    face.Filter
}{
	{texts.AllPhotos, face.Filter{}}, {texts.FilterProblems, face.Filter{Mark: "problem"}}, {texts.FilterPending, face.Filter{Mark: "pending"}},
	{texts.FilterDeleted, face.Filter{Deleted: true}}, {texts.FilterRaw, face.Filter{Kind: "raw"}}, {texts.FilterVideo, face.Filter{Kind: "video"}},
}

// NewTimeline makes the timeline.
func NewTimeline(env *page.Env) *Timeline {
	t := &Timeline{env: env}
	t.grid = grid.New(grid.Source{
		Fetch: func(ctx context.Context, from, n int) ([]face.Item, error) {
			if v := t.view.Load(); v != nil {
				return v.lib.Items(ctx, v.filter, from, n)
			}
			return nil, nil
		},
		Load: func(ctx context.Context, id string, px int) ([]byte, error) {
			if v := t.view.Load(); v != nil {
				return v.lib.Tile(ctx, id, px)
			}
			return nil, context.Canceled
		},
		Do: env.Do, Spawn: func(f func()) { env.Spawn(func(context.Context) { f() }) }, After: env.After, Now: env.Now,
	})
	t.setFilter(face.Filter{})
	t.grid.OnOpen, t.grid.OnMove = t.open, t.follow
	t.grid.OnSelect = t.selected
	t.grid.OnKey = t.gridKey
	t.search = widgets.NewEntry(texts.SearchHint)
	t.search.OnChanged = t.typed
	t.search.OnEnter = func() { t.read(); widgets.Focus(t.grid) }
	var names []string
	for _, f := range filters {
		names = append(names, f.name)
	}
	t.filter = widgets.NewChooser(names, t.choose)
	t.filter.Selected = texts.AllPhotos
	t.picked = widgets.NewText("", widgets.Body)
	t.clear = widgets.NewButton(texts.Clear, t.grid.ClearSelection)
	t.restore = widgets.NewButton(texts.RestoreDots, t.startRestore)
	t.details = NewDetails(env, t.closeDetails)
	t.empty = widgets.NewEmpty("timeline", texts.NoPhotos, texts.NoPhotosWhy, texts.ToHome, func() { env.Go(page.Route{Name: page.Home}) })
	t.nothing = widgets.NewEmpty("search", texts.NothingFound, texts.NothingFoundWhy, texts.ShowAll, t.showAll)
	t.failed = widgets.NewEmpty("needsyou", texts.TimelineFailed, texts.TimelineFailedWhy, texts.Again, t.read)
	t.center = container.NewStack()
	t.side = container.NewStack()
	t.selected(0, 0)
	bar := widgets.Inset(2*theme.Unit, theme.Unit+2, widgets.Row(theme.Unit, 0, t.search, widgets.Fixed(190, t.filter), t.picked, t.clear, t.restore))
	t.box = widgets.Border(bar, nil, nil, t.side, t.center)
	return t
}

// Details is the panel beside the pictures.
func (t *Timeline) Details() *Details { return t.details }

// Content is the page.
func (t *Timeline) Content() fyne.CanvasObject { return t.box }

// Opened reads the months.
func (t *Timeline) Opened(r page.Route) {
	if r.Filter != "" {
		for _, f := range filters {
			if f.f.Mark == r.Filter {
				t.filter.SetSelected(f.name)
			}
		}
	}
	t.read()
}

// Closed drops the pictures.
func (t *Timeline) Closed() { t.grid.Forget() }

// FocusSearch puts the keyboard into the search.
func (t *Timeline) FocusSearch() { widgets.Focus(t.search) }

// Forget empties the page, as on lock.
func (t *Timeline) Forget() {
	t.view.Store(nil)
	t.grid.ClearSelection()
	t.grid.Forget()
	t.grid.Set(nil)
	t.dropDetails() // the keyboard belongs to another page by now
	t.details.Forget()
	t.loaded = false
	t.round++
}

// Show reads the months again when versions were added.
func (t *Timeline) Show(f present.Feed) {
	if f.State == nil {
		return
	}
	n := f.State.History.Versions
	if t.loaded && n != t.seen {
		t.seen = n
		t.read()
	}
	t.seen = n
}

func (t *Timeline) setFilter(f face.Filter) { t.where = f }

func (t *Timeline) choose(name string) {
	for _, f := range filters {
		if f.name == name {
			next := f.f
			next.Text = t.where.Text
			t.setFilter(next)
			t.grid.Top()
			t.read()
		}
	}
}

// typed searches when typing pauses.
func (t *Timeline) typed(s string) {
	f := t.where
	f.Text = s
	t.setFilter(f)
	t.round++
	round := t.round
	t.env.After(searchPause, func() {
		t.env.Do(func() {
			if round == t.round {
				t.read()
			}
		})
	})
}

func (t *Timeline) showAll() {
	t.search.SetText("")
	t.filter.SetSelected(texts.AllPhotos)
	t.setFilter(face.Filter{})
	t.read()
}

func (t *Timeline) read() {
	lib := t.env.Library()
	if lib == nil {
		return
	}
	t.round++
	round, f := t.round, t.where
	t.view.Store(&view{lib, f})
	page.Run(t.env, func(ctx context.Context) ([]face.Month, error) { return lib.Months(ctx, f) }, func(months []face.Month, err error) {
		if round != t.round {
			return
		}
		if err != nil {
			t.put(t.failed.Container)
			return
		}
		t.loaded = true
		switch {
		case len(months) > 0:
			t.grid.Set(months)
			t.put(t.grid)
		case f == face.Filter{}:
			t.put(t.empty.Container)
		default:
			t.put(t.nothing.Container)
		}
	})
}

func (t *Timeline) put(o fyne.CanvasObject) {
	if len(t.center.Objects) == 1 && t.center.Objects[0] == o {
		return
	}
	t.center.Objects = []fyne.CanvasObject{o}
	t.center.Refresh()
	if o == fyne.CanvasObject(t.grid) {
		widgets.Focus(t.grid)
	}
}

func (t *Timeline) selected(n int, bytes int64) {
	on := n > 0
	t.picked.Set(texts.Selected(words.Count(int64(n)), words.Size(bytes)))
	widgets.SetVisible(t.picked, on)
	widgets.SetVisible(t.clear, on)
	if t.box != nil {
		t.box.Objects[1].Refresh()
		t.box.Refresh()
	}
}

func (t *Timeline) startRestore() {
	req := face.Request{IDs: t.grid.Selection()}
	t.env.Go(page.Route{Name: page.Restore, Restore: &req})
}

// open shows the details of a group; the panel stays open while the focus moves.
func (t *Timeline) open(item face.Item) {
	t.details.Load(item)
	if len(t.side.Objects) == 0 {
		t.side.Objects = []fyne.CanvasObject{t.details.Content()}
		t.box.Refresh()
	}
}

func (t *Timeline) follow(item face.Item) {
	if len(t.side.Objects) > 0 {
		t.details.Load(item)
	}
}

func (t *Timeline) closeDetails() {
	if t.dropDetails() {
		widgets.Focus(t.grid)
	}
}

// dropDetails takes the side away; it tells whether there was one.
func (t *Timeline) dropDetails() bool {
	if len(t.side.Objects) == 0 {
		return false
	}
	t.side.Objects = nil
	t.box.Refresh()
	return true
}

func (t *Timeline) gridKey(e *fyne.KeyEvent) bool {
	if e.Name == fyne.KeyG {
		t.askDate()
		return true
	}
	return false
}

// Key closes the details on Esc.
func (t *Timeline) Key(e *fyne.KeyEvent) bool {
	if e.Name == fyne.KeyEscape && len(t.side.Objects) > 0 {
		t.closeDetails()
		return true
	}
	return false
}

// askDate puts a line for a date above the grid.
func (t *Timeline) askDate() {
	entry := widgets.NewEntry(texts.GoToHint)
	var bar *fyne.Container
	done := func() {
		t.center.Remove(bar)
		widgets.Focus(t.grid)
	}
	goTo := func() {
		year, month, ok := present.ParseMonth(entry.Text)
		if !ok || !t.grid.GoTo(year, month) {
			t.env.Toast(texts.NoSuchMonth)
			return
		}
		done()
	}
	entry.OnEnter = goTo
	card := widgets.Card(widgets.Row(theme.Unit, 1, widgets.NewText(texts.GoToDate, widgets.Strong), entry, widgets.NewPrimary(texts.Go, goTo), widgets.NewButton(texts.Cancel, done)))
	bar = widgets.Border(widgets.Inset(theme.Margin, theme.Unit, card), nil, nil, nil)
	t.center.Add(bar)
	widgets.Focus(entry)
}

// Scroll is where the grid is.
func (t *Timeline) Scroll() float64 { return t.grid.Offset() }

// SetScroll goes there.
func (t *Timeline) SetScroll(y float64) { t.grid.SetOffset(y) }

// Grid is the grid, for tests that wait for its pictures.
func (t *Timeline) Grid() *grid.Grid { return t.grid }
