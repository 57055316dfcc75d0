package photo_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"

	"lightproof/backup/photo/corpustest"
	"time"

	"lightproof/backup/photo"
)

const maxAllocated = 4 << 20

// damaged is a file with some bytes changed and its end cut, without a copy of the rest.
type damaged struct {
	data  []byte
	size  int64
	patch map[int64]byte
}

func (d damaged) ReadAt(p []byte, off int64) (int, error) {
	if off >= d.size {
		return 0, io.EOF
	}
	n := copy(p, d.data[off:d.size])
	for at, v := range d.patch {
		if at >= off && at < off+int64(n) {
			p[at-off] = v
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// readBounded reads once and fails the test on a panic or on too much memory. It returns what was allocated.
func readBounded(t testing.TB, what string, r io.ReaderAt, size int64) (f photo.Fields, bytes uint64) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("%s: panic: %v", what, p)
		}
	}()
	before := allocated()
	f, _ = photo.Read(context.Background(), r, size, what, testNow)
	bytes = allocated() - before
	if bytes > maxAllocated {
		t.Errorf("%s: %d bytes allocated, the limit is %d", what, bytes, maxAllocated)
	}
	return f, bytes
}

// TestDamagedFilesNeitherPanicNorGrow runs every corpus file as it is, cut at seeded places and with seeded bytes changed. The full set
// runs with LIGHTPROOF_TORTURE=1, a sample of it otherwise.
func TestDamagedFilesNeitherPanicNorGrow(t *testing.T) {
	dir := corpustest.Dir(t)
	cuts, mutations := 3, 4
	if os.Getenv("LIGHTPROOF_TORTURE") == "1" {
		cuts, mutations = 20, 30
	}
	runs, worst, worstName := 0, uint64(0), ""
	note := func(name string, bytes uint64) {
		if runs++; bytes > worst {
			worst, worstName = bytes, name
		}
	}
	for _, name := range corpusFiles(t, dir) {
		data := readCorpus(t, dir, name)
		seed := sha256.Sum256([]byte(name))
		rnd := rand.New(rand.NewChaCha8(seed))
		size := int64(len(data))
		_, b := readBounded(t, name, damaged{data: data, size: size}, size)
		note(name, b)
		if size == 0 {
			continue
		}
		for i := range cuts {
			cut := rnd.Int64N(size)
			what := fmt.Sprintf("%s cut %d at %d", name, i, cut)
			_, b := readBounded(t, what, damaged{data: data, size: cut}, cut)
			note(what, b)
		}
		for i := range mutations {
			patch := map[int64]byte{}
			for range 1 + rnd.IntN(12) {
				patch[rnd.Int64N(min(size, 16<<10))] = byte(rnd.Uint32())
			}
			what := fmt.Sprintf("%s mutation %d %v", name, i, patch)
			_, b := readBounded(t, what, damaged{data: data, size: size, patch: patch}, size)
			note(what, b)
		}
	}
	t.Logf("figure: %d hostile runs, at most %d KiB allocated (%s)", runs, worst>>10, worstName)
}

func le16(v ...int) (b []byte) {
	for _, n := range v {
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
	}
	return b
}

func le32(v ...int64) (b []byte) {
	for _, n := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return b
}

func be32(v ...int64) (b []byte) {
	for _, n := range v {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return b
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func bmff(kind string, parts ...[]byte) []byte {
	body := join(parts...)
	return join(be32(int64(len(body)+8)), []byte(kind), body)
}

// tiffEntry is one little-endian directory entry.
func tiffEntry(tag, typ int, count, value int64) []byte {
	return join(le16(tag, typ), le32(count, value))
}

func tiffFile(next int64, entries ...[]byte) []byte {
	return join([]byte("II*\x00"), le32(8), le16(len(entries)), join(entries...), le32(next))
}

func crafted() map[string][]byte {
	app1 := join([]byte{0xFF, 0xE1, 0xFF, 0xFF}, []byte("http://ns.adobe.com/xap/1.0/\x00"), bytes.Repeat([]byte("<a>"), 21835))[:65537]
	var many, wide [][]byte
	for i := range 200 {
		many = append(many, tiffEntry(0x9C00+i, 7, 4096, 3000))
	}
	for i := range 2500 {
		wide = append(wide, tiffEntry(i, 2, 4, 0x41414141))
	}
	iloc := join([]byte{1, 0, 0, 0, 0x44, 0}, []byte{0xFF, 0xFF}, bytes.Repeat([]byte{0, 1, 0, 0, 0, 0, 0xFF, 0xFF}, 30000))
	nested := []byte{}
	for range 2000 {
		nested = bmff("moov", nested)
	}
	xmp := func(body string) []byte {
		return []byte("<?xpacket begin='' ?><x:xmpmeta xmlns:x='adobe:ns:meta/'>" + body)
	}
	attributes := strings.Builder{}
	for i := range 9000 {
		fmt.Fprintf(&attributes, " a%d='%d'", i, i)
	}
	png := "\x89PNG\r\n\x1a\n"
	return map[string][]byte{
		"wrapping count":          join([]byte("II*\x00"), le32(8), le16(1), tiffEntry(0x010F, 5, 0x20000001, 26), le32(0), make([]byte, 16)),
		"directories in a ring":   join([]byte("II*\x00"), le32(8), le16(1), tiffEntry(0x0100, 3, 1, 1), le32(26), le16(1), tiffEntry(0x0100, 3, 1, 1), le32(8)),
		"directory is its own":    tiffFile(8, tiffEntry(0x8769, 4, 1, 8), tiffEntry(0x014A, 4, 1, 8), tiffEntry(0x8825, 4, 1, 8)),
		"SubIFDs of themselves":   join(tiffFile(0, tiffEntry(0x014A, 4, 64, 26)), bytes.Repeat(le32(8), 64)),
		"200 wide values":         join(tiffFile(0, many...), make([]byte, 9000)),
		"2,500 entries":           tiffFile(0, wide...),
		"strip array of 2^31":     tiffFile(0, tiffEntry(0x0111, 4, 1<<31, 8), tiffEntry(0x0117, 4, 1<<31, 8), tiffEntry(0x0103, 3, 1, 6)),
		"SubIFD array of 2^30":    tiffFile(0, tiffEntry(0x014A, 4, 1<<30, 0)),
		"maker note of one byte":  join(tiffFile(0, tiffEntry(0x8769, 4, 1, 26)), le16(1), tiffEntry(0x927C, 7, 1, 'A'), le32(0)),
		"46 gigapixels":           tiffFile(0, tiffEntry(0x0100, 4, 1, 1<<31), tiffEntry(0x0101, 4, 1, 23)),
		"1,000 APP1 of 64 KiB":    join([]byte{0xFF, 0xD8}, bytes.Repeat(app1, 1000), []byte{0xFF, 0xDA, 0, 2}),
		"APP1 of length 2":        join([]byte{0xFF, 0xD8}, bytes.Repeat([]byte{0xFF, 0xE1, 0, 2}, 20000)),
		"fill bytes":              join([]byte{0xFF, 0xD8}, bytes.Repeat([]byte{0xFF}, 1<<20)),
		"65,535 items in iloc":    join(bmff("ftyp", []byte("heic"), be32(0), []byte("heic")), bmff("meta", be32(0), bmff("pitm", be32(0), []byte{0, 1}), bmff("iloc", iloc))),
		"box of size 0":           join(bmff("ftyp", []byte("qt  "), be32(0)), be32(0), []byte("moov"), be32(0), []byte("moov")),
		"box of size 1":           join(bmff("ftyp", []byte("qt  "), be32(0)), be32(1), []byte("moov"), be32(1<<31-1, -1)),
		"box of size 7":           join(bmff("ftyp", []byte("qt  "), be32(0)), be32(7), []byte("moov")),
		"box of size 2^63":        join(bmff("ftyp", []byte("heic"), be32(0)), be32(1), []byte("meta"), be32(-1<<31, 0)),
		"2,000 nested boxes":      join(bmff("ftyp", []byte("qt  "), be32(0)), nested),
		"100,000 boxes":           join(bmff("ftyp", []byte("qt  "), be32(0)), bytes.Repeat(bmff("free"), 100000)),
		"PNG length 2^32-1":       join([]byte(png), be32(-1), []byte("eXIf"), make([]byte, 64)),
		"100,000 PNG chunks":      join([]byte(png), bytes.Repeat(join(be32(0), []byte("teSt"), be32(0)), 100000)),
		"60,000 XMP elements":     xmp(strings.Repeat("<a/>", 60000)),
		"9,000 XMP attributes":    xmp("<rdf:Description" + attributes.String() + "/>"),
		"XMP nested 20,000 deep":  xmp(strings.Repeat("<a>", 20000)),
		"XMP namespaces":          xmp("<a" + strings.Repeat(" xmlns:b='c'", 4000) + "/>"),
		"UTF-16 XMP":              join([]byte{0xFF, 0xFE}, bytes.Repeat([]byte{'<', 0, 'a', 0, '/', 0, '>', 0}, 10000), []byte("x\x00:\x00x\x00m\x00p\x00")),
		"RAF beyond the end":      join([]byte("FUJIFILMCCD-RAW "), make([]byte, 0x44), be32(-1, -1, -1, -1)),
		"X3F directory of 2^32-1": join([]byte("FOVb"), make([]byte, 16), []byte("SECd"), le32(0, -1), make([]byte, 64), le32(20)),
		"MRW blocks of no length": join([]byte("\x00MRM"), be32(-1), bytes.Repeat(join([]byte("\x00TTW"), be32(0)), 50000)),
		"WebP chunks":             join([]byte("RIFF"), le32(-1), []byte("WEBP"), bytes.Repeat(join([]byte("abcd"), le32(0)), 100000)),
		"IPTC resources":          join([]byte{0xFF, 0xD8, 0xFF, 0xED, 0xFF, 0xFF}, []byte("Photoshop 3.0\x00"), bytes.Repeat([]byte("8BIM\x04\x03\x00\x00\x00\x00\x00\x00"), 6000)),
	}
}

func TestCraftedFilesStayInsideTheLimits(t *testing.T) {
	worst, name := uint64(0), ""
	for what, data := range crafted() {
		_, bytes := readBounded(t, what, damaged{data: data, size: int64(len(data))}, int64(len(data)))
		block, read, calls := photo.Canonical(bytesReader(data), int64(len(data)))
		if len(block) > 28<<10 || read > 1<<20 || calls > 65536 {
			t.Errorf("%s: entries of %d bytes from %d bytes in %d calls", what, len(block), read, calls)
		}
		if bytes > worst {
			worst, name = bytes, what
		}
	}
	t.Logf("at most %d KiB allocated (%s)", worst>>10, name)
}

func bytesReader(b []byte) *bytes.Reader { return bytes.NewReader(b) }

func TestReadingStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	data := crafted()["100,000 PNG chunks"]
	_, hints := photo.Read(ctx, bytesReader(data), int64(len(data)), "", testNow)
	for _, h := range hints {
		if h.Code == photo.HintLimit {
			return
		}
	}
	t.Errorf("no hint says that reading stopped: %v", hints)
}

// TestCorpusIsUntouched reads every file through a read-only handle and compares contents and times before and after.
func TestCorpusIsUntouched(t *testing.T) {
	dir := corpustest.Dir(t)
	for _, name := range corpusFiles(t, dir) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		before := fingerprint(t, path)
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := file.Stat()
		if err != nil {
			t.Fatal(err)
		}
		photo.Read(context.Background(), file, info.Size(), name, testNow)
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if after := fingerprint(t, path); after != before {
			t.Errorf("%s: %s became %s", name, before, after)
		}
	}
}

func fingerprint(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x %s %v", sha256.Sum256(data), info.ModTime().UTC().Format(time.RFC3339Nano), info.Mode())
}

// FuzzFields is detection and reading on foreign bytes: no panic, no growth.
func FuzzFields(f *testing.F) {
	for _, data := range crafted() {
		f.Add(data[:min(len(data), 4096)])
	}
	for _, data := range synthetic() {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sameBothWays(t, "fuzz.jpg", data)
		fields, _ := readBounded(t, "fuzz.jpg", bytesReader(data), int64(len(data)))
		for _, p := range fields.Previews {
			if p.Offset < 0 || p.Length <= 0 || p.Offset+p.Length > int64(len(data)) || p.Turn < 1 || p.Turn > 8 {
				t.Fatalf("preview %+v of %d bytes", p, len(data))
			}
		}
		if fields.Turn < 1 || fields.Turn > 8 {
			t.Fatalf("turn %d", fields.Turn)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	dir := corpustest.Dir(b)
	for _, name := range []string{"jpeg/Apple_iPhone_5.jpg", "heic/iphone15pro-IMG.heic", "raw/nef/NIKON_D7100-head.NEF", "raw/cr3/canon-r6-pruned.CR3", "video-live/quicktime-hvc1.mov"} {
		data := readCorpus(b, dir, name)
		b.Run(filepath.Ext(name)[1:], func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				photo.Read(context.Background(), bytesReader(data), int64(len(data)), name, testNow)
			}
		})
	}
}
