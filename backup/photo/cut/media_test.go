package cut_test

import (
	"bytes"
	"context"
	"testing"

	"lightproof/backup/photo/cut"
)

func bmff(kind string, parts ...[]byte) []byte {
	body := join(parts...)
	return join(be32(int64(len(body)+8)), []byte(kind), body)
}

// wide is a box with a length of 64 bits.
func wide(kind string, body []byte) []byte {
	return join(be32(1), []byte(kind), be64(uint64(len(body)+16)), body)
}

func infe(id int, kind string) []byte {
	return bmff("infe", []byte{2, 0, 0, 0}, be16(id, 0), []byte(kind), []byte{0})
}

// still lays out an HEIF file: ftyp, meta with the given items, then mdat with 16 bytes of head. place is called for iloc once the
// content of mdat has its place.
func still(items [][]byte, place func(mdat int64) []byte, mdat []byte, behind ...[]byte) (data []byte, at int64) {
	ftyp := bmff("ftyp", []byte("heic"), be32(0), []byte("mif1heic"))
	meta := func(at int64) []byte {
		return bmff("meta", be32(0), bmff("hdlr", be32(0, 0), []byte("pict"), make([]byte, 13)), bmff("pitm", be32(0), be16(1)),
			bmff("iinf", be32(0), be16(len(items)), join(items...)), place(at))
	}
	at = int64(len(ftyp)+len(meta(0))) + 16
	return join(ftyp, meta(at), wide("mdat", mdat), join(behind...)), at
}

// located is an iloc of version 1: offsets and lengths of 32 bits, one extent an item.
func located(method int, base int64, extents ...int64) []byte {
	var b []byte
	for i := 0; i < len(extents); i += 2 {
		b = join(b, be16(i/2+1, method, 0, 1), be32(base+extents[i], extents[i+1]))
	}
	return bmff("iloc", []byte{1, 0, 0, 0, 0x44, 0x00}, be16(len(extents)/2), b)
}

func at(first int64, more ...int64) []int64 {
	out := []int64{first}
	for _, n := range more {
		out = append(out, first+n)
	}
	return out
}

func films() map[string]example {
	const k = kib
	ftyp := bmff("ftyp", []byte("isom"), be32(0), []byte("isom")) // 20 bytes
	moov := bmff("moov", picture(2000-8))
	items := [][]byte{infe(1, "hvc1"), infe(2, "Exif"), infe(3, "mime")}
	// The picture, EXIF behind it, more of the picture, XMP at the end.
	four := func(base int64) []byte { return located(0, base, 0, 100*k, 100*k, 3000, 200*k+3000, 5000) }
	photo, body := still(items, four, picture(200*k+8000))
	inIdat, bodyIdat := still(items, func(base int64) []byte { return located(1, 0, 0, 100, 100, 3000, 3100, 5000) }, picture(200*k))
	elsewhere, bodyElse := still(items, func(base int64) []byte {
		return bmff("iloc", []byte{1, 0, 0, 0, 0x44, 0x00}, be16(1), be16(2, 0, 7, 1), be32(base+100*k, 3000))
	}, picture(200*k))
	pieces, bodyPieces := still(items[1:2], func(base int64) []byte { // version 0, a base offset, two extents; the last four bits mean nothing yet
		return bmff("iloc", be32(0), []byte{0x44, 0x44}, be16(1), be16(2, 0), be32(base), be16(2), be32(0, 1000, 150*k, 1000))
	}, picture(300*k))
	wideIDs, bodyWide := still([][]byte{bmff("infe", []byte{3, 0, 0, 0}, be32(70000), be16(0), []byte("Exif"), []byte{0})}, func(base int64) []byte {
		return bmff("iloc", []byte{2, 0, 0, 0, 0x88, 0x04}, be32(1), be32(70000), be16(0, 0, 1), be32(1), be64(uint64(base)+100*k, 3000))
	}, picture(300*k))
	pixels, bodyPixels := still(items[:1], func(base int64) []byte { return located(0, base, 0, 100*k) }, picture(200*k))
	behind, bodyBehind := still(items[:2], func(base int64) []byte { return located(0, base, 0, 100*k, 200*k+8, 3000) }, picture(200*k), bmff("free", picture(3000)))
	odd := func(iloc []byte) []byte {
		data, _ := still(items, func(int64) []byte { return iloc }, picture(200*k))
		return data
	}
	raw := func(parts ...[]byte) []byte { return join(join(parts...), picture(100*k)) }
	fragments := func(n, size int) []byte {
		return join(ftyp, moov, bytes.Repeat(join(bmff("moof", picture(100)), bmff("mdat", picture(size))), n))
	}
	return map[string]example{
		"tables before the film":     {join(ftyp, moov, bmff("mdat", picture(200*k))), cut.Media, []int64{2028}},
		"tables behind the film":     {join(ftyp, bmff("wide"), bmff("mdat", picture(200*k)), moov), cut.Media, []int64{36, 36 + 200*k}},
		"length of 64 bits":          {join(ftyp, wide("mdat", picture(200*k)), moov), cut.Media, []int64{36, 36 + 200*k}},
		"film to the end":            {join(ftyp, moov, be32(0), []byte("mdat"), picture(200*k)), cut.Media, []int64{2028}},
		"film of before ftyp":        {join(bmff("mdat", picture(200*k)), moov), cut.Media, []int64{8, 8 + 200*k}},
		"film that begins with wide": {join(bmff("wide"), bmff("mdat", picture(200*k)), moov), cut.Media, []int64{16, 16 + 200*k}},
		"large tables":               {join(ftyp, bmff("moov", picture(100*k)), bmff("mdat", picture(200*k))), cut.Media, []int64{20, 28 + 100*k, 36 + 100*k}},
		"Canon: XMP and preview of their own": {join(ftyp, moov, bmff("uuid", picture(70*k)), bmff("uuid", picture(300*k)), wide("mdat", picture(400*k)), bmff("free", picture(16))),
			cut.Media, at(2020, 8+70*k, 16+370*k, 32+370*k, 32+770*k)},
		"Exif and XMP in mdat":    {photo, cut.Media, at(body, 100*k, 100*k+3000, 200*k+3000)},
		"Exif and XMP in idat":    {inIdat, cut.Media, at(bodyIdat)},
		"Exif in another file":    {elsewhere, cut.Media, at(bodyElse)},
		"Exif in two pieces":      {pieces, cut.Media, at(bodyPieces+1000, 149*k+24, 150*k)[:3]},
		"item numbers of 32 bits": {wideIDs, cut.Media, at(bodyWide, 100*k, 100*k+3000)},
		"no metadata":             {pixels, cut.Media, at(bodyPixels)},
		"Exif behind mdat":        {behind, cut.Media, at(bodyBehind, 200*k)},
		"fragmented, few":         {fragments(3, 100*k), cut.Media, []int64{2136, 2136 + 100*k, 2252 + 100*k, 2252 + 200*k, 2368 + 200*k}},
		"meta of QuickTime":       {join(ftyp, bmff("meta", bmff("hdlr", picture(24)), bmff("keys", picture(20))), bmff("mdat", picture(200*k))), cut.Media, []int64{96}},
		"meta with no items":      {join(ftyp, bmff("meta", be32(0), bmff("hdlr", picture(24))), bmff("mdat", picture(200*k))), cut.Media, []int64{72}},
		"many small boxes":        {join(ftyp, bytes.Repeat(bmff("free"), 4000), bmff("mdat", picture(200*k))), cut.Media, []int64{32028}},

		"boxes that take 1,025 reads":  refused(join(ftyp, bytes.Repeat(bmff("free", picture(505)), 1025), bmff("mdat", picture(200*k)))),
		"too many boxes":               refused(join(ftyp, bytes.Repeat(bmff("free"), 4096), bmff("mdat", picture(200*k)))),
		"fragmented, many":             refused(fragments(33, 64*k)),
		"a box that ends beyond":       refused(raw(ftyp, be32(200*k), []byte("mdat"))),
		"64 bits that end beyond":      refused(raw(ftyp, be32(1), []byte("mdat"), be64(200*k))),
		"64 bits that wrap":            refused(raw(ftyp, be32(1), []byte("mdat"), be64(1<<64-10))),
		"64 bits below the head":       refused(raw(ftyp, be32(1), []byte("mdat"), be64(15))),
		"length below the head":        refused(raw(ftyp, be32(7), []byte("mdat"))),
		"bytes behind the last box":    refused(join(ftyp, moov, bmff("mdat", picture(200*k)), picture(7))),
		"zeros behind the last box":    refused(join(ftyp, moov, bmff("mdat", picture(200*k)), make([]byte, 4000))),
		"a type that cannot be":        refused(join(ftyp, bmff("m\x00at", picture(200*k)))),
		"two meta boxes":               refused(join(ftyp, bmff("meta", be32(0)), bmff("meta", be32(0)), bmff("mdat", picture(200*k)))),
		"a box leaves meta":            refused(join(ftyp, bmff("meta", be32(0), be32(100), []byte("iinf")), bmff("mdat", picture(200*k)))),
		"a box without length in meta": refused(join(ftyp, bmff("meta", be32(0), be32(0), []byte("iinf")), bmff("mdat", picture(200*k)))),
		"iloc twice":                   refused(odd(join(located(0, 500, 0, 100), located(0, 500, 0, 100)))),
		"iloc cut off":                 refused(odd(bmff("iloc", []byte{1, 0, 0, 0, 0x44, 0}, be16(2), be16(2, 0, 0, 1), be32(500)))),
		"iloc of version 3":            refused(odd(bmff("iloc", []byte{3, 0, 0, 0, 0x44, 0}, be16(0)))),
		"iloc with numbers of 9 bytes": refused(odd(bmff("iloc", []byte{1, 0, 0, 0, 0x94, 0}, be16(1), be16(2, 0, 0, 1), []byte{0}, be64(500), be32(10)))),
		"iloc over 256 KiB":            refused(odd(bmff("iloc", []byte{1, 0, 0, 0, 0x44, 0}, be16(0), make([]byte, 256*k)))),
		"65,535 items, cut off":        refused(odd(bmff("iloc", []byte{1, 0, 0, 0, 0x44, 0}, be16(65535), make([]byte, 1000)))),
		"Exif ends beyond":             refused(odd(located(0, 500, 0, 100, 100, 1<<31))),
		"Exif begins beyond":           refused(odd(located(0, 1<<31, 0, 100, 100, 50))),
		"Exif of no length":            refused(odd(located(0, 500, 0, 100, 100, 0))),
		"Exif at an offset that wraps": refused(odd(bmff("iloc", []byte{1, 0, 0, 0, 0x84, 0x80}, be16(1), be16(2, 0, 0), be64(1<<63), be16(1), be64(1<<63+500), be32(10)))),
		"65 extents of Exif":           refused(odd(bmff("iloc", []byte{1, 0, 0, 0, 0x44, 0}, be16(1), be16(2, 0, 0, 65), bytes.Repeat(be32(500, 10), 65)))),
		"extents that take no bytes":   refused(odd(empty(2))),
		"entry of an item cut off":     refused(join(ftyp, bmff("meta", be32(0), bmff("iinf", be32(0), be16(1), bmff("infe", []byte{3, 0, 0, 0}, make([]byte, 8))), located(0, 500, 0, 100)), bmff("mdat", picture(200*k)))),
	}
}

// empty is an iloc whose offsets and lengths have no bytes: items that are not wanted, each of as many extents as can be said.
func empty(items int) []byte {
	return bmff("iloc", []byte{0, 0, 0, 0, 0, 0}, be16(items), bytes.Repeat(be16(1, 0, 0xFFFF), items))
}

// patient is a context that ends when it was asked a number of times.
type patient struct {
	context.Context
	asked, until int
}

func (p *patient) Err() error {
	if p.asked++; p.asked >= p.until {
		return context.Canceled
	}
	return nil
}

// A long table costs no read: ctx is looked at all the same.
func TestALongTableIsLeftWhenTheContextEnds(t *testing.T) {
	items := [][]byte{infe(2, "Exif")}
	one := func(int64) []byte { // items of no extent, as many as a table holds
		n := 40_000
		return bmff("iloc", []byte{0, 0, 0, 0, 0, 0}, be16(n), bytes.Repeat(be16(1, 0, 0), n))
	}
	data, _ := still(items, one, picture(200*kib))
	all := &patient{Context: t.Context(), until: 1 << 30}
	if splitter, _ := cut.Points(all, bytes.NewReader(data), int64(len(data))); splitter != cut.Media || all.asked < 40_000 {
		t.Fatalf("splitter %d, asked %d times", splitter, all.asked)
	}
	until := all.asked / 2
	half := &patient{Context: t.Context(), until: until}
	if splitter, cuts := cut.Points(half, bytes.NewReader(data), int64(len(data))); splitter != cut.Fixed || cuts != nil || half.asked > until+1 {
		t.Errorf("splitter %d, %v; asked %d times after %d", splitter, cuts, half.asked, until)
	}
}

// The table of the largest size that speaks of the most: three thousand million extents. None of them is walked through.
func TestExtentsAreCountedBeforeTheyAreWalkedThrough(t *testing.T) {
	data, _ := still([][]byte{infe(2, "Exif")}, func(int64) []byte { return empty(43_680) }, picture(200*kib))
	p := &patient{Context: t.Context(), until: 1 << 30}
	if splitter, cuts := cut.Points(p, bytes.NewReader(data), int64(len(data))); splitter != cut.Fixed || cuts != nil {
		t.Errorf("splitter %d, %v", splitter, cuts)
	}
	if p.asked > 100 {
		t.Errorf("%d looks at the context: the table was walked through", p.asked)
	}
}

func TestMediaIsCutAtBoxesAndAroundMetadata(t *testing.T) { judge(t, films()) }
