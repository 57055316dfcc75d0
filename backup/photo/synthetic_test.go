package photo_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
	"time"
	"unicode/utf16"

	"lightproof/backup/photo"
	"lightproof/backup/photo/sample"
)

var taken = time.Date(2022, 3, 4, 15, 6, 7, 0, time.UTC)

// common is what every synthetic picture is made with.
func common() sample.Options {
	return sample.Options{Width: 96, Height: 64, Taken: taken, Zone: "+05:45", SubSec: "25", Position: &sample.Position{Lat: -33.5, Lon: 151.25, Alt: -12},
		ContentID: "A-B-C", Thumbnail: true}
}

// exifOf cuts the EXIF block out of a sample JPEG.
func exifOf(jpeg []byte) []byte {
	n := int(binary.BigEndian.Uint16(jpeg[4:]))
	return jpeg[12 : 4+n]
}

// small is a directory that stands alone, as in CR3: text values by tag.
func small(tags ...any) []byte {
	var entries [][]byte
	var values []byte
	at := int64(8 + 2 + 12*len(tags)/2 + 4)
	for i := 0; i < len(tags); i += 2 {
		text := append([]byte(tags[i+1].(string)), 0, 0, 0, 0)
		entries = append(entries, tiffEntry(tags[i].(int), 2, int64(len(text)), at+int64(len(values))))
		values = append(values, text...)
	}
	return join(tiffFile(0, entries...), values)
}

// heif builds an HEIF file: item 1 the picture turned by irot, item 2 the thumbnail of it, item 3 the EXIF block in mdat.
func heif(exif []byte, brand string, irot byte) []byte {
	ftyp := bmff("ftyp", []byte(brand), be32(0), []byte(brand+"mif1"))
	infe := func(id byte, kind string) []byte {
		return bmff("infe", []byte{2, 0, 0, 0, 0, id, 0, 0}, []byte(kind), []byte{0})
	}
	meta := func(at int64) []byte {
		return bmff("meta", be32(0), bmff("hdlr", be32(0, 0), []byte("pict"), make([]byte, 13)),
			bmff("pitm", be32(0), []byte{0, 1}),
			bmff("iinf", be32(0), []byte{0, 3}, infe(1, "hvc1"), infe(2, "hvc1"), infe(3, "Exif")),
			bmff("iref", be32(0), bmff("thmb", []byte{0, 2, 0, 1, 0, 1})),
			bmff("iprp", bmff("ipco", bmff("ispe", be32(0, 96, 64)), bmff("irot", []byte{irot}), bmff("ispe", be32(0, 48, 32))),
				bmff("ipma", be32(0, 2), []byte{0, 1, 2, 1, 2, 0, 2, 1, 3})),
			bmff("iloc", be32(0), []byte{0x44, 0}, []byte{0, 1, 0, 3, 0, 0, 0, 1}, be32(at, int64(len(exif)+4))))
	}
	at := int64(len(ftyp) + len(meta(0)) + 8)
	return join(ftyp, meta(at), bmff("mdat", be32(0), exif))
}

// synthetic builds one file of every container that Read walks, all from the same EXIF block.
func synthetic() map[string][]byte {
	jpeg := sample.JPEG(1, common())
	exif := exifOf(jpeg)
	dng := sample.DNG(1, common())
	renamed := func(magic string) []byte { return join([]byte(magic), exif[4:]) }
	canon := []byte("\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48")
	preview := []byte("\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16")
	plain := sample.JPEG(2, sample.Options{Width: 48, Height: 32})
	raf := join([]byte("FUJIFILMCCD-RAW "), make([]byte, 0x44), be32(0x70, int64(len(jpeg)), 0x70, 16, 0x70, 16), make([]byte, 4), jpeg)
	x3f := join([]byte("FOVb"), make([]byte, 12), []byte("SECi"), make([]byte, 8), le32(18), make([]byte, 12), jpeg)
	x3f = join(x3f, []byte("SECd"), le32(0, 1, 16, int64(28+len(jpeg))), []byte("IMA2"), le32(int64(len(x3f))))
	units := utf16.Encode([]rune("\ufeff" + string(sample.XMP(taken, 4))))
	wide := make([]byte, 0, 2*len(units))
	for _, u := range units {
		wide = binary.BigEndian.AppendUint16(wide, u)
	}
	webp := join([]byte("WEBPVP8X"), le32(10), []byte{8, 0, 0, 0, 95, 0, 0, 63, 0, 0}, []byte("EXIF"), le32(int64(len(exif))), exif)
	rw2 := join([]byte("IIU\x00"), le32(8), le16(1), tiffEntry(0x2E, 7, int64(len(jpeg)), 26), le32(0), jpeg)
	return map[string][]byte{
		"JPEG": jpeg, "TIFF": exif, "DNG": dng, "ORF": renamed("IIRO"), "RW2": rw2, "PNG": sample.PNG(1, common()),
		"HEIF": heif(exif, "heic", 3), "AVIF": heif(exif, "avif", 0), "RAF": raf, "X3F": x3f,
		"MRW":  join([]byte("\x00MRM"), be32(int64(8+len(exif))), []byte("\x00TTW"), be32(int64(len(exif))), exif),
		"WebP": join([]byte("RIFF"), le32(int64(len(webp))), webp),
		"CR3": join(bmff("ftyp", []byte("crx "), be32(0)),
			bmff("moov", bmff("uuid", canon, bmff("CMT1", small(0x010F, sample.Make, 0x0110, sample.Model)),
				bmff("CMT2", small(0x9003, "2022:03:04 15:06:07", 0x9011, "+05:45", 0x9291, "25", 0xA434, sample.LensName)),
				bmff("THMB", be32(0, 0, int64(len(plain)), 0), plain))),
			bmff("uuid", preview, be32(0, 0), bmff("PRVW", be32(0, 0, 0, int64(len(jpeg))), jpeg))),
		"MOV": sample.MOV(1, sample.MovieOptions{Width: 96, Height: 64, Frames: 2, Taken: taken.Add(-345 * time.Minute).In(time.FixedZone("", 345*60)), ContentID: "A-B-C",
			Position: &sample.Position{Lat: -33.5, Lon: 151.25, Alt: -12}}),
		"XMP": wide,
	}
}

func TestEveryContainerTellsItsFields(t *testing.T) {
	for name, data := range synthetic() {
		f, hints := read(data, "")
		if f.Kind.String() != name {
			t.Errorf("%s: detected as %s", name, f.Kind)
			continue
		}
		if len(hints) > 0 {
			t.Errorf("%s: %v", name, hints)
		}
		if got := f.Taken.V.Wall.Truncate(time.Second); !got.Equal(taken) || f.Taken.State != photo.OK {
			t.Errorf("%s: taken %v (%s)", name, got, f.Taken.Source)
		}
		if name == "XMP" {
			if f.Rating.V != 4 || f.Taken.V.Zone != photo.ZoneUnknown {
				t.Errorf("XMP: rating %d, zone %d", f.Rating.V, f.Taken.V.Zone)
			}
			continue
		}
		if f.Taken.V.Zone != photo.ZoneTag || f.Taken.V.Offset != 345*time.Minute {
			t.Errorf("%s: zone %d %v", name, f.Taken.V.Zone, f.Taken.V.Offset)
		}
		if f.Make.V != sample.Make || f.Model.V != sample.Model {
			t.Errorf("%s: %q %q", name, f.Make.V, f.Model.V)
		}
		if name != "CR3" {
			if p := f.Position.V; math.Abs(p.Lat+33.5) > 1e-6 || math.Abs(p.Lon-151.25) > 1e-6 || math.Abs(p.Altitude+12) > 0.01 {
				t.Errorf("%s: position %+v", name, p)
			}
			if f.ContentID.V != "A-B-C" {
				t.Errorf("%s: content identifier %q", name, f.ContentID.V)
			}
			if f.Width.V != 96 || f.Height.V != 64 {
				t.Errorf("%s: %d × %d", name, f.Width.V, f.Height.V)
			}
		}
		if name != "MOV" && (f.Lens.V != sample.LensName || f.Taken.V.SubSec != "25") {
			t.Errorf("%s: lens %q, sub-seconds %q", name, f.Lens.V, f.Taken.V.SubSec)
		}
	}
}

func TestPreviewsAreFoundWhereTheyLie(t *testing.T) {
	for name, want := range map[string][]string{"JPEG": {"IFD1"}, "DNG": {"IFD0"}, "RAF": {"RAF", "IFD1"}, "X3F": {"X3F", "IFD1"}, "RW2": {"JpgFromRaw", "IFD1"},
		"CR3": {"THMB", "PRVW"}, "PNG": nil, "TIFF": {"IFD1"}} {
		data := synthetic()[name]
		f, _ := read(data, "")
		var got []string
		for _, p := range f.Previews {
			got = append(got, p.Source)
			if !bytes.HasPrefix(data[p.Offset:p.Offset+p.Length], []byte("\xFF\xD8\xFF")) {
				t.Errorf("%s: %s is no JPEG", name, p.Source)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: previews %v, want %v", name, got, want)
			continue
		}
		for _, w := range want {
			if !bytes.Contains([]byte(join2(got)), []byte(w)) {
				t.Errorf("%s: previews %v, want %v", name, got, want)
			}
		}
	}
}

func join2(s []string) (out string) {
	for _, v := range s {
		out += v + " "
	}
	return out
}

func TestContainerTurnsHEIFAndEXIFDoesNot(t *testing.T) {
	opts := common()
	opts.Orientation = 6
	exif := exifOf(sample.JPEG(1, opts))
	for irot, want := range []int{1, 8, 3, 6} {
		f, _ := read(heif(exif, "heic", byte(irot)), "")
		if f.Turn != want || f.Orientation.V != 6 {
			t.Errorf("irot %d: turn %d, want %d; EXIF says %d", irot, f.Turn, want, f.Orientation.V)
		}
		if doubtful := f.Orientation.State == photo.Doubtful; doubtful != (irot == 0) {
			t.Errorf("irot %d: doubtful %v", irot, doubtful)
		}
	}
	f, _ := read(heif(exif, "heic", 3), "")
	if f.HEIF == nil || f.HEIF.Thumbnail != 2 || f.HEIF.ThumbnailWidth != 48 || !f.HEIF.HEVC {
		t.Errorf("thumbnail item %+v", f.HEIF)
	}
}

func TestTurningsCompose(t *testing.T) {
	for o := 1; o <= 8; o++ {
		if photo.Compose(1, o) != o || photo.Compose(o, 1) != o {
			t.Errorf("orientation %d is changed by doing nothing", o)
		}
	}
	for _, c := range [][3]int{{6, 6, 3}, {6, 3, 8}, {6, 8, 1}, {2, 2, 1}, {4, 4, 1}, {5, 5, 1}, {7, 7, 1}, {3, 3, 1}, {2, 3, 4}, {2, 8, 5}} {
		if got := photo.Compose(c[0], c[1]); got != c[2] {
			t.Errorf("%d then %d: %d, want %d", c[0], c[1], got, c[2])
		}
	}
}

func TestNameThatDoesNotFitIsAHint(t *testing.T) {
	data := synthetic()["JPEG"]
	for name, want := range map[string]bool{"a.jpg": false, "a.JPEG": false, "a.heic": true, "a.nef": true, "a": false, "a.weird": false} {
		_, hints := read(data, name)
		got := false
		for _, h := range hints {
			got = got || h.Code == photo.HintName
		}
		if got != want {
			t.Errorf("%s: hint %v", name, got)
		}
	}
}
