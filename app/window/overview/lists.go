package overview

import (
	"context"
	"fmt"

	"fyne.io/fyne/v2"

	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
	"lightproof/backup"
)

// Problems lists causes: sentence, since when, one action.
type Problems struct {
	scrolled
	rows  []*widgets.ProblemRow
	empty *widgets.Empty
	title *widgets.Text
	shown string
}

// NewProblems makes Problems.
func NewProblems(env *page.Env) *Problems {
	p := &Problems{scrolled: newScrolled(env, 2*theme.Unit), title: widgets.NewText(texts.Problems, widgets.Section)}
	p.empty = widgets.NewEmpty("safe", texts.NoProblems, "", texts.CheckNow, func() { env.Intent(present.Action{Intent: present.CheckNow}) })
	return p
}

// Show sets the newest state.
func (p *Problems) Show(f present.Feed) {
	vm := present.ShowProblems(f)
	key := fmt.Sprint(vm)
	if key == p.shown {
		return
	}
	p.shown = key
	objects := []fyne.CanvasObject{p.title}
	if len(vm.Rows) == 0 {
		p.empty.SetWhy(vm.Empty)
		p.fill(p.title, p.empty.Container)
		return
	}
	for i, r := range vm.Rows {
		if i == len(p.rows) {
			p.rows = append(p.rows, widgets.NewProblemRow())
		}
		p.rows[i].Show(r, func() { p.env.Intent(r.Action) },
			func() { p.env.Go(page.Route{Name: page.List, Filter: "problems/" + r.Class, Title: r.What}) })
		objects = append(objects, p.rows[i].Container)
	}
	p.fill(objects...)
}

// Folders lists folders with their counts.
type Folders struct {
	scrolled
	paths map[string]string
	feed  present.Feed
	shown string
}

// NewFolders makes Folders.
func NewFolders(env *page.Env) *Folders {
	return &Folders{scrolled: newScrolled(env, 2*theme.Unit)}
}

// Opened reads the folders' names, where they may be shown.
func (p *Folders) Opened(page.Route) { p.read() }

func (p *Folders) read() {
	page.Run(p.env, func(ctx context.Context) (map[string]string, error) {
		list, err := p.env.Service.List(ctx, backup.Query{What: "folders", Limit: 500})
		paths := map[string]string{}
		for _, r := range list.Rows {
			paths[r.Key] = r.Path
		}
		return paths, err
	}, func(paths map[string]string, err error) {
		if err == nil {
			p.paths = paths
			p.Show(p.feed)
		}
	})
}

// Show sets the newest state.
func (p *Folders) Show(f present.Feed) {
	p.feed = f
	rows := present.ShowFolders(f, p.paths)
	key := fmt.Sprint(rows)
	if key == p.shown && len(rows) > 0 {
		return
	}
	p.shown = key
	add := func() { p.env.Intent(present.Action{Intent: present.AddFolder}) }
	if len(rows) == 0 {
		p.fill(widgets.NewText(texts.Folders, widgets.Section), widgets.NewEmpty("folders", texts.NoFolders, texts.NoFoldersWhy, texts.AddFolder, add).Container)
		return
	}
	objects := []fyne.CanvasObject{widgets.Row(theme.Unit, 0, widgets.NewText(texts.Folders, widgets.Section), widgets.NewPrimary(texts.AddFolder, add))}
	for _, r := range rows {
		var counts []fyne.CanvasObject
		for _, c := range r.Counts {
			counts = append(counts, widgets.Column(0, widgets.NewText(c.Number, widgets.Strong), widgets.NewText(c.Word, widgets.Caption)))
		}
		remove := widgets.NewButton(texts.Remove, func() { p.remove(r.ID) })
		objects = append(objects, widgets.Card(widgets.Column(1.5*theme.Unit,
			widgets.Row(theme.Unit, 1, widgets.NewMark(r.Mark, 20), widgets.NewText(r.Name, widgets.Strong), remove),
			widgets.Even(theme.Unit, 110, counts...),
			widgets.NewText(r.Note+" · "+r.Watch, widgets.Caption))))
	}
	p.fill(objects...)
}

func (p *Folders) remove(id string) {
	p.env.Ask(page.Question{Text: texts.RemoveFolderAsk, Buttons: []string{texts.Remove, texts.Cancel}, Chosen: func(i int) {
		if i != 0 {
			return
		}
		page.Run(p.env, func(ctx context.Context) (backup.Reply, error) {
			return p.env.Service.Do(ctx, backup.RemoveFolder{ID: id})
		}, func(_ backup.Reply, err error) { p.said(err, texts.Removed) })
	}})
}

func (s *scrolled) said(err error, good string) {
	if err != nil {
		good = texts.Failed
	}
	s.env.Toast(good)
}

// Destinations lists places.
type Destinations struct {
	scrolled
	shown   string
	results map[string]string
	feed    present.Feed
	form    *fyne.Container
	adding  bool
}

// NewDestinations makes Destinations.
func NewDestinations(env *page.Env) *Destinations {
	return &Destinations{scrolled: newScrolled(env, 2*theme.Unit), results: map[string]string{}}
}

// Opened shows the form where the route asks for it.
func (p *Destinations) Opened(r page.Route) {
	if r.Filter == "add" {
		p.add()
	}
}

// Closed puts the form away.
func (p *Destinations) Closed() { p.form, p.shown = nil, "" }

// Show sets the newest state.
func (p *Destinations) Show(f present.Feed) {
	p.feed = f
	rows := present.ShowPlaces(f)
	key := fmt.Sprint(rows, p.results, p.form != nil)
	if key == p.shown && key != fmt.Sprint(rows, p.results, false) || key == p.shown && len(rows) > 0 {
		return
	}
	p.shown = key
	head := widgets.Row(theme.Unit, 0, widgets.NewText(texts.Destinations, widgets.Section), widgets.NewPrimary(texts.AddDestination, p.add))
	objects := []fyne.CanvasObject{head}
	if p.form != nil {
		objects = append(objects, p.form)
	}
	if len(rows) == 0 && p.form == nil {
		p.fill(widgets.NewText(texts.Destinations, widgets.Section), widgets.NewEmpty("destinations", texts.NoDestinations, texts.NoDestinationsWhy, texts.AddDestination, p.add).Container)
		return
	}
	for _, r := range rows {
		objects = append(objects, p.row(r))
	}
	p.fill(objects...)
}

func (p *Destinations) row(r present.Place) fyne.CanvasObject {
	test := widgets.NewButton(texts.Test, func() { p.test(r.ID) })
	limits := widgets.NewButton(texts.LimitAction, func() { p.limits(r) })
	facts := [][2]string{{texts.ColPlace, r.Place}, {texts.ColRoom, r.Room}, {texts.ColWritten, r.Written}, {texts.ReadBackWord, r.ReadBack},
		{texts.ColProof, r.Proof}, {texts.ColGap, r.Gap}, {texts.StoredWord, r.Stored}, {texts.LimitWord, r.Limit}}
	var cells []fyne.CanvasObject
	for _, f := range facts {
		cells = append(cells, widgets.Column(0, widgets.NewText(f[1], widgets.Body), widgets.NewText(f[0], widgets.Caption)))
	}
	bar := widgets.NewBar(4)
	bar.Set(r.Filled)
	if r.Filled > .95 {
		bar.SetRole(theme.NotYet)
	}
	widgets.SetVisible(bar, r.Filled >= 0)
	col := widgets.Column(1.5*theme.Unit, widgets.Row(theme.Unit, 1, widgets.NewMark(r.Mark, 20), widgets.NewText(r.Name, widgets.Strong), limits, test), bar,
		widgets.Even(theme.Unit, 100, cells...))
	if r.Problem != "" {
		col.Add(widgets.NewText(r.Problem, widgets.Para))
	}
	if t := p.results[r.ID]; t != "" {
		col.Add(widgets.NewText(t, widgets.MutedP))
	}
	return widgets.Card(col)
}
