package photo

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// exifPosition reads the GPS directory (Exif 2.32, 4.6.6). Anything incomplete or impossible is no position.
func (t tags) exifPosition() (Position, bool) {
	var p Position
	var ok bool
	if p.Lat, ok = t.axis(tagGPSLatitude, tagGPSLatitudeRef, "N", "S", 90); !ok {
		return p, false
	}
	if p.Lon, ok = t.axis(tagGPSLongitude, tagGPSLongitudeRef, "E", "W", 180); !ok {
		return p, false
	}
	if p.Lat == 0 && p.Lon == 0 { // the gulf of unset receivers
		return p, false
	}
	if n, d, ok := t.fraction(tagGPSAltitude); ok {
		p.Altitude, p.HasAltitude = float64(n)/float64(d), true
		if ref, _ := t.integer(tagGPSAltitudeRef); ref == 1 {
			p.Altitude = -p.Altitude
		}
	}
	return p, true
}

// axis is one coordinate: degrees, minutes and seconds with a reference letter.
func (t tags) axis(value, ref uint16, pos, neg string, most float64) (float64, bool) {
	var part [3]float64
	if text := t.text(value); text != nil {
		var ok bool
		if part, ok = decimalCommas(cleanText(text)); !ok {
			return 0, false
		}
	} else {
		v := t.numbers(value)
		if v.len() == 0 {
			return 0, false
		}
		for i := range min(v.len(), 3) {
			n, d, ok := v.ratio(i)
			if !ok {
				return 0, false
			}
			part[i] = float64(n) / float64(d)
		}
	}
	if part[0] < 0 || part[1] < 0 || part[1] >= 60 || part[2] < 0 || part[2] >= 60 {
		return 0, false
	}
	v := part[0] + part[1]/60 + part[2]/3600
	switch side := strings.ToUpper(cleanText(t.text(ref))); {
	case strings.HasPrefix(side, pos):
	case strings.HasPrefix(side, neg):
		v = -v
	default:
		return 0, false
	}
	return v, math.Abs(v) <= most
}

// decimalCommas reads the text that some phones write instead of fractions: six comma-separated parts that are three numbers with
// decimal commas, "52,00000,50,00000,34,01180" = 52° 50′ 34.0118″. Any other text is no position.
func decimalCommas(s string) (out [3]float64, ok bool) {
	parts := strings.Split(s, ",")
	if len(parts) != 6 {
		return out, false
	}
	for i := range out {
		if !allDigits(parts[2*i]) || !allDigits(parts[2*i+1]) {
			return out, false
		}
		v, err := strconv.ParseFloat(parts[2*i]+"."+parts[2*i+1], 64)
		if err != nil {
			return out, false
		}
		out[i] = v
	}
	return out, true
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// gpsTime is the UTC time of the satellites; without a date stamp the day is the given one.
func (t tags) gpsTime(day time.Time) (utc time.Time, hasDate, ok bool) {
	var part [3]float64
	clock := t.numbers(tagGPSTimeStamp)
	for i := range part {
		n, d, ok := clock.ratio(i)
		if !ok {
			return utc, false, false
		}
		part[i] = float64(n) / float64(d)
	}
	if part[0] < 0 || part[0] >= 24 || part[1] < 0 || part[1] >= 60 || part[2] < 0 || part[2] > 60 {
		return utc, false, false
	}
	if d, _, ok := parseDate(cleanText(t.text(tagGPSDateStamp))); ok {
		day, hasDate = d.wall, true
	}
	midnight := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	return midnight.Add(time.Duration((part[0]*3600 + part[1]*60 + part[2]) * float64(time.Second))), hasDate, true
}

// xmpAxis reads "52,50.57N", "52,50,34N" (XMP specification part 2, GPSCoordinate) or a plain decimal.
func xmpAxis(s, pos, neg string, most float64) (float64, bool) {
	s = strings.TrimSpace(s)
	sign := 1.0
	if n := len(s); n > 0 {
		switch letter := strings.ToUpper(s[n-1:]); letter {
		case pos:
			s = s[:n-1]
		case neg:
			s, sign = s[:n-1], -1
		}
	}
	v, scale := 0.0, 1.0
	parts := strings.Split(s, ",")
	if len(parts) > 3 {
		return 0, false
	}
	for i, part := range parts {
		x, err := strconv.ParseFloat(part, 64)
		if err != nil || math.IsNaN(x) || i > 0 && (x < 0 || x >= 60) {
			return 0, false
		}
		v, scale = v+x/scale, scale*60
	}
	return sign * v, math.Abs(v) <= most
}

// parseISO6709 reads the text position of movies: ±DD.D±DDD.D±A/, degrees alone or with minutes and seconds (ISO 6709, annex H).
func parseISO6709(s string) (Position, bool) {
	var p Position
	s = strings.TrimSpace(s)
	if i := strings.IndexAny(s, "/C"); i >= 0 {
		s = s[:i]
	}
	var parts []string
	for s != "" && len(parts) < 3 {
		if s[0] != '+' && s[0] != '-' {
			return p, false
		}
		end := strings.IndexAny(s[1:], "+-") + 1
		if end == 0 {
			end = len(s)
		}
		parts, s = append(parts, s[:end]), s[end:]
	}
	if len(parts) < 2 {
		return p, false
	}
	var ok1, ok2 bool
	p.Lat, ok1 = sexagesimal(parts[0], 2)
	p.Lon, ok2 = sexagesimal(parts[1], 3)
	if len(parts) == 3 {
		if a, err := strconv.ParseFloat(parts[2], 64); err == nil && math.Abs(a) < 1e6 {
			p.Altitude, p.HasAltitude = a, true
		}
	}
	return p, ok1 && ok2 && math.Abs(p.Lat) <= 90 && math.Abs(p.Lon) <= 180 && (p.Lat != 0 || p.Lon != 0)
}

// sexagesimal reads ±D…, ±D…MM or ±D…MMSS with a fraction on the last part; whole is the number of degree digits.
func sexagesimal(s string, whole int) (float64, bool) {
	sign, body := 1.0, s[1:]
	if s[0] == '-' {
		sign = -1
	}
	point := strings.IndexByte(body, '.')
	if point < 0 {
		point = len(body)
	}
	if point < whole || !allDigits(body[:point]) {
		return 0, false
	}
	var cut []int
	switch point - whole {
	case 0:
	case 2:
		cut = []int{whole}
	case 4:
		cut = []int{whole, whole + 2}
	default:
		return 0, false
	}
	v, scale, from := 0.0, 1.0, 0
	for _, at := range append(cut, len(body)) {
		x, err := strconv.ParseFloat(body[from:at], 64)
		if err != nil || from > 0 && x >= 60 {
			return 0, false
		}
		v, scale, from = v+x/scale, scale*60, at
	}
	return sign * v, true
}
