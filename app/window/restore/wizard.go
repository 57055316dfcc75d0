// Package restore holds the restore wizard, from "what happened" to the proof.
package restore

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/widgets"
)

// Wizard is the restore wizard.
type Wizard struct {
	page.Base
	env   *page.Env
	frame *widgets.Wizard
	steps []present.Step
	req   face.Request
	preIn []string // what was selected when the wizard was opened

	suggested time.Time
	why       string
	plan      *face.Plan
	waived    bool
	report    *face.Report
	short     present.Told // why the run did not come to its end
	cancel    context.CancelFunc
	running   bool
	prog      *progress
	round     int
	first     fyne.Focusable
}

// NewWizard makes the wizard.
func NewWizard(env *page.Env) *Wizard {
	w := &Wizard{env: env, steps: present.RestoreSteps()}
	w.frame = widgets.NewWizard(texts.RestoreTitle, w.steps, w.next, w.back)
	return w
}

// Content is the page.
func (w *Wizard) Content() fyne.CanvasObject { return w.frame.Container }

// Running tells whether a restore runs.
func (w *Wizard) Running() bool { return w.running }

// Opened begins anew, with presets, or takes a waiting restore up.
func (w *Wizard) Opened(r page.Route) {
	if w.running {
		return
	}
	w.round++
	w.short = present.Told{}
	w.req, w.plan, w.report, w.waived, w.suggested = face.Request{Conflict: face.KeepBoth}, nil, nil, false, time.Time{}
	if r.Plan != nil {
		w.plan, w.req = r.Plan, r.Plan.Request
		w.show("run")
		w.start()
		return
	}
	if r.Restore != nil {
		w.req = *r.Restore
		w.preIn = r.Restore.IDs
		w.req.Conflict = face.KeepBoth
		if r.Restore.Version != "" {
			w.req.Reason = face.ReasonBadEdit
			w.show("to")
			return
		}
	} else {
		w.preIn = nil
	}
	w.show("reason")
}

// Key gives Enter and Esc their meanings.
func (w *Wizard) Key(e *fyne.KeyEvent) bool { return w.frame.Key(e) }

func (w *Wizard) at() string { return w.steps[w.frame.At()].Key }

func (w *Wizard) index(key string) int {
	for i, s := range w.steps {
		if s.Key == key {
			return i
		}
	}
	return 0
}

func (w *Wizard) next() {
	at := w.at()
	if !present.CanLeave(at, w.req) {
		return
	}
	switch at {
	case "run":
		return
	case "proof":
		w.env.Go(page.Route{Name: page.Home})
		return
	case "dry":
		w.show("run")
		w.start()
		return
	}
	to := w.steps[w.frame.At()+1].Key
	if to == "when" && w.req.Version != "" {
		to = "to"
	}
	w.show(to)
}

func (w *Wizard) back() {
	at := w.frame.At()
	switch {
	case w.running:
		return
	case at == 0 || w.at() == "proof" || (w.req.Version != "" && w.at() == "to"):
		w.env.Back()
	case w.at() == "run":
		w.show("dry")
	default:
		w.show(w.steps[at-1].Key)
	}
}

func (w *Wizard) show(key string) {
	w.frame.SetSummary(present.Summary(w.req, w.env.Now()))
	if w.req.Reason == "" {
		w.frame.SetSummary(nil)
	}
	w.first = nil
	switch key {
	case "reason":
		w.showReason()
	case "when":
		w.showWhen()
	case "which":
		w.showWhich()
	case "to":
		w.showTo()
	case "conflicts":
		w.showConflicts()
	case "dry":
		w.showDry()
	case "run":
		w.showRun()
	case "proof":
		w.showProof()
	}
	if key != "dry" && key != "run" {
		w.frame.SetReady(present.CanLeave(key, w.req))
	}
	if w.first != nil {
		widgets.Focus(w.first)
	} else if w.frame.Next.Visible() && !w.frame.Next.Disabled() {
		widgets.Focus(w.frame.Next)
	}
}

func (w *Wizard) put(key, next string, content ...fyne.CanvasObject) {
	i := w.index(key)
	w.frame.Show(i, w.steps[i].Name, next, !w.running, content...)
}

func (w *Wizard) showReason() {
	keys := []string{string(face.ReasonLost), string(face.ReasonBadEdit), string(face.ReasonEverything)}
	choice := widgets.NewRadio(keys, []string{texts.ReasonLost, texts.ReasonBadEdit, texts.ReasonAll}, string(w.req.Reason), func(k string) {
		w.req = present.Preset(w.req, face.Reason(k))
		if len(w.preIn) > 0 && face.Reason(k) != face.ReasonEverything {
			w.req.IDs = w.preIn
		}
		w.frame.SetSummary(present.Summary(w.req, w.env.Now()))
		w.frame.SetReady(true)
	})
	w.first = choice.First()
	w.put("reason", texts.Next, choice.Container)
}

func (w *Wizard) showWhen() {
	lib := w.env.Library()
	if lib == nil {
		return
	}
	note := widgets.NewText("", widgets.MutedP)
	var cal *widgets.Calendar
	moments := widgets.Column(4)
	read := func(year int, month time.Month) {
		w.round++
		round := w.round
		page.Run(w.env, func(ctx context.Context) ([]face.Day, error) { return lib.Days(ctx, year, month) }, func(days []face.Day, err error) {
			if round != w.round {
				return
			}
			if err != nil {
				note.Set(texts.DaysFailed)
			}
			cal.Set(year, month, days)
			w.frame.Relayout()
		})
	}
	cal = widgets.NewCalendar(read, func(d face.Day) { w.pickDay(d, moments, note) })
	day := widgets.Column(8, cal.Container, moments)
	key := "newest"
	if !w.req.At.IsZero() {
		key = "day"
	}
	widgets.SetVisible(day, key == "day")
	now := w.env.Now()
	cal.Set(now.Year(), now.Month(), nil)
	choice := widgets.NewRadio([]string{"newest", "day"}, []string{texts.WhenNewest, texts.WhenDay}, key, func(k string) {
		widgets.SetVisible(day, k == "day")
		if k == "newest" {
			w.req.At = time.Time{}
			note.Set("")
		} else {
			note.Set(texts.PickDay)
			if !w.suggested.IsZero() {
				w.req.At = w.suggested
				note.Set(w.why)
			}
			at := now
			if !w.req.At.IsZero() {
				at = w.req.At
			}
			read(at.Year(), at.Month())
		}
		w.frame.SetSummary(present.Summary(w.req, w.env.Now()))
		w.frame.Relayout()
	})
	w.first = choice.First()
	w.put("when", texts.Next, choice.Container, note, day)
	if key == "day" {
		read(w.req.At.Year(), w.req.At.Month())
	}
	page.Run(w.env, func(ctx context.Context) (time.Time, error) {
		at, why, err := lib.Moment(ctx, w.req.Reason)
		w.env.Do(func() { w.why = why })
		return at, err
	}, func(at time.Time, err error) {
		if err == nil {
			w.suggested = at
			if w.req.Reason == face.ReasonBadEdit && !at.IsZero() && w.at() == "when" && w.req.At.IsZero() {
				choice.Set("day")
				widgets.Focus(choice.First())
			}
		}
	})
}

// pickDay takes a day's last moment, and offers the others.
func (w *Wizard) pickDay(d face.Day, moments *fyne.Container, note *widgets.Text) {
	if len(d.Moments) == 0 {
		return
	}
	take := func(at time.Time) {
		w.req.At = at
		note.Set("")
		w.frame.SetSummary(present.Summary(w.req, w.env.Now()))
	}
	take(d.Moments[len(d.Moments)-1])
	moments.Objects = nil
	if len(d.Moments) > 1 {
		var keys, labels []string
		for _, m := range d.Moments {
			keys = append(keys, m.Format(time.RFC3339Nano))
			labels = append(labels, m.Format("15:04"))
		}
		moments.Add(widgets.NewRadio(keys, labels, keys[len(keys)-1], func(k string) {
			if at, err := time.Parse(time.RFC3339Nano, k); err == nil {
				take(at)
			}
		}).Container)
	}
	w.frame.Relayout()
}

func (w *Wizard) showWhich() {
	keys, labels := []string{"all", "pattern"}, []string{texts.WhichAll, texts.WhichPattern}
	if len(w.preIn) > 0 {
		keys, labels = append([]string{"selected"}, keys...), append([]string{texts.WhichSelected}, labels...)
	}
	pattern := widgets.NewEntry(texts.PatternHint)
	pattern.SetText(strings.Join(w.req.Paths, ", "))
	pattern.OnChanged = func(s string) {
		w.req.Paths = nil
		for _, p := range strings.Split(s, ",") {
			if p = strings.TrimSpace(p); p != "" {
				w.req.Paths = append(w.req.Paths, p)
			}
		}
		w.frame.SetSummary(present.Summary(w.req, w.env.Now()))
	}
	pattern.OnEnter = w.frame.GoNext
	key := "all"
	if len(w.req.Paths) > 0 {
		key = "pattern"
	} else if len(w.req.IDs) > 0 {
		key = "selected"
	}
	widgets.SetVisible(pattern, key == "pattern")
	choice := widgets.NewRadio(keys, labels, key, func(k string) {
		w.req.IDs, w.req.Paths = nil, nil
		if k == "selected" {
			w.req.IDs = w.preIn
		}
		widgets.SetVisible(pattern, k == "pattern")
		w.frame.SetSummary(present.Summary(w.req, w.env.Now()))
		w.frame.Relayout()
	})
	deleted := widgets.NewCheck(texts.WithDeleted, func(on bool) { w.req.Deleted = on })
	deleted.Checked = w.req.Deleted
	w.first = choice.First()
	w.put("which", texts.Next, choice.Container, pattern, deleted)
}

func (w *Wizard) showTo() {
	dir := widgets.NewEntry(texts.ToHint)
	dir.SetText(w.req.Dir)
	dir.OnChanged = func(s string) {
		w.req.Dir = strings.TrimSpace(s)
		w.frame.SetReady(present.CanLeave("to", w.req))
		w.frame.SetSummary(present.Summary(w.req, w.env.Now()))
	}
	dir.OnEnter = w.frame.GoNext
	pick := widgets.NewButton(texts.Browse, func() {
		w.env.PickFolder(func(path string) {
			if path != "" {
				dir.SetText(path)
			}
		})
	})
	line := widgets.Row(8, 0, dir, pick)
	key := "folder"
	if w.req.Original {
		key = "original"
	}
	widgets.SetVisible(line, key == "folder")
	choice := widgets.NewRadio([]string{"folder", "original"}, []string{texts.ToFolder, texts.ToOriginal}, key, func(k string) {
		w.req.Original = k == "original"
		widgets.SetVisible(line, k == "folder")
		w.frame.SetReady(present.CanLeave("to", w.req))
		w.frame.SetSummary(present.Summary(w.req, w.env.Now()))
		w.frame.Relayout()
	})
	w.first = dir
	w.put("to", texts.Next, choice.Container, line)
}

func (w *Wizard) showConflicts() {
	choice := widgets.NewRadio([]string{string(face.KeepBoth), string(face.Replace), string(face.Skip)},
		[]string{texts.ConflictBoth, texts.ConflictReplace, texts.ConflictSkip}, string(w.req.Conflict), func(k string) { w.req.Conflict = face.Conflict(k) })
	w.first = choice.First()
	w.put("conflicts", texts.Next, widgets.NewText(texts.ConflictIntro, widgets.Para), choice.Container)
}
