package widgets

import (
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"lightproof/app/window/face"
	"lightproof/app/window/present"
	"lightproof/app/window/theme"
	words "lightproof/assets/strings"
)

// Calendar shows one month with a mark and a count on each day that has recorded changes.
type Calendar struct {
	*fyne.Container
	title  *Text
	grid   *fyne.Container
	turn   func(year int, month time.Month)
	pick   func(face.Day)
	year   int
	month  time.Month
	chosen int
	days   []face.Day
}

// NewCalendar makes a calendar; turn is called when another month is wanted, pick when a day is chosen.
func NewCalendar(turn func(int, time.Month), pick func(face.Day)) *Calendar {
	c := &Calendar{title: NewText("", Strong), turn: turn, pick: pick}
	move := func(by int) func() {
		return func() {
			t := time.Date(c.year, c.month+time.Month(by), 1, 0, 0, 0, 0, time.UTC)
			c.turn(t.Year(), t.Month())
		}
	}
	c.grid = container.New(&week{})
	c.Container = Card(Column(theme.Unit, Row(theme.Unit, 1, NewButton("‹", move(-1)), container.NewCenter(c.title), NewButton("›", move(1))), c.grid))
	return c
}

// Set shows a month; weeks begin on Monday.
func (c *Calendar) Set(year int, month time.Month, days []face.Day) {
	c.year, c.month, c.days, c.chosen = year, month, days, 0
	c.title.Set(fmt.Sprintf("%s %d", month, year))
	c.fill()
}

func (c *Calendar) fill() {
	first := time.Date(c.year, c.month, 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	known := map[int]face.Day{}
	for _, d := range c.days {
		known[d.Day] = d
	}
	var cells []fyne.CanvasObject
	for _, name := range []string{"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"} {
		cells = append(cells, container.NewCenter(NewText(name, Caption)))
	}
	for range (int(first.Weekday()) + 6) % 7 {
		cells = append(cells, Gap(1, 1))
	}
	for n := 1; n <= last; n++ {
		d, ok := known[n]
		number := Style{Size: theme.BodySize, Role: theme.Muted}
		if !ok {
			cells = append(cells, Inset(6, 6, Column(2, NewText(fmt.Sprint(n), number))))
			continue
		}
		number = Style{Size: theme.BodySize, Bold: true, Role: theme.Text}
		cell := NewPressable(Column(4, NewText(fmt.Sprint(n), number), Row(4, 1, NewMark(present.VerdictOf(d.Mark), 14), NewText(words.Count(d.Changes), Caption))), 6, false, func() {
			c.chosen = n
			c.fill()
			c.pick(d)
		})
		cell.Chosen = n == c.chosen
		cells = append(cells, cell)
	}
	c.grid.Objects = cells
	c.grid.Refresh()
}

// week lays a calendar out in seven columns.
type week struct{}

const weekRow float32 = 56

func (week) heightFor(objects []fyne.CanvasObject, _ float32) float32 {
	return 24 + float32((len(objects)-7+6)/7)*(weekRow+4)
}

func (w week) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(7*48, w.heightFor(objects, 0))
}

func (week) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := (size.Width - 6*4) / 7
	for i, o := range objects {
		row, col := i/7, i%7
		y, h := float32(0), float32(20)
		if row > 0 {
			y, h = 24+float32(row-1)*(weekRow+4), weekRow
		}
		o.Move(fyne.NewPos(float32(col)*(width+4), y))
		o.Resize(fyne.NewSize(width, h))
	}
}
