package library

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"image/jpeg"
	"os"
	"os/exec"
	"testing"
)

// exiftool reads every file of a folder and gives what it says of each.
func exiftool(t *testing.T, dir string, more ...string) []map[string]any {
	t.Helper()
	program, err := exec.LookPath("exiftool")
	if err != nil {
		t.Fatal("exiftool is missing; scripts/install-deps.sh test installs it")
	}
	out, err := exec.Command(program, append(append([]string{"-json", "-r", "-n", "-a"}, more...), dir)...).Output()
	if err != nil {
		t.Fatalf("exiftool: %v", err)
	}
	var all []map[string]any
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestExiftoolReadsEveryFile(t *testing.T) {
	l := makeLittle(t, little)
	ctx := context.Background()
	judge := func(stage string, want int) {
		all := exiftool(t, l.Dir)
		if len(all) != want {
			t.Errorf("%s: %d files read, want %d", stage, len(all), want)
		}
		for _, f := range all {
			if f["Error"] != nil || f["Warning"] != nil {
				t.Errorf("%s, %v: %v %v", stage, f["FileName"], f["Error"], f["Warning"])
			}
			switch f["FileType"] {
			case "JPEG":
				if f["Rating"] == nil || f["ImageWidth"] != float64(photoWidth) || f["DateTimeOriginal"] == nil {
					t.Errorf("%s, %v: rating %v, width %v, taken %v", stage, f["FileName"], f["Rating"], f["ImageWidth"], f["DateTimeOriginal"])
				}
			case "DNG":
				if f["Rating"] == nil || f["CFAPattern2"] == nil || f["PreviewImageLength"] == nil && f["JpgFromRawLength"] == nil {
					t.Errorf("%s, %v: %v", stage, f["FileName"], f)
				}
			case "MP4":
				if f["ImageWidth"] != 3840.0 || f["TrackDuration"] == nil {
					t.Errorf("%s, %v: %v", stage, f["FileName"], f)
				}
			case "XMP":
				if f["Rating"] == nil {
					t.Errorf("%s, %v: %v", stage, f["FileName"], f)
				}
			default:
				t.Errorf("%s, %v is taken for a %v", stage, f["FileName"], f["FileType"])
			}
		}
	}
	n := len(l.files)
	judge("as made", n)
	if _, err := l.EditMetadata(ctx); err != nil {
		t.Fatal(err)
	}
	judge("edited", n)
	if _, err := l.Reorganise(ctx); err != nil {
		t.Fatal(err)
	}
	judge("reorganised", n+4) // two JPEGs, a RAW, its sidecar
	rated := exiftool(t, l.at(l.files[0]))
	if len(rated) != 1 || rated[0]["Rating"] != 5.0 || rated[0]["RatingPercent"] != 100.0 {
		t.Errorf("after the edit: %v", rated)
	}
}

// extent is a run of picture data that a TIFF names.
type extent struct{ at, size uint32 }

// walkTIFF follows every directory of a little-endian TIFF and gives the extents of the picture data. It fails the test at any offset
// outside the file.
func walkTIFF(t *testing.T, data []byte) (extents []extent) {
	t.Helper()
	le := binary.LittleEndian
	var dir func(at uint32)
	dir = func(at uint32) {
		if at == 0 {
			return
		}
		count := uint32(le.Uint16(data[at:]))
		var starts, sizes []uint32
		for i := range count {
			e := data[at+2+12*i:][:12]
			tag, n := le.Uint16(e), le.Uint32(e[4:])
			width := map[uint16]uint32{tiffByte: 1, tiffASCII: 1, tiffShort: 2, tiffLong: 4, tiffRational: 8, tiffUndefined: 1}[le.Uint16(e[2:])]
			value := e[8:]
			if width*n > 4 {
				off := le.Uint32(e[8:])
				if uint64(off)+uint64(width*n) > uint64(len(data)) {
					t.Fatalf("tag %#x at %d + %d lies outside of %d bytes", tag, off, width*n, len(data))
				}
				value = data[off:]
			}
			for j := range n {
				switch tag {
				case 0x014A, 0x8769:
					dir(le.Uint32(value[4*j:]))
				case 0x0111:
					starts = append(starts, le.Uint32(value[4*j:]))
				case 0x0117:
					sizes = append(sizes, le.Uint32(value[4*j:]))
				}
			}
		}
		for i := range starts {
			extents = append(extents, extent{starts[i], sizes[i]})
		}
		dir(le.Uint32(data[at+2+12*count:]))
	}
	dir(le.Uint32(data[4:]))
	return extents
}

func TestInsertionMovesEveryOffsetAndNoPicture(t *testing.T) {
	l := makeLittle(t, Spec{Number: 3, RAWs: 1, RAWSize: Span{6 * mib, 6 * mib}})
	path := l.at(l.files[0])
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.EditMetadata(context.Background()); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(after) != len(before)+insertedBytes {
		t.Fatalf("%d bytes grew to %d", len(before), len(after))
	}
	was, is := walkTIFF(t, before), walkTIFF(t, after)
	if len(was) < 4 || len(was) != len(is) {
		t.Fatalf("%d extents, then %d", len(was), len(is))
	}
	covered := 0
	for i := range was {
		if is[i].at != was[i].at+insertedBytes {
			t.Errorf("extent %d went from %d to %d", i, was[i].at, is[i].at)
		}
		if !bytes.Equal(before[was[i].at:][:was[i].size], after[is[i].at:][:is[i].size]) {
			t.Errorf("extent %d does not show the same picture", i)
		}
		covered += int(was[i].size)
	}
	if end := is[len(is)-1]; int(end.at+end.size) > len(after) {
		t.Error("the last strip ends behind the file")
	}
	if rest := len(before) - covered; rest > 16*kib {
		t.Errorf("%d bytes are no picture; the head should be small", rest)
	}
}

func TestPictureDataHoldsNoMarker(t *testing.T) {
	var b bytes.Buffer
	m := newMaker(newThumbnails())
	lengths := []int64{3 * block / 2}
	for n := range int64(3000) { // so that some end between an FF and its 00
		lengths = append(lengths, n%5+1)
	}
	for i, n := range lengths {
		b.Reset()
		if err := m.entropy(&b, chaCha(uint64(i)), n); err != nil {
			t.Fatal(err)
		}
		if int64(b.Len()) != n {
			t.Errorf("%d bytes came for %d", b.Len(), n)
		}
		data := append(b.Bytes(), 0xFF, 0xD9)
		if at := bytes.Index(bytes.ReplaceAll(data, []byte{0xFF, 0}, []byte{0xFE, 0}), []byte{0xFF}); int64(at) != n {
			t.Errorf("of %d bytes a marker stands at %d", n, at)
		}
	}
}

func TestTheHeadOfAPhotoIsThatOfADecodablePicture(t *testing.T) {
	var b bytes.Buffer
	m := newMaker(newThumbnails())
	if err := m.photo(&b, File{Size: 300 * kib, number: 4}); err != nil {
		t.Fatal(err)
	}
	c, err := jpeg.DecodeConfig(&b)
	if err != nil || c.Width != photoWidth || c.Height != photoHeight {
		t.Errorf("%v, %v", c, err)
	}
}
