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
	"lightproof/backup/photo/corpustest"
)

var sampleNow = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func benchmark(b *testing.B, name string) {
	data, err := os.ReadFile(filepath.Join(corpustest.Dir(b), filepath.FromSlash(name)))
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
	data, err := os.ReadFile(filepath.Join(corpustest.Dir(b), "derived", "rawjpeg", "DSC_0001.JPG"))
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
