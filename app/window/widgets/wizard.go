package widgets

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
)

// Wizard is the frame of a wizard: steps at the left with a running summary, the step's content, Back and Next below. Enter is Next,
// Esc is Back.
type Wizard struct {
	*fyne.Container
	Next, BackBtn *Button
	steps         []present.Step
	marks         []*stepLine
	at            int
	body          *fyne.Container
	scroll        *Scroller
	title         *Text
	summary       *Text
	onNext        func()
	onBack        func()
}

type stepLine struct {
	*fyne.Container
	number, name *Text
	disc         *Surface
}

func newStepLine(n int, name string) *stepLine {
	s := &stepLine{number: NewText(fmt.Sprint(n), Style{Size: theme.CaptionSize, Bold: true, Role: theme.Muted}), name: NewText(name, Muted), disc: NewSurface(theme.Raised, theme.Line, 12)}
	disc := Fixed(24, container.NewStack(s.disc, container.NewCenter(s.number)))
	s.disc.Min = fyne.NewSize(24, 24)
	s.Container = Row(theme.Unit, 1, disc, s.name)
	return s
}

func (s *stepLine) show(current, done bool) {
	s.disc.Role, s.disc.Stroke = theme.Raised, theme.Line
	s.name.style = Muted
	s.number.SetRole(theme.Muted)
	if current {
		s.disc.Role, s.disc.Stroke = theme.Accent, theme.Accent
		s.number.SetRole(theme.OnAccent)
		s.name.style = Style{Size: theme.BodySize, Bold: true, Role: theme.Text}
	} else if done {
		s.disc.Stroke = theme.Accent
		s.number.SetRole(theme.Accent)
		s.name.style = Body
	}
	s.disc.Refresh()
	s.name.Refresh()
}

// NewWizard makes a frame for steps.
func NewWizard(heading string, steps []present.Step, next, back func()) *Wizard {
	w := &Wizard{steps: steps, onNext: next, onBack: back, title: NewText("", Section), summary: NewText("", Style{Size: theme.CaptionSize, Role: theme.Muted, Wrap: true})}
	var list []fyne.CanvasObject
	list = append(list, NewText(heading, Strong), Gap(1, 4))
	for i, s := range steps {
		l := newStepLine(i+1, s.Name)
		w.marks = append(w.marks, l)
		list = append(list, l.Container)
	}
	list = append(list, Gap(1, 8), w.summary)
	side := container.NewStack(NewSurface(theme.Card, "", 0), Inset(theme.Margin-8, theme.Margin, Column(theme.Unit+2, list...)))
	w.Next, w.BackBtn = NewPrimary(texts.Next, func() { w.GoNext() }), NewButton(texts.Back, func() { w.GoBack() })
	w.body = Column(2 * theme.Unit)
	w.scroll = NewScroller(Column(2*theme.Unit, w.title, w.body))
	foot := Column(0, Rule(), Inset(theme.Margin, 12, Row(theme.Unit, 1, w.BackBtn, Gap(1, 1), w.Next)))
	w.Container = Border(nil, nil, Fixed2(220, side), nil, Border(nil, foot, nil, nil, w.scroll.Container))
	return w
}

// Fixed2 gives an object a fixed width and lets its height follow its surroundings.
func Fixed2(w float32, o fyne.CanvasObject) *fyne.Container { return container.New(wide{w}, o) }

type wide struct{ w float32 }

func (l wide) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.w, objects[0].MinSize().Height)
}

func (l wide) Layout(objects []fyne.CanvasObject, size fyne.Size) { objects[0].Resize(size) }

// Show shows the content of a step. next is the words of the main button; empty hides it.
func (w *Wizard) Show(at int, title, next string, back bool, content ...fyne.CanvasObject) {
	w.at = at
	for i, m := range w.marks {
		m.show(i == at, i < at)
	}
	w.title.Set(title)
	w.body.Objects = content
	w.body.Refresh()
	w.Next.SetText(next)
	SetVisible(w.Next, next != "")
	w.BackBtn.SetText(texts.Back)
	SetVisible(w.BackBtn, back)
	w.scroll.Scroll.Offset = fyne.NewPos(0, 0)
	w.Relayout()
}

// Relayout measures the step anew after its content changed.
func (w *Wizard) Relayout() { w.scroll.Relayout(); w.Container.Refresh() }

// SetReady lets Next be pressed or not.
func (w *Wizard) SetReady(on bool) {
	if on {
		w.Next.Enable()
	} else {
		w.Next.Disable()
	}
}

// SetSummary sets the running summary.
func (w *Wizard) SetSummary(lines []string) {
	s := ""
	for _, l := range lines {
		s += l + "\n"
	}
	if s != "" {
		s = s[:len(s)-1]
	}
	w.summary.Set(s)
}

// At is the shown step.
func (w *Wizard) At() int { return w.at }

// GoNext presses Next where it may be pressed.
func (w *Wizard) GoNext() {
	if w.Next.Visible() && !w.Next.Disabled() {
		w.onNext()
	}
}

// GoBack presses Back where there is one; it reports whether it did.
func (w *Wizard) GoBack() bool {
	if w.BackBtn.Visible() && !w.BackBtn.Disabled() {
		w.onBack()
		return true
	}
	return false
}

// Key gives Enter and Esc their meanings.
func (w *Wizard) Key(ev *fyne.KeyEvent) bool {
	switch ev.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		w.GoNext()
		return true
	case fyne.KeyEscape:
		return w.GoBack()
	}
	return false
}
