// Package firstrun holds the first run in four steps, the check of the recovery kit, and "I already use Lightproof".
package firstrun

import (
	"context"
	"path/filepath"
	"slices"

	"fyne.io/fyne/v2"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
	"lightproof/backup"
)

// Wizard is the first run. What was chosen stays until the window closes, so leaving and coming back loses nothing; once the keys
// exist, the vault itself remembers.
type Wizard struct {
	page.Base
	env   *page.Env
	frame *widgets.Wizard
	steps []present.Step
	feed  present.Feed

	sources []face.Source
	found   bool // the search was begun
	looked  bool // and has ended
	chosen  map[string]bool
	dir     string
	label   string
	away    bool
	place   *face.Place

	first, again, second string
	useSecond, quiet     bool
	more                 bool
	made                 *face.Kit
	kitDone, postponed   bool
	step                 string // "what", "where", "keys", "kit", "kit-check", "start", "recover"
	note                 *widgets.Note
	busy                 bool
	started              bool
	recovered            string
	lib                  face.Library
	progress             *progressView
}

// NewWizard makes the first run.
func NewWizard(env *page.Env) *Wizard {
	w := &Wizard{env: env, steps: present.FirstRunSteps(), chosen: map[string]bool{}, step: "what", note: widgets.NewNote()}
	w.frame = widgets.NewWizard(texts.FirstRun, w.steps, w.next, w.back)
	return w
}

// Content is the page.
func (w *Wizard) Content() fyne.CanvasObject { return w.frame.Container }

// Opened shows the step that was left.
func (w *Wizard) Opened(r page.Route) {
	if r.Filter == "recover" {
		w.step = "recover"
	}
	w.show(w.step)
	if !w.found {
		w.find()
	}
}

// Key gives Enter and Esc their meanings.
func (w *Wizard) Key(e *fyne.KeyEvent) bool { return w.frame.Key(e) }

// Show follows the first copies.
func (w *Wizard) Show(f present.Feed) {
	w.feed = f
	if w.step == "start" && w.progress != nil {
		w.progress.show(present.ShowFirstProgress(f), w)
	}
}

func (w *Wizard) index(step string) int {
	switch step {
	case "where":
		return 1
	case "keys", "kit", "kit-check":
		return 2
	case "start":
		return 3
	}
	return 0
}

func (w *Wizard) put(title, next string, back bool, content ...fyne.CanvasObject) {
	w.frame.Show(w.index(w.step), title, next, back, append(content, w.note.Container)...)
}

func (w *Wizard) say(s string) {
	w.note.Say(s)
	w.frame.Relayout()
}

func (w *Wizard) warn(s string) {
	w.note.Warn(s)
	w.frame.Relayout()
}

func (w *Wizard) show(step string) {
	w.step = step
	w.note.Say("")
	switch step {
	case "what":
		w.showWhat()
	case "where":
		w.showWhere()
	case "keys":
		w.showKeys()
	case "kit":
		w.showKit()
	case "kit-check":
		w.showCheck()
	case "start":
		w.showStart()
	case "recover":
		w.showRecover()
	}
}

func (w *Wizard) next() {
	switch w.step {
	case "what":
		w.show("where")
	case "where":
		if w.place != nil && w.ready() {
			w.show("keys")
		} else {
			w.probe()
		}
	case "keys":
		w.create()
	case "kit":
		w.show("kit-check")
	case "start":
		w.finish()
	}
}

func (w *Wizard) back() {
	if w.busy {
		return
	}
	switch w.step {
	case "where":
		w.show("what")
	case "keys":
		w.show("where")
	case "kit-check":
		w.show("kit")
	case "recover":
		w.show("what")
	}
}

func (w *Wizard) find() {
	w.found = true
	page.Run(w.env, func(ctx context.Context) ([]face.Source, error) { return w.env.Setup.FindSources(ctx) }, func(s []face.Source, err error) {
		if err != nil {
			w.warn(texts.SetupFailed)
		}
		w.looked = true
		for _, src := range s {
			w.addSource(src)
		}
		if w.step == "what" {
			w.showWhat()
		}
	})
}

func (w *Wizard) addSource(s face.Source) {
	if slices.ContainsFunc(w.sources, func(o face.Source) bool { return o.Path == s.Path }) {
		return
	}
	w.sources = append(w.sources, s)
	w.chosen[s.Path] = s.Chosen && s.Readable
}

func (w *Wizard) folders() []string {
	var dirs []string
	for _, s := range w.sources {
		if w.chosen[s.Path] {
			dirs = append(dirs, s.Path)
		}
	}
	return dirs
}

func (w *Wizard) showWhat() {
	list := widgets.Column(theme.Unit)
	for _, s := range w.sources {
		row := present.ShowSource(s)
		box := widgets.NewCheck("", func(on bool) {
			w.chosen[s.Path] = on
			w.frame.SetReady(len(w.folders()) > 0)
		})
		box.Text = row.Name
		box.Checked = w.chosen[s.Path]
		if !row.Readable {
			box.Disable()
		}
		list.Add(widgets.Column(0, box, widgets.Inset(34, 0, widgets.Column(2, widgets.NewText(row.Path, widgets.Muted), widgets.NewText(row.Note, widgets.Caption)))))
	}
	if len(w.sources) == 0 {
		line := texts.Finding
		if w.looked {
			line = texts.WhatNone
		}
		list.Add(widgets.NewText(line, widgets.Muted))
	}
	path := widgets.NewEntry(texts.PathHint)
	add := func() { w.look(path.Text) }
	path.OnEnter = func() {
		if path.Text == "" {
			w.frame.GoNext()
		} else {
			add()
		}
	}
	pick := widgets.NewButton(texts.Browse, func() { w.env.PickFolder(w.look) })
	w.put(texts.StepWhat, texts.Next, false, widgets.NewText(texts.WhatIntro, widgets.Para), widgets.Card(list),
		widgets.Row(theme.Unit, 0, path, widgets.NewButton(texts.Add, add), pick),
		widgets.Row(theme.Unit, -1, widgets.NewButton(texts.AlreadyUse, func() { w.show("recover") })))
	w.frame.SetReady(len(w.folders()) > 0)
	if len(w.folders()) > 0 {
		widgets.Focus(w.frame.Next)
	} else {
		widgets.Focus(path)
	}
}

func (w *Wizard) look(path string) {
	if path == "" || !filepath.IsAbs(path) {
		return
	}
	page.Run(w.env, func(ctx context.Context) (face.Source, error) { return w.env.Setup.Look(ctx, path) }, func(s face.Source, err error) {
		if err != nil {
			w.warn(present.Tell(w.env.Now(), "missing", 0, w.env.Now(), map[string]string{"folder": path}).What)
			return
		}
		s.Chosen = true
		w.addSource(s)
		w.chosen[s.Path] = s.Readable
		if w.step == "what" {
			w.showWhat()
		}
	})
}

func (w *Wizard) ready() bool {
	return w.place != nil && present.ShowPlaceTest(*w.place, w.env.Now()).Good
}

func (w *Wizard) showWhere() {
	dir, label := widgets.NewEntry(texts.PathHint), widgets.NewEntry(texts.WhereName)
	dir.SetText(w.dir)
	label.SetText(w.label)
	set := func(s string) {
		if s == w.dir {
			return
		}
		w.dir, w.place = s, nil
		w.frame.Next.SetText(texts.TestPlace)
		w.frame.SetReady(filepath.IsAbs(s))
	}
	dir.OnChanged = set
	label.OnChanged = func(s string) { w.label = s }
	dir.OnEnter, label.OnEnter = w.frame.GoNext, w.frame.GoNext
	pick := widgets.NewButton(texts.Browse, func() {
		w.env.PickFolder(func(path string) {
			if path != "" {
				dir.SetText(path)
			}
		})
	})
	away := widgets.NewCheck(texts.IsAway, func(on bool) { w.away = on })
	away.Checked = w.away
	content := []fyne.CanvasObject{widgets.NewText(texts.WhereIntro, widgets.Para), widgets.Field(texts.Folder, widgets.Row(theme.Unit, 0, dir, pick)), widgets.Field(texts.WhereName, label), away}
	next := texts.TestPlace
	if w.place != nil {
		t := present.ShowPlaceTest(*w.place, w.env.Now())
		lines := widgets.Column(theme.Half)
		for _, l := range t.Lines {
			lines.Add(widgets.NewText(l, widgets.Para))
		}
		content = append(content, widgets.Card(widgets.TopRow(2*theme.Unit, 1, widgets.NewMark(t.Mark, 24), lines)))
		if t.Good {
			next = texts.Next
		}
		if w.place.Holds {
			content = append(content, widgets.Row(0, -1, widgets.NewButton(texts.AlreadyUse, func() { w.show("recover") })))
		}
	}
	w.put(texts.StepWhere, next, true, content...)
	w.frame.SetReady(filepath.IsAbs(w.dir))
	if next == texts.Next {
		widgets.Focus(w.frame.Next)
	} else {
		widgets.Focus(dir)
	}
}

func (w *Wizard) probe() {
	if w.busy || !filepath.IsAbs(w.dir) {
		return
	}
	w.busy = true
	w.frame.SetReady(false)
	w.say(texts.TestingPlace)
	dir, folders := w.dir, w.folders()
	page.Run(w.env, func(ctx context.Context) (face.Place, error) { return w.env.Setup.Probe(ctx, dir, folders) }, func(p face.Place, err error) {
		w.busy = false
		if err != nil {
			w.warn(texts.SetupFailed)
			w.frame.SetReady(true)
			return
		}
		w.place = &p
		if w.label == "" {
			w.label = filepath.Base(dir)
		}
		if w.step == "where" {
			w.show("where")
		}
	})
}

func (w *Wizard) showStart() {
	w.progress = newProgress()
	auto := widgets.NewCheck(texts.AutostartAsk, func(on bool) {
		page.Run(w.env, func(ctx context.Context) (struct{}, error) { return struct{}{}, w.env.Prefs.SetAutostart(ctx, on) }, func(_ struct{}, err error) {
			if err != nil {
				w.env.Toast(texts.AutostartNo)
			}
		})
	})
	auto.Disable()
	page.Run(w.env, func(ctx context.Context) ([2]bool, error) {
		on, ok, err := w.env.Prefs.Autostart(ctx)
		return [2]bool{on, ok}, err
	}, func(v [2]bool, err error) {
		if err == nil && v[1] {
			auto.Checked = v[0]
			auto.Enable()
			auto.Refresh()
		}
	})
	content := []fyne.CanvasObject{}
	if w.recovered != "" {
		content = append(content, widgets.NewText(w.recovered, widgets.Para))
	}
	content = append(content, w.progress.box, auto)
	w.put(texts.StepStart, texts.ToHome, false, content...)
	w.frame.SetReady(true)
	widgets.Focus(w.frame.Next)
	w.progress.show(present.ShowFirstProgress(w.feed), w)
	if !w.started {
		w.started = true
		page.Run(w.env, func(ctx context.Context) (backup.Reply, error) {
			return w.env.Service.Do(ctx, backup.BackUp{FullScan: true})
		}, func(_ backup.Reply, err error) {
			if err != nil {
				w.warn(texts.SetupFailed)
			}
		})
	}
}

func (w *Wizard) finish() {
	if w.lib != nil {
		w.env.Unlocked(w.lib)
		w.lib = nil
		return
	}
	w.env.Go(page.Route{Name: page.Home})
}

// progressView is the last step's picture of the first copies.
type progressView struct {
	box  *fyne.Container
	mark *widgets.Mark
	line *widgets.Text
	bar  *widgets.Bar
}

func newProgress() *progressView {
	p := &progressView{mark: widgets.NewMark(backup.NotYet, 32), line: widgets.NewText(texts.Starting, widgets.Style{Size: theme.SectionSize, Bold: true, Role: theme.Text, Wrap: true}), bar: widgets.NewBar(6)}
	p.box = widgets.Card(widgets.Column(1.5*theme.Unit, widgets.TopRow(2*theme.Unit, 1, p.mark, p.line), p.bar))
	return p
}

func (p *progressView) show(v present.FirstProgress, w *Wizard) {
	p.mark.Set(v.Verdict)
	p.line.Set(v.Line)
	p.bar.Set(v.Fraction)
	widgets.SetVisible(p.bar, v.Fraction >= 0)
	w.frame.Relayout()
}
