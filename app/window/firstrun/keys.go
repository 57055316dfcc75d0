package firstrun

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
	words "lightproof/assets/strings"
)

func (w *Wizard) showKeys() {
	first, again, second := widgets.NewSecret(texts.Passphrase), widgets.NewSecret(texts.PassphraseAgain), widgets.NewSecret(texts.KitPassphrase)
	first.SetText(w.first)
	again.SetText(w.again)
	second.SetText(w.second)
	bar, grade, wrong := widgets.NewBar(4), widgets.NewText("", widgets.Caption), widgets.NewNote()
	judge := func() {
		s := w.env.Setup.Strength([]byte(w.first))
		word, verdict, fraction := present.StrengthLine(s)
		if w.first == "" {
			word, fraction = "", 0
		}
		grade.Set(word)
		bar.Set(fraction)
		bar.SetRole(widgets.RoleOf(verdict))
		ok, why := present.KeysReady(w.first, w.again, w.second, w.useSecond, s)
		wrong.Warn(why)
		w.frame.SetReady(ok)
		w.frame.Relayout()
	}
	first.OnChanged = func(s string) { w.first = s; judge() }
	again.OnChanged = func(s string) { w.again = s; judge() }
	second.OnChanged = func(s string) { w.second = s; judge() }
	first.OnEnter = func() { widgets.Focus(again) }
	again.OnEnter, second.OnEnter = w.frame.GoNext, w.frame.GoNext

	suggestion := widgets.NewText("", widgets.Style{Size: theme.StrongSize, Bold: true, Role: theme.Text, Wrap: true})
	widgets.SetVisible(suggestion, false)
	suggest := widgets.NewButton(texts.Suggest, func() {
		six, err := w.env.Setup.Suggest()
		if err != nil {
			w.warn(texts.SetupFailed)
			return
		}
		suggestion.Set(six)
		widgets.SetVisible(suggestion, true)
		first.SetText(six)
		again.SetText("")
		widgets.Focus(again)
		w.frame.Relayout()
	})
	two := widgets.NewCheck(texts.SecondKitPass, func(on bool) {
		w.useSecond = on
		widgets.SetVisible(second, on)
		judge()
	})
	two.Checked = w.useSecond
	widgets.SetVisible(second, w.useSecond)
	easy := widgets.NewCheck(texts.ConvenientOption, func(on bool) { w.quiet = on })
	easy.Checked = w.quiet
	options := widgets.Column(theme.Unit, two, second, easy)
	widgets.SetVisible(options, w.more)
	var more *widgets.Button
	more = widgets.NewButton(texts.MoreOptions, func() {
		w.more = !w.more
		widgets.SetVisible(options, w.more)
		more.SetText(texts.MoreOptions)
		if w.more {
			more.SetText(texts.FewerOptions)
		}
		w.frame.Relayout()
	})
	w.put(texts.StepKeys, texts.MakeKeys, true, widgets.NewText(texts.KeysIntro, widgets.Para), widgets.Column(theme.Half, widgets.Field(texts.Passphrase, first), bar, grade), widgets.Field(texts.PassphraseAgain, again), wrong.Container,
		widgets.Row(theme.Unit, -1, suggest, more), suggestion, options)
	judge()
	widgets.Focus(first)
}

func (w *Wizard) create() {
	if w.busy {
		return
	}
	w.busy = true
	w.frame.SetReady(false)
	w.say(texts.MakingKeys)
	req := face.CreateRequest{Folders: w.folders(), Dir: w.dir, Label: w.label, Away: w.away, Passphrase: []byte(w.first), Mode: "strict"}
	if w.useSecond {
		req.KitPass = []byte(w.second)
	}
	if w.quiet {
		req.Mode = "convenient"
	}
	unlock := []byte(w.first)
	type made struct {
		kit face.Kit
		lib face.Library
	}
	page.Run(w.env, func(ctx context.Context) (made, error) {
		kit, err := w.env.Setup.Create(ctx, req)
		clear(req.Passphrase)
		clear(req.KitPass)
		if err != nil {
			return made{}, err
		}
		lib, err := w.env.Unlocker.Unlock(ctx, unlock)
		clear(unlock)
		if err != nil {
			lib = nil // the keys exist; the window asks for the passphrase later
		}
		return made{kit, lib}, nil
	}, func(m made, err error) {
		w.busy = false
		if err != nil {
			w.warn(present.KitError(err))
			w.frame.SetReady(true)
			return
		}
		w.first, w.again, w.second = "", "", ""
		w.made, w.lib = &m.kit, m.lib
		w.show("kit")
	})
}

func (w *Wizard) showKit() {
	if w.made == nil {
		return
	}
	var cells []fyne.CanvasObject
	for i, word := range w.made.Words {
		cells = append(cells, widgets.Row(theme.Unit, 1, widgets.Fixed(24, widgets.NewText(fmt.Sprint(i+1), widgets.Style{Size: theme.CaptionSize, Role: theme.Muted, End: true})),
			widgets.NewText(word, widgets.Strong)))
	}
	lines := widgets.Column(2)
	for _, l := range w.made.Lines {
		lines.Add(widgets.NewText(l, widgets.Style{Size: theme.CaptionSize, Role: theme.Muted, Wrap: true}))
	}
	print := widgets.NewButton(texts.PrintKit, func() {
		kit := *w.made
		page.Run(w.env, func(ctx context.Context) (struct{}, error) { return struct{}{}, w.env.Setup.PrintKit(ctx, kit) }, func(_ struct{}, err error) {
			if err != nil {
				w.env.Toast(texts.Failed)
				return
			}
			w.env.Toast(texts.PrintSent)
		})
	})
	w.put(texts.StepKeys, texts.HaveThem, false, widgets.NewText(texts.KitIntro, widgets.Para),
		widgets.Card(widgets.Column(2*theme.Unit, widgets.Even(theme.Unit, 130, cells...), widgets.Rule(), lines)), widgets.Row(0, -1, print))
	w.frame.SetReady(true)
	widgets.Focus(w.frame.Next)
}

func (w *Wizard) showCheck() {
	c := newCheck(w.env, w.warn, func() {
		w.kitDone, w.made = true, nil
		w.env.Toast(texts.KitGood)
		w.show("start")
	})
	later := widgets.NewButton(texts.Later, func() { w.postponed, w.made = true, nil; w.show("start") })
	w.put(texts.StepKeys, "", true, widgets.NewText(texts.CheckIntro, widgets.Para), c.box, widgets.Row(theme.Unit, -1, c.button, later))
	w.frame.BackBtn.SetText(texts.ShowAgain)
	widgets.Focus(c.words[0])
}

// check asks three words of the kit and the passphrase.
type check struct {
	env    *page.Env
	at     [3]int
	words  [3]*widgets.Entry
	pass   *widgets.Entry
	button *widgets.Button
	box    *fyne.Container
	say    func(string)
	good   func()
	busy   bool
}

func newCheck(env *page.Env, say func(string), good func()) *check {
	c := &check{env: env, at: env.Setup.AskWords(), pass: widgets.NewSecret(texts.Passphrase), say: say, good: good}
	box := widgets.Column(theme.Unit)
	for i := range c.words {
		c.words[i] = widgets.NewEntry("")
		box.Add(widgets.Row(theme.Unit, 1, widgets.Fixed(90, widgets.NewText(texts.WordNumber(c.at[i]+1), widgets.Body)), c.words[i]))
		if i < 2 {
			c.words[i].OnEnter = func() { widgets.Focus(c.words[i+1]) }
		} else {
			c.words[i].OnEnter = func() { widgets.Focus(c.pass) }
		}
	}
	c.pass.OnEnter = c.try
	box.Add(widgets.Row(theme.Unit, 1, widgets.Fixed(90, widgets.NewText(texts.Passphrase, widgets.Body)), c.pass))
	c.box = box
	c.button = widgets.NewPrimary(texts.CheckTheKit, c.try)
	return c
}

func (c *check) try() {
	if c.busy {
		return
	}
	c.busy = true
	a := face.KitAnswers{Positions: c.at, Passphrase: []byte(c.pass.Text)}
	for i, e := range c.words {
		if w := present.SplitWords(e.Text); len(w) == 1 {
			a.Words[i] = w[0]
		}
	}
	page.Run(c.env, func(ctx context.Context) (struct{}, error) {
		err := c.env.Setup.CheckKit(ctx, a)
		clear(a.Passphrase)
		return struct{}{}, err
	}, func(_ struct{}, err error) {
		c.busy = false
		if err != nil {
			c.say(present.KitError(err))
			return
		}
		c.pass.SetText("")
		c.good()
	})
}

func (w *Wizard) showRecover() {
	dir, kit, pass := widgets.NewEntry(texts.PathHint), widgets.NewEntry(texts.RecoverWords), widgets.NewSecret(texts.Passphrase)
	dir.SetText(w.dir)
	pick := widgets.NewButton(texts.Browse, func() {
		w.env.PickFolder(func(path string) {
			if path != "" {
				dir.SetText(path)
			}
		})
	})
	open := func() { w.recover(dir.Text, kit.Text, pass) }
	dir.OnEnter, kit.OnEnter, pass.OnEnter = func() { widgets.Focus(kit) }, func() { widgets.Focus(pass) }, open
	w.put(texts.RecoverTitle, "", true, widgets.NewText(texts.RecoverIntro, widgets.Para), widgets.Field(texts.Folder, widgets.Row(theme.Unit, 0, dir, pick)), widgets.Field(texts.RecoverWords, kit), widgets.Field(texts.Passphrase, pass),
		widgets.Row(theme.Unit, -1, widgets.NewPrimary(texts.RecoverAction, open), widgets.NewButton(texts.NewHere, func() { w.show("what") })))
	widgets.Focus(dir)
}

func (w *Wizard) recover(dir, kit string, pass *widgets.Entry) {
	if w.busy {
		return
	}
	w.busy = true
	w.say(texts.Recovering)
	req := face.RecoverRequest{Dir: dir, Words: present.SplitWords(kit), Passphrase: []byte(pass.Text), Mode: "strict"}
	unlock := []byte(pass.Text)
	type opened struct {
		r   face.Recovered
		lib face.Library
	}
	page.Run(w.env, func(ctx context.Context) (opened, error) {
		r, err := w.env.Setup.Recover(ctx, req)
		clear(req.Passphrase)
		if err != nil {
			return opened{}, err
		}
		lib, err := w.env.Unlocker.Unlock(ctx, unlock)
		clear(unlock)
		if err != nil {
			lib = nil // opened; the passphrase is asked again
		}
		return opened{r, lib}, nil
	}, func(o opened, err error) {
		w.busy = false
		if err != nil {
			w.warn(present.KitError(err))
			return
		}
		pass.SetText("")
		p := words.Printer{Now: w.env.Now()}
		w.recovered = texts.RecoveredLine(words.Count(o.r.Versions), p.Date(o.r.Newest))
		w.lib, w.started = o.lib, true
		w.show("start")
	})
}

// KitCheck is the check of the kit on a page of its own, for who postponed it.
type KitCheck struct {
	page.Base
	env    *page.Env
	box    *fyne.Container
	scroll *widgets.Scroller
	note   *widgets.Note
}

// NewKitCheck makes the page.
func NewKitCheck(env *page.Env) *KitCheck {
	k := &KitCheck{env: env, box: widgets.Column(2 * theme.Unit), note: widgets.NewNote()}
	k.scroll = widgets.NewScroller(k.box)
	return k
}

// Content is the page.
func (k *KitCheck) Content() fyne.CanvasObject { return k.scroll.Container }

// Opened asks other words each time.
func (k *KitCheck) Opened(page.Route) {
	k.note.Say("")
	c := newCheck(k.env, func(s string) { k.note.Warn(s); k.scroll.Relayout() }, func() {
		k.env.Toast(texts.KitGood)
		k.env.Go(page.Route{Name: page.Home})
	})
	k.box.Objects = []fyne.CanvasObject{widgets.NewText(texts.CheckTheKit, widgets.Section), widgets.NewText(texts.CheckPaper, widgets.Para), widgets.Card(c.box),
		k.note.Container, widgets.Row(theme.Unit, -1, c.button, widgets.NewButton(texts.Cancel, k.env.Back))}
	k.box.Refresh()
	k.scroll.Relayout()
	widgets.Focus(c.words[0])
}
