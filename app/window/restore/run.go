package restore

import (
	"context"

	"fyne.io/fyne/v2"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
	words "lightproof/assets/strings"
)

// shownTroubles bounds how many files a page lists; the report lists all.
const shownTroubles = 200

func (w *Wizard) showDry() {
	w.plan, w.waived = nil, false
	lib := w.env.Library()
	if lib == nil {
		w.refuse("dry", present.Tell(w.env.Now(), string(words.Locked), 0, w.env.Now(), nil))
		return
	}
	w.put("dry", texts.RunStart, widgets.NewText(texts.DryWorking, widgets.Muted))
	w.frame.SetReady(false)
	w.round++
	round, req := w.round, w.req
	page.Run(w.env, func(ctx context.Context) (face.Plan, error) { return lib.PlanRestore(ctx, req) }, func(p face.Plan, err error) {
		if round != w.round || w.at() != "dry" {
			return
		}
		if err != nil {
			w.refuse("dry", present.TellRefusal(w.env.Now(), err))
			return
		}
		w.plan = &p
		w.showPlan(present.ShowPlan(p, w.env.Now()))
	})
}

func (w *Wizard) showPlan(vm present.DryRun) {
	lines := widgets.Column(theme.Unit)
	for _, c := range vm.Checks {
		lines.Add(widgets.Row(theme.Unit, 1, widgets.NewMark(c.Mark, 18), widgets.Columns(theme.Unit, []float32{35, 65}, widgets.NewText(c.Name, widgets.Muted), widgets.NewText(c.Value, widgets.Body))))
	}
	content := []fyne.CanvasObject{widgets.Card(lines)}
	switch {
	case vm.Told.What != "":
		content = append(content, w.told(vm.Told)...)
	case vm.Good:
		content = append(content, widgets.NewText(texts.DryGood, widgets.Body))
	}
	if len(vm.Missing) > 0 {
		content = append(content, troubles(vm.Missing))
	}
	if vm.Waivable {
		waive := widgets.NewCheck(vm.Waiver, func(on bool) { w.waived = on; w.frame.SetReady(on) })
		content = append(content, waive)
	}
	w.put("dry", texts.RunStart, content...)
	w.frame.SetReady(vm.Good)
	if vm.Good {
		widgets.Focus(w.frame.Next)
	}
}

// told shows a message: what happened, why it matters, and the one button.
func (w *Wizard) told(m present.Told) []fyne.CanvasObject {
	out := []fyne.CanvasObject{widgets.NewText(m.What, widgets.Style{Size: theme.StrongSize, Bold: true, Role: theme.Text, Wrap: true}), widgets.NewText(m.Why, widgets.Para)}
	switch {
	case m.Action.Text != "" && m.Action.Intent == present.None:
		out = append(out, widgets.NewText(m.Action.Text+".", widgets.Para))
	case m.Action.Text != "":
		act := widgets.NewButton(m.Action.Text, func() { w.act(m.Action) })
		out = append(out, widgets.WrapRow(theme.Unit, act))
	}
	return out
}

// act carries a message's action out: in this wizard where it is one of its steps.
func (w *Wizard) act(a present.Action) {
	switch {
	case a.Intent == present.ChooseStep && a.Arg == "when" && w.req.Version != "":
		w.show("to")
	case a.Intent == present.ChooseStep:
		w.show(a.Arg)
	default:
		w.env.Intent(a)
	}
}

// refuse shows why a step cannot be done.
func (w *Wizard) refuse(key string, m present.Told) {
	w.put(key, "", w.told(m)...)
	w.frame.SetReady(false)
	w.frame.BackBtn.Show()
}

func troubles(list []face.Trouble) fyne.CanvasObject {
	col := widgets.Column(6)
	for i, t := range list {
		if i == shownTroubles {
			col.Add(widgets.NewText("… "+words.Count(int64(len(list)-i)), widgets.Muted))
			break
		}
		col.Add(widgets.Columns(2*theme.Unit, []float32{55, 45}, widgets.NewText(words.Name(t.Path), widgets.Body), widgets.NewText(t.Why, widgets.Muted)))
	}
	return widgets.Card(col)
}

// progress is what the running step shows.
type progress struct {
	line, current *widgets.Text
	bar           *widgets.Bar
	stop          *widgets.Button
}

func (w *Wizard) showRun() {
	p := &progress{line: widgets.NewText("", widgets.Section), current: widgets.NewText("", widgets.Muted), bar: widgets.NewBar(8)}
	p.stop = widgets.NewButton(texts.Stop, w.Stop)
	w.prog = p
	w.running = true
	w.put("run", "", p.line, p.bar, p.current, widgets.NewText(texts.StopNote, widgets.MutedP), widgets.Row(0, -1, p.stop))
	if w.plan != nil {
		w.step(face.Progress{Done: w.plan.Done, Total: w.plan.Files, TotalBytes: w.plan.Bytes})
	}
	widgets.Focus(p.stop)
}

// Stop ends a running restore with a partial report.
func (w *Wizard) Stop() {
	if w.cancel != nil {
		w.cancel()
		w.prog.stop.Disable()
	}
}

func (w *Wizard) step(f face.Progress) {
	vm := present.ShowProgress(f)
	w.prog.line.Set(vm.Line)
	w.prog.bar.Set(vm.Fraction)
	w.prog.current.Set(vm.Current)
}

// start runs the plan. Progress is shown at most five times a second; the newest wins.
func (w *Wizard) start() {
	lib, plan := w.env.Library(), w.plan
	if lib == nil || plan == nil {
		w.running = false
		w.refuse("run", present.Tell(w.env.Now(), string(words.Locked), 0, w.env.Now(), nil))
		return
	}
	latest := newLatest(w.env, func(f face.Progress) {
		if w.running {
			w.step(f)
		}
	})
	w.env.Spawn(func(ctx context.Context) {
		run, cancel := context.WithCancel(ctx)
		defer cancel()
		w.env.Do(func() { w.cancel = cancel })
		report, err := lib.RunRestore(run, *plan, latest.put)
		latest.end()
		w.env.Do(func() {
			w.running, w.cancel = false, nil
			if err != nil && !report.Stopped {
				w.short = present.TellRefusal(w.env.Now(), err)
				if report.Selected == 0 {
					w.refuse("run", w.short)
					return
				}
			}
			w.report = &report
			w.show("proof")
		})
	})
}

func (w *Wizard) showProof() {
	if w.report == nil {
		return
	}
	vm := present.ShowReport(*w.report)
	content := []fyne.CanvasObject{
		widgets.TopRow(2*theme.Unit, 1, widgets.NewMark(vm.Verdict, 40), widgets.Column(theme.Half, widgets.NewText(vm.Headline, widgets.Verdict.In(widgets.RoleOf(vm.Verdict))), widgets.NewText(vm.Sum, widgets.Para))),
	}
	if vm.Note != "" {
		content = append(content, widgets.NewText(vm.Note, widgets.Para))
	}
	if w.short.What != "" {
		content = append(content, w.told(w.short)...)
	}
	if len(vm.Missing) > 0 {
		content = append(content, troubles(vm.Missing))
	}
	open := widgets.NewButton(texts.OpenReport, func() { w.env.OpenPath(vm.HTML) })
	folder := widgets.NewButton(texts.OpenFolder, func() { w.env.OpenPath(vm.Dir) })
	widgets.SetVisible(open, vm.HTML != "")
	widgets.SetVisible(folder, vm.Dir != "")
	content = append(content, widgets.WrapRow(theme.Unit, open, folder))
	w.put("proof", texts.Done, content...)
	w.frame.BackBtn.Hide()
	w.frame.SetReady(true)
}
