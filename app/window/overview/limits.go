package overview

import (
	"context"

	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
	"lightproof/backup"
)

// limits shows the form of a destination's limits.
func (p *Destinations) limits(r present.Place) {
	up, down := widgets.NewEntry(texts.LimitHint), widgets.NewEntry(texts.LimitHint)
	up.SetText(r.Up)
	down.SetText(r.Down)
	result := widgets.NewText("", widgets.Para)
	var save *widgets.Button
	save = widgets.NewPrimary(texts.Save, func() {
		c, ok := present.ReadLimits(r.ID, up.Text, down.Text)
		if !ok {
			result.Set(texts.LimitBad)
			p.scroll.Relayout()
			return
		}
		p.saveLimits(c, save)
	})
	up.OnEnter, down.OnEnter = func() { save.OnTapped() }, func() { save.OnTapped() }
	cancel := widgets.NewButton(texts.Cancel, func() { p.form, p.shown = nil, ""; p.Show(p.feed) })
	p.form = widgets.Card(widgets.Column(theme.Unit, widgets.NewText(texts.LimitTitle(r.Name), widgets.Strong),
		widgets.Field(texts.LimitUp, up), widgets.Field(texts.LimitDown, down), widgets.NewText(texts.LimitNote, widgets.MutedP), result, widgets.Row(theme.Unit, -1, save, cancel)))
	p.shown = ""
	p.Show(p.feed)
	widgets.Focus(up)
}

func (p *Destinations) saveLimits(c backup.LimitDestination, save *widgets.Button) {
	if save.Disabled() {
		return
	}
	save.Disable()
	page.Run(p.env, func(ctx context.Context) (backup.Reply, error) { return p.env.Service.Do(ctx, c) }, func(_ backup.Reply, err error) {
		save.Enable()
		p.said(err, texts.LimitSaved)
		if err == nil {
			p.form = nil
		}
		p.shown = ""
		p.Show(p.feed)
	})
}
