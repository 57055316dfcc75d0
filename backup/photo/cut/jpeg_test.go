package cut_test

import (
	"bytes"
	"testing"

	"lightproof/backup/photo/cut"
)

// segment is a marker segment of n bytes in all.
func segment(marker byte, n int) []byte {
	return join([]byte{0xFF, marker}, be16(n-2), make([]byte, n-4))
}

// jpeg is a file of size bytes: SOI, the given segments, a quantisation table, a baseline frame and a scan.
func jpeg(size int, segments ...[]byte) []byte {
	head := join([]byte{0xFF, 0xD8}, join(segments...), segment(0xDB, 67), segment(0xC0, 17), segment(0xDA, 12))
	return join(head, picture(max(size-len(head)-2, 0)), []byte{0xFF, 0xD9})
}

func jpegs() map[string]example {
	exif, icc, comment := segment(0xE1, 3000), segment(0xEF, 500), segment(0xFE, 40)
	progressive := join([]byte{0xFF, 0xD8}, exif, segment(0xC2, 17), segment(0xC4, 30), segment(0xDA, 12), picture(100*kib), []byte{0xFF, 0xD9})
	second := jpeg(80*kib, segment(0xE1, 70)) // what a Multi-Picture Format file holds behind the first EOI
	fill := []byte{0xFF, 0xFF, 0xFF}
	scan := func(parts ...[]byte) []byte { return join(join(parts...), picture(100*kib)) }
	soi := []byte{0xFF, 0xD8}
	return map[string]example{
		"usual":                       {jpeg(300*kib, exif, icc, comment), cut.JPEG, []int64{3542}},
		"no metadata":                 {jpeg(300 * kib), cut.JPEG, []int64{2}},
		"progressive":                 {progressive, cut.JPEG, []int64{3002}},
		"JFIF and EXIF":               {jpeg(300*kib, segment(0xE0, 16), exif), cut.JPEG, []int64{3018}},
		"metadata of many segments":   {jpeg(300*kib, bytes.Repeat(segment(0xE1, 65000), 3)), cut.JPEG, []int64{195002}},
		"two pictures":                {join(jpeg(100*kib, exif, segment(0xE2, 100)), second), cut.JPEG, []int64{3102}},
		"fill bytes before a segment": {jpeg(100*kib, exif, fill, icc), cut.JPEG, []int64{3505}},
		"fill bytes before the table": {jpeg(100*kib, exif, fill), cut.JPEG, []int64{3005}},
		"JPEG-LS":                     {scan(soi, exif, segment(0xF7, 17)), cut.JPEG, []int64{3002}},
		"1,023 segments":              {jpeg(100*kib, bytes.Repeat(segment(0xE1, 4), 1023)), cut.JPEG, []int64{4094}},

		"1,024 segments":                   refused(jpeg(100*kib, bytes.Repeat(segment(0xE1, 4), 1024))),
		"only fill bytes":                  refused(join(soi, bytes.Repeat([]byte{0xFF}, 100*kib))),
		"a segment that ends beyond":       refused(join(soi, bytes.Repeat(segment(0xE1, 60000), 2), []byte{0xFF, 0xE1, 0xFF, 0xFF}, picture(60*kib))),
		"a segment of length 1":            refused(scan(soi, []byte{0xFF, 0xE1, 0, 1})),
		"a segment of length 0":            refused(scan(soi, []byte{0xFF, 0xE1, 0, 0})),
		"a marker without its FF":          refused(scan(soi, exif, []byte{0, 0xDB, 0, 67})),
		"no marker behind a segment":       refused(scan(soi, exif)),
		"a picture in the picture":         refused(scan(soi, exif, soi)),
		"an end without picture":           refused(scan(soi, exif, []byte{0xFF, 0xD9, 0, 4})),
		"a restart marker first":           refused(scan(soi, exif, []byte{0xFF, 0xD0, 0, 4})),
		"a reserved marker":                refused(scan(soi, exif, segment(0x02, 10))),
		"a stuffed zero":                   refused(scan(soi, exif, []byte{0xFF, 0x00, 0, 4})),
		"metadata alone, then end of file": refused(join(soi, bytes.Repeat(segment(0xE1, 50000), 2))),
	}
}

func TestJPEGIsCutOnceBehindItsMetadata(t *testing.T) { judge(t, jpegs()) }

func TestWhichMarkersBeginThePicture(t *testing.T) {
	for marker := range 256 {
		data := join([]byte{0xFF, 0xD8}, segment(0xE1, 3000), segment(byte(marker), 100), picture(100*kib))
		splitter, _ := points(t, data)
		// ITU-T T.81, table B.1: SOFn, DHT, JPG, DAC; SOS to EXP; JPGn.
		want := marker >= 0xC0 && marker <= 0xCF || marker >= 0xDA && marker <= 0xDF || marker >= 0xF0 && marker <= 0xFD
		if (splitter == cut.JPEG) != want {
			t.Errorf("%#x: %v", marker, !want)
		}
	}
}
