package keys

import (
	"context"
	"fmt"

	"fyne.io/fyne/v2"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
)

// Words shows a kit with its 24 words, and the button that prints it.
func Words(env *page.Env, kit face.Kit) (card fyne.CanvasObject, print *widgets.Button) {
	var cells []fyne.CanvasObject
	for i, word := range kit.Words {
		cells = append(cells, widgets.Row(theme.Unit, 1, widgets.Fixed(24, widgets.NewText(fmt.Sprint(i+1), widgets.Style{Size: theme.CaptionSize, Role: theme.Muted, End: true})),
			widgets.NewText(word, widgets.Strong)))
	}
	lines := widgets.Column(2)
	for _, l := range kit.Lines {
		lines.Add(widgets.NewText(l, widgets.Style{Size: theme.CaptionSize, Role: theme.Muted, Wrap: true}))
	}
	print = widgets.NewButton(texts.PrintKit, func() {
		page.Run(env, func(ctx context.Context) (struct{}, error) { return struct{}{}, env.Setup.PrintKit(ctx, kit) }, func(_ struct{}, err error) {
			if err != nil {
				env.Toast(texts.Failed)
				return
			}
			env.Toast(texts.PrintSent)
		})
	})
	return widgets.Card(widgets.Column(2*theme.Unit, widgets.Even(theme.Unit, 130, cells...), widgets.Rule(), lines)), print
}

// Check asks for words of the kit and its passphrase: three words of the kit that was made here last, all of any other.
type Check struct {
	Box    *fyne.Container
	Button *widgets.Button
	All    bool // all 24 words are asked

	env   *page.Env
	lib   func() face.Library
	at    [3]int
	words []*widgets.Entry
	pass  *widgets.Entry
	note  *widgets.Note
	good  func(face.CheckedKit)
	said  func()
	busy  bool
}

// NewCheck makes the questions. lib is the unlocked side that proves the kit, nil in the first run. What is wrong is shown in note, then
// said is called; good gets a check that passed. all asks for all words whatever kit was made here.
func NewCheck(env *page.Env, all bool, lib func() face.Library, note *widgets.Note, said func(), good func(face.CheckedKit)) *Check {
	at, three := env.Setup.AskWords()
	c := &Check{env: env, lib: lib, at: at, All: all || !three, pass: widgets.NewSecret(texts.Passphrase), note: note, said: said, good: good, Box: widgets.Column(theme.Unit)}
	ask := func(name string, e *widgets.Entry) {
		c.Box.Add(widgets.Row(theme.Unit, 1, widgets.Fixed(90, widgets.NewText(name, widgets.Body)), e))
	}
	if c.All {
		all := widgets.NewEntry(texts.RecoverWords)
		c.words = []*widgets.Entry{all}
		c.Box.Add(widgets.Field(texts.RecoverWords, all))
	} else {
		for _, at := range c.at {
			e := widgets.NewEntry("")
			c.words = append(c.words, e)
			ask(texts.WordNumber(at+1), e)
		}
	}
	for i, e := range c.words {
		e.OnEnter = func() {
			if i+1 < len(c.words) {
				widgets.Focus(c.words[i+1])
			} else {
				widgets.Focus(c.pass)
			}
		}
	}
	if c.All {
		c.Box.Add(widgets.Field(texts.Passphrase, c.pass))
	} else {
		ask(texts.Passphrase, c.pass)
	}
	c.pass.OnEnter = c.try
	c.Button = widgets.NewPrimary(texts.CheckTheKit, c.try)
	return c
}

// Focus gives the first question the keyboard.
func (c *Check) Focus() { widgets.Focus(c.words[0]) }

// Clear drops what was typed.
func (c *Check) Clear() {
	for _, e := range append(c.words, c.pass) {
		e.SetText("")
	}
}

func (c *Check) answers() face.KitAnswers {
	a := face.KitAnswers{Positions: c.at, Passphrase: []byte(c.pass.Text)}
	if c.All {
		a.All = present.SplitWords(c.words[0].Text)
		return a
	}
	for i, e := range c.words {
		if w := present.SplitWords(e.Text); len(w) == 1 {
			a.Words[i] = w[0]
		}
	}
	return a
}

func (c *Check) try() {
	if c.busy {
		return
	}
	c.busy = true
	a, lib := c.answers(), c.lib()
	c.note.Say(texts.Checking)
	c.said()
	page.Run(c.env, func(ctx context.Context) (face.CheckedKit, error) {
		k, err := c.env.Setup.CheckKit(ctx, lib, a)
		clear(a.Passphrase)
		return k, err
	}, func(k face.CheckedKit, err error) {
		c.busy = false
		c.note.Warn(present.KitError(err))
		c.said()
		if err == nil {
			c.Clear()
			c.good(k)
		}
	})
}

// KitCheck is the check of the kit on a page of its own: after another one was made, for who postponed it, or for who wants to be sure.
type KitCheck struct {
	form
	check *Check
}

// NewKitCheck makes the page.
func NewKitCheck(env *page.Env) *KitCheck { return &KitCheck{form: newForm(env)} }

// Opened asks other words each time.
func (k *KitCheck) Opened(page.Route) { k.ask(false) }

func (k *KitCheck) ask(all bool) {
	k.note.Say("")
	k.check = NewCheck(k.env, all, k.env.Library, k.note, k.scroll.Relayout, k.done)
	intro := texts.CheckPaper
	buttons := []fyne.CanvasObject{k.check.Button, widgets.NewButton(texts.Cancel, k.env.Back)}
	if k.check.All {
		intro = texts.CheckAllPaper
	} else {
		buttons = append(buttons, widgets.NewButton(texts.OtherKit, func() { k.ask(true) }))
	}
	k.fill(widgets.NewText(texts.CheckTheKit, widgets.Section), widgets.NewText(intro, widgets.Para), widgets.Card(k.check.Box),
		k.note.Container, widgets.Row(theme.Unit, -1, buttons...))
	k.check.Focus()
}

// Closed drops what was typed.
func (k *KitCheck) Closed() {
	if k.check != nil {
		k.check.Clear()
	}
}

// done says what the check means for this kit and the others.
func (k *KitCheck) done(checked face.CheckedKit) {
	lines := present.ShowChecked(checked, k.env.Now())
	if len(lines.More) == 0 {
		k.env.Toast(texts.KitGood)
		k.env.Go(page.Route{Name: page.Home})
		return
	}
	text := widgets.Column(theme.Unit, widgets.NewText(texts.KitOpensAll, widgets.Strong))
	for _, l := range lines.More {
		text.Add(widgets.NewText(l, widgets.Para))
	}
	k.finish(texts.CheckTheKit, lines.Mark, text, nil)
}
