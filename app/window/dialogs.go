package window

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"lightproof/app/window/page"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
)

// toastTime is how long a toast stays.
const toastTime = 5 * time.Second

// toast is one line at the bottom; it is never the only place of a fact.
type toast struct {
	box   *fyne.Container
	text  *widgets.Text
	round int
}

func newToast() *toast {
	t := &toast{text: widgets.NewText("", widgets.Body)}
	card := container.NewStack(widgets.NewSurface(theme.Raised, theme.Line, theme.Radius), widgets.Inset(2*theme.Unit, theme.Unit+2, t.text))
	t.box = widgets.Border(nil, widgets.Inset(0, 9*theme.Unit, container.NewCenter(card)), nil, nil)
	t.box.Hide()
	return t
}

func (s *shell) toast(text string) {
	t := s.bread
	t.round++
	round := t.round
	t.text.Set(text)
	t.box.Show()
	t.box.Refresh()
	s.around.after(toastTime, func() {
		s.around.do(func() {
			if t.round == round {
				t.box.Hide()
			}
		})
	})
}

// question is a question over the page, with the keyboard inside it.
type question struct {
	box  fyne.CanvasObject
	last func()
}

func (s *shell) ask(q page.Question) {
	s.dismiss()
	var buttons []fyne.CanvasObject
	var first *widgets.Button
	choose := func(i int) func() {
		return func() {
			s.dismiss()
			q.Chosen(i)
		}
	}
	for i, text := range q.Buttons {
		b := widgets.NewButton(text, choose(i))
		if i == 0 {
			b = widgets.NewPrimary(text, choose(i))
			first = b
		}
		buttons = append(buttons, b)
	}
	content := widgets.Column(2*theme.Unit, widgets.NewText(q.Text, widgets.Style{Size: theme.StrongSize, Bold: true, Role: theme.Text, Wrap: true}))
	if q.Note != "" {
		content.Add(widgets.NewText(q.Note, widgets.Para))
	}
	content.Add(widgets.Row(theme.Unit, -1, buttons...))
	card := widgets.Fixed(460, widgets.Over(widgets.NewSurface(theme.Card, theme.Line, theme.Radius), widgets.Inset(theme.Margin, theme.Margin, content)))
	veil := container.NewStack(widgets.NewSurface(theme.Veil, "", 0), container.NewCenter(card))
	s.question = &question{box: veil, last: choose(len(q.Buttons) - 1)}
	c := s.window.Canvas()
	c.Overlays().Add(veil)
	veil.Resize(c.Size())
	c.Focus(first)
}

// dismiss takes a question away without an answer.
func (s *shell) dismiss() {
	if s.question != nil {
		s.window.Canvas().Overlays().Remove(s.question.box)
		s.question = nil
	}
}
