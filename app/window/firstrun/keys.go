package firstrun

import (
	"context"

	"fyne.io/fyne/v2"

	"lightproof/app/window/face"
	"lightproof/app/window/keys"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
	words "lightproof/assets/strings"
)

func (w *Wizard) showKeys() {
	second := widgets.NewSecret(texts.KitPassphrase)
	second.SetText(w.second)
	choice := keys.NewChoice(w.env, texts.Passphrase, texts.PassphraseAgain, func(first, again string, s face.Strength) string {
		w.first, w.again = first, again
		ok, why := present.KeysReady(first, again, w.second, w.useSecond, s)
		w.frame.SetReady(ok)
		defer w.frame.Relayout()
		return why
	}, w.frame.GoNext)
	first, again := w.first, w.again // filling the first line in is a change, too
	choice.Set(first, again)
	second.OnChanged = func(s string) { w.second = s; choice.Judge() }
	second.OnEnter = w.frame.GoNext
	two := widgets.NewCheck(texts.SecondKitPass, func(on bool) {
		w.useSecond = on
		widgets.SetVisible(second, on)
		choice.Judge()
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
	content := append([]fyne.CanvasObject{widgets.NewText(texts.KeysIntro, widgets.Para)}, choice.Fields...)
	w.put(texts.StepKeys, texts.MakeKeys, true, append(content, widgets.Row(theme.Unit, -1, choice.Suggest, more), choice.Suggestion, options)...)
	choice.Judge()
	choice.Focus()
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
	card, print := keys.Words(w.env, *w.made)
	w.put(texts.StepKeys, texts.HaveThem, false, widgets.NewText(texts.KitIntro, widgets.Para), card, widgets.Row(0, -1, print))
	w.frame.SetReady(true)
	widgets.Focus(w.frame.Next)
}

func (w *Wizard) showCheck() {
	first := func() face.Library { return nil } // there is no other kit yet
	c := keys.NewCheck(w.env, false, first, w.note, w.frame.Relayout, func(face.CheckedKit) {
		w.kitDone, w.made = true, nil
		w.env.Toast(texts.KitGood)
		w.show("start")
	})
	later := widgets.NewButton(texts.Later, func() { w.postponed, w.made = true, nil; w.show("start") })
	w.put(texts.StepKeys, "", true, widgets.NewText(texts.CheckIntro, widgets.Para), c.Box, widgets.Row(theme.Unit, -1, c.Button, later))
	w.frame.BackBtn.SetText(texts.ShowAgain)
	c.Focus()
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
