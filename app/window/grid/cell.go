package grid

import (
	"image"
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"lightproof/app/window/face"
	"lightproof/app/window/present"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
)

// cell is one tile; cells are recycled, so every part is set at each bind.
type cell struct {
	box          *fyne.Container
	back         *canvas.Rectangle // mean colour, until the picture is there
	img          *canvas.Image
	icon         *widgets.Icon
	mark         *widgets.Mark
	markBack     *canvas.Circle
	badge        *canvas.Text
	badgeBack    *canvas.Rectangle
	veil         *canvas.Rectangle // over a selected tile
	outer, inner *canvas.Rectangle // rings: drawn on top, so a bright photo hides neither
	tick         *widgets.Mark

	index int
	id    string
	px    int
}

func newCell() *cell {
	clear := theme.Colour(theme.Clear)
	c := &cell{back: canvas.NewRectangle(clear), img: &canvas.Image{FillMode: canvas.ImageFillStretch, ScaleMode: canvas.ImageScaleFastest},
		icon: widgets.NewIcon("photo", theme.Muted, 32), mark: widgets.NewMark(0, 18), markBack: canvas.NewCircle(clear), badge: canvas.NewText("", clear),
		badgeBack: canvas.NewRectangle(clear), veil: canvas.NewRectangle(clear), outer: canvas.NewRectangle(clear), inner: canvas.NewRectangle(clear), tick: widgets.NewMark(0, 22)}
	c.badge.TextSize, c.badge.TextStyle.Bold = 11, true
	c.badgeBack.CornerRadius = 4
	c.outer.StrokeWidth, c.inner.StrokeWidth = 3, 2
	c.box = container.NewWithoutLayout(c.back, c.icon, c.img, c.veil, c.markBack, c.mark, c.badgeBack, c.badge, c.tick, c.inner, c.outer)
	return c
}

// bind shows an item at a side; a nil item is one that was not fetched yet.
func (c *cell) bind(index int, item *face.Item, side float32, focused, selected bool) {
	c.index = index
	s := fyne.NewSquareSize(side)
	c.box.Resize(s)
	for _, r := range []*canvas.Rectangle{c.back, c.veil} {
		r.Resize(s)
	}
	c.img.Resize(s)
	c.outer.Resize(s)
	c.inner.Move(fyne.NewPos(3, 3))
	c.inner.Resize(fyne.NewSquareSize(side - 6))

	c.back.FillColor = theme.Colour(theme.Raised)
	c.id = ""
	c.icon.Hidden = true
	if item != nil {
		c.id = item.ID
		if item.Picture {
			c.back.FillColor = color.NRGBA{R: item.Mean[0], G: item.Mean[1], B: item.Mean[2], A: 255}
		}
	}
	c.badges(item, side)
	c.outer.StrokeColor, c.inner.StrokeColor = theme.Colour(theme.RingOuter), theme.Colour(theme.RingInner)
	clear := theme.Colour(theme.Clear)
	c.outer.FillColor, c.inner.FillColor = clear, clear
	c.outer.Hidden, c.inner.Hidden = !focused && !selected, !focused
	c.veil.FillColor, c.veil.Hidden = theme.Colour(theme.Pressed), !selected
	c.tick.Hidden = !selected
	c.tick.Move(fyne.NewPos(side-30, 8))
	c.tick.Resize(fyne.NewSquareSize(22))
}

func (c *cell) badges(item *face.Item, side float32) {
	on := item != nil
	c.mark.Hidden, c.markBack.Hidden, c.badge.Hidden, c.badgeBack.Hidden = !on, !on, true, true
	if !on {
		return
	}
	c.mark.Set(present.VerdictOf(item.Mark))
	c.mark.SetPlain(item.Mark >= face.MarkUncovered)
	c.markBack.FillColor = theme.Colour(theme.Card)
	c.markBack.Move(fyne.NewPos(7, side-27))
	c.markBack.Resize(fyne.NewSquareSize(20))
	c.mark.Move(fyne.NewPos(8, side-26))
	c.mark.Resize(fyne.NewSquareSize(18))
	text := strings.Join(present.Badges(*item), "  ")
	if text == "" {
		return
	}
	was := c.badge.Text
	c.badge.Text, c.badge.Color = text, theme.Colour(theme.BadgeText)
	size := fyne.MeasureText(text, c.badge.TextSize, c.badge.TextStyle)
	if size.Width > side-48 {
		c.badge.Text = present.Badges(*item)[0]
		size = fyne.MeasureText(c.badge.Text, c.badge.TextSize, c.badge.TextStyle)
	}
	if c.badge.Text != was {
		c.badge.Refresh()
	}
	c.badgeBack.FillColor = theme.Colour(theme.BadgeBack)
	c.badgeBack.Hidden, c.badge.Hidden = false, false
	c.badgeBack.Move(fyne.NewPos(side-size.Width-18, side-28))
	c.badgeBack.Resize(fyne.NewSize(size.Width+12, 20))
	c.badge.Move(fyne.NewPos(side-size.Width-12, side-28+(20-size.Height)/2))
	c.badge.Resize(size)
}

// picture shows a decoded picture, or the placeholder for nil. The image is never hidden: the toolkit forgets on which canvas a hidden
// object lies, and drops its refreshes.
func (c *cell) picture(img *image.RGBA) {
	switch {
	case img != nil:
		c.img.Image = img
	case c.img.Image == nil:
		return
	default:
		c.img.Image = nil
	}
	c.img.Refresh()
}

// noPicture shows the type's icon where there is no picture to show.
func (c *cell) noPicture(item *face.Item) {
	if item == nil {
		return
	}
	c.back.FillColor = theme.Colour(theme.Raised)
	side := c.box.Size().Width
	c.icon.Show()
	c.icon.Move(fyne.NewPos((side-32)/2, (side-32)/2))
	c.icon.Resize(fyne.NewSquareSize(32))
}

// waits tells whether the cell has no picture yet.
func (c *cell) waits() bool { return c.img.Image == nil }
