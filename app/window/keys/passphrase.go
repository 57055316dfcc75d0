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

// Passphrase changes the passphrase of this computer.
type Passphrase struct {
	form
	old    *widgets.Entry
	choice *Choice
	change *widgets.Button
	round  int // what comes back after the page was left is not shown
}

// NewPassphrase makes the page.
func NewPassphrase(env *page.Env) *Passphrase { return &Passphrase{form: newForm(env)} }

// Opened asks for the old passphrase and the new one.
func (p *Passphrase) Opened(page.Route) {
	p.round++
	p.note.Say("")
	p.old, p.change = widgets.NewSecret(texts.PassOld), widgets.NewPrimary(texts.PassChange, p.try)
	p.choice = NewChoice(p.env, texts.PassNew, texts.PassphraseAgain, func(first, again string, s face.Strength) string {
		ok, wrong := present.KeysReady(first, again, "", false, s)
		if ok && first == p.old.Text {
			ok, wrong = false, texts.PassSame
		}
		p.ready(ok && p.old.Text != "")
		defer p.scroll.Relayout()
		return wrong
	}, func() { p.try() })
	p.old.OnChanged = func(string) { p.choice.Judge() }
	p.old.OnEnter = p.choice.Focus
	content := []fyne.CanvasObject{widgets.NewText(texts.PassTitle, widgets.Section), widgets.NewText(texts.PassIntro, widgets.Para)}
	if p.mode == backup.ModePassphraseAtStart {
		content = append(content, widgets.NewText(texts.PassAtStart, widgets.Para))
	}
	fields := append([]fyne.CanvasObject{widgets.Field(texts.PassOld, p.old)}, p.choice.Fields...)
	fields = append(fields, widgets.Row(theme.Unit, -1, p.choice.Suggest), p.choice.Suggestion)
	p.fill(append(content, widgets.Card(widgets.Column(2*theme.Unit, fields...)), p.note.Container,
		widgets.Row(theme.Unit, -1, p.change, widgets.NewButton(texts.Cancel, p.env.Back)))...)
	p.choice.Judge()
	widgets.Focus(p.old)
}

// Closed drops what was typed.
func (p *Passphrase) Closed() {
	p.round++
	p.clear()
	p.fill()
}

func (p *Passphrase) clear() {
	if p.old != nil {
		p.old.SetText("")
		p.choice.Clear()
	}
}

func (p *Passphrase) ready(on bool) {
	if on && !p.busy {
		p.change.Enable()
	} else {
		p.change.Disable()
	}
}

func (p *Passphrase) try() {
	lib := p.env.Library()
	if lib == nil || p.busy || p.change.Disabled() {
		return
	}
	if p.env.Restoring() {
		p.warn(texts.PassRestoring)
		return
	}
	p.busy = true
	p.ready(false)
	p.say(texts.PassChanging)
	old, fresh, round := []byte(p.old.Text), []byte(p.choice.Text()), p.round
	page.Run(p.env, func(ctx context.Context) (face.Library, error) {
		next, err := lib.ChangePassphrase(ctx, old, fresh)
		clear(old)
		clear(fresh)
		return next, err
	}, func(next face.Library, err error) {
		p.busy = false
		if !p.env.Reopened(lib, next) || p.round != round {
			if err == nil {
				p.env.Toast(texts.PassChanged)
			} else {
				p.env.Toast(present.PassphraseError(err))
			}
			return
		}
		if err != nil {
			p.warn(present.PassphraseError(err))
			p.old.SetText("")
			widgets.Focus(p.old)
			return
		}
		p.clear()
		p.done()
	})
}

// done says what still needs the old passphrase, and offers the kit that does not.
func (p *Passphrase) done() {
	p.note.Say("")
	p.finish(texts.PassTitle, backup.Safe, widgets.Column(theme.Unit, widgets.NewText(texts.PassChanged, widgets.Strong), widgets.NewText(texts.PassOldKits, widgets.Para)),
		widgets.NewPrimary(texts.MakeNewKit, func() { p.env.Intent(present.Action{Intent: present.NewKit}) }))
}
