package sample

import (
	"encoding/binary"
	"math"
	"time"
)

// MovieOptions say what a sample movie holds.
type MovieOptions struct {
	// Width and Height are those of a frame; 0 means 320 × 214. Frames is their number at 10 a second; 0 means 8.
	Width, Height, Frames int
	// Taken is when it was recorded, with its zone; zero means 2021-06-15 12:00:00 UTC.
	Taken time.Time
	// ContentID is the Live Photo identifier; empty writes none.
	ContentID string
	// Position writes ISO 6709 text; nil writes none.
	Position *Position
	// MetadataFirst puts moov before the pictures, as streaming tools do; cameras write it last.
	MetadataFirst bool
}

func box(kind string, parts ...[]byte) []byte {
	n := 8
	for _, p := range parts {
		n += len(p)
	}
	out := append(binary.BigEndian.AppendUint32(make([]byte, 0, n), uint32(n)), kind...)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func words(v ...uint32) []byte {
	var b []byte
	for _, n := range v {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// epoch1904 is the QuickTime and ISO 14496-12 epoch in Unix seconds.
const epoch1904 = -2082844800

var upright = words(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)

// MOV makes a QuickTime movie of Motion JPEG frames of the seeded scene, with the metadata keys a phone writes.
func MOV(seed uint64, o MovieOptions) []byte {
	if o.Width <= 0 || o.Height <= 0 {
		o.Width, o.Height = 320, 214
	}
	if o.Frames <= 0 {
		o.Frames = 8
	}
	if o.Taken.IsZero() {
		o.Taken = time.Date(2021, 6, 15, 12, 0, 0, 0, time.UTC)
	}
	frames := make([][]byte, o.Frames)
	wide := scene(seed, o.Width+2*o.Frames, o.Height)
	for i := range frames { // the camera pans by two pixels a frame
		r := wide.Rect
		r.Min.X, r.Max.X = 2*i, 2*i+o.Width
		frames[i] = encode(wide.SubImage(r), 80)
	}
	ftyp := box("ftyp", []byte("qt  "), words(0), []byte("qt  "))
	mdat := box("mdat", frames...)
	if !o.MetadataFirst {
		moov := movieHeader(o, frames, len(ftyp)+8)
		return append(append(ftyp, mdat...), moov...)
	}
	at := len(ftyp) + len(movieHeader(o, frames, 0)) + 8
	return append(append(ftyp, movieHeader(o, frames, at)...), mdat...)
}

func movieHeader(o MovieOptions, frames [][]byte, at int) []byte {
	const scale, perFrame = 600, 60
	created := uint32(o.Taken.Unix() - epoch1904)
	length := uint32(len(frames) * perFrame)
	sizes := words(0, 0, uint32(len(frames)))
	offsets := words(0, uint32(len(frames)))
	for _, f := range frames {
		sizes = binary.BigEndian.AppendUint32(sizes, uint32(len(f)))
		offsets = binary.BigEndian.AppendUint32(offsets, uint32(at))
		at += len(f)
	}
	video := make([]byte, 78) // ISO 14496-12, 12.1.3: VisualSampleEntry after the box header
	binary.BigEndian.PutUint16(video[6:], 1)
	binary.BigEndian.PutUint16(video[24:], uint16(o.Width))
	binary.BigEndian.PutUint16(video[26:], uint16(o.Height))
	binary.BigEndian.PutUint32(video[28:], 72<<16)
	binary.BigEndian.PutUint32(video[32:], 72<<16)
	binary.BigEndian.PutUint16(video[40:], 1)
	binary.BigEndian.PutUint16(video[74:], 24)
	binary.BigEndian.PutUint16(video[76:], 0xFFFF)
	table := box("stbl",
		box("stsd", words(0, 1), box("jpeg", video)),
		box("stts", words(0, 1, uint32(len(frames)), perFrame)),
		box("stsc", words(0, 1, 1, 1, 1)),
		box("stsz", sizes),
		box("stco", offsets))
	handler := func(component, kind string) []byte {
		return box("hdlr", words(0), []byte(component+kind), words(0, 0, 0), []byte{0})
	}
	media := box("mdia",
		box("mdhd", words(0, created, created, scale, length, 0x55C40000)),
		handler("mhlr", "vide"),
		box("minf", box("vmhd", words(1, 0, 0)), handler("dhlr", "url "),
			box("dinf", box("dref", words(0, 1), box("url ", words(1)))), table))
	head := append(words(0, created, created, scale, length, 0x10000, 0x01000000, 0, 0), upright...)
	head = append(head, words(0, 0, 0, 0, 0, 0, 2)...)
	track := append(words(7, created, created, 1, 0, length, 0, 0, 0, 0), upright...)
	track = append(track, words(uint32(o.Width)<<16, uint32(o.Height)<<16)...)
	return box("moov", box("mvhd", head), box("trak", box("tkhd", track), media), movieKeys(o))
}

// movieKeys is the QuickTime metadata of phones: a list of key names, then values by their number.
func movieKeys(o MovieOptions) []byte {
	names := []string{"com.apple.quicktime.make", "com.apple.quicktime.model", "com.apple.quicktime.creationdate"}
	values := []string{Make, Model, o.Taken.Format("2006-01-02T15:04:05-0700")}
	if o.ContentID != "" {
		names, values = append(names, "com.apple.quicktime.content.identifier"), append(values, o.ContentID)
	}
	if o.Position != nil {
		names, values = append(names, "com.apple.quicktime.location.ISO6709"), append(values, iso6709(*o.Position))
	}
	keys, list := words(0, uint32(len(names))), []byte(nil)
	for i, n := range names {
		keys = append(keys, box("mdta", []byte(n))...)
		list = append(list, box(string(words(uint32(i+1))), box("data", words(1, 0), []byte(values[i])))...)
	}
	return box("meta", box("hdlr", words(0, 0), []byte("mdta"), words(0, 0, 0), []byte{0}), box("keys", keys), box("ilst", list))
}

// iso6709 writes a position as ISO 6709 annex H text: ±DD.DDDD±DDD.DDDD±A.A/.
func iso6709(p Position) string {
	fixed := func(v float64, whole, decimals int) []byte {
		sign := byte('+')
		if v < 0 {
			sign, v = '-', -v
		}
		n := int64(math.Round(v * math.Pow10(decimals)))
		digits := []byte{}
		for len(digits) < decimals || n > 0 || len(digits)-decimals < whole {
			if len(digits) == decimals {
				digits = append(digits, '.')
				whole++
			}
			digits = append(digits, byte('0'+n%10))
			n /= 10
		}
		out := []byte{sign}
		for i := len(digits) - 1; i >= 0; i-- {
			out = append(out, digits[i])
		}
		return out
	}
	return string(fixed(p.Lat, 2, 4)) + string(fixed(p.Lon, 3, 4)) + string(fixed(p.Alt, 1, 1)) + "/"
}
