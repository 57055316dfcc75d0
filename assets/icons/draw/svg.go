// Package draw reads the small part of SVG that this project's icons are written in, and turns them into filled outlines or
// pixels. The part: svg with a square viewBox from 0 0; path with the absolute commands M L H V C Z; circle; rect with rx;
// fill, stroke and stroke-width, with round caps and joins. Anything else is an error, so that an icon cannot look
// different here and in a browser.
package draw

import (
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ErrSVG says that a file is outside the part of SVG that this package reads.
var ErrSVG = errors.New("not one of this project's SVG files")

type point struct{ x, y float64 }

// line is a flattened outline: straight pieces between points.
type line struct {
	points []point
	closed bool
}

// shape is one element: its outlines with how they are painted.
type shape struct {
	lines  []line
	fill   string // "none", "currentColor" or a colour
	stroke string
	width  float64 // of the stroke
}

// Icon is a drawing on a square grid.
type Icon struct {
	size   float64 // the grid's edge, 24 for most
	shapes []shape
}

// Parse reads an icon.
func Parse(svg []byte) (*Icon, error) {
	decoder := xml.NewDecoder(strings.NewReader(string(svg)))
	icon := &Icon{}
	base := shape{fill: "none", stroke: "none", width: 1}
	for {
		token, err := decoder.Token()
		if err != nil {
			if icon.size == 0 || len(icon.shapes) == 0 {
				return nil, fmt.Errorf("%w: nothing is drawn", ErrSVG)
			}
			return icon, nil
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local == "svg" {
			if err := icon.open(start, &base); err != nil {
				return nil, err
			}
			continue
		}
		s, err := element(start, base)
		if err != nil {
			return nil, err
		}
		icon.shapes = append(icon.shapes, s)
	}
}

func (icon *Icon) open(start xml.StartElement, base *shape) error {
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "viewBox":
			n, err := numbers(a.Value)
			if err != nil || len(n) != 4 || n[0] != 0 || n[1] != 0 || n[2] != n[3] || n[2] <= 0 {
				return fmt.Errorf("%w: viewBox %q", ErrSVG, a.Value)
			}
			icon.size = n[2]
		default:
			if err := base.paint(a); err != nil {
				return err
			}
		}
	}
	return nil
}

// paint takes an attribute that says how a shape is painted; those that this package fixes must have its value.
func (s *shape) paint(a xml.Attr) error {
	switch a.Name.Local {
	case "fill":
		s.fill = a.Value
	case "stroke":
		s.stroke = a.Value
	case "stroke-width":
		w, err := strconv.ParseFloat(a.Value, 64)
		if err != nil || w <= 0 {
			return fmt.Errorf("%w: stroke-width %q", ErrSVG, a.Value)
		}
		s.width = w
	case "stroke-linecap", "stroke-linejoin":
		if a.Value != "round" {
			return fmt.Errorf("%w: %s %q", ErrSVG, a.Name.Local, a.Value)
		}
	case "xmlns":
	default:
		return fmt.Errorf("%w: attribute %s", ErrSVG, a.Name.Local)
	}
	return nil
}

func element(start xml.StartElement, base shape) (shape, error) {
	s, geometry := base, map[string]float64{}
	d := ""
	for _, a := range start.Attr {
		switch name := a.Name.Local; name {
		case "d":
			d = a.Value
		case "cx", "cy", "r", "x", "y", "width", "height", "rx":
			v, err := strconv.ParseFloat(a.Value, 64)
			if err != nil {
				return s, fmt.Errorf("%w: %s %q", ErrSVG, name, a.Value)
			}
			geometry[name] = v
		default:
			if err := s.paint(a); err != nil {
				return s, err
			}
		}
	}
	var err error
	switch start.Name.Local {
	case "path":
		s.lines, err = path(d)
	case "circle":
		s.lines = []line{arcs(geometry["cx"], geometry["cy"], geometry["r"])}
	case "rect":
		s.lines = []line{rect(geometry["x"], geometry["y"], geometry["width"], geometry["height"], geometry["rx"])}
	default:
		err = fmt.Errorf("%w: element %s", ErrSVG, start.Name.Local)
	}
	return s, err
}

// circleSteps makes a circle of a 24-pixel grid round enough for 512 pixels: its corners lie 0.03 px inside.
const circleSteps = 96

func arcs(cx, cy, r float64) line {
	l := line{closed: true}
	for i := range circleSteps {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / circleSteps)
		l.points = append(l.points, point{cx + r*cos, cy + r*sin})
	}
	return l
}

func rect(x, y, w, h, r float64) line {
	l := line{closed: true}
	if r == 0 {
		l.points = []point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}
		return l
	}
	const steps = circleSteps / 4
	for corner, c := range []point{{x + w - r, y + h - r}, {x + r, y + h - r}, {x + r, y + r}, {x + w - r, y + r}} {
		for i := range steps + 1 {
			sin, cos := math.Sincos(math.Pi / 2 * (float64(corner) + float64(i)/steps))
			l.points = append(l.points, point{c.x + r*cos, c.y + r*sin})
		}
	}
	return l
}

// path reads path data of absolute commands, each letter written out.
func path(d string) ([]line, error) {
	var lines []line
	var at point
	for d = strings.TrimSpace(d); d != ""; {
		end := strings.IndexAny(d[1:], "MLHVCZ") + 1
		if end == 0 {
			end = len(d)
		}
		command := d[0]
		n, err := numbers(d[1:end])
		d = strings.TrimSpace(d[end:])
		want := map[byte]int{'M': 2, 'L': 2, 'H': 1, 'V': 1, 'C': 6, 'Z': 0}
		if count, known := want[command]; err != nil || !known || len(n) != count || (len(lines) == 0 && command != 'M') {
			return nil, fmt.Errorf("%w: path command %q", ErrSVG, command)
		}
		if command == 'M' {
			lines = append(lines, line{})
		}
		l := &lines[len(lines)-1]
		switch command {
		case 'M', 'L':
			at = point{n[0], n[1]}
		case 'H':
			at.x = n[0]
		case 'V':
			at.y = n[0]
		case 'C':
			to := point{n[4], n[5]}
			const steps = 24
			for i := 1; i < steps; i++ {
				t := float64(i) / steps
				a, b, c, e := (1-t)*(1-t)*(1-t), 3*(1-t)*(1-t)*t, 3*(1-t)*t*t, t*t*t
				l.points = append(l.points, point{a*at.x + b*n[0] + c*n[2] + e*to.x, a*at.y + b*n[1] + c*n[3] + e*to.y})
			}
			at = to
		case 'Z':
			l.closed = true
			continue
		}
		l.points = append(l.points, at)
	}
	return lines, nil
}

func numbers(s string) ([]float64, error) {
	var out []float64
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\t' }) {
		v, err := strconv.ParseFloat(f, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%w: number %q", ErrSVG, f)
		}
		out = append(out, v)
	}
	return out, nil
}
