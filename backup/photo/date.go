package photo

import (
	"strconv"
	"strings"
	"time"
)

const quarter = 15 * time.Minute

// stamp is a date as it was written.
type stamp struct {
	wall   time.Time
	sub    string
	zone   bool
	offset time.Duration
}

// parseDate reads "YYYY:MM:DD HH:MM:SS" and its relatives: '-', '/' or '.' in the date, 'T' before the time, fractions, 'Z' or an
// offset. absent is true for blanks and for zeros, which cameras without a set clock write; ok is false for anything that is no possible date.
func parseDate(s string) (d stamp, absent, ok bool) {
	s = strings.TrimSpace(s)
	if strings.Trim(s, "0:-/. TZ") == "" {
		return d, true, false
	}
	p := scanner{s: s}
	y, okY := p.digits(4, 4)
	sep := p.oneOf(":-/.")
	mo, okM := p.digits(1, 2)
	okSep := p.oneOf(":-/.") == sep && sep != 0
	day, okD := p.digits(1, 2)
	if !okY || !okM || !okD || !okSep {
		return d, false, false
	}
	var h, mi, sec int
	if p.oneOf("T ") != 0 {
		p.spaces()
		var okH, okMi bool
		h, okH = p.digits(1, 2)
		c := p.oneOf(":.")
		mi, okMi = p.digits(2, 2)
		if !okH || !okMi || c == 0 {
			return d, false, false
		}
		if p.oneOf(":.") != 0 {
			var okS bool
			if sec, okS = p.digits(2, 2); !okS {
				return d, false, false
			}
		}
		if p.oneOf(".,") != 0 {
			d.sub = p.run()
		}
		p.spaces()
		if off, ok := parseOffset(p.s); ok {
			d.zone, d.offset = true, off
		}
	}
	if h > 23 || mi > 59 || sec > 60 || mo < 1 || mo > 12 || day < 1 {
		return d, false, false
	}
	d.wall = time.Date(y, time.Month(mo), day, h, mi, min(sec, 59), 0, time.UTC)
	if d.wall.Day() != day { // 31 April
		return d, false, false
	}
	d.wall = d.wall.Add(fraction(d.sub))
	return d, false, true
}

// fraction turns the digits behind a decimal point into a duration below one second; anything else is 0.
func fraction(digits string) time.Duration {
	if digits == "" {
		return 0 // an error costs more than all the rest
	}
	digits = digits[:min(len(digits), 9)]
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0
	}
	for range 9 - len(digits) {
		n *= 10
	}
	return time.Duration(n)
}

// parseOffset reads "Z", "+02:00", "-0330" or "+02". Only quarter hours from −12:00 to +14:00 are offsets.
func parseOffset(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) < 3 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	p := scanner{s: s[1:]}
	h, ok := p.digits(2, 2)
	if !ok {
		return 0, false
	}
	m := 0
	if p.oneOf(":"); p.s != "" {
		if m, ok = p.digits(2, 2); !ok || p.s != "" || m > 59 {
			return 0, false
		}
	}
	off := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if s[0] == '-' {
		off = -off
	}
	return off, validOffset(off)
}

func validOffset(off time.Duration) bool {
	return off%quarter == 0 && off >= -12*time.Hour && off <= 14*time.Hour
}

type scanner struct{ s string }

func (p *scanner) digits(least, most int) (int, bool) {
	n, i := 0, 0
	for i < len(p.s) && i < most && p.s[i] >= '0' && p.s[i] <= '9' {
		n, i = n*10+int(p.s[i]-'0'), i+1
	}
	p.s = p.s[i:]
	return n, i >= least
}

func (p *scanner) run() string {
	i := 0
	for i < len(p.s) && p.s[i] >= '0' && p.s[i] <= '9' {
		i++
	}
	run := p.s[:i]
	p.s = p.s[i:]
	return run
}

func (p *scanner) oneOf(set string) byte {
	if p.s == "" || strings.IndexByte(set, p.s[0]) < 0 {
		return 0
	}
	c := p.s[0]
	p.s = p.s[1:]
	return c
}

func (p *scanner) spaces() { p.s = strings.TrimLeft(p.s, " ") }

// taken is the date with its zone.
func (d stamp) taken() Taken {
	t := Taken{Wall: d.wall, SubSec: d.sub}
	if d.zone {
		t.Zone, t.Offset = ZoneTag, d.offset
	}
	return t
}

// offerDate gives the reader one date that claims to be when the picture was taken; the first believable one stays.
func (p *parse) offerDate(t Taken, source string) {
	why := ""
	earliest := t.Wall.Add(-t.Offset)
	if t.Zone == ZoneUnknown {
		earliest = t.Wall.Add(-14 * time.Hour)
	}
	switch {
	case t.Wall.Year() < 1900:
		why = "before 1900"
	case !p.now.IsZero() && earliest.After(p.now.Add(24*time.Hour)):
		why = "more than a day in the future"
	}
	if why != "" {
		if !p.f.PassedOver.Known() {
			p.f.PassedOver = Value[Taken]{V: t, Source: source, State: Doubtful, Why: why}
			p.hint(HintDate, "a date was passed over: "+why)
		}
		return
	}
	if p.f.Taken.Known() {
		return
	}
	p.f.Taken.set(t, source)
	if w := t.Wall; w.YearDay() == 1 && w.Hour() == 0 && w.Minute() == 0 && w.Second() == 0 && (w.Year() == 1970 || w.Year() == 1980 || w.Year() == 2000) {
		p.f.Taken.doubt("camera clock not set?")
	}
}

// zoneFromGPS derives an offset from local time and the UTC time of the satellites. It is accepted only within two minutes of a quarter
// hour: a receiver's stale fix is usually farther off. Without a GPS date the one valid offset must be unique.
func zoneFromGPS(local, utc time.Time, hasDate bool) (time.Duration, bool) {
	match := func(diff time.Duration) (time.Duration, bool) {
		off := diff.Round(quarter)
		return off, (diff-off).Abs() <= 2*time.Minute && validOffset(off)
	}
	diff := local.Truncate(time.Second).Sub(utc)
	if hasDate {
		return match(diff)
	}
	found, n := time.Duration(0), 0
	for _, day := range []time.Duration{-24 * time.Hour, 0, 24 * time.Hour} {
		if off, ok := match(diff + day); ok {
			found, n = off, n+1
		}
	}
	return found, n == 1
}
