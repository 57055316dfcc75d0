package photo_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"

	"lightproof/backup/photo"
)

// withMake is a TIFF whose last entry is Make, behind the given ones.
func withMake(before ...[]byte) []byte {
	return tiffFile(0, append(before, tiffEntry(0x010F, 2, 4, 'a'|'b'<<8|'c'<<16))...)
}

// TestLimitsHoldOnBothSides puts each limit just below and just above: below, the value behind it is still read.
func TestLimitsHoldOnBothSides(t *testing.T) {
	jpeg := func(segments int) []byte {
		exif := withMake()
		return join([]byte{0xFF, 0xD8}, bytes.Repeat([]byte{0xFF, 0xFE, 0, 2}, segments), []byte{0xFF, 0xE1, 0, byte(len(exif) + 8)}, []byte("Exif\x00\x00"), exif, []byte{0xFF, 0xDA, 0, 2})
	}
	long := func(n int) []byte { // Model of n bytes behind the directory
		return join(tiffFile(0, tiffEntry(0x0110, 2, int64(n), 26)), bytes.Repeat([]byte("m"), n))
	}
	numbers := func(n int) []byte { // ISO of n shorts
		return join(tiffFile(0, tiffEntry(0x8827, 3, int64(n), 26)), bytes.Repeat([]byte{100, 0}, n))
	}
	xmp := func(n int) []byte {
		head := "<?xpacket begin='' ?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"
		tail := "<rdf:Description xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Make='abc'/>"
		return []byte(head + strings.Repeat(" ", n-len(head)-len(tail)) + tail)
	}
	tokens := func(n int) []byte {
		return []byte("<x:xmpmeta>" + strings.Repeat("<a/>", n) + "<b xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Make='abc'/>")
	}
	boxes := func(n int) []byte {
		return join(bmff("ftyp", []byte("qt  "), be32(0)), bytes.Repeat(bmff("free"), n),
			bmff("moov", bmff("udta", bmff("\xA9mak", []byte{0, 3, 0, 0}, []byte("abc")))))
	}
	for _, c := range []struct {
		name  string
		build func(int) []byte
		most  int
		read  func(photo.Fields) bool
	}{
		{"JPEG segments", jpeg, 1023, hasMake},
		{"entries scanned", func(n int) []byte { return withMake(bytesOf(n)...) }, 1999, hasMake},
		{"bytes of a value", long, 4096, func(f photo.Fields) bool { return f.Model.Known() }},
		{"elements of a value", numbers, 64, func(f photo.Fields) bool { return f.ISO.Known() }},
		{"bytes of XMP", xmp, 48 << 10, hasMake},
		{"tokens of XMP", tokens, 4999, hasMake},
		{"boxes on a level", boxes, 4094, hasMake},
	} {
		below, _ := read(c.build(c.most), "")
		above, _ := read(c.build(c.most+1), "")
		if !c.read(below) {
			t.Errorf("%s: %d is refused", c.name, c.most)
		}
		if c.read(above) {
			t.Errorf("%s: %d is accepted", c.name, c.most+1)
		}
	}
}

func hasMake(f photo.Fields) bool { return f.Make.V == "abc" }

// bytesOf gives entries of no type, which are looked at but never kept.
func bytesOf(n int) (out [][]byte) {
	for i := range n {
		out = append(out, tiffEntry(0x9C00+i%100, 99, 1, 0))
	}
	return out
}

// TestReadingLinksNoPictureDecoder keeps pixels out of the process that only reads metadata.
func TestReadingLinksNoPictureDecoder(t *testing.T) {
	packages, err := parser.ParseDir(token.NewFileSet(), ".", func(i fs.FileInfo) bool { return !strings.HasSuffix(i.Name(), "_test.go") }, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, p := range packages {
		for name, file := range p.Files {
			files++
			for _, i := range file.Imports {
				path, _ := strconv.Unquote(i.Path.Value)
				if path == "os" || path == "net" || strings.HasPrefix(path, "image") || strings.Contains(path, "x/image") || strings.Contains(path, "gen2brain") || strings.HasPrefix(path, "lightproof/") {
					t.Errorf("%s imports %s", name, path)
				}
			}
		}
	}
	if _, err := os.Stat("read.go"); err != nil || files < 10 {
		t.Fatalf("%d files looked at: %v", files, err)
	}
}
