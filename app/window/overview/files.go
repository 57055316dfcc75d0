package overview

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
	"lightproof/backup"
)

// pageLimit bounds how many lines a list holds at once; more are fetched when its end is reached.
const pageLimit = 500

// Lines is a plain, long list of the engine's: files under a cause, or activity. Only visible rows exist.
type Lines struct {
	page.Base
	env     *page.Env
	what    string
	filter  string
	feed    present.Feed
	rows    []backup.Row
	next    string
	reading bool
	round   int
	accept  func(backup.Row) bool

	box    *fyne.Container
	title  *widgets.Text
	tools  *fyne.Container
	list   *lineList
	empty  *widgets.Empty
	error  *widgets.Text
	center *fyne.Container
}

// NewFiles makes the list of files under a cause or in a state.
func NewFiles(env *page.Env) *Lines {
	l := newLines(env, "")
	l.empty = widgets.NewEmpty("safe", texts.ListEmpty, "", texts.Back, env.Back)
	return l
}

// NewActivity makes the list of automatic decisions.
func NewActivity(env *page.Env) *Lines {
	l := newLines(env, "activity")
	l.empty = widgets.NewEmpty("activity", texts.NoActivity, texts.NoActivityWhy, texts.CheckNow, func() { env.Intent(present.Action{Intent: present.CheckNow}) })
	return l
}

// lineList passes on keys that a list does not use.
type lineList struct{ widget.List }

// TypedKey passes on Esc and the function keys.
func (l *lineList) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyUp, fyne.KeyDown, fyne.KeySpace, fyne.KeyHome, fyne.KeyEnd:
		l.List.TypedKey(e)
	default:
		widgets.Unused(l, e)
	}
}

func newLines(env *page.Env, what string) *Lines {
	l := &Lines{env: env, what: what, title: widgets.NewText(texts.Activity, widgets.Section), error: widgets.NewText("", widgets.MutedP)}
	l.list = &lineList{}
	l.list.Length = func() int { return len(l.rows) }
	l.list.CreateItem = func() fyne.CanvasObject {
		return widgets.Inset(theme.Unit, 6, widgets.Columns(2*theme.Unit, []float32{55, 45}, widgets.NewText("", widgets.Body), widgets.NewText("", widgets.Muted)))
	}
	l.list.UpdateItem = func(i widget.ListItemID, o fyne.CanvasObject) {
		cols := o.(*fyne.Container).Objects[0].(*fyne.Container)
		line := present.ShowLines(l.feed, l.rows[i:i+1])[0]
		cols.Objects[0].(*widgets.Text).Set(line.Main)
		cols.Objects[1].(*widgets.Text).Set(line.Side)
		if i == len(l.rows)-1 && l.next != "" {
			l.read(l.next)
		}
	}
	l.list.HideSeparators = false
	l.list.ExtendBaseWidget(l.list)
	l.tools = widgets.Row(theme.Unit, -1)
	l.center = container.NewStack()
	head := widgets.Inset(theme.Margin, theme.Margin-theme.Unit, widgets.Row(theme.Unit, 0, l.title, l.tools))
	l.box = widgets.Border(head, nil, nil, nil, widgets.Inset(theme.Margin-theme.Unit, 0, l.center))
	return l
}

// Content is the page.
func (l *Lines) Content() fyne.CanvasObject { return l.box }

// Opened reads the list anew.
func (l *Lines) Opened(r page.Route) {
	l.round++
	l.rows, l.next, l.reading = nil, "", false
	l.filter = r.Filter
	l.tools.Objects = nil
	if r.Name == page.List {
		l.title.Set(r.Title)
		what, filter, _ := strings.Cut(r.Filter, "/")
		l.what = what
		l.filter, l.accept = present.Accepts(l.feed, filter)
		if what == "problems" {
			l.tools.Objects = []fyne.CanvasObject{widgets.NewButton(texts.LeaveOutAction, l.leave), widgets.NewPrimary(texts.Retry, l.retry)}
		}
	}
	l.tools.Refresh()
	l.center.Objects = nil
	l.read("")
}

func (l *Lines) read(after string) {
	if l.reading {
		return
	}
	l.reading = true
	round := l.round
	q := backup.Query{What: l.what, Filter: l.filter, After: after, Limit: pageLimit}
	page.Run(l.env, func(ctx context.Context) (backup.Page, error) { return l.env.Service.List(ctx, q) }, func(p backup.Page, err error) {
		if round != l.round {
			return
		}
		l.reading = false
		if err != nil {
			l.error.Set(texts.Failed)
			if err == backup.ErrLocked {
				l.error.Set(texts.ListLocked)
			} else if err == backup.ErrGone {
				l.error.Set(texts.Stopped)
			}
			if len(l.rows) == 0 {
				l.tools.Objects = nil
				l.tools.Refresh()
				l.put(widgets.Inset(theme.Unit, 0, l.error))
			}
			return
		}
		l.next = p.Next
		for _, row := range p.Rows {
			if l.accept == nil || l.accept(row) {
				l.rows = append(l.rows, row)
			}
		}
		if len(l.rows) == 0 && l.next != "" {
			l.read(l.next)
			return
		}
		if len(l.rows) == 0 {
			l.put(l.empty.Container)
			return
		}
		l.put(l.list)
		l.list.Refresh()
	})
}

func (l *Lines) put(o fyne.CanvasObject) {
	if len(l.center.Objects) == 1 && l.center.Objects[0] == o {
		return
	}
	l.center.Objects = []fyne.CanvasObject{o}
	l.center.Refresh()
}

// Show keeps the clock of the ages.
func (l *Lines) Show(f present.Feed) { l.feed = f }

func (l *Lines) keys() []string {
	keys := make([]string, 0, len(l.rows))
	for _, r := range l.rows {
		keys = append(keys, r.Key)
	}
	return keys
}

func (l *Lines) do(c backup.Command, good string) {
	page.Run(l.env, func(ctx context.Context) (backup.Reply, error) { return l.env.Service.Do(ctx, c) }, func(_ backup.Reply, err error) {
		if err != nil {
			good = texts.Failed
		}
		l.env.Toast(good)
		if err == nil {
			l.round++
			l.rows, l.reading = nil, false
			l.read("")
		}
	})
}

func (l *Lines) retry() { l.do(backup.Retry{Keys: l.keys()}, texts.Retried) }

func (l *Lines) leave() {
	l.env.Ask(page.Question{Text: texts.LeaveOutAsk, Buttons: []string{texts.LeaveOutAction, texts.Cancel}, Chosen: func(i int) {
		if i == 0 {
			l.do(backup.LeaveUnprotected{Keys: l.keys()}, texts.LeftOutDone)
		}
	}})
}
