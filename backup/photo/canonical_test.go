package photo

import (
	"encoding/binary"
	"slices"
)

// canonical writes the entries as a TIFF block for another decoder to read: header, IFD0, Exif and GPS directory, each followed by its
// values; tags ascending and unique; every offset computed here; no further directory.
func (x *exifEntries) canonical() []byte {
	ifd0, exif, gps := tidy(x.ifd0), tidy(x.exif), tidy(x.gps)
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

// tidy sorts by tag and drops all but the first of each tag.
func tidy(in []entry) []entry {
	out := slices.Clone(in)
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
