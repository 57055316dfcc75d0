package keys

import (
	"context"

	"fyne.io/fyne/v2"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
	"lightproof/backup"
)

// NewKit makes another recovery kit: it asks for the passphrase, shows the 24 words, and leads to their check.
type NewKit struct {
	form
	pass   *widgets.Entry // proves who asks; nil where no passphrase opens this computer
	choice *Choice        // the kit's own passphrase
	own    bool           // which is wanted
	make   *widgets.Button
	round  int // what comes back after the page was left is not shown
}

// NewNewKit makes the page.
func NewNewKit(env *page.Env) *NewKit { return &NewKit{form: newForm(env)} }

// Opened asks for the passphrase.
func (k *NewKit) Opened(page.Route) {
	k.round++
	k.note.Say("")
	k.make = widgets.NewPrimary(texts.MakeKit, k.create)
	k.choice = NewChoice(k.env, texts.KitPassphrase, texts.PassphraseAgain, func(first, again string, s face.Strength) string {
		ok, wrong := present.KeysReady(first, again, "", false, s)
		k.ready(ok || !k.own)
		defer k.scroll.Relayout()
		return wrong
	}, func() { k.make.OnTapped() })
	chosen := widgets.Column(2*theme.Unit, append(k.choice.Fields, widgets.Row(theme.Unit, -1, k.choice.Suggest), k.choice.Suggestion)...)
	content := []fyne.CanvasObject{widgets.NewText(texts.NewKitTitle, widgets.Section), widgets.NewText(texts.NewKitIntro, widgets.Para)}
	k.own, k.pass = k.mode == backup.ModeConvenient, nil
	if k.own {
		content = append(content, widgets.NewText(texts.NewKitChoose, widgets.Para), widgets.Card(chosen))
	} else {
		k.pass = widgets.NewSecret(texts.Passphrase)
		k.pass.OnEnter = func() {
			if k.own {
				k.choice.Focus()
			} else {
				k.create()
			}
		}
		two := widgets.NewCheck(texts.SecondKitPass, func(on bool) {
			k.own = on
			widgets.SetVisible(chosen, on)
			k.choice.Judge()
		})
		widgets.SetVisible(chosen, false)
		content = append(content, widgets.NewText(texts.NewKitProve, widgets.Para),
			widgets.Card(widgets.Column(2*theme.Unit, widgets.Field(texts.Passphrase, k.pass), two, chosen)))
	}
	k.fill(append(content, k.note.Container, widgets.Row(theme.Unit, -1, k.make, widgets.NewButton(texts.Cancel, k.env.Back)))...)
	k.choice.Judge()
	if k.pass != nil {
		widgets.Focus(k.pass)
	} else {
		k.choice.Focus()
	}
}

// Closed drops what was typed, and the words.
func (k *NewKit) Closed() {
	k.round++
	k.clear()
	k.fill()
}

func (k *NewKit) clear() {
	if k.pass != nil {
		k.pass.SetText("")
	}
	if k.choice != nil {
		k.choice.Clear()
	}
}

func (k *NewKit) ready(on bool) {
	if on && !k.busy {
		k.make.Enable()
	} else {
		k.make.Disable()
	}
}

func (k *NewKit) create() {
	lib := k.env.Library()
	if lib == nil || k.busy || k.make.Disabled() {
		return
	}
	k.busy = true
	k.ready(false)
	k.say(texts.MakingKit)
	var pass, own []byte
	if k.pass != nil {
		pass = []byte(k.pass.Text)
	}
	if k.own {
		own = []byte(k.choice.Text())
	}
	round := k.round
	page.Run(k.env, func(ctx context.Context) (face.Kit, error) {
		kit, err := lib.NewKit(ctx, pass, own)
		clear(pass)
		clear(own)
		return kit, err
	}, func(kit face.Kit, err error) {
		k.busy = false
		if k.round != round { // left, or locked, meanwhile: older kits go on to work, and nobody can be asked for words never shown
			if err == nil {
				k.env.Setup.ForgetKit()
			}
			return
		}
		if err != nil {
			k.ready(true)
			k.warn(present.NewKitError(err))
			if k.pass != nil {
				k.pass.SetText("")
				widgets.Focus(k.pass)
			}
			return
		}
		k.clear()
		k.show(kit)
	})
}

// show shows the words; what was typed is gone.
func (k *NewKit) show(kit face.Kit) {
	k.note.Say("")
	card, print := Words(k.env, kit)
	have := widgets.NewPrimary(texts.HaveThem, func() { k.env.Go(page.Route{Name: page.KitCheck}) })
	k.fill(widgets.NewText(texts.NewKitTitle, widgets.Section), widgets.NewText(texts.KitIntro, widgets.Para), card, widgets.NewText(texts.NewKitMade, widgets.Para),
		widgets.Row(theme.Unit, -1, have, print))
	widgets.Focus(have)
}
