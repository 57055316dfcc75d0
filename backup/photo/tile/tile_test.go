package tile

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/tiff"

	"lightproof/backup/photo"
	"lightproof/backup/photo/corpustest"
	"lightproof/backup/photo/sample"
)

func makeTile(t testing.TB, data []byte, px int) (Tile, image.Image) {
	t.Helper()
	tile, err := Make(context.Background(), bytes.NewReader(data), int64(len(data)), px)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(tile.JPEG))
	if err != nil {
		t.Fatalf("the tile is no JPEG: %v", err)
	}
	if b := img.Bounds(); b.Dx() != tile.Width || b.Dy() != tile.Height || max(b.Dx(), b.Dy()) > px {
		t.Fatalf("tile of %v, says %d × %d, asked for %d", b, tile.Width, tile.Height, px)
	}
	return tile, img
}

// difference is the mean distance of two pictures of one size, 0 to 255.
func difference(t *testing.T, a, b image.Image) float64 {
	t.Helper()
	if a.Bounds().Size() != b.Bounds().Size() {
		t.Fatalf("sizes %v and %v", a.Bounds(), b.Bounds())
	}
	sum, n := 0.0, 0.0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			r1, g1, b1, _ := a.At(a.Bounds().Min.X+x, a.Bounds().Min.Y+y).RGBA()
			r2, g2, b2, _ := b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y).RGBA()
			sum += math.Abs(float64(r1)-float64(r2)) + math.Abs(float64(g1)-float64(g2)) + math.Abs(float64(b1)-float64(b2))
			n += 3 * 257
		}
	}
	return sum / n
}

func TestTilesAreUprightForEveryOrientation(t *testing.T) {
	opts := sample.Options{Width: 240, Height: 160}
	_, want := makeTile(t, sample.JPEG(4, opts), 120)
	_, other := makeTile(t, sample.JPEG(11, opts), 120)
	if d := difference(t, want, other); d < 10 {
		t.Fatalf("two scenes differ by %.1f only: the comparison would see nothing", d)
	}
	for o := 1; o <= 8; o++ {
		opts.Orientation = o
		for kind, data := range map[string][]byte{"JPEG": sample.JPEG(4, opts), "PNG": sample.PNG(4, opts), "DNG": sample.DNG(4, opts)} {
			tile, got := makeTile(t, data, 120)
			if d := difference(t, want, got); d > 4 {
				t.Errorf("%s with orientation %d: differs by %.1f from the upright picture", kind, o, d)
			}
			if kind == "DNG" && tile.Source == "picture" {
				t.Error("a RAW was decoded instead of its preview")
			}
		}
	}
}

// The tile must look as the standard library decodes and scales the whole picture: a decoder that loses contrast when it shrinks would not.
func TestTilesKeepBrightnessAndContrast(t *testing.T) {
	for _, px := range []int{50, 200} {
		for seed := range uint64(2) {
			data := sample.JPEG(seed, sample.Options{Width: 480, Height: 320})
			whole, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			_, got := makeTile(t, data, px)
			if d := difference(t, scale(whole, px), got); d > 6 {
				t.Errorf("seed %d at %d pixels: differs by %.1f", seed, px, d)
			}
		}
	}
}

func TestSmallThumbnailIsUsedOnlyWhenLargeEnoughAndOfTheSameShape(t *testing.T) {
	bars := sample.JPEG(1, sample.Options{Thumbnail: true}) // 3:2, its 160 × 120 thumbnail has bars
	whole := sample.JPEG(1, sample.Options{Width: 640, Height: 480, Thumbnail: true})
	if tile, _ := makeTile(t, bars, 120); tile.Source != "picture" {
		t.Errorf("a thumbnail with bars was taken: %s", tile.Source)
	}
	if tile, _ := makeTile(t, whole, 120); tile.Source != "IFD1" {
		t.Errorf("the embedded thumbnail was not taken: %s", tile.Source)
	}
	if tile, _ := makeTile(t, whole, 200); tile.Source != "picture" {
		t.Errorf("a thumbnail of 160 pixels was taken for 200: %s", tile.Source)
	}
}

func TestSmallPicturesAreNotEnlarged(t *testing.T) {
	tile, _ := makeTile(t, sample.JPEG(1, sample.Options{Width: 90, Height: 60}), 320)
	if tile.Width != 90 || tile.Height != 60 {
		t.Errorf("%d × %d", tile.Width, tile.Height)
	}
}

func TestTIFFAndTransparentPNGAreDrawn(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 64, 32))
	var asTIFF, asPNG bytes.Buffer
	if err := errors.Join(tiff.Encode(&asTIFF, image.NewGray(img.Rect), nil), png.Encode(&asPNG, img)); err != nil {
		t.Fatal(err)
	}
	makeTile(t, asTIFF.Bytes(), 32)
	_, got := makeTile(t, asPNG.Bytes(), 32)
	if r, _, _, _ := got.At(5, 5).RGBA(); r>>8 < 0xE0 {
		t.Error("a transparent picture came out dark")
	}
}

func TestWhatCannotBeDrawnIsAPlaceholder(t *testing.T) {
	huge := sample.JPEG(1, sample.Options{Width: 64, Height: 64})
	at := bytes.Index(huge, []byte{0xFF, 0xC0})
	copy(huge[at+5:], []byte{0xFF, 0xFF, 0xFF, 0xFF})
	wide := sample.PNG(1, sample.Options{Width: 64, Height: 64})
	copy(wide[16:], []byte{0x00, 0xFF, 0xFF, 0xFF, 0x00, 0xFF, 0xFF, 0xFF})
	for name, data := range map[string][]byte{
		"text": []byte("not a photo at all"), "empty": nil, "4-gigapixel JPEG": huge, "wide PNG": wide,
		"movie": sample.MOV(1, sample.MovieOptions{Frames: 1}), "cut JPEG": sample.JPEG(1, sample.Options{})[:300],
	} {
		_, err := Make(context.Background(), bytes.NewReader(data), int64(len(data)), 320)
		if none := (*PlaceholderError)(nil); !errors.As(err, &none) {
			t.Errorf("%s: %v, want a placeholder", name, err)
		}
	}
}

func TestCancelledDrawingStops(t *testing.T) {
	data := sample.JPEG(1, sample.Options{})
	f, _ := photo.Read(context.Background(), bytes.NewReader(data), int64(len(data)), "", sampleNow)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Draw(ctx, bytes.NewReader(data), int64(len(data)), &f, 320); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// drawable are corpus files of every way to a tile; they must give one on every run.
var drawable = map[string]string{
	"heic/IMG_1034.heic": "thumbnail item", "heic/sony.heif": "thumbnail item", "heic/Sony-head.HIF": "HEIF jpeg", "heic/xiaomi.heic": "IFD1",
	"raw/nef/NIKON_D7100-head.NEF": "maker note", "raw/cr3/canon-r6-pruned.CR3": "PRVW", "raw/arw/SONY_SLT-A55V-head.ARW": "IFD0",
	"raw/dng/canon_eos_6d.dng": "IFD0/SubIFD1", "png-webp-avif-tiff/sunrise.webp": "picture", "png-webp-avif-tiff/sunrise.tif": "picture",
	"png-webp-avif-tiff/density_plot.png": "picture", "jpeg/orientation/rot-5.jpg": "picture", "png-webp-avif-tiff/sunrise.avif": "IFD1",
}

// TestCorpusFilesGiveATileOrAPlaceholder draws the files above and a seventh of the rest; all with LIGHTPROOF_TORTURE=1.
func TestCorpusFilesGiveATileOrAPlaceholder(t *testing.T) {
	dir := corpustest.Dir(t)
	all := os.Getenv("LIGHTPROOF_TORTURE") == "1"
	drawn, total := 0, 0
	var none []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Dir(path) == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		rel = filepath.ToSlash(rel)
		want, named := drawable[rel]
		if !named && !all && crc32.ChecksumIEEE([]byte(rel))%7 != 0 {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		total++
		tile, err := Make(context.Background(), bytes.NewReader(data), int64(len(data)), 320)
		placeholder := (*PlaceholderError)(nil)
		switch {
		case err == nil:
			drawn++
			if _, err := jpeg.Decode(bytes.NewReader(tile.JPEG)); err != nil {
				t.Errorf("%s: %v", rel, err)
			}
			if named && tile.Source != want && (hasHEIF || want != "thumbnail item") {
				t.Errorf("%s: drawn from %q, want %q", rel, tile.Source, want)
			}
		case !errors.As(err, &placeholder) || named && (hasHEIF || want != "thumbnail item"):
			t.Errorf("%s: %v", rel, err)
		default:
			none = append(none, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("figure: %d of %d files drawn; placeholders: %q", drawn, total, none)
}
