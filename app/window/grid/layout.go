// Package grid is the timeline's widget: sections by month, recycled cells, pictures decoded off the screen's thread exactly at their
// size, a scrubber, and the whole of it by keyboard.
package grid

import (
	"sort"

	"lightproof/app/window/face"
)

// Measures of the grid in device-independent pixels.
const (
	headHeight float64 = 48
	cellTarget float64 = 160 // wanted side of a cell
	cellGap    float64 = 3
	monthGap   float64 = 12
	spareRows          = 2 // rows kept beyond what is visible
	scrubWidth float32 = 56
)

// plan is where everything lies: positions are float64, because float32 is no longer exact to the pixel beyond 16 million.
type plan struct {
	months []face.Month
	tops   []float64 // of each section, with its heading; one more for the end
	cols   int
	side   float64 // of a cell
	total  int     // groups
}

// newPlan lays the sections out for a width.
func newPlan(months []face.Month, width float64) plan {
	p := plan{months: months, cols: max(2, int((width+cellGap)/(cellTarget+cellGap)))}
	p.side = max((width-cellGap*float64(p.cols-1))/float64(p.cols), 16)
	y := 0.0
	p.tops = make([]float64, 0, len(months)+1)
	for _, m := range months {
		p.tops = append(p.tops, y)
		y += headHeight + float64(p.rows(m.Groups))*(p.side+cellGap) + monthGap
		p.total = max(p.total, m.First+m.Groups)
	}
	p.tops = append(p.tops, y)
	return p
}

func (p plan) rows(groups int) int { return (groups + p.cols - 1) / p.cols }

func (p plan) height() float64 { return p.tops[len(p.tops)-1] }

// sectionAt is the section that holds y, by binary search; -1 where there is none.
func (p plan) sectionAt(y float64) int {
	if len(p.months) == 0 {
		return -1
	}
	i := sort.SearchFloat64s(p.tops, y)
	if i >= len(p.tops) || p.tops[i] != y {
		i--
	}
	return max(0, min(i, len(p.months)-1))
}

// sectionOf is the section of the group at index i.
func (p plan) sectionOf(i int) int {
	s := sort.Search(len(p.months), func(k int) bool { return p.months[k].First > i }) - 1
	return max(s, 0)
}

// place is the top left corner of the group at index i.
func (p plan) place(i int) (x, y float64) {
	s := p.sectionOf(i)
	k := i - p.months[s].First
	return float64(k%p.cols) * (p.side + cellGap), p.tops[s] + headHeight + float64(k/p.cols)*(p.side+cellGap)
}

// hit is the group at a point of the whole, or -1.
func (p plan) hit(x, y float64) int {
	s := p.sectionAt(y)
	if s < 0 {
		return -1
	}
	inside := y - p.tops[s] - headHeight
	if inside < 0 || x < 0 {
		return -1
	}
	col, row := int(x/(p.side+cellGap)), int(inside/(p.side+cellGap))
	k := row*p.cols + col
	if col >= p.cols || k >= p.months[s].Groups {
		return -1
	}
	return p.months[s].First + k
}

// visible is the half-open range of groups whose cells touch [top, bottom).
func (p plan) visible(top, bottom float64) (first, last int) {
	if len(p.months) == 0 {
		return 0, 0
	}
	edge := func(y float64, up bool) int {
		s := p.sectionAt(y)
		inside := y - p.tops[s] - headHeight
		if inside < 0 {
			return p.months[s].First
		}
		row := int(inside / (p.side + cellGap))
		if up {
			row++
		}
		return p.months[s].First + min(row*p.cols, p.months[s].Groups)
	}
	return edge(max(top, 0), false), edge(min(max(bottom, 0), p.height()), true)
}

// step is the index that a move by rows leads to, across sections, keeping the column.
func (p plan) step(i, rows int) int {
	for ; rows != 0 && p.total > 0; rows -= sign(rows) {
		s := p.sectionOf(i)
		m := p.months[s]
		k := i - m.First
		col := k % p.cols
		next := k + sign(rows)*p.cols
		switch {
		case rows > 0 && next < m.Groups:
			i = m.First + next
		case rows > 0 && k/p.cols < p.rows(m.Groups)-1:
			i = m.First + m.Groups - 1
		case rows > 0 && s+1 < len(p.months):
			i = p.months[s+1].First + min(col, p.months[s+1].Groups-1)
		case rows < 0 && next >= 0:
			i = m.First + next
		case rows < 0 && s > 0:
			up := p.months[s-1]
			last := (p.rows(up.Groups) - 1) * p.cols
			i = up.First + min(last+col, up.Groups-1)
		default:
			return i
		}
	}
	return i
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}
