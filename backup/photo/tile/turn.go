package tile

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// paper is what shows through a transparent picture.
var paper = image.NewUniform(color.Gray{Y: 0xF0})

// scale draws img so that its longer side is at most px, keeping its shape.
func scale(img image.Image, px int) *image.RGBA {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if longer := max(w, h); longer > px {
		w, h = max(w*px/longer, 1), max(h*px/longer, 1)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if opaque, ok := img.(interface{ Opaque() bool }); ok && !opaque.Opaque() {
		draw.Draw(out, out.Rect, paper, image.Point{}, draw.Src)
		draw.CatmullRom.Scale(out, out.Rect, img, b, draw.Over, nil)
		return out
	}
	draw.CatmullRom.Scale(out, out.Rect, img, b, draw.Src, nil)
	return out
}

// upright turns a picture by its EXIF orientation: 1 to 8, anything else as 1. The orientation names the sides of the scene
// that row 0 and column 0 of the stored picture are (Exif 2.32, tag 0112).
func upright(img *image.RGBA, orientation int) *image.RGBA {
	if orientation <= 1 || orientation > 8 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	ow, oh := w, h
	if orientation >= 5 {
		ow, oh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, ow, oh))
	for y := range oh {
		for x := range ow {
			sx, sy := x, y
			switch orientation {
			case 2:
				sx, sy = w-1-x, y
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sx, sy = x, h-1-y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, h-1-x
			case 7:
				sx, sy = w-1-y, h-1-x
			case 8:
				sx, sy = w-1-y, x
			}
			copy(out.Pix[out.PixOffset(x, y):][:4], img.Pix[img.PixOffset(sx, sy):][:4])
		}
	}
	return out
}
