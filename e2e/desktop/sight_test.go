//go:build linux

package desktop

import (
	"cmp"
	"image"
	"image/color"
	"math"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"

	"lightproof/app/window/theme"
)

// Reading the screen: the words are drawn in every size and weight of the window and compared with the picture, in any colour. Two
// pictures of the same words have a correlation near 1; other words stay far below sure.
const (
	sure     = 0.9
	contrast = 34 // least difference of light between ink and ground
	ring     = 8  // blank pixels around whole words
)

// glyphs is one drawing of some words.
type glyphs struct {
	w, h   int
	ink    []float64 // 0 to 1
	mean   float64
	spread float64
	probes []probe // looked at first
}

type probe struct {
	x, y int
	on   bool
}

// The functions that look at every pixel are marked go:norace: they work on pictures that nobody else has, and would take ten times as
// long.

// sight draws words, and remembers them.
type sight struct {
	app   fyne.App
	known map[string][]*glyphs
}

var styles = []struct {
	size float32
	bold bool
}{{theme.BodySize, false}, {theme.BodySize, true}, {theme.CaptionSize, false}, {theme.CaptionSize, true}, {theme.StrongSize, true},
	{theme.SectionSize, true}, {theme.VerdictSize, true}, {theme.StrongSize, false}, {theme.SectionSize, false}}

func newSight(t testing.TB) *sight {
	app := test.NewTempApp(t)
	app.Settings().SetTheme(theme.New(theme.Light))
	return &sight{app: app, known: map[string][]*glyphs{}}
}

func (s *sight) draw(words string, whole bool) []*glyphs {
	key := words
	if whole {
		key += "\n"
	}
	if g := s.known[key]; g != nil {
		return g
	}
	var out []*glyphs
	for _, st := range styles {
		text := canvas.NewText(words, color.White)
		text.TextSize, text.TextStyle = st.size, fyne.TextStyle{Bold: st.bold}
		img := software.Render(container.NewStack(canvas.NewRectangle(color.Black), text), s.app.Settings().Theme())
		out = append(out, newGlyphs(img, whole))
	}
	s.known[key] = out
	return out
}

func newGlyphs(img image.Image, whole bool) *glyphs {
	box := image.Rectangle{}
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			if r, _, _, _ := img.At(x, y).RGBA(); r > 0x3000 {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	box = box.Inset(-1)
	if whole {

		box.Min.X, box.Max.X = box.Min.X-ring+1, box.Max.X+ring-1
	}
	g := &glyphs{w: box.Dx(), h: box.Dy(), ink: make([]float64, box.Dx()*box.Dy())}
	for y := range g.h {
		for x := range g.w {
			p := image.Pt(box.Min.X+x, box.Min.Y+y)
			if p.In(img.Bounds()) {
				r, _, _, _ := img.At(p.X, p.Y).RGBA()
				g.ink[y*g.w+x] = float64(r) / 0xffff
			}
		}
	}
	for _, v := range g.ink {
		g.mean += v
	}
	g.mean /= float64(len(g.ink))
	var on, off []probe
	for i, v := range g.ink {
		g.spread += (v - g.mean) * (v - g.mean)
		switch p := (probe{i % g.w, i / g.w, v > 0.85}); {
		case p.on:
			on = append(on, p)
		case v == 0:
			off = append(off, p)
		}
	}
	for i := range 8 { // evenly over the words
		if len(off) > 0 {
			g.probes = append(g.probes, off[i*(len(off)-1)/7])
		}
		if len(on) > 0 {
			g.probes = append(g.probes, on[i*(len(on)-1)/7])
		}
	}
	return g
}

// light is a picture's brightness.
type light struct {
	w, h int
	v    []uint8
}

//go:norace
func lightOf(img *image.RGBA) *light {
	l := &light{w: img.Rect.Dx(), h: img.Rect.Dy()}
	l.v = make([]uint8, l.w*l.h)
	for i := range l.v {
		p := img.Pix[4*i : 4*i+3 : 4*i+3]
		l.v[i] = uint8((77*uint(p[0]) + 151*uint(p[1]) + 28*uint(p[2])) >> 8)
	}
	return l
}

// found is where words stand, and how alike they are.
type found struct {
	image.Rectangle
	like float64
}

// find returns where the words stand, from top to bottom. whole: with nothing right beside them.
func (s *sight) find(l *light, words string, whole bool) []found {
	var out []found
	for _, g := range s.draw(words, whole) {
		out = g.find(l, whole, out)
	}
	slices.SortFunc(out, func(a, b found) int { return cmp.Or(a.Min.Y-b.Min.Y, a.Min.X-b.Min.X) })
	return out
}

//go:norace
func (g *glyphs) find(l *light, whole bool, out []found) []found {
	for y := 0; y+g.h <= l.h; y++ {
		for x := 0; x+g.w <= l.w; x++ {
			if !g.may(l, x, y) || whole && !g.alone(l, x, y) {
				continue
			}
			f := found{image.Rect(x, y, x+g.w, y+g.h), g.likeness(l, x, y)}
			if f.like < sure {
				continue
			}
			i := slices.IndexFunc(out, func(o found) bool { return o.Overlaps(f.Rectangle) })
			if i < 0 {
				out = append(out, f)
			} else if out[i].like < f.like {
				out[i] = f
			}
		}
	}
	return out
}

//go:norace
func apart(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

// may is a quick look at a few points.
//
//go:norace
func (g *glyphs) may(l *light, x, y int) bool {
	at := y*l.w + x
	ground := l.v[at+g.probes[0].y*l.w+g.probes[0].x]
	for _, p := range g.probes {
		if p.on != (apart(l.v[at+p.y*l.w+p.x], ground) > contrast) {
			return false
		}
	}
	return true
}

// alone tells whether the rings at both sides are blank.
//
//go:norace
func (g *glyphs) alone(l *light, x, y int) bool {
	ground := l.v[(y+g.h/2)*l.w+x+ring-3]
	for gy := range g.h {
		for gx := range ring - 2 {
			row := (y + gy) * l.w
			if apart(l.v[row+x+gx], ground) > contrast || apart(l.v[row+x+g.w-1-gx], ground) > contrast {
				return false
			}
		}
	}
	return true
}

// likeness is the correlation of the drawing with a part of the picture, whatever its colours.
//
//go:norace
func (g *glyphs) likeness(l *light, x, y int) float64 {
	var sum, square, both float64
	for gy := range g.h {
		row := l.v[(y+gy)*l.w+x:]
		for gx := range g.w {
			v := float64(row[gx])
			sum += v
			square += v * v
			both += v * g.ink[gy*g.w+gx]
		}
	}
	n := float64(g.w * g.h)
	spread := square - sum*sum/n
	if spread <= 0 {
		return 0
	}
	return math.Abs(both-sum*g.mean) / math.Sqrt(spread*g.spread)
}
