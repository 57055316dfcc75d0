package cut_test

import (
	"encoding/binary"
	"testing"

	"lightproof/backup/photo/cut"
)

// tiff lays out a TIFF file: the header, then whatever is placed.
type tiff struct {
	order binary.AppendByteOrder
	b     []byte
}

func newTIFF(magic string) *tiff {
	t := &tiff{order: binary.LittleEndian, b: []byte(magic)}
	if magic[0] == 'M' {
		t.order = binary.BigEndian
	}
	return t
}

func (t *tiff) u16(v ...int) (b []byte) {
	for _, n := range v {
		b = t.order.AppendUint16(b, uint16(n))
	}
	return b
}

func (t *tiff) u32(v ...int) (b []byte) {
	for _, n := range v {
		b = t.order.AppendUint32(b, uint32(n))
	}
	return b
}

func (t *tiff) u64(v ...int) (b []byte) {
	for _, n := range v {
		b = t.order.AppendUint64(b, uint64(n))
	}
	return b
}

// entry is a directory entry of 32-bit numbers; a list of them lies elsewhere, at place.
func (t *tiff) entry(tag, count, value int) []byte { return join(t.u16(tag, 4), t.u32(count, value)) }

func (t *tiff) short(tag, value int) []byte { return join(t.u16(tag, 3), t.u32(1), t.u16(value, 0)) }

func (t *tiff) dir(next int, entries ...[]byte) []byte {
	return join(t.u16(len(entries)), join(entries...), t.u32(next))
}

// file puts each part at its offset and fills the rest with picture data.
func (t *tiff) file(size int, parts map[int][]byte) []byte {
	out := picture(size)
	copy(out, t.b)
	for at, part := range parts {
		copy(out[at:], part)
	}
	return out
}

const (
	stripsAt  = 0x0111
	stripSize = 0x0117
	tilesAt   = 0x0144
	tileSize  = 0x0145
	jpegAt    = 0x0201
	jpegSize  = 0x0202
	subIFDs   = 0x014A
)

// oneStrip is a file of 300 KiB with IFD0 at 8 and one image of 200 KiB from 50 KiB on.
func oneStrip(magic string) []byte {
	t := newTIFF(magic)
	return t.file(300*kib, map[int][]byte{4: t.u32(8), 8: t.dir(0, t.short(0x0100, 9), t.entry(stripsAt, 1, 50*kib), t.entry(stripSize, 1, 200*kib))})
}

// list is a file with one directory whose strips lie at the given places.
func list(size int, places, sizes []int) []byte {
	t := newTIFF("II*\x00")
	n := len(places)
	return t.file(size, map[int][]byte{4: t.u32(8), 8: t.dir(0, t.entry(stripsAt, n, 100), t.entry(stripSize, n, 100+4*n)),
		100: t.u32(places...), 100 + 4*n: t.u32(sizes...)})
}

func every(n, from, step int) (out []int) {
	for i := range n {
		out = append(out, from+i*step)
	}
	return out
}

func same(n, v int) []int { return every(n, v, 0) }

func tiffs() map[string]example {
	t := newTIFF("II*\x00")
	m := newTIFF("MM\x00*")
	big := newTIFF("II+\x00")
	bigEntry := func(tag, count, value int) []byte { return join(big.u16(tag, 16), big.u64(count, value)) }
	strip := func(at, size int) [][]byte {
		return [][]byte{t.entry(stripsAt, 1, at), t.entry(stripSize, 1, size)}
	}
	preview := func(at, size int) [][]byte {
		return [][]byte{t.entry(jpegAt, 1, at), t.entry(jpegSize, 1, size)}
	}
	first := t.u32(8)
	file := func(size int, parts map[int][]byte) []byte { parts[4] = first; return t.file(size, parts) }
	both := func(a, b [][]byte) [][]byte { return append(append([][]byte{}, a...), b...) }
	const k = kib

	return map[string]example{
		"little-endian":    {oneStrip("II*\x00"), cut.TIFF, []int64{50 * kib, 250 * kib}},
		"big-endian":       {oneStrip("MM\x00*"), cut.TIFF, []int64{50 * kib, 250 * kib}},
		"Olympus":          {oneStrip("IIRO"), cut.TIFF, []int64{50 * kib, 250 * kib}},
		"Olympus, SP":      {oneStrip("IIRS"), cut.TIFF, []int64{50 * kib, 250 * kib}},
		"Olympus, big":     {oneStrip("MMOR"), cut.TIFF, []int64{50 * kib, 250 * kib}},
		"Panasonic, old":   {oneStrip("IIU\x00"), cut.TIFF, []int64{50 * kib, 250 * kib}},
		"image to the end": {file(300*k, map[int][]byte{8: t.dir(0, strip(100*k, 200*k)...)}), cut.TIFF, []int64{100 * kib}},
		"Panasonic: the sensor data runs to the end": {func() []byte {
			p := newTIFF("IIU\x00")
			return p.file(300*k, map[int][]byte{4: p.u32(8), 8: p.dir(0, p.entry(stripsAt, 1, 1<<32-1), p.entry(stripSize, 1, 7), p.entry(0x0118, 1, 90*k))})
		}(), cut.TIFF, []int64{90 * kib}},
		"preview, SubIFD, next directory": {file(900*k, map[int][]byte{
			8:   t.dir(300, both(preview(10*k, 70*k), [][]byte{t.entry(subIFDs, 2, 200)})...),
			200: t.u32(400, 500),
			300: t.dir(0, strip(100*k, 100*k)...),
			400: t.dir(0, strip(200*k, 300*k)...),
			500: t.dir(0, strip(600*k, 300*k)...),
		}), cut.TIFF, []int64{10 * kib, 80 * kib, 100 * kib, 200 * kib, 500 * kib, 600 * kib}},
		"SubIFD in the entry itself": {file(300*k, map[int][]byte{
			8:   t.dir(0, t.entry(subIFDs, 1, 400)),
			400: t.dir(0, strip(100*k, 100*k)...),
		}), cut.TIFF, []int64{100 * kib, 200 * kib}},
		"images of two directories side by side": {file(500*k, map[int][]byte{
			8:   t.dir(300, strip(100*k, 100*k)...),
			300: t.dir(0, strip(200*k, 200*k)...),
		}), cut.TIFF, []int64{100 * kib, 200 * kib, 400 * kib}},
		"strips and preview of one directory side by side": {file(500*k, map[int][]byte{
			8: t.dir(0, both(strip(100*k, 100*k), preview(200*k, 200*k))...),
		}), cut.TIFF, []int64{100 * kib, 200 * kib, 400 * kib}},
		"strips of two directories interleaved": {file(800*k, map[int][]byte{
			8:   t.dir(300, t.entry(stripsAt, 2, 200), t.entry(stripSize, 2, 208)),
			200: t.u32(100*k, 300*k, 100*k, 100*k),
			300: t.dir(0, t.entry(stripsAt, 2, 400), t.entry(stripSize, 2, 408)),
			400: t.u32(200*k, 400*k, 100*k, 100*k),
		}), cut.TIFF, []int64{100 * kib, 200 * kib, 300 * kib, 400 * kib, 500 * kib}},
		"small images are not cut out": {file(400*k, map[int][]byte{
			8:   t.dir(300, strip(4*k, 60*k)...),
			300: t.dir(400, strip(64*k, 60*k)...),
			400: t.dir(0, strip(130*k, 270*k)...),
		}), cut.TIFF, []int64{130 * kib}},
		"strips in a row":                {list(600*k, every(50, 50*k, 10*k), same(50, 10*k)), cut.TIFF, []int64{50 * kib, 550 * kib}},
		"strips 16 bytes apart":          {list(600*k, every(50, 50*k, 10*k), same(50, 10*k-16)), cut.TIFF, []int64{50 * kib, 550*kib - 16}},
		"strips in reverse":              {list(600*k, every(50, 540*k, -10*k), same(50, 10*k)), cut.TIFF, []int64{50 * kib, 550 * kib}},
		"strips that share their data":   {list(600*k, same(50, 50*k), same(50, 100*k)), cut.TIFF, []int64{50 * kib, 150 * kib}},
		"a strip inside another":         {list(600*k, []int{50 * k, 60 * k}, []int{100 * k, 10 * k}), cut.TIFF, []int64{50 * kib, 150 * kib}},
		"strips left out":                {list(600*k, []int{0, 50 * k, 0}, []int{0, 100 * k, 0}), cut.TIFF, []int64{50 * kib, 150 * kib}},
		"700 strips":                     {list(900*k, every(700, 50*k, k), same(700, k)), cut.TIFF, []int64{50 * kib, 750 * kib}},
		"65,536 strips":                  {list(900*k, every(65536, 600*k, 4), same(65536, 4)), cut.TIFF, []int64{600 * kib, 856 * kib}},
		"32 large strips 17 bytes apart": {list(4100*k, every(32, 100*k, 100*k), same(32, 100*k-17)), cut.TIFF, alternate(32, 100*kib, 100*kib-17, 17)},
		"lengths of 16 bits": {file(300*k, map[int][]byte{
			8:   t.dir(0, t.entry(stripsAt, 3, 200), join(t.u16(stripSize, 3), t.u32(3, 212))),
			200: join(t.u32(50*k, 100*k, 150*k), t.u16(50*k, 50*k, 50*k)),
		}), cut.TIFF, []int64{50 * kib, 200 * kib}},
		"tiles": {file(300*k, map[int][]byte{
			8:   t.dir(0, t.entry(tilesAt, 2, 200), t.entry(tileSize, 2, 208)),
			200: t.u32(100*k, 50*k, 50*k, 50*k),
		}), cut.TIFF, []int64{50 * kib, 150 * kib}},
		"BigTIFF": {big.file(300*k, map[int][]byte{
			4: join(big.u16(8, 0), big.u64(16)), 16: join(big.u64(3), bigEntry(stripsAt, 1, 50*k), bigEntry(stripSize, 1, 100*k), bigEntry(subIFDs, 1, 300), big.u64(0)),
			300: join(big.u64(2), bigEntry(stripsAt, 2, 500), bigEntry(stripSize, 2, 600), big.u64(0)),
			500: big.u64(160*k, 230*k), 600: big.u64(70*k, 70*k),
		}), cut.TIFF, []int64{50 * kib, 150 * kib, 160 * kib}},
		"64 directories": {func() []byte {
			parts := map[int][]byte{}
			for i := range 63 {
				parts[8+18*i] = t.dir(8+18*(i+1), t.short(0x0100, 9))
			}
			parts[8+18*63] = t.dir(0, strip(100*k, 100*k)...)
			return file(300*k, parts)
		}(), cut.TIFF, []int64{100 * kib, 200 * kib}},

		"65 directories": refused(func() []byte {
			parts := map[int][]byte{}
			for i := range 64 {
				parts[8+18*i] = t.dir(8+18*(i+1), t.short(0x0100, 9))
			}
			parts[8+18*64] = t.dir(0, strip(100*k, 100*k)...)
			return file(300*k, parts)
		}()),
		"65,536 strips of 64 bits": refused(func() []byte {
			const n = 65536
			return big.file(2000*k, map[int][]byte{4: join(big.u16(8, 0), big.u64(16)), 16: join(big.u64(2), bigEntry(stripsAt, n, k), bigEntry(stripSize, n, 600*k), big.u64(0)),
				k: big.u64(every(n, 1200*k, 4)...), 600 * k: big.u64(same(n, 4)...)})
		}()),
		"Panasonic: the sensor data lies beyond": refused(func() []byte {
			p := newTIFF("IIU\x00")
			return p.file(300*k, map[int][]byte{4: p.u32(8), 8: p.dir(0, p.entry(jpegAt, 1, 100*k), p.entry(jpegSize, 1, 100*k), p.entry(0x0118, 1, 300*k))})
		}()),
		"33 large strips 17 bytes apart":   refused(list(4100*k, every(33, 100*k, 100*k), same(33, 100*k-17))),
		"65,537 strips":                    refused(list(900*k, every(65537, 600*k, 4), same(65537, 4))),
		"4,097 runs":                       refused(list(900*k, every(4097, 100*k, 100), same(4097, 50))),
		"no picture":                       refused(file(300*k, map[int][]byte{8: t.dir(0, t.short(0x0100, 9))})),
		"directory points at itself":       refused(file(300*k, map[int][]byte{8: t.dir(8, strip(100*k, 100*k)...)})),
		"directories in a ring":            refused(file(300*k, map[int][]byte{8: t.dir(300, strip(100*k, 100*k)...), 300: t.dir(8, t.short(0x0100, 9))})),
		"SubIFD is its own":                refused(file(300*k, map[int][]byte{8: t.dir(0, both(strip(100*k, 100*k), [][]byte{t.entry(subIFDs, 1, 8)})...)})),
		"SubIFD twice":                     refused(file(300*k, map[int][]byte{8: t.dir(0, both(strip(100*k, 100*k), [][]byte{t.entry(subIFDs, 2, 200)})...), 200: t.u32(300, 300), 300: t.dir(0, t.short(0x0100, 9))})),
		"directory outside":                refused(file(300*k, map[int][]byte{8: t.dir(400*k, strip(100*k, 100*k)...)})),
		"directory in the header":          refused(file(300*k, map[int][]byte{8: t.dir(4, strip(100*k, 100*k)...)})),
		"directory cut off by the end":     refused(file(300*k, map[int][]byte{8: t.dir(300*k-10, strip(100*k, 100*k)...), 300*k - 10: t.u16(1)})),
		"empty directory":                  refused(file(300*k, map[int][]byte{8: t.dir(300, strip(100*k, 100*k)...), 300: t.dir(0)})),
		"2,001 entries":                    refused(file(300*k, map[int][]byte{8: t.dir(0, append(bytes2001(t), strip(100*k, 100*k)...)...)})),
		"image ends beyond":                refused(file(300*k, map[int][]byte{8: t.dir(0, strip(100*k, 200*k+1)...)})),
		"image begins beyond":              refused(file(300*k, map[int][]byte{8: t.dir(0, strip(300*k+1, 1)...)})),
		"image at 0":                       refused(file(300*k, map[int][]byte{8: t.dir(0, strip(0, 100*k)...)})),
		"image ends beyond 32 bits":        refused(file(300*k, map[int][]byte{8: t.dir(0, strip(1<<32-1, 1<<32-1)...)})),
		"places without lengths":           refused(file(300*k, map[int][]byte{8: t.dir(0, t.entry(stripsAt, 1, 100*k))})),
		"lengths without places":           refused(file(300*k, map[int][]byte{8: t.dir(0, t.entry(jpegSize, 1, 100*k))})),
		"more places than lengths":         refused(file(300*k, map[int][]byte{8: t.dir(0, t.entry(stripsAt, 2, 200), t.entry(stripSize, 1, k)), 200: t.u32(100*k, 200*k)})),
		"list outside":                     refused(file(300*k, map[int][]byte{8: t.dir(0, t.entry(stripsAt, 2, 300*k-4), t.entry(stripSize, 2, 200))})),
		"list of 2^31":                     refused(file(300*k, map[int][]byte{8: t.dir(0, t.entry(stripsAt, 1<<31, 8), t.entry(stripSize, 1<<31, 8))})),
		"list of 2^30+1, wrapping to four": refused(file(300*k, map[int][]byte{8: t.dir(0, t.entry(stripsAt, 1<<30+1, 100*k), t.entry(stripSize, 1<<30+1, 100*k))})),
		"the same tag twice":               refused(file(300*k, map[int][]byte{8: t.dir(0, both(strip(100*k, 100*k), strip(100*k, 100*k))...)})),
		"places that are text":             refused(file(300*k, map[int][]byte{8: t.dir(0, join(t.u16(stripsAt, 2), t.u32(1, 100*k)), t.entry(stripSize, 1, 100*k))})),
		"65 SubIFDs":                       refused(file(300*k, map[int][]byte{8: t.dir(0, both(strip(100*k, 100*k), [][]byte{t.entry(subIFDs, 65, 200)})...), 200: t.u32(every(65, 1000, 30)...)})),
		"BigTIFF with offsets of 4 bytes":  refused(big.file(300*k, map[int][]byte{4: join(big.u16(4, 0), big.u64(16)), 16: join(big.u64(2), bigEntry(stripsAt, 1, 50*k), bigEntry(stripSize, 1, 100*k), big.u64(0))})),
		"BigTIFF beyond 63 bits":           refused(big.file(300*k, map[int][]byte{4: join(big.u16(8, 0), big.u64(-16))})),
		"list beyond 63 bits":              refused(big.file(300*k, map[int][]byte{4: join(big.u16(8, 0), big.u64(16)), 16: join(big.u64(3), bigEntry(stripsAt, 1, 50*k), bigEntry(stripSize, 1, 100*k), bigEntry(subIFDs, 2, -16), big.u64(0))})),
		"byte order of another":            refused(m.file(300*k, map[int][]byte{4: t.u32(8), 8: t.dir(0, strip(100*k, 100*k)...)})),
	}
}

// bytes2001 are the entries of a directory that is one too long.
func bytes2001(t *tiff) (out [][]byte) {
	for i := range 1999 {
		out = append(out, t.short(0x9000+i, 1))
	}
	return out
}

// alternate are both ends of n runs of the given length and gap.
func alternate(n int, from, length, gap int64) (out []int64) {
	for range n {
		out = append(out, from, from+length)
		from += length + gap
	}
	return out
}

func TestTIFFIsCutAroundEachImage(t *testing.T) { judge(t, tiffs()) }
