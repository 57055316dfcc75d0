package overview

import (
	"context"
	"path/filepath"

	"fyne.io/fyne/v2"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
	words "lightproof/assets/strings"
	"lightproof/backup"
)

func (p *Destinations) test(id string) {
	p.results[id] = texts.TestingPlace
	p.Show(p.feed)
	page.Run(p.env, func(ctx context.Context) (backup.Reply, error) {
		return p.env.Service.Do(ctx, backup.TestDestination{ID: id})
	}, func(r backup.Reply, err error) {
		switch {
		case err != nil || r.Probe == nil:
			p.results[id] = texts.Failed
		case !r.Probe.OK:
			t := present.Tell(p.env.Now(), r.Probe.Code, 0, p.env.Now(), nil)
			p.results[id] = t.What + " " + t.Why
		default:
			p.results[id] = texts.TestOK(words.Size(r.Probe.Free))
		}
		p.Show(p.feed)
	})
}

// add shows the form of a new destination.
func (p *Destinations) add() {
	dir, label := widgets.NewEntry(texts.PathHint), widgets.NewEntry(texts.WhereName)
	away := widgets.NewCheck(texts.IsAway, nil)
	result := widgets.NewText("", widgets.Para)
	var save *widgets.Button
	save = widgets.NewPrimary(texts.Add, func() { p.save(dir.Text, label.Text, away.Checked, result, save) })
	dir.OnEnter, label.OnEnter = func() { save.OnTapped() }, func() { save.OnTapped() }
	pick := widgets.NewButton(texts.Browse, func() {
		p.env.PickFolder(func(path string) {
			if path != "" {
				dir.SetText(path)
				if label.Text == "" {
					label.SetText(filepath.Base(path))
				}
			}
		})
	})
	cancel := widgets.NewButton(texts.Cancel, func() { p.form = nil; p.Show(p.feed) })
	p.form = widgets.Card(widgets.Column(theme.Unit, widgets.NewText(texts.AddDestination, widgets.Strong), widgets.NewText(texts.WhereIntro, widgets.MutedP),
		widgets.Field(texts.Folder, widgets.Row(theme.Unit, 0, dir, pick)), widgets.Field(texts.WhereName, label), away, result, widgets.Row(theme.Unit, -1, save, cancel)))
	p.shown = ""
	p.Show(p.feed)
	widgets.Focus(dir)
}

func (p *Destinations) save(dir, label string, away bool, result *widgets.Text, save *widgets.Button) {
	if dir == "" || save.Disabled() {
		return
	}
	if label == "" {
		label = filepath.Base(dir)
	}
	save.Disable()
	result.Set(texts.TestingPlace)
	p.scroll.Relayout()
	page.Run(p.env, func(ctx context.Context) (present.PlaceTest, error) {
		place, err := p.env.Setup.Probe(ctx, dir, nil)
		if err != nil {
			return present.PlaceTest{}, err
		}
		t := present.ShowPlaceTest(face.Place(place), p.env.Now())
		if !t.Good {
			return t, nil
		}
		_, err = p.env.Service.Do(ctx, backup.AddDestination{Kind: "folder", Dir: dir, Label: label, Away: away})
		return t, err
	}, func(t present.PlaceTest, err error) {
		save.Enable()
		switch {
		case err != nil:
			result.Set(texts.Failed)
		case !t.Good:
			result.Set(joinLines(t.Lines))
		default:
			p.form = nil
			p.env.Toast(texts.Added)
		}
		p.shown = ""
		p.Show(p.feed)
	})
}

func joinLines(lines []string) string {
	s := ""
	for i, l := range lines {
		if i > 0 {
			s += " "
		}
		s += l
	}
	return s
}

// Key puts the form away on Esc.
func (p *Destinations) Key(e *fyne.KeyEvent) bool {
	if e.Name == fyne.KeyEscape && p.form != nil {
		p.form, p.shown = nil, ""
		p.Show(p.feed)
		return true
	}
	return false
}
