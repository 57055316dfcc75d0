package library

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// every kind once or a few times, small enough for a test
var little = Spec{Number: 7, JPEGs: 12, JPEGSize: Span{270 * kib, 300 * kib}, RAWs: 2, RAWSize: Span{6 * mib, 7 * mib},
	Small: 5, SmallSize: Span{2 * kib, 16 * kib}, Film: 5 * mib}

func makeLittle(t *testing.T, s Spec) *Library {
	t.Helper()
	l, err := Make(context.Background(), s, filepath.Join(t.TempDir(), "library"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// digests gives each file's hash with its time, by path.
func digests(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if d.IsDir() {
			out[rel] = "folder"
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		out[rel] = fmt.Sprintf("%s %d %d", hex.EncodeToString(sum[:]), len(data), info.ModTime().UnixNano())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// differing names the paths whose digests differ.
func differing(a, b map[string]string) (paths []string) {
	for p, d := range a {
		if b[p] != d {
			paths = append(paths, p)
		}
	}
	for p := range b {
		if _, ok := a[p]; !ok {
			paths = append(paths, p)
		}
	}
	return paths
}

func TestTheSameSpecificationGivesTheSameBytes(t *testing.T) {
	first := digests(t, makeLittle(t, little).Dir)
	if diff := differing(first, digests(t, makeLittle(t, little).Dir)); len(diff) > 0 {
		t.Errorf("made twice, these differ: %q", diff)
	}
	other := little
	other.Number++
	if diff := differing(first, digests(t, makeLittle(t, other).Dir)); len(diff) < len(little.Files()) {
		t.Errorf("another number changed only %d of %d files", len(diff), len(little.Files()))
	}
}

func TestFilesHaveTheirPlannedSize(t *testing.T) {
	l := makeLittle(t, little)
	for _, f := range l.files {
		info, err := os.Stat(l.at(f))
		if err != nil {
			t.Fatal(err)
		}
		slack := int64(0)
		switch f.kind {
		case rawFile:
			slack = 128 * kib // the picture in IFD0, less than a row
		case xmpFile:
			slack = f.Size
		}
		if d := info.Size() - f.Size; d > slack || d < -slack {
			t.Errorf("%s has %d bytes, planned %d", f.Path, info.Size(), f.Size)
		}
		if !info.ModTime().Equal(f.Time) {
			t.Errorf("%s has time %v, planned %v", f.Path, info.ModTime(), f.Time)
		}
	}
}

func TestResetTakesEveryEditBack(t *testing.T) {
	l := makeLittle(t, little)
	before := digests(t, l.Dir)
	ctx := context.Background()
	e, err := l.EditMetadata(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// Of 12 + 5 JPEGs the 1st and 11th, of two RAWs the first.
	edited := digests(t, l.Dir)
	if diff := differing(before, edited); e.JPEGs != 2 || e.RAWs != 1 || len(diff) != 3 {
		t.Errorf("%+v, these differ: %q", e, diff)
	}
	if _, err := l.Reorganise(ctx); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(differing(edited, digests(t, l.Dir)), "\n")
	for _, part := range []string{"2025-08-02 New/IMG", "2025-08-02 New/LPB_0001.DNG", "Ferry IMG_0006", "LPB_0001.xmp"} {
		if !strings.Contains(filepath.ToSlash(all), part) {
			t.Errorf("no change of %s among\n%s", part, all)
		}
	}
	if err := l.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	if diff := differing(before, digests(t, l.Dir)); len(diff) > 0 {
		t.Errorf("not taken back: %q", diff)
	}
}

func TestARatingChangesNothingElse(t *testing.T) {
	l := makeLittle(t, little)
	path := l.at(l.files[0])
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.EditMetadata(context.Background()); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil || len(after) != len(before) {
		t.Fatalf("%d bytes, before %d: %v", len(after), len(before), err)
	}
	changed := 0
	for i := range after {
		if after[i] != before[i] {
			changed++
		}
	}
	if changed == 0 || changed > 4 {
		t.Errorf("%d bytes changed, two numbers of two bytes may", changed)
	}
}

func TestNoMoreIsStartedThanTheDiskHolds(t *testing.T) {
	dir := t.TempDir()
	if err := Room(dir, 1); err != nil {
		t.Error(err)
	}
	if err := Room(dir, 1<<60); !errors.Is(err, ErrRoom) {
		t.Errorf("an exbibyte: %v", err)
	}
	big := Spec{Number: 1, Film: 1 << 60}
	to := filepath.Join(dir, "library")
	if _, err := Make(context.Background(), big, to); !errors.Is(err, ErrRoom) {
		t.Errorf("a video of an exbibyte: %v", err)
	}
	if left, _ := os.ReadDir(to); len(left) != 0 {
		t.Error("something was written all the same")
	}
}

func TestCasesShrinkWithTheScale(t *testing.T) {
	for _, c := range []struct {
		name     string
		scale    float64
		files    int
		min, max float64 // GB
	}{
		{"a", 1, 700, 3.5, 4.5}, {"b", 1, 100_000, 0.7, 1.1}, {"c", 1, 1, 8, 8.1}, {"d", 1, 700, 3.5, 4.5},
		{"a", 0.1, 70, 0.35, 0.45}, {"a", 0.0001, 3, 0.02, 0.05}, {"c", 0.001, 1, 0.007, 0.009},
	} {
		s, err := For(c.name, 1, c.scale)
		if err != nil {
			t.Fatal(err)
		}
		if gb := float64(s.Bytes()) / 1e9; len(s.Files()) != c.files || gb < c.min || gb > c.max {
			t.Errorf("%s at %v: %d files, %.3f GB", c.name, c.scale, len(s.Files()), gb)
		}
	}
	for _, bad := range []float64{0, -1, 1.5} {
		if _, err := For("a", 1, bad); !errors.Is(err, ErrScale) {
			t.Errorf("scale %v: %v", bad, err)
		}
	}
	if _, err := For("z", 1, 1); err == nil {
		t.Error("a case z was made")
	}
}

func BenchmarkPhoto(b *testing.B) {
	l := &Library{Dir: b.TempDir(), thumbs: newThumbnails()}
	m := newMaker(l.thumbs)
	f := File{Path: "x.JPG", Size: 4 * mib, kind: jpegFile}
	b.SetBytes(f.Size)
	for b.Loop() {
		if err := m.create(l.at(f), f); err != nil {
			b.Fatal(err)
		}
	}
}
