package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
	words "lightproof/assets/strings"
	"lightproof/backup"
)

// places are the entries of the rail, in the order of Ctrl+1, Ctrl+2, …; screens of a later stage are hidden, not greyed.
var places = []struct {
	name  page.Name
	icon  string
	title string
}{
	{page.Home, "home", texts.Home}, {page.Timeline, "timeline", texts.Timeline}, {page.Problems, "problems", texts.Problems},
	{page.Folders, "folders", texts.Folders}, {page.Destinations, "destinations", texts.Destinations}, {page.Activity, "activity", texts.Activity},
}

type entry struct {
	area *widgets.Pressable
	icon *widgets.Icon
	text *widgets.Text
	note *widgets.Text
}

// rail is the list of screens at the left.
type rail struct {
	box     *fyne.Container
	entries map[page.Name]*entry
}

func newRail(s *shell) *rail {
	r := &rail{entries: map[page.Name]*entry{}}
	add := func(name page.Name, icon, title string) fyne.CanvasObject {
		e := &entry{icon: widgets.NewIcon(icon, theme.Muted, 20), text: widgets.NewText(title, widgets.Body), note: widgets.NewText("", widgets.Caption)}
		e.area = widgets.NewPressable(widgets.Row(10, 1, e.icon, e.text, e.note), 9, true, func() { s.goTo(page.Route{Name: name}) })
		r.entries[name] = e
		return e.area
	}
	list := widgets.Column(2, widgets.Inset(9, 6, widgets.NewText(texts.App, widgets.Strong)), widgets.Gap(1, 6))
	for _, p := range places {
		list.Add(add(p.name, p.icon, p.title))
	}
	foot := widgets.Column(2, add(page.Settings, "settings", texts.Settings))
	line := widgets.NewSurface(theme.Line, "", 0)
	line.Min = fyne.NewSize(1, 1)
	inner := widgets.Border(nil, nil, nil, line, widgets.Inset(theme.Unit+2, theme.Unit+4, widgets.Border(list, foot, nil, nil)))
	r.box = widgets.Fixed2(theme.RailWidth, container.NewStack(widgets.NewSurface(theme.Card, "", 0), inner))
	return r
}

func (r *rail) choose(name page.Name) {
	if name == page.List {
		name = page.Problems
	}
	for n, e := range r.entries {
		on := n == name
		e.area.SetChosen(on)
		role := theme.Muted
		if on {
			role = theme.Accent
		}
		e.icon.SetRole(role)
	}
}

// show sets the number beside Problems.
func (r *rail) show(f present.Feed) {
	note := ""
	if f.State != nil && !f.Frozen() {
		n := 0
		for _, c := range f.State.Causes {
			if c.Verdict >= backup.NeedsYou {
				n++
			}
		}
		if n > 0 {
			note = words.Count(int64(n))
		}
	}
	r.entries[page.Problems].note.Set(note)
}

// topBar stands above every unlocked screen: the verdict in one line (but on Home, where it is the page), pause, lock.
type topBar struct {
	s      *shell
	box    *fyne.Container
	mark   *widgets.Mark
	line   *widgets.Text
	area   *widgets.Pressable
	pause  *widgets.Button
	paused bool
	resume *widgets.Button
	plan   *face.Plan
}

func newTopBar(s *shell) *topBar {
	b := &topBar{s: s, mark: widgets.NewMark(backup.CannotTell, 18), line: widgets.NewText("", widgets.Body)}
	b.area = widgets.NewPressable(widgets.Row(theme.Unit, 1, b.mark, b.line), 6, true, func() { s.goTo(page.Route{Name: page.Home}) })
	b.pause = widgets.NewButton(texts.PauseHour, b.toggle)
	b.resume = widgets.NewButton("", func() { s.intent(present.Action{Intent: present.ContinueRestore}) })
	b.resume.Hide()
	lock := widgets.NewButton(texts.Lock, s.lock)
	b.box = widgets.Border(nil, widgets.Rule(), nil, nil, widgets.Inset(theme.Unit+2, 6,
		widgets.Border(nil, nil, nil, widgets.Row(theme.Unit, -1, b.resume, b.pause, lock), b.area)))
	return b
}

func (b *topBar) toggle() {
	if b.paused {
		b.s.intent(present.Action{Intent: present.Resume})
	} else {
		b.s.intent(present.Action{Intent: present.Pause})
	}
}

func (b *topBar) show(f present.Feed) {
	vm := present.ShowBanner(f)
	b.mark.Set(vm.Verdict)
	b.line.Set(vm.Headline)
	home := b.s.router.now.route.Name == page.Home
	widgets.SetVisible(b.area, !home)
	b.paused = f.State != nil && f.State.Paused != nil
	text := texts.PauseHour
	if b.paused {
		text = texts.Resume
	}
	if b.pause.Text != text {
		b.pause.SetText(text)
	}
}

// waiting offers to continue an interrupted restore.
func (b *topBar) waiting(p *face.Plan) {
	b.plan = p
	if p != nil {
		b.resume.SetText(texts.RestoreWaits(words.Count(p.Done), words.Count(p.Files)) + " · " + texts.Continue)
	}
	widgets.SetVisible(b.resume, p != nil)
	b.box.Refresh()
}
