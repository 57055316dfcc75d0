package cut_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"lightproof/backup/bench/library"
	"lightproof/backup/photo/cut"
)

// TestEditsOfTheBenchmarkStoreLittle counts what the edits that the benchmark makes to the metadata of its library store anew: a rating in
// place in JPEGs, four kilobytes more in the heads of RAWs.
func TestEditsOfTheBenchmarkStoreLittle(t *testing.T) {
	const mib = 1 << 20
	spec := library.Spec{Number: 5, JPEGs: 21, JPEGSize: library.Span{Min: 2 * mib, Max: 6 * mib}, RAWs: 1, RAWSize: library.Span{Min: 25 * mib, Max: 35 * mib}, Film: 20 * mib}
	l, err := library.Make(context.Background(), spec, filepath.Join(t.TempDir(), "library"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]uint8{".JPG": cut.JPEG, ".DNG": cut.TIFF, ".MP4": cut.Media, ".xmp": cut.Fixed}
	before := map[string][]object{}
	walk(t, l.Dir, func(file string) {
		list, _, splitter := objects(t, file)
		before[file] = list
		if splitter != want[filepath.Ext(file)] {
			t.Errorf("%s: splitter %d", filepath.Base(file), splitter)
		}
	})
	edited, err := l.EditMetadata(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	fresh := map[string]int64{}
	walk(t, l.Dir, func(file string) {
		list, _, _ := objects(t, file)
		if n := newBytes(before[file], list); !slices.Equal(before[file], list) {
			fresh[filepath.Ext(file)] += n
		}
	})
	all := fresh[".JPG"] + fresh[".DNG"]
	share := 100 * float64(all) / float64(edited.Bytes)
	t.Logf("figure: new bytes after the benchmark's edits: %.2f %% (%d KB of %d JPEGs and %d KB of %d RAWs, %.1f MB together)", share,
		fresh[".JPG"]/1000, edited.JPEGs, fresh[".DNG"]/1000, edited.RAWs, float64(edited.Bytes)/1e6)
	if edited.JPEGs != 3 || edited.RAWs != 1 || len(fresh) != 2 {
		t.Errorf("%d JPEGs and %d RAWs were edited; new: %v", edited.JPEGs, edited.RAWs, fresh)
	}
	if share > 1 {
		t.Errorf("%.2f %% are new, 1 %% is allowed", share)
	}
}

func walk(t *testing.T, dir string, do func(file string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			do(file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
