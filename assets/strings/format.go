package texts

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Count writes a whole number with thousands separators: 41,207.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var out strings.Builder
	out.WriteString(sign)
	for i, d := range []byte(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteByte(d)
	}
	return out.String()
}

// Size writes bytes in decimal units (IEC 80000-13: 1 kB = 1,000 B), with one decimal below 10 of a unit, always rounded
// down: what is shown as room is there.
func Size(n int64) string {
	if n < 1000 && n > -1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	if n < 0 {
		return "-" + Size(-max(n, -1<<62))
	}
	unit, step := "", int64(1)
	for _, u := range []string{"kB", "MB", "GB", "TB", "PB", "EB"} {
		if n/step < 1000 {
			break
		}
		unit, step = u, step*1000
	}
	whole, tenth := n/step, n%step/(step/10)
	if whole < 10 && tenth > 0 {
		return strconv.FormatInt(whole, 10) + "." + strconv.FormatInt(tenth, 10) + " " + unit
	}
	return Count(whole) + " " + unit
}

// Span writes how long something is in one unit, rounded down: 40 s, 20 min, 2 h, 12 days, 3 years. Less than nothing is
// written as 0 s.
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Second:
		return "0 s"
	case d < time.Minute:
		return Count(int64(d/time.Second)) + " s"
	case d < time.Hour:
		return Count(int64(d/time.Minute)) + " min"
	case d < 2*day:
		return Count(int64(d/time.Hour)) + " h"
	case d < 730*day:
		return Count(int64(d/day)) + " days"
	}
	return Count(int64(d/(365*day))) + " years"
}

// Date writes a day as 3 Nov, or 3 Nov 2019 where the year is not the current one.
func (p Printer) Date(at time.Time) string {
	if at.IsZero() {
		return unknown
	}
	at = at.In(p.Now.Location())
	if at.Year() == p.Now.Year() {
		return at.Format("2 Jan")
	}
	return at.Format("2 Jan 2006")
}

// Clock writes a time of day as 14:02, with its day before it unless that is today.
func (p Printer) Clock(at time.Time) string {
	if at.IsZero() {
		return unknown
	}
	at = at.In(p.Now.Location())
	y, m, d := at.Date()
	if ny, nm, nd := p.Now.Date(); y == ny && m == nm && d == nd {
		return at.Format("15:04")
	}
	return p.Date(at) + " " + at.Format("15:04")
}

// Ago writes how long ago a moment is: "20 min ago", "just now" below one minute, "never" for the zero time. A moment in the
// future is "at an unknown time": the clock has moved.
func (p Printer) Ago(at time.Time) string {
	switch d := p.Now.Sub(at); {
	case at.IsZero():
		return "never"
	case d < -time.Minute:
		return "at an unknown time"
	case d < time.Minute:
		return "just now"
	default:
		return Span(d) + " ago"
	}
}

// longestName bounds what one name may take of a sentence; names of files may have 255 bytes and hold anything.
const longestName = 80

// Name makes a name fit to stand in a sentence: control, format and bidirectional characters and broken UTF-8 become "�",
// so that a file's name cannot rewrite the sentence around it, and the middle of a long one becomes "…".
func Name(s string) string {
	var out strings.Builder
	for _, r := range s {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) {
			r = utf8.RuneError
		}
		out.WriteRune(r)
	}
	runes := []rune(out.String())
	if len(runes) <= longestName {
		return string(runes)
	}
	const tail = 20 // keeps the number and the extension
	return string(runes[:longestName-tail-1]) + "…" + string(runes[len(runes)-tail:])
}
