package draw

import (
	"fmt"
	"image"
	"image/color"

	"golang.org/x/image/vector"
)

// Paint says which colours a rendering has.
type Paint struct {
	// Ink stands for currentColor.
	Ink color.NRGBA
	// Cut, where it is set, replaces white; with alpha 0 what is white is cut out of the picture.
	Cut *color.NRGBA
}

// Render draws the icon px × px pixels large, on nothing.
func (icon *Icon) Render(px int, paint Paint) (*image.NRGBA, error) {
	out := image.NewNRGBA(image.Rect(0, 0, px, px))
	for _, s := range icon.shapes {
		for _, part := range []struct {
			paint    string
			polygons func() []polygon
		}{{s.fill, s.filled}, {s.stroke, s.stroked}} {
			if part.paint == "none" {
				continue
			}
			ink, err := paint.colour(part.paint)
			if err != nil {
				return nil, err
			}
			lay(out, icon.cover(part.polygons(), px), ink)
		}
	}
	return out, nil
}

// cover is the share of each pixel that the polygons cover together.
func (icon *Icon) cover(polygons []polygon, px int) *image.Alpha {
	scale := float64(px) / icon.size
	r := vector.NewRasterizer(px, px)
	for _, p := range polygons {
		for i, q := range p {
			x, y := float32(q.x*scale), float32(q.y*scale)
			if i == 0 {
				r.MoveTo(x, y)
			} else {
				r.LineTo(x, y)
			}
		}
		r.ClosePath()
	}
	mask := image.NewAlpha(image.Rect(0, 0, px, px))
	r.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	return mask
}

// lay puts ink over the picture where mask covers it; ink with alpha 0 takes away instead.
func lay(out *image.NRGBA, mask *image.Alpha, ink color.NRGBA) {
	for i, m := range mask.Pix {
		pixel, share := out.Pix[4*i:4*i+4], uint32(m)
		if ink.A == 0 {
			pixel[3] = uint8((uint32(pixel[3])*(255-share) + 127) / 255)
			continue
		}
		below := uint32(pixel[3]) * (255 - share)
		total := share*255 + below
		if total == 0 {
			continue
		}
		for c, v := range [3]uint8{ink.R, ink.G, ink.B} {
			pixel[c] = uint8((uint32(v)*share*255 + uint32(pixel[c])*below + total/2) / total)
		}
		pixel[3] = uint8((total + 127) / 255)
	}
}

func (p Paint) colour(name string) (color.NRGBA, error) {
	if name == "currentColor" {
		return p.Ink, nil
	}
	c := color.NRGBA{A: 255}
	if n, err := fmt.Sscanf(name, "#%02x%02x%02x", &c.R, &c.G, &c.B); err != nil || n != 3 || len(name) != 7 {
		return c, fmt.Errorf("%w: colour %q", ErrSVG, name)
	}
	if p.Cut != nil && c.R == 255 && c.G == 255 && c.B == 255 {
		return *p.Cut, nil
	}
	return c, nil
}
