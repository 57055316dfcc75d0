package sample

import (
	"image"
	"math"
	"math/rand/v2"
)

// colour is a linear-ish RGB triple in 0…1; scenes are mixed in it and only rounded to bytes at the end.
type colour struct{ r, g, b float64 }

func (c colour) mix(d colour, t float64) colour {
	if t <= 0 {
		return c
	}
	if t >= 1 {
		return d
	}
	return colour{c.r + (d.r-c.r)*t, c.g + (d.g-c.g)*t, c.b + (d.b-c.b)*t}
}

func rgb(hex uint32) colour {
	return colour{float64(hex>>16&255) / 255, float64(hex>>8&255) / 255, float64(hex&255) / 255}
}

// mood is the light of a scene: the sky from zenith to horizon, the sun or moon, and the tint of what is far away.
type mood struct{ zenith, horizon, light, far, near colour }

var moods = []mood{
	{rgb(0x2f6fb5), rgb(0xcfe6f2), rgb(0xfffbe6), rgb(0x8fb0c6), rgb(0x24402f)}, // noon
	{rgb(0x3a4e8c), rgb(0xf6b27a), rgb(0xffe3b0), rgb(0xb98a8f), rgb(0x2a2438)}, // sunset
	{rgb(0x6a86b8), rgb(0xf7d9d0), rgb(0xfff1e0), rgb(0xa9a9c4), rgb(0x3a3a50)}, // dawn
	{rgb(0x0b1230), rgb(0x2f4a78), rgb(0xf2f0e0), rgb(0x23365c), rgb(0x080c18)}, // night
	{rgb(0x8a98a6), rgb(0xdfe4e6), rgb(0xf4f4f0), rgb(0xa7b3b8), rgb(0x39463f)}, // overcast
	{rgb(0x1f7f8f), rgb(0xf3e9bf), rgb(0xfff6cf), rgb(0x7db5a8), rgb(0x1d4a3a)}, // tropical
}

// ground says what lies below the horizon of a scene.
type ground int

const (
	sea ground = iota
	meadow
	city
	forest
	dunes
	groundCount
)

// scene draws one seeded landscape, upright, w × h pixels. Equal arguments give equal pixels on every machine that
// follows IEEE 754; nothing depends on the time or on the machine.
func scene(seed uint64, w, h int) *image.RGBA {
	rnd := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	m := moods[rnd.IntN(len(moods))]
	kind := ground(rnd.IntN(int(groundCount)))
	p := &painter{img: image.NewRGBA(image.Rect(0, 0, w, h)), w: w, h: h, rnd: rnd, mood: m}
	p.horizon = 0.45 + 0.2*rnd.Float64()
	p.sky()
	p.ridges(2 + rnd.IntN(3))
	switch kind {
	case sea:
		p.water()
	case meadow:
		p.field(rgb(0x6f9a45), 140)
	case city:
		p.field(m.near, 0)
		p.towers()
	case forest:
		p.field(m.near.mix(rgb(0x35552f), 0.5), 0)
		p.trees()
	case dunes:
		p.field(rgb(0xd9b27c), 0)
	}
	p.grain(seed)
	return p.img
}

type painter struct {
	img     *image.RGBA
	w, h    int
	rnd     *rand.Rand
	mood    mood
	horizon float64 // share of the height that is sky
}

func (p *painter) set(x, y int, c colour) {
	i := p.img.PixOffset(x, y)
	pix := p.img.Pix[i : i+4 : i+4]
	pix[0], pix[1], pix[2], pix[3] = level(c.r), level(c.g), level(c.b), 255
}

func (p *painter) get(x, y int) colour {
	i := p.img.PixOffset(x, y)
	pix := p.img.Pix[i : i+4 : i+4]
	return colour{float64(pix[0]) / 255, float64(pix[1]) / 255, float64(pix[2]) / 255}
}

func level(v float64) uint8 {
	return uint8(math.Min(math.Max(v*255+0.5, 0), 255))
}

// sky paints the gradient, the sun or moon with its glow, and a few soft clouds.
func (p *painter) sky() {
	sunX, sunY := 0.15+0.7*p.rnd.Float64(), p.horizon*(0.25+0.6*p.rnd.Float64())
	size := 0.02 + 0.03*p.rnd.Float64()
	type cloud struct{ x, y, rx, ry, a float64 }
	clouds := make([]cloud, p.rnd.IntN(7))
	for i := range clouds {
		clouds[i] = cloud{p.rnd.Float64(), p.horizon * p.rnd.Float64() * 0.8, 0.06 + 0.16*p.rnd.Float64(), 0.012 + 0.03*p.rnd.Float64(), 0.2 + 0.5*p.rnd.Float64()}
	}
	aspect := float64(p.w) / float64(p.h)
	for y := range p.h {
		fy := float64(y) / float64(p.h)
		base := p.mood.zenith.mix(p.mood.horizon, math.Pow(math.Min(fy/p.horizon, 1), 1.3))
		row := clouds[:0:0]
		for _, k := range clouds {
			if math.Abs(fy-k.y) < k.ry {
				row = append(row, k)
			}
		}
		for x := range p.w {
			fx := float64(x) / float64(p.w)
			dx, dy := (fx-sunX)*aspect, fy-sunY
			d := math.Sqrt(dx*dx+dy*dy) / size
			c := base
			if d < 1 {
				c = p.mood.light
			} else {
				c = c.mix(p.mood.light, 0.75/(d*d))
			}
			for _, k := range row {
				ex, ey := (fx-k.x)/k.rx, (fy-k.y)/k.ry
				if e := ex*ex + ey*ey; e < 1 {
					c = c.mix(p.mood.light, k.a*(1-e))
				}
			}
			p.set(x, y, c)
		}
	}
}

// ridges paints n mountain lines, the farthest in the haze, the nearest dark.
func (p *painter) ridges(n int) {
	for layer := range n {
		t := float64(layer+1) / float64(n+1)
		c := p.mood.far.mix(p.mood.near, t*0.8)
		high := 0.20 * (1 - t*0.7) * (0.5 + p.rnd.Float64())
		var freq, phase [5]float64
		for i := range freq {
			freq[i], phase[i] = float64(1+i*2)*(0.7+p.rnd.Float64()), p.rnd.Float64()*6.28
		}
		for x := range p.w {
			fx, ridge := float64(x)/float64(p.w)*3, 0.0
			for i := range freq {
				ridge += math.Abs(math.Sin(fx*freq[i]+phase[i])) / float64(i+2)
			}
			top := int((p.horizon + 0.03*t - high*ridge*0.8) * float64(p.h))
			for y := max(top, 0); y < p.h; y++ {
				p.set(x, y, c.mix(p.mood.horizon, 0.35*(1-t)*float64(y-top)/float64(p.h)*4))
			}
		}
	}
}

// water mirrors what is above the horizon, broken by small waves.
func (p *painter) water() {
	line := int((p.horizon + 0.04) * float64(p.h))
	phase := p.rnd.Float64() * 6.28
	for y := line; y < p.h; y++ {
		depth := float64(y-line) / float64(p.h-line)
		for x := range p.w {
			wave := math.Sin(float64(y)*0.9/(0.3+depth)+phase+math.Sin(float64(x)*0.02*(1.2-depth))*2.5) * (1 + 6*depth)
			src := min(max(line-(y-line)+int(wave), 0), line-1)
			c := p.get(x, max(src, 0)).mix(p.mood.zenith, 0.25+0.35*depth)
			if math.Mod(wave, 3) > 2.2 {
				c = c.mix(p.mood.light, 0.15)
			}
			p.set(x, y, c)
		}
	}
}

// field paints rolling ground and, where asked, flowers.
func (p *painter) field(c colour, flowers int) {
	a, b, ph := 2+3*p.rnd.Float64(), 6+5*p.rnd.Float64(), p.rnd.Float64()*6.28
	for x := range p.w {
		fx := float64(x) / float64(p.w)
		top := int((p.horizon + 0.07 + 0.025*math.Sin(fx*a+ph) + 0.008*math.Sin(fx*b)) * float64(p.h))
		for y := top; y < p.h; y++ {
			t := float64(y-top) / float64(p.h-top+1)
			stripe := 0.05 * math.Sin(float64(y)*0.15+fx*18+ph)
			p.set(x, y, c.mix(p.mood.horizon, 0.35*(1-t)).mix(p.mood.near, 0.55*t+stripe))
		}
	}
	tones := []colour{rgb(0xe8483f), rgb(0xf4c542), rgb(0xf2f2f2), rgb(0x9b6fd0), rgb(0xf29bb7)}
	for range flowers {
		y := p.horizon + 0.12 + (1-p.horizon-0.12)*p.rnd.Float64()
		r := 0.003 + 0.012*(y-p.horizon)
		p.disc(p.rnd.Float64(), y, r, tones[p.rnd.IntN(len(tones))])
	}
}

// disc paints a filled circle; x, y and r are shares of width, height and height.
func (p *painter) disc(x, y, r float64, c colour) {
	cx, cy, cr := int(x*float64(p.w)), int(y*float64(p.h)), max(int(r*float64(p.h)), 1)
	for dy := -cr; dy <= cr; dy++ {
		for dx := -cr; dx <= cr; dx++ {
			if dx*dx+dy*dy <= cr*cr && image.Pt(cx+dx, cy+dy).In(p.img.Rect) {
				p.set(cx+dx, cy+dy, c)
			}
		}
	}
}

// towers paints a skyline with lit windows.
func (p *painter) towers() {
	for x := 0; x < p.w; {
		width := p.w/40 + p.rnd.IntN(p.w/14+1) + 2
		top := int((p.horizon + 0.12 - 0.35*math.Pow(p.rnd.Float64(), 2)) * float64(p.h))
		c := p.mood.near.mix(p.mood.far, 0.4*p.rnd.Float64())
		step := max(p.h/60, 3)
		for bx := x; bx < min(x+width, p.w); bx++ {
			for y := max(top, 0); y < p.h; y++ {
				p.set(bx, y, c)
			}
		}
		for wy := max(top, 0) + step; wy < p.h-step; wy += step * 2 {
			for wx := x + step; wx < min(x+width, p.w)-step; wx += step * 2 {
				if p.rnd.IntN(3) == 0 {
					continue
				}
				for y := wy; y < wy+step; y++ {
					for bx := wx; bx < wx+step && bx < p.w; bx++ {
						p.set(bx, y, c.mix(rgb(0xffdf9a), 0.3+0.5*p.rnd.Float64()))
					}
				}
			}
		}
		x += width + p.rnd.IntN(p.w/60+1)
	}
}

// trees paints a row of firs, nearer ones larger.
func (p *painter) trees() {
	for i := range 60 {
		t := float64(i) / 60
		x, foot := p.rnd.Float64(), p.horizon+0.08+0.5*t*t
		high := (0.07 + 0.32*t*t) * (0.7 + 0.6*p.rnd.Float64())
		c := p.mood.near.mix(rgb(0x2e5b3a), 0.6*p.rnd.Float64()).mix(p.mood.far, 0.4*(1-t))
		top := int((foot - high) * float64(p.h))
		bottom := min(int(foot*float64(p.h)), p.h)
		for y := max(top, 0); y < bottom; y++ {
			share := float64(y-top) / float64(bottom-top)
			half := int(high * float64(p.h) * 0.22 * share * (0.75 + 0.25*math.Mod(share*6, 1)))
			cx := int(x * float64(p.w))
			for bx := max(cx-half, 0); bx <= min(cx+half, p.w-1); bx++ {
				p.set(bx, y, c.mix(p.mood.light, 0.12*(1-float64(bx-cx+half)/float64(2*half+1))))
			}
		}
	}
}

// grain adds the small noise a sensor has, so that the encoded size is that of a photo and no two blocks are equal.
func (p *painter) grain(seed uint64) {
	state := seed | 1
	for i := range p.img.Pix {
		if i&3 == 3 {
			continue
		}
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		n := int(p.img.Pix[i]) + int(state>>60) - 8
		p.img.Pix[i] = uint8(min(max(n, 0), 255))
	}
}
