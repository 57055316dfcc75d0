package widgets

import (
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	base "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"lightproof/assets"
)

var icons sync.Map

// IconResource is one of this project's icons, tinted by a colour role. An unknown name gives nil.
func IconResource(name string, role fyne.ThemeColorName) fyne.Resource {
	key := name + "/" + string(role)
	if r, ok := icons.Load(key); ok {
		return r.(fyne.Resource)
	}
	svg, err := assets.Icon(name)
	if err != nil {
		return nil
	}
	r := base.NewColoredResource(fyne.NewStaticResource("lp-"+name+".svg", svg), role)
	icons.Store(key, r)
	return r
}

// Icon is one of this project's icons at a size.
type Icon struct {
	widget.BaseWidget
	name string
	role fyne.ThemeColorName
	side float32
}

// NewIcon makes an icon.
func NewIcon(name string, role fyne.ThemeColorName, side float32) *Icon {
	i := &Icon{name: name, role: role, side: side}
	i.ExtendBaseWidget(i)
	return i
}

// SetRole changes the colour.
func (i *Icon) SetRole(role fyne.ThemeColorName) {
	if i.role != role {
		i.role = role
		i.Refresh()
	}
}

// CreateRenderer is for the toolkit.
func (i *Icon) CreateRenderer() fyne.WidgetRenderer {
	r := &iconRenderer{i: i, img: &canvas.Image{FillMode: canvas.ImageFillContain}}
	r.Refresh()
	return r
}

type iconRenderer struct {
	i   *Icon
	img *canvas.Image
}

func (r *iconRenderer) Layout(size fyne.Size) {
	r.img.Move(fyne.NewPos((size.Width-r.i.side)/2, (size.Height-r.i.side)/2))
	r.img.Resize(fyne.NewSize(r.i.side, r.i.side))
}
func (r *iconRenderer) MinSize() fyne.Size { return fyne.NewSize(r.i.side, r.i.side) }
func (r *iconRenderer) Refresh() {
	r.img.Resource = IconResource(r.i.name, r.i.role)
	r.img.Refresh()
}
func (r *iconRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.img} }
func (r *iconRenderer) Destroy()                     {}
