package tile

import (
	"bytes"
	"context"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lightproof/backup/photo"
)

var sampleNow = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// corpusDir finds the folder of real photos beside the project, or skips.
func corpusDir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the package")
		}
		dir = filepath.Dir(dir)
	}
	corpus := filepath.Join(dir, "..", "shared", "corpus")
	if _, err := os.Stat(filepath.Join(corpus, "expected.json")); err != nil {
		t.Skip("corpus not found at ../shared/corpus")
	}
	return corpus
}

func benchmark(b *testing.B, name string) {
	data, err := os.ReadFile(filepath.Join(corpusDir(b), filepath.FromSlash(name)))
	if err != nil {
		b.Fatal(err)
	}
	f, _ := photo.Read(context.Background(), bytes.NewReader(data), int64(len(data)), name, sampleNow)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := Draw(context.Background(), bytes.NewReader(data), int64(len(data)), &f, 320); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTileJPEG24MP(b *testing.B)        { benchmark(b, "derived/rawjpeg/DSC_0001.JPG") }
func BenchmarkTileProgressive24MP(b *testing.B) { benchmark(b, "jpeg/craft-beer-24mp.jpg") }
func BenchmarkTileNEF(b *testing.B)             { benchmark(b, "raw/nef/NIKON_D7100-head.NEF") }
func BenchmarkTileARW(b *testing.B)             { benchmark(b, "raw/arw/SONY_SLT-A55V-head.ARW") }
func BenchmarkTileHEIC(b *testing.B)            { benchmark(b, "heic/iphone15pro-IMG.heic") }
func BenchmarkTileWebP(b *testing.B)            { benchmark(b, "png-webp-avif-tiff/sunrise.webp") }

// BenchmarkStandardJPEG24MP is the yardstick: the standard library decoding alone, without scaling.
func BenchmarkStandardJPEG24MP(b *testing.B) {
	data, err := os.ReadFile(filepath.Join(corpusDir(b), "derived", "rawjpeg", "DSC_0001.JPG"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for range b.N {
		if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
