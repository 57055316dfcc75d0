//go:build linux

package desktop

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/software"

	"lightproof/app/window/theme"
)

// TestWordsAreReadInAnyColourAndNoOthers holds the eyes of these tests to their word.
func TestWordsAreReadInAnyColourAndNoOthers(t *testing.T) {
	s := newSight(t)
	for _, c := range []struct{ ink, ground color.NRGBA }{
		{color.NRGBA{0x1b, 0x1d, 0x20, 255}, color.NRGBA{255, 255, 255, 255}},
		{color.NRGBA{255, 255, 255, 255}, color.NRGBA{0x1f, 0x5f, 0xbf, 255}},
		{color.NRGBA{0xa6, 0xad, 0xb5, 255}, color.NRGBA{0x1e, 0x21, 0x25, 255}},
	} {
		back := canvas.NewRectangle(c.ground)
		back.SetMinSize(fyne.NewSize(500, 60))
		line := canvas.NewText("Word 17", c.ink)
		line.TextSize = theme.BodySize
		line.Move(fyne.NewPos(120, 20))
		line.Resize(line.MinSize())
		img := image.NewRGBA(image.Rect(0, 0, 500, 60))
		draw.Draw(img, img.Rect, software.Render(container.NewStack(back, container.NewWithoutLayout(line)), s.app.Settings().Theme()), image.Point{}, draw.Src)
		l := lightOf(img)
		if n := len(s.find(l, "Word 17", true)); n != 1 {
			t.Errorf("found %d times, want once", n)
		}
		for _, other := range []string{"Word 1", "Word 11", "Word 12", "Word 14", "Word 7", "Word 18"} {
			if len(s.find(l, other, true)) > 0 {
				t.Errorf("took it for %q", other)
			}
		}
		if len(s.find(l, "Word", false)) != 1 {
			t.Error("its beginning was not found")
		}
	}
}
