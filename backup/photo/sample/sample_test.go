package sample

import (
	"bytes"
	"crypto/sha256"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLibraryHoldsEveryKindAndIsRepeatable(t *testing.T) {
	digest := func() (string, []string) {
		dir := t.TempDir()
		paths, err := WriteLibrary(dir, 3, 9)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		for _, p := range paths {
			data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(p)))
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(p)))
			if err != nil {
				t.Fatal(err)
			}
			h.Write([]byte(p + info.ModTime().UTC().Format(time.RFC3339)))
			h.Write(data)
		}
		return string(h.Sum(nil)), paths
	}
	first, paths := digest()
	second, _ := digest()
	if first != second {
		t.Error("the same seed gave different libraries")
	}
	if len(paths) != 9 {
		t.Fatalf("%d files, asked for 9", len(paths))
	}
	all := strings.Join(paths, "\n")
	for _, ext := range []string{".JPG", ".DNG", ".MOV", ".JPG.xmp", ".PNG"} {
		if !strings.Contains(all, ext) {
			t.Errorf("no %s in\n%s", ext, all)
		}
	}
}

func TestLibraryRefusesToOverwrite(t *testing.T) {
	dir := t.TempDir()
	if _, err := WriteLibrary(dir, 1, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteLibrary(dir, 1, 1); err == nil {
		t.Error("a second library in the same folder replaced the first")
	}
}

func TestPicturesDecodeInTheirStoredShape(t *testing.T) {
	for o := 1; o <= 8; o++ {
		opts := Options{Width: 96, Height: 64, Orientation: o, Thumbnail: true, Position: &Position{1, 2, -3}}
		want := [2]int{96, 64}
		if o >= 5 {
			want = [2]int{64, 96}
		}
		img, err := jpeg.Decode(bytes.NewReader(JPEG(9, opts)))
		if err != nil {
			t.Fatalf("orientation %d: %v", o, err)
		}
		if got := [2]int{img.Bounds().Dx(), img.Bounds().Dy()}; got != want {
			t.Errorf("orientation %d: stored %v, want %v", o, got, want)
		}
		if _, err := png.Decode(bytes.NewReader(PNG(9, opts))); err != nil {
			t.Errorf("PNG with orientation %d: %v", o, err)
		}
	}
}

func TestPositionTextFollowsISO6709(t *testing.T) {
	for _, c := range []struct {
		p    Position
		want string
	}{
		{Position{47.65, 9.48, 398}, "+47.6500+009.4800+398.0/"},
		{Position{-33.92, -0.0001, -2.5}, "-33.9200-000.0001-2.5/"},
	} {
		if got := iso6709(c.p); got != c.want {
			t.Errorf("%v: %q, want %q", c.p, got, c.want)
		}
	}
}

func BenchmarkJPEG(b *testing.B) {
	for i := range b.N {
		JPEG(uint64(i), Options{})
	}
}
