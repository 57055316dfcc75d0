package photo

import (
	"strings"
	"time"
)

// exifFields fills the fields from the collected entries.
func (p *parse) exifFields() {
	t := tags{&p.exif}
	textField(&p.f.Make, t, tagMake, "EXIF Make")
	textField(&p.f.Model, t, tagModel, "EXIF Model")
	textField(&p.f.Lens, t, tagLensModel, "EXIF LensModel")
	if o, ok := t.integer(tagOrientation); ok && o >= 1 && o <= 8 {
		p.f.Orientation.set(int(o), "EXIF Orientation")
	}
	if n, d, ok := t.fraction(tagExposureTime); ok && n > 0 && d > 0 {
		p.f.Exposure.set(Fraction{n, d}, "EXIF ExposureTime")
	}
	if v, ok := t.number(tagFNumber); ok && v > 0 && v < 1000 {
		p.f.FNumber.set(v, "EXIF FNumber")
	}
	if v, ok := t.integer(tagISO); ok && v > 0 && v < 1<<31 {
		p.f.ISO.set(int(v), "EXIF ISO")
	}
	if v, ok := t.number(tagFocalLength); ok && v > 0 && v < 100000 {
		p.f.FocalLength.set(v, "EXIF FocalLength")
	}
	p.exifSize(t)
	if pos, ok := t.exifPosition(); ok {
		p.f.Position.set(pos, "EXIF GPS")
		if strings.HasPrefix(cleanText(t.text(tagGPSStatus)), "V") {
			p.f.Position.doubt("the receiver had no fix")
		}
	}
	p.exifDates(t)
}

func textField(v *Value[string], t tags, name uint16, source string) {
	if s := cleanText(t.text(name)); s != "" {
		v.set(s, source)
	}
}

// exifSize takes the size that the EXIF block states, unless the picture's own header told it.
func (p *parse) exifSize(t tags) {
	w, okW := t.integer(tagPixelX)
	h, okH := t.integer(tagPixelY)
	if okW && okH && w > 0 && h > 0 && w < 1<<24 && h < 1<<24 {
		p.f.Width.set(int(w), "EXIF PixelXDimension")
		p.f.Height.set(int(h), "EXIF PixelYDimension")
	}
}

// exifDates finds when the picture was taken: DateTimeOriginal, else DateTimeDigitized, with the offset tag that belongs to it, else with
// a zone derived from GPS time. DateTime is when a program last wrote the file and is never "taken".
func (p *parse) exifDates(t tags) {
	if d, _, ok := parseDate(cleanText(t.text(tagDateTime))); ok {
		p.f.Edited.set(p.withOffset(d, tagOffset), "EXIF DateTime")
	}
	for _, c := range []struct {
		name, sub uint16
		offset    []uint16
		source    string
	}{
		{tagDateOriginal, tagSubSecOriginal, []uint16{tagOffsetOriginal, tagOffset}, "EXIF DateTimeOriginal"},
		{tagDateDigitized, tagSubSecDigital, []uint16{tagOffsetDigital, tagOffset}, "EXIF DateTimeDigitized"},
	} {
		text := cleanText(t.text(c.name))
		d, absent, ok := parseDate(text)
		if !ok {
			if !absent && text != "" {
				p.hint(HintDate, "a date could not be read")
			}
			continue
		}
		if sub := cleanText(t.text(c.sub)); d.sub == "" && allDigits(sub) {
			d.sub = sub
			d.wall = d.wall.Add(fraction(sub))
		}
		taken := p.withOffset(d, c.offset...)
		if taken.Zone == ZoneUnknown {
			if utc, dated, ok := t.gpsTime(d.wall); ok {
				if off, ok := zoneFromGPS(d.wall, utc, dated); ok {
					taken.Zone, taken.Offset = ZoneGPS, off
				}
			}
		}
		p.offerDate(taken, c.source)
	}
}

// withOffset adds the first offset among the given tags that is present. goexif has no names for them (Exif 2.31), so they are read
// from the checked entries.
func (p *parse) withOffset(d stamp, offsets ...uint16) Taken {
	for _, tag := range offsets {
		for _, e := range p.exif.exif {
			if e.tag != tag || d.zone {
				continue
			}
			if off, ok := parseOffset(cleanText(e.value)); ok {
				d.zone, d.offset = true, off
			}
		}
	}
	return d.taken()
}

// appleTime is the wall clock of a movie that writes seconds since 1904.
func appleTime(seconds int64) time.Time {
	return time.Unix(seconds-2082844800, 0).UTC()
}
