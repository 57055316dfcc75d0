package draw

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// polygon is a closed outline. All polygons turn the same way, so that overlapping ones add up to their union; one that
// turns the other way is the hole of the one before it.
type polygon []point

// filled gives the polygons that the fill of a shape covers, stroked those of its stroke.
func (s shape) filled() []polygon {
	var all []polygon
	var sum float64
	for _, l := range s.lines {
		all = append(all, polygon(l.points))
		sum += area(all[len(all)-1])
	}
	if sum < 0 { // turned as a whole, so that holes stay holes
		for i, p := range all {
			all[i] = slices.Clone(p)
			slices.Reverse(all[i])
		}
	}
	return all
}

// joint is the angle, in radians, from which a bend counts as a corner; a smooth run goes on below it.
const joint = 0.4

// stroked gives one polygon for each smooth run, with round ends: many small ones would each soften the same edge, and
// their sum would be rough. Runs that meet at a corner overlap in their round ends, which makes the round join.
func (s shape) stroked() []polygon {
	var all []polygon
	r := s.width / 2
	for _, l := range s.lines {
		points := distinct(l.points, l.closed)
		if len(points) == 1 {
			all = append(all, disc(points[0], r))
			continue
		}
		corners := corners(points, l.closed)
		switch n := len(points); {
		case !l.closed:
			for i := range len(corners) - 1 {
				all = append(all, ribbon(points[corners[i]:corners[i+1]+1], r))
			}
		case len(corners) == 0:
			all = append(all, ring(points, r)...)
		default:
			twice := append(points[:n:n], points...)
			for i, from := range corners {
				to := corners[(i+1)%len(corners)]
				if to <= from {
					to += n
				}
				all = append(all, ribbon(twice[from:to+1], r))
			}
		}
	}
	return all
}

// distinct leaves out points that repeat the one before.
func distinct(points []point, closed bool) []point {
	var out []point
	for _, p := range points {
		if len(out) == 0 || math.Hypot(p.x-out[len(out)-1].x, p.y-out[len(out)-1].y) > 1e-9 {
			out = append(out, p)
		}
	}
	if last := len(out) - 1; closed && last > 0 && math.Hypot(out[0].x-out[last].x, out[0].y-out[last].y) < 1e-9 {
		out = out[:last]
	}
	return out
}

// corners gives the indices of the points at which a smooth run ends; for an open line its two ends are among them.
func corners(points []point, closed bool) []int {
	var at []int
	n := len(points)
	for i, p := range points {
		end := !closed && (i == 0 || i == n-1)
		if end || bend(points[(i+n-1)%n], p, points[(i+1)%n]) > joint {
			at = append(at, i)
		}
	}
	return at
}

// ribbon is the outline of a smooth open run: along its left side, round its end, back along its right side, round its start.
func ribbon(points []point, r float64) polygon {
	n := len(points)
	left, right := make([]point, n), make([]point, n)
	for i := range points {
		left[i], right[i] = sides(points[max(i-1, 0)], points[i], points[min(i+1, n-1)], r)
	}
	out := append([]point(nil), left...)
	out = append(out, halfRound(points[n-2], points[n-1], r)...)
	for i := n - 1; i >= 0; i-- {
		out = append(out, right[i])
	}
	out = append(out, halfRound(points[1], points[0], r)...)
	return oriented(out)
}

// ring is a smooth closed run: its outer side, and its inner side turning the other way, which makes the hole.
func ring(points []point, r float64) []polygon {
	n := len(points)
	left, right := make([]point, n), make([]point, n)
	for i := range points {
		left[i], right[i] = sides(points[(i+n-1)%n], points[i], points[(i+1)%n], r)
	}
	outer, inner := oriented(left), oriented(right)
	if area(outer) < area(inner) {
		outer, inner = inner, outer
	}
	slices.Reverse(inner)
	return []polygon{outer, inner}
}

// sides gives the points at distance r to the left and right of b on the way a-b-c.
func sides(a, b, c point, r float64) (left, right point) {
	angle := math.Atan2(b.y-a.y, b.x-a.x)
	if a == b {
		angle = math.Atan2(c.y-b.y, c.x-b.x)
	}
	turn := 0.0
	if a != b && b != c {
		turn = math.Remainder(math.Atan2(c.y-b.y, c.x-b.x)-angle, 2*math.Pi)
	}
	sin, cos := math.Sincos(angle + turn/2 + math.Pi/2)
	reach := r / math.Cos(turn/2)
	return point{b.x + reach*cos, b.y + reach*sin}, point{b.x - reach*cos, b.y - reach*sin}
}

// halfRound is the half circle round end, coming from the left side of the way from-end.
func halfRound(from, end point, r float64) []point {
	const steps = 16
	start := math.Atan2(end.y-from.y, end.x-from.x) + math.Pi/2
	var out []point
	for i := 1; i < steps; i++ {
		sin, cos := math.Sincos(start - math.Pi*float64(i)/steps)
		out = append(out, point{end.x + r*cos, end.y + r*sin})
	}
	return out
}

func disc(at point, r float64) polygon { return oriented(arcs(at.x, at.y, r).points) }

// bend is the angle by which the way a-b-c turns at b.
func bend(a, b, c point) float64 {
	turn := math.Atan2(c.y-b.y, c.x-b.x) - math.Atan2(b.y-a.y, b.x-a.x)
	return math.Abs(math.Remainder(turn, 2*math.Pi))
}

// oriented turns the points so that their signed area is positive.
func oriented(points []point) polygon {
	out := slices.Clone(polygon(points))
	if area(out) < 0 {
		slices.Reverse(out)
	}
	return out
}

// area is twice the signed area of a polygon.
func area(p polygon) float64 {
	var sum float64
	for i, a := range p {
		b := p[(i+1)%len(p)]
		sum += a.x*b.y - b.x*a.y
	}
	return sum
}

// Outline gives the icon as an SVG of filled paths alone, black. Toolkits that tint an icon by replacing its fill (Fyne does)
// would leave strokes as they are.
func (icon *Icon) Outline() []byte {
	var out strings.Builder
	size := number(icon.size)
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s">`, size, size, size, size)
	for _, s := range icon.shapes {
		var polygons []polygon
		if s.fill != "none" {
			polygons = append(polygons, s.filled()...)
		}
		if s.stroke != "none" {
			polygons = append(polygons, s.stroked()...)
		}
		out.WriteString(`<path fill="#000000" d="`)
		for _, p := range polygons {
			for i, q := range p {
				out.WriteString(map[bool]string{true: "M", false: "L"}[i == 0] + number(q.x) + " " + number(q.y))
			}
			out.WriteString("Z")
		}
		out.WriteString(`"/>`)
	}
	out.WriteString("</svg>\n")
	return []byte(out.String())
}

func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}
