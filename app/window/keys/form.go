package keys

import (
	"fyne.io/fyne/v2"

	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
	"lightproof/backup"
)

// form is what the screens of this package share: a page that scrolls, a note below the fields, one thing at a time.
type form struct {
	page.Base
	env    *page.Env
	box    *fyne.Container
	scroll *widgets.Scroller
	note   *widgets.Note
	busy   bool
	mode   string // how this computer opens, as the newest state has it
}

func newForm(env *page.Env) form {
	box := widgets.Column(2 * theme.Unit)
	return form{env: env, box: box, scroll: widgets.NewScroller(box), note: widgets.NewNote()}
}

// Content is the page.
func (f *form) Content() fyne.CanvasObject { return f.scroll.Container }

// Show keeps how this computer opens.
func (f *form) Show(feed present.Feed) {
	if feed.State != nil {
		f.mode = feed.State.Safety.Mode
	}
}

func (f *form) fill(objects ...fyne.CanvasObject) {
	f.box.Objects = objects
	f.box.Refresh()
	f.scroll.Relayout()
}

func (f *form) say(s string)  { f.note.Say(s); f.scroll.Relayout() }
func (f *form) warn(s string) { f.note.Warn(s); f.scroll.Relayout() }

// finish shows how it ended, with a way to go on before the one to Home, if there is one.
func (f *form) finish(title string, mark backup.Verdict, text fyne.CanvasObject, further *widgets.Button) {
	toHome := func() { f.env.Go(page.Route{Name: page.Home}) }
	first, buttons := further, []fyne.CanvasObject{further, widgets.NewButton(texts.ToHome, toHome)}
	if further == nil {
		first = widgets.NewPrimary(texts.ToHome, toHome)
		buttons = []fyne.CanvasObject{first}
	}
	f.fill(widgets.NewText(title, widgets.Section), widgets.Card(widgets.TopRow(2*theme.Unit, 1, widgets.NewMark(mark, 24), text)),
		widgets.Row(theme.Unit, -1, buttons...))
	widgets.Focus(first)
}
