package photos

import (
	"context"
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"lightproof/app/window/face"
	"lightproof/app/window/grid"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
)

// searchPause is how long typing must rest before a search starts.
const searchPause = 150 * time.Millisecond

// Measures of the details panel.
const (
	panelWidth  float32 = 380
	previewHigh float32 = 240
)

// Details is the panel at the right: preview, facts, copies, versions.
type Details struct {
	env     *page.Env
	box     *fyne.Container
	img     *canvas.Image
	preview *fyne.Container
	body    *fyne.Container
	scroll  *widgets.Scroller
	item    face.Item
	round   int
	all     bool
}

// NewDetails makes the panel; shut is called by its close button.
func NewDetails(env *page.Env, shut func()) *Details {
	d := &Details{env: env, img: &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest}, body: widgets.Column(1.5 * theme.Unit)}
	back := widgets.NewSurface(theme.Raised, "", 0)
	back.Min = fyne.NewSize(panelWidth, previewHigh)
	d.preview = container.NewStack(back, d.img)
	shutButton := widgets.NewButton(texts.Close, shut)
	d.scroll = widgets.NewScroller(d.body)
	line := widgets.NewSurface(theme.Line, "", 0)
	line.Min = fyne.NewSize(1, 1)
	foot := widgets.Inset(theme.Margin, theme.Unit, widgets.Row(theme.Unit, 1, widgets.NewPrimary(texts.RestoreThis, func() { d.restore("") }), widgets.Gap(1, 1), shutButton))
	inner := widgets.Border(d.preview, foot, nil, nil, d.scroll.Container)
	d.box = widgets.Fixed2(panelWidth, container.NewStack(widgets.NewSurface(theme.Card, "", 0), widgets.Border(nil, nil, line, nil, inner)))
	return d
}

// Content is the panel.
func (d *Details) Content() fyne.CanvasObject { return d.box }

func (d *Details) restore(version string) {
	req := face.Request{IDs: []string{d.item.ID}, Version: version}
	d.env.Go(page.Route{Name: page.Restore, Restore: &req})
}

// Load shows a group. Only the newest request is answered.
func (d *Details) Load(item face.Item) {
	d.round++
	round, lib := d.round, d.env.Library()
	d.item = item
	if lib == nil {
		return
	}
	scale := float32(1)
	if c := fyne.CurrentApp().Driver().CanvasForObject(d.box); c != nil {
		scale = c.Scale()
	}
	w, h := int(panelWidth*scale), int(previewHigh*scale)
	page.Run(d.env, func(ctx context.Context) (face.Details, error) { return lib.Details(ctx, item.ID) }, func(v face.Details, err error) {
		if round != d.round {
			return
		}
		if err != nil {
			d.fill(widgets.NewText(texts.DetailsFailed, widgets.MutedP))
			return
		}
		d.show(v)
	})
	d.img.Image = nil
	d.img.Refresh()
	if !item.Picture {
		return
	}
	page.Run(d.env, func(ctx context.Context) (*image.RGBA, error) {
		data, err := lib.Tile(ctx, item.ID, max(w, h))
		if err != nil {
			return nil, err
		}
		return grid.Fit(data, w, h)
	}, func(img *image.RGBA, err error) {
		if round == d.round && err == nil {
			d.img.Image = img
			d.img.Refresh()
		}
	})
}

// Forget drops the picture and the facts, and leaves what is still being read unanswered, as on lock.
func (d *Details) Forget() {
	d.round++
	d.item = face.Item{}
	d.img.Image = nil
	d.img.Refresh()
	d.fill()
}

func (d *Details) fill(objects ...fyne.CanvasObject) {
	d.body.Objects = objects
	d.body.Refresh()
	d.scroll.Relayout()
}

func (d *Details) show(v face.Details) {
	vm := present.ShowDetails(v, d.env.Now())
	objects := []fyne.CanvasObject{
		widgets.NewText(vm.Title, widgets.Style{Size: theme.StrongSize, Bold: true, Role: theme.Text, Wrap: true}),
		widgets.Row(theme.Unit, 1, statusMark(vm.Mark), widgets.NewText(vm.Status, widgets.Body)),
	}
	facts := widgets.Column(6)
	for _, f := range vm.Facts {
		facts.Add(fact(f.Name, f.Value))
	}
	if vm.Location != "" {
		facts.Add(fact(texts.Location, vm.Location))
	}
	if vm.Full != "" {
		facts.Add(widgets.Row(theme.Unit, 0, fact(texts.Fingerprint, vm.Fingerprint), widgets.NewButton(texts.Copy, func() { d.env.Copy(vm.Full); d.env.Toast(texts.Copied) })))
	}
	objects = append(objects, facts)
	if len(vm.All) > 0 {
		word := texts.AllExif
		if d.all {
			word = texts.LessExif
		}
		objects = append(objects, widgets.Row(0, -1, widgets.NewButton(word, func() { d.all = !d.all; d.show(v) })))
		if d.all {
			all := widgets.Column(4)
			for _, f := range vm.All {
				all.Add(fact(f.Name, f.Value))
			}
			objects = append(objects, all)
		}
	}
	objects = append(objects, widgets.Rule(), widgets.NewText(texts.Copies, widgets.Strong))
	if len(vm.Copies) == 0 {
		objects = append(objects, widgets.NewText(texts.NoCopy, widgets.Muted))
	}
	for _, c := range vm.Copies {
		objects = append(objects, widgets.Row(theme.Unit, 1, widgets.NewMark(c.Mark, 18),
			widgets.Columns(theme.Unit, []float32{45, 55}, widgets.NewText(c.Name, widgets.Body), widgets.NewText(c.State, widgets.Muted))))
	}
	objects = append(objects, widgets.Rule(), widgets.NewText(texts.Versions, widgets.Strong))
	for _, r := range vm.Versions {
		line := widgets.Column(2, widgets.NewText(r.When, widgets.Body), widgets.NewText(r.What+" · "+r.Size, widgets.Style{Size: theme.CaptionSize, Role: theme.Muted, Wrap: true}))
		if r.Current {
			objects = append(objects, widgets.Row(theme.Unit, 0, line, widgets.NewText(texts.Newest, widgets.Caption)))
			continue
		}
		objects = append(objects, widgets.Row(theme.Unit, 0, line, widgets.NewButton(texts.RestoreVersion, func() { d.restore(r.ID) })))
	}
	d.fill(objects...)
}

func statusMark(m face.Mark) *widgets.Mark {
	mark := widgets.NewMark(present.VerdictOf(m), 18)
	mark.SetPlain(m >= face.MarkUncovered)
	return mark
}

func fact(name, value string) fyne.CanvasObject {
	return widgets.TopRow(theme.Unit, 1, widgets.Fixed(88, widgets.NewText(name, widgets.Muted)), widgets.NewText(value, widgets.Para))
}
