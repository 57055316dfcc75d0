package vault

import (
	"encoding/binary"
	"fmt"
	"math"
)

// EXIF is what the timeline and the search need of a picture, so that a new computer shows them without fetching photos. Zero values
// mean "not known".
type EXIF struct {
	Kind        string // detected from content: "JPEG", "NEF", "HEIC", ...
	Taken       string // local wall clock "2006-01-02T15:04:05.999999999", empty = unknown
	TakenSource string // where the date comes from, e.g. "DateTimeOriginal"
	ZoneKnown   bool
	ZoneMinutes int16  // east of UTC
	ZoneSource  string // "tag", "gps", "video"
	Make        string
	Model       string
	Lens        string
	HasPosition bool
	Latitude    float64 // degrees, north positive
	Longitude   float64 // degrees, east positive
	Altitude    float64 // metres, valid if HasAltitude
	HasAltitude bool
	Orientation uint8 // EXIF 1–8
	Width       uint32
	Height      uint32
	Aperture    float64 // f-number
	Exposure    float64 // seconds
	ISO         uint32
	FocalLength float64 // millimetres
	DurationMS  uint32  // of a video
	ContentID   string  // Apple content identifier, joins the halves of a Live Photo
	BurstID     string
}

// Encode makes the record; unknown fields are left out.
func (e *EXIF) Encode() []byte {
	f := NewFields()
	e.add(f)
	return f.Encoded()
}

func (e *EXIF) add(f *Fields) {
	str := func(tag uint16, s string) {
		if s != "" {
			f.Str(tag, s)
		}
	}
	num := func(tag uint16, v float64) {
		if v != 0 {
			f.U64(tag, math.Float64bits(v))
		}
	}
	str(1, e.Kind)
	str(2, e.Taken)
	str(3, e.TakenSource)
	if e.ZoneKnown {
		f.Bytes(4, []byte{byte(uint16(e.ZoneMinutes) >> 8), byte(e.ZoneMinutes)})
	}
	str(5, e.ZoneSource)
	str(6, e.Make)
	str(7, e.Model)
	str(8, e.Lens)
	if e.HasPosition {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:], math.Float64bits(e.Latitude))
		binary.BigEndian.PutUint64(b[8:], math.Float64bits(e.Longitude))
		f.Bytes(9, b[:])
	}
	if e.HasAltitude {
		f.U64(10, math.Float64bits(e.Altitude))
	}
	if e.Orientation != 0 {
		f.U8(11, e.Orientation)
	}
	if e.Width != 0 || e.Height != 0 {
		f.U64(12, uint64(e.Width)<<32|uint64(e.Height))
	}
	num(13, e.Aperture)
	num(14, e.Exposure)
	if e.ISO != 0 {
		f.U32(15, e.ISO)
	}
	num(16, e.FocalLength)
	if e.DurationMS != 0 {
		f.U32(17, e.DurationMS)
	}
	str(18, e.ContentID)
	str(19, e.BurstID)
}

// exifLengths are the lengths in bytes of fields that hold numbers; the others hold text.
var exifLengths = [20]int{4: 2, 9: 16, 10: 8, 11: 1, 12: 8, 13: 8, 14: 8, 15: 4, 16: 8, 17: 4}

// ParseEXIF decodes the record.
func ParseEXIF(b []byte) (*EXIF, error) {
	fail := func(e error) (*EXIF, error) { return nil, fmt.Errorf("EXIF record: %w", e) }
	if len(b) > 16<<10 {
		return fail(ErrMalformed)
	}
	r, err := ParseFields(b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)
	if err != nil {
		return fail(err)
	}
	num := func(v []byte) float64 {
		x := math.Float64frombits(binary.BigEndian.Uint64(v))
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return 0
		}
		return x
	}
	e := &EXIF{}
	for _, f := range r.fields {
		v := r.b[f.from:f.to]
		if n := exifLengths[f.tag]; n != 0 && len(v) != n {
			return fail(ErrMalformed)
		}
		switch f.tag {
		case 1:
			e.Kind = string(v)
		case 2:
			e.Taken = string(v)
		case 3:
			e.TakenSource = string(v)
		case 4:
			e.ZoneKnown, e.ZoneMinutes = true, int16(binary.BigEndian.Uint16(v))
		case 5:
			e.ZoneSource = string(v)
		case 6:
			e.Make = string(v)
		case 7:
			e.Model = string(v)
		case 8:
			e.Lens = string(v)
		case 9:
			e.HasPosition, e.Latitude, e.Longitude = true, num(v), num(v[8:])
		case 10:
			e.HasAltitude, e.Altitude = true, num(v)
		case 11:
			e.Orientation = v[0]
		case 12:
			e.Width, e.Height = binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:])
		case 13:
			e.Aperture = num(v)
		case 14:
			e.Exposure = num(v)
		case 15:
			e.ISO = binary.BigEndian.Uint32(v)
		case 16:
			e.FocalLength = num(v)
		case 17:
			e.DurationMS = binary.BigEndian.Uint32(v)
		case 18:
			e.ContentID = string(v)
		case 19:
			e.BurstID = string(v)
		}
	}
	return e, nil
}
