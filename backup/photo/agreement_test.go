package photo_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/bep/imagemeta"

	"lightproof/backup/photo"
	"lightproof/backup/photo/corpustest"
)

// secondOpinion reads a canonical block with another decoder, wrapped in the smallest JPEG that carries it.
func secondOpinion(t *testing.T, block []byte) map[string]string {
	t.Helper()
	var b bytes.Buffer
	b.Write([]byte{0xFF, 0xD8, 0xFF, 0xE1})
	b.Write(binary.BigEndian.AppendUint16(nil, uint16(len(block)+8)))
	b.WriteString("Exif\x00\x00")
	b.Write(block)
	b.Write([]byte{0xFF, 0xDA, 0, 2, 0xFF, 0xD9})
	out := map[string]string{}
	_, err := imagemeta.Decode(imagemeta.Options{R: bytes.NewReader(b.Bytes()), ImageFormat: imagemeta.JPEG, Sources: imagemeta.EXIF, LimitNumTags: 1000,
		ShouldHandleTag: func(imagemeta.TagInfo) bool { return true },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if _, ok := out[tag.Tag]; !ok {
				out[tag.Tag] = strings.TrimSpace(fmt.Sprint(tag.Value))
			}
			return nil
		}})
	if err != nil {
		t.Logf("second decoder: %v", err)
	}
	return out
}

// knownDisagreements are values that the second decoder reads wrongly, by file and tag.
var knownDisagreements = map[string]bool{
	"jpeg/Trust_PowerCam_Zoom_LCD_710.JPG Make":    true, // it reads past the NUL
	"jpeg/Trust_PowerCam_Zoom_LCD_710.JPG Model":   true,
	"jpeg/dates-gps/geodegrees_as_string.jpg Make": true, // it misses the tag
}

func TestTwoDecodersAgreeOnEveryCanonicalBlock(t *testing.T) {
	dir := corpustest.Dir(t)
	blocks, values, different := 0, 0, 0
	for _, name := range corpusFiles(t, dir) {
		data := readCorpus(t, dir, name)
		block, _, _ := photo.Canonical(bytes.NewReader(data), int64(len(data)))
		if block == nil {
			continue
		}
		blocks++
		f, _ := read(data, name)
		other := secondOpinion(t, block)
		for tag, v := range map[string]photo.Value[string]{"Make": f.Make, "Model": f.Model, "LensModel": f.Lens} {
			if v.Source != "EXIF "+tag {
				continue
			}
			values++
			if strings.TrimRight(other[tag], "\x00 ") != v.V {
				if !knownDisagreements[name+" "+tag] {
					different++
					t.Logf("%s: %s: %q against %q", name, tag, v.V, other[tag])
				}
			}
		}
		if f.Orientation.Source == "EXIF Orientation" {
			values++
			if other["Orientation"] != fmt.Sprint(f.Orientation.V) {
				different++
				t.Logf("%s: Orientation: %d against %q", name, f.Orientation.V, other["Orientation"])
			}
		}
		if f.Taken.Source == "EXIF DateTimeOriginal" {
			values++
			if want := f.Taken.V.Wall.Format("2006:01:02 15:04:05"); !strings.HasPrefix(other["DateTimeOriginal"], want) {
				different++
				t.Logf("%s: DateTimeOriginal: %s against %q", name, want, other["DateTimeOriginal"])
			}
		}
	}
	t.Logf("%d blocks, %d values, %d different", blocks, values, different)
	if blocks < 90 {
		t.Errorf("only %d blocks", blocks)
	}
	if different > 0 {
		t.Errorf("%d values on which the decoders disagree", different)
	}
}
