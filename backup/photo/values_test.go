package photo

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
	"time"

	"lightproof/backup/photo/sample"
)

func TestCountsDoNotWrap(t *testing.T) {
	if got := (entry{typ: 5, count: 0x20000001}).bytes(); got != 8*0x20000001 {
		t.Errorf("8 × 0x20000001 = %d", got)
	}
}

func TestMovieClockCountsFrom1904(t *testing.T) {
	if got := appleTime(3570596428); !got.Equal(time.Date(2017, 2, 22, 8, 20, 28, 0, time.UTC)) {
		t.Error(got)
	}
}

// rational is numerator and denominator.
type rational [2]uint32

// decoded gives entries to the decoder.
func decoded(x *exifEntries) tags {
	x.order = binary.BigEndian
	return tags{x}
}

func text(tag uint16, s string) entry {
	return entry{tag: tag, typ: 2, count: uint32(len(s) + 1), value: append([]byte(s), 0)}
}

func rationals(tag uint16, v ...rational) entry {
	var b []byte
	for _, r := range v {
		b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, r[0]), r[1])
	}
	return entry{tag: tag, typ: 5, count: uint32(len(v)), value: b}
}

func TestOnlyCompletePossiblePositionsAreTaken(t *testing.T) {
	lon := rationals(4, rational{11, 1}, rational{34, 1}, rational{1200, 100})
	lat := func(d, m, s rational) entry { return rationals(2, d, m, s) }
	good := lat(rational{48, 1}, rational{8, 1}, rational{0, 1})
	for _, c := range []struct {
		name string
		gps  []entry
		ok   bool
	}{
		{"complete", []entry{text(1, "N"), good, text(3, "E"), lon}, true},
		{"lower case reference", []entry{text(1, "n"), good, text(3, "e"), lon}, true},
		{"no reference", []entry{good, text(3, "E"), lon}, false},
		{"no longitude", []entry{text(1, "N"), good, text(3, "E")}, false},
		{"wrong letter", []entry{text(1, "E"), good, text(3, "E"), lon}, false},
		{"60 minutes", []entry{text(1, "N"), lat(rational{48, 1}, rational{60, 1}, rational{0, 1}), text(3, "E"), lon}, false},
		{"60 seconds", []entry{text(1, "N"), lat(rational{48, 1}, rational{8, 1}, rational{60, 1}), text(3, "E"), lon}, false},
		{"denominator 0", []entry{text(1, "N"), lat(rational{48, 1}, rational{8, 0}, rational{0, 1}), text(3, "E"), lon}, false},
		{"91 degrees", []entry{text(1, "N"), lat(rational{91, 1}, rational{0, 1}, rational{0, 1}), text(3, "E"), lon}, false},
		{"zero and zero", []entry{text(1, "N"), lat(rational{0, 1}, rational{0, 1}, rational{0, 1}), text(3, "E"), rationals(4, rational{0, 1}, rational{0, 1}, rational{0, 1})}, false},
		{"free text", []entry{text(1, "N"), text(2, "48 degrees"), text(3, "E"), lon}, false},
	} {
		p, ok := decoded(&exifEntries{gps: c.gps}).exifPosition()
		if ok != c.ok || ok && !near(p.Lat, 48+8.0/60) {
			t.Errorf("%s: %+v %v", c.name, p, ok)
		}
	}
}

func TestFractionsOfNothingAreAbsent(t *testing.T) {
	for name, v := range map[string]rational{"denominator 0": {1, 0}, "numerator 0": {0, 100}} {
		p := &parse{exif: exifEntries{order: binary.BigEndian, exif: []entry{rationals(0x829A, v), rationals(0x829D, v), rationals(0x920A, v)}}}
		p.exifFields()
		if p.f.Exposure.Known() || p.f.FNumber.Known() || p.f.FocalLength.Known() {
			t.Errorf("%s: %+v", name, p.f)
		}
	}
}

func TestFirstOfDuplicateEntriesWins(t *testing.T) {
	p := &parse{exif: exifEntries{order: binary.BigEndian, ifd0: []entry{text(0x0110, "b"), text(0x010F, "first"), text(0x010F, "second")}}}
	p.exifFields()
	if p.f.Make.V != "first" || p.f.Model.V != "b" {
		t.Errorf("%q %q", p.f.Make.V, p.f.Model.V)
	}
}

func TestSensorDataInLosslessJPEGIsNoPreview(t *testing.T) {
	data := sample.DNG(1, sample.Options{Width: 96, Height: 64})
	f, _ := Read(context.Background(), bytes.NewReader(data), int64(len(data)), "", time.Time{})
	if len(f.Previews) != 1 {
		t.Fatalf("%d previews", len(f.Previews))
	}
	frame := bytes.Index(data, []byte{0xFF, 0xC0, 0, 17})
	data[frame+1] = 0xC3
	if f, _ = Read(context.Background(), bytes.NewReader(data), int64(len(data)), "", time.Time{}); len(f.Previews) != 0 {
		t.Errorf("%+v", f.Previews)
	}
}

func TestIPTCDateIsReadWhenNothingElseIs(t *testing.T) {
	record := func(n byte, s string) []byte { return append([]byte{0x1C, 2, n, 0, byte(len(s))}, s...) }
	iptc := append(record(55, "20190814"), record(60, "180211+0200")...)
	resource := append([]byte("Photoshop 3.0\x008BIM\x04\x04\x00\x00"), binary.BigEndian.AppendUint32(nil, uint32(len(iptc)))...)
	resource = append(resource, iptc...)
	data := append([]byte{0xFF, 0xD8, 0xFF, 0xED, 0, byte(len(resource) + 2)}, resource...)
	data = append(data, 0xFF, 0xDA, 0, 2)
	f, _ := Read(context.Background(), bytes.NewReader(data), int64(len(data)), "", time.Time{})
	if got := f.Taken.V; !got.Wall.Equal(time.Date(2019, 8, 14, 18, 2, 11, 0, time.UTC)) || got.Offset != 2*time.Hour || f.Taken.Source != "IPTC DateCreated" {
		t.Errorf("%+v", f.Taken)
	}
}

func TestMotionPhotoSaysWhereItsMovieLies(t *testing.T) {
	movie := sample.MOV(1, sample.MovieOptions{Width: 32, Height: 32, Frames: 1})
	packet := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
		xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MicroVideo="1" GCamera:MicroVideoOffset="` + itoa(len(movie)) + `"/></rdf:RDF></x:xmpmeta>`
	payload := append([]byte("http://ns.adobe.com/xap/1.0/\x00"), packet...)
	still := sample.JPEG(1, sample.Options{Width: 32, Height: 32})
	data := append([]byte{0xFF, 0xD8, 0xFF, 0xE1, byte((len(payload) + 2) >> 8), byte(len(payload) + 2)}, payload...)
	data = append(append(data, still[2:]...), movie...)
	f, _ := Read(context.Background(), bytes.NewReader(data), int64(len(data)), "", time.Time{})
	if m := f.Motion; m.State != OK || m.V.Offset != int64(len(data)-len(movie)) || m.V.Length != int64(len(movie)) {
		t.Errorf("%+v, movie of %d bytes at %d", m, len(movie), len(data)-len(movie))
	}
	data[len(data)-len(movie)+5] = 'x'
	if f, _ = Read(context.Background(), bytes.NewReader(data), int64(len(data)), "", time.Time{}); f.Motion.State != Doubtful {
		t.Errorf("without a movie: %+v", f.Motion)
	}
}

func itoa(n int) string {
	digits := ""
	for ; n > 0; n /= 10 {
		digits = string(rune('0'+n%10)) + digits
	}
	return digits
}
