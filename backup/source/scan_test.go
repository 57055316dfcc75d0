package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// scanned collects a scan's items by path and checks that the sums hold.
func scanned(t testing.TB, folder Folder, options ScanOptions) (map[string]Item, []string, Summary) {
	t.Helper()
	items, order, sum, err := collect(NewOS(nil), folder, options)
	if err != nil {
		t.Fatal(err)
	}
	return items, order, sum
}

func collect(tree Tree, folder Folder, options ScanOptions) (map[string]Item, []string, Summary, error) {
	items, order := map[string]Item{}, []string(nil)
	sum, err := tree.Scan(context.Background(), folder, options, func(i Item) error {
		if _, twice := items[i.Path]; twice && i.Kind != KindDir {
			return fmt.Errorf("%q came twice", i.Path)
		}
		items[i.Path] = i
		order = append(order, i.Path)
		return nil
	})
	n := sum.Found + sum.Skipped + sum.Unreadable + sum.OnlineOnly + sum.Failed
	if n != sum.Items || n != int64(len(order)) {
		err = errors.Join(err, fmt.Errorf("the sum does not hold: %+v, %d items", sum, len(order)))
	}
	return items, order, sum, err
}

// plant writes files (and their directories) below a new directory; each holds its own path.
func plant(t testing.TB, paths ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range paths {
		full := filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(p), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestScanFindsEveryFileOnceInOrderOfNames(t *testing.T) {
	dir := plant(t, "b.jpg", "a.jpg", "B.jpg", "m/z.jpg", "m/a/1.jpg", "m-2/x.jpg", "m/a.jpg", "c/deep/er/still/f.cr3")
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, order, sum := scanned(t, Folder{Root: dir}, ScanOptions{})
	want := []string{"B.jpg", "a.jpg", "b.jpg", "c/deep/er/still/f.cr3", "m/a.jpg", "m/z.jpg", "m/a/1.jpg", "m-2/x.jpg"}
	if !slices.Equal(order, want) {
		t.Errorf("order %q, want %q", order, want)
	}
	if !sum.Full || sum.AtLeast || sum.Found != 8 || sum.Dirs != 9 || sum.Root.Entries != 7 {
		t.Errorf("summary %+v", sum)
	}
}

func TestScanReportsFactsOfAFile(t *testing.T) {
	dir := plant(t, "a.jpg")
	info, err := os.Stat(filepath.Join(dir, "a.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	items, _, sum := scanned(t, Folder{Root: dir}, ScanOptions{})
	i := items["a.jpg"]
	if i.Size != 5 || sum.Bytes != 5 || !i.ModTime.Equal(info.ModTime()) || i.Kind != KindFile || i.State != Found || i.Links != 1 {
		t.Errorf("item %+v", i)
	}
}

func TestMissingFolderIsAnErrorAndNoDeletion(t *testing.T) {
	dir := plant(t, "file")
	for _, root := range []string{filepath.Join(dir, "gone"), filepath.Join(dir, "file"), filepath.Join(dir, "file", "below")} {
		_, _, sum, err := collect(NewOS(nil), Folder{Root: root}, ScanOptions{})
		if !errors.Is(err, ErrFolderMissing) || sum.Full {
			t.Errorf("%v, full %v; want ErrFolderMissing", err, sum.Full)
		}
		if err != nil && strings.Contains(err.Error(), dir) {
			t.Errorf("the error tells a path: %v", err)
		}
	}
}

func TestScanThatStopsIsNotFull(t *testing.T) {
	dir := plant(t, "a", "b", "c/d")
	stop := errors.New("stop")
	n := 0
	sum, err := NewOS(nil).Scan(context.Background(), Folder{Root: dir}, ScanOptions{}, func(Item) error {
		if n++; n == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || sum.Full {
		t.Errorf("after the callback's error: %v, full %v", err, sum.Full)
	}
	ctx, cancel := context.WithCancel(context.Background())
	sum, err = NewOS(nil).Scan(ctx, Folder{Root: dir}, ScanOptions{}, func(Item) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || sum.Full {
		t.Errorf("after cancelling: %v, full %v", err, sum.Full)
	}
}

func TestExcludedPathsAreSkippedByName(t *testing.T) {
	dir := plant(t, "a.jpg", "vault/d/object", "sub/home/state.db")
	options := ScanOptions{Exclude: []Excluded{
		{filepath.Join(dir, "vault"), "destination"}, {filepath.Join(dir, "sub", "..", "sub", "home"), "own state"},
		{filepath.Join(dir, "not there"), "nothing"},
	}}
	items, order, sum := scanned(t, Folder{Root: dir, Rules: Rules{{Name: "all", Pattern: "**", Include: true}}}, options)
	if len(order) != 3 || items["vault"].Rule != "destination" || items["sub/home"].Rule != "own state" || items["a.jpg"].State != Found {
		t.Errorf("items %+v", items)
	}
	if items["vault"].Kind != KindDir || sum.AtLeast || !sum.Full {
		t.Errorf("an excluded directory is one item and no uncertainty: %+v", sum)
	}
	_, _, _, err := collect(NewOS(nil), Folder{Root: dir}, ScanOptions{Exclude: []Excluded{{dir, "destination"}}})
	if !errors.Is(err, ErrFolderExcluded) {
		t.Errorf("excluded root: %v", err)
	}
}

func TestPathsBeyondTheBoundFail(t *testing.T) {
	long := strings.Repeat("n", 40)
	dir := plant(t, "short", long, "dir/"+long, long+"d/below")
	items, _, sum := scanned(t, Folder{Root: dir}, ScanOptions{MaxPath: 39})
	for _, path := range []string{long, "dir/" + long, long + "d"} {
		if i := items[path]; i.State != Failed || i.Reason != ReasonNameTooLong || !errors.Is(i.Err, ErrNameTooLong) {
			t.Errorf("%q: %+v", path, i)
		}
	}
	if !sum.AtLeast || items["short"].State != Found {
		t.Errorf("summary %+v", sum)
	}
}

func TestScanUnderLooksOnlyThere(t *testing.T) {
	dir := plant(t, "a.jpg", "x/1.jpg", "x/y/2.jpg", "x/y/._2.jpg", "x/y2/3.jpg", "private/p/4.jpg")
	folder := Folder{Root: dir, Rules: Rules{{Name: "private things", Pattern: "/private"}}}
	for under, want := range map[string][]string{
		"a.jpg": {"a.jpg"}, "x/y": {"x/y/._2.jpg", "x/y/2.jpg"}, "x": {"x/1.jpg", "x/y/._2.jpg", "x/y/2.jpg", "x/y2/3.jpg"},
		"private/p": {"private/p/4.jpg"}, "gone": nil, "x/gone/deep": nil, "a.jpg/below": nil, "x/y/._2.jpg": {"x/y/._2.jpg"},
	} {
		items, order, sum := scanned(t, folder, ScanOptions{Under: under})
		if !slices.Equal(order, want) || !sum.Full {
			t.Errorf("under %q: %q, want %q; full %v", under, order, want, sum.Full)
		}
		for path, i := range items {
			wantRule := map[string]string{"private/p/4.jpg": "private things", "x/y/._2.jpg": RuleAppleDouble}[path]
			if i.Rule != wantRule {
				t.Errorf("under %q: %q has rule %q, want %q", under, path, i.Rule, wantRule)
			}
		}
	}
	for _, bad := range []string{"..", "x/../a.jpg", "/a.jpg", "x//y"} {
		if _, _, _, err := collect(NewOS(nil), folder, ScanOptions{Under: bad}); err == nil {
			t.Errorf("under %q was accepted", bad)
		}
	}
}

func TestPlaceholderFilesAreOnlineOnlyAndNotOpened(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "IMG_1.jpg.nextcloud"), []byte(" "), 0o644); err != nil {
		t.Fatal(err)
	}
	f := facts{}
	f.Path, f.Size = "IMG_1.jpg.nextcloud", 1
	if !placeholder(f) {
		t.Skip("this system marks placeholders by attributes that a test cannot set")
	}
	items, _, sum := scanned(t, Folder{Root: dir}, ScanOptions{})
	i := items["IMG_1.jpg.nextcloud"]
	if i.State != OnlineOnly || sum.OnlineOnly != 1 || sum.Bytes != 0 {
		t.Errorf("item %+v", i)
	}
	if _, err := NewOS(nil).Open(context.Background(), Folder{Root: dir}, i); !errors.Is(err, ErrOnlineOnly) {
		t.Errorf("opened without consent: %v", err)
	}
	i.State = Found
	file, err := NewOS(nil).Open(context.Background(), Folder{Root: dir}, i)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
}

func BenchmarkScan20000(b *testing.B) {
	dir := b.TempDir()
	for d := range 40 {
		sub := filepath.Join(dir, fmt.Sprintf("2019-%02d", d))
		if err := os.Mkdir(sub, 0o755); err != nil {
			b.Fatal(err)
		}
		for i := range 500 {
			if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("IMG_%04d.JPG", i)), []byte("x"), 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		sum, err := NewOS(nil).Scan(context.Background(), Folder{Root: dir}, ScanOptions{}, func(Item) error { return nil })
		if err != nil || sum.Found != 20000 {
			b.Fatal(err, sum)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/20000, "µs/file")
}
