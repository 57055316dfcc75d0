package photo

import (
	"encoding/binary"
	"slices"
)

// exifEntries are the checked entries of the three directories that describe a picture.
type exifEntries struct {
	order           binary.ByteOrder
	ifd0, exif, gps []entry
	sensor          bool // some directory of the file holds sensor data rather than a picture
}

func (x *exifEntries) empty() bool { return len(x.ifd0)+len(x.exif)+len(x.gps) == 0 }

// The tags whose values are asked for, in IFD0 or the Exif directory (some cameras write the latter's into the former) and in the GPS
// directory. The decoder spends most of its time on values, so it gets no others.
var (
	askedTags = []uint16{0x010F, 0x0110, 0x0112, 0x0132, 0x829A, 0x829D, 0x8827, 0x9003, 0x9004, 0x920A, 0x9291, 0x9292, 0xA002, 0xA003, 0xA434}
	askedGPS  = []uint16{1, 2, 3, 4, 5, 6, 7, 9, 0x1D}
)

// canonical writes the entries that are asked for as a TIFF block that holds nothing a decoder could stumble over: header, IFD0, Exif and GPS directory, each
// followed by its values; tags ascending and unique, the first of duplicates kept; every offset computed here; no further directory.
// With the limits of the walk it stays below 28 KiB.
func (x *exifEntries) canonical() []byte {
	ifd0, exif, gps := tidy(x.ifd0, askedTags), tidy(x.exif, askedTags), tidy(x.gps, askedGPS)
	links := 0
	for _, d := range [][]entry{exif, gps} {
		if len(d) > 0 {
			links++
		}
	}
	exifAt := 8 + directoryBytes(ifd0, links)
	gpsAt := exifAt + directoryBytes(exif, 0)
	if len(exif) == 0 {
		gpsAt = exifAt
	}
	if len(exif) > 0 {
		ifd0 = x.pointer(ifd0, tagExifIFD, exifAt)
	}
	if len(gps) > 0 {
		ifd0 = x.pointer(ifd0, tagGPSIFD, gpsAt)
	}
	slices.SortStableFunc(ifd0, byTag)

	out := make([]byte, 8, gpsAt+directoryBytes(gps, 0))
	copy(out, "II")
	if x.order == binary.ByteOrder(binary.BigEndian) {
		copy(out, "MM")
	}
	x.order.PutUint16(out[2:], 42)
	x.order.PutUint32(out[4:], 8)
	out = x.append(out, ifd0)
	if len(exif) > 0 {
		out = x.append(out, exif)
	}
	if len(gps) > 0 {
		out = x.append(out, gps)
	}
	return out
}

func byTag(a, b entry) int { return int(a.tag) - int(b.tag) }

// tidy sorts by tag, drops what is not asked for or may not be copied, and all but the first of each tag.
func tidy(in []entry, asked []uint16) []entry {
	out := make([]entry, 0, len(in)+2)
	for _, e := range in {
		if slices.Contains(asked, e.tag) && int64(len(e.value)) == e.bytes() {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, byTag)
	return slices.CompactFunc(out, func(a, b entry) bool { return a.tag == b.tag })
}

func directoryBytes(d []entry, extra int) int {
	n := 2 + 12*(len(d)+extra) + 4
	for _, e := range d {
		if len(e.value) > 4 {
			n += len(e.value) + len(e.value)&1
		}
	}
	return n
}

func (x *exifEntries) pointer(d []entry, tag uint16, at int) []entry {
	v := make([]byte, 4)
	x.order.PutUint32(v, uint32(at))
	return append(d, entry{tag: tag, typ: 4, count: 1, value: v})
}

func (x *exifEntries) append(out []byte, d []entry) []byte {
	start := len(out)
	values := start + 2 + 12*len(d) + 4
	out = out[:min(values, cap(out))]
	for len(out) < values {
		out = append(out, 0)
	}
	clear(out[start:])
	x.order.PutUint16(out[start:], uint16(len(d)))
	for i, e := range d {
		at := start + 2 + 12*i
		x.order.PutUint16(out[at:], e.tag)
		x.order.PutUint16(out[at+2:], e.typ)
		x.order.PutUint32(out[at+4:], e.count)
		if len(e.value) <= 4 {
			copy(out[at+8:], e.value)
			continue
		}
		x.order.PutUint32(out[at+8:], uint32(len(out)))
		out = append(out, e.value...)
		if len(e.value)&1 == 1 {
			out = append(out, 0)
		}
	}
	return out
}
