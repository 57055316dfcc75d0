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
	for _, f := range r.fields {
		if n := exifLengths[f.tag]; n != 0 && int(f.to-f.from) != n {
			return fail(ErrMalformed)
		}
	}
	num := func(tag uint16, off int) float64 {
		if !r.Has(tag) {
			return 0
		}
		v := math.Float64frombits(binary.BigEndian.Uint64(r.Bytes(tag)[off:]))
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0
		}
		return v
	}
	e := &EXIF{Kind: string(r.Bytes(1)), Taken: string(r.Bytes(2)), TakenSource: string(r.Bytes(3)), ZoneSource: string(r.Bytes(5)),
		Make: string(r.Bytes(6)), Model: string(r.Bytes(7)), Lens: string(r.Bytes(8)), ContentID: string(r.Bytes(18)), BurstID: string(r.Bytes(19)),
		HasPosition: r.Has(9), Latitude: num(9, 0), HasAltitude: r.Has(10), Altitude: num(10, 0),
		Aperture: num(13, 0), Exposure: num(14, 0), FocalLength: num(16, 0)}
	if e.HasPosition {
		e.Longitude = num(9, 8)
	}
	if r.Has(4) {
		e.ZoneKnown, e.ZoneMinutes = true, int16(binary.BigEndian.Uint16(r.Bytes(4)))
	}
	e.Orientation, _ = r.U8(11)
	if r.Has(12) {
		e.Width, e.Height = binary.BigEndian.Uint32(r.Bytes(12)), binary.BigEndian.Uint32(r.Bytes(12)[4:])
	}
	e.ISO, _ = r.U32(15)
	e.DurationMS, _ = r.U32(17)
	return e, nil
}
