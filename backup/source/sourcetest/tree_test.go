package sourcetest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"lightproof/backup/source"
	"lightproof/backup/source/sourcetest"
)

const root = "/photos"

func scan(t testing.TB, tree source.Tree, folder source.Folder, options source.ScanOptions) (map[string]source.Item, []string, source.Summary) {
	t.Helper()
	items, order := map[string]source.Item{}, []string(nil)
	sum, err := tree.Scan(context.Background(), folder, options, func(i source.Item) error {
		items[i.Path] = i
		order = append(order, i.Path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return items, order, sum
}

func read(tree source.Tree, item source.Item) ([]byte, error) {
	f, err := tree.Open(context.Background(), source.Folder{Root: root}, item)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return content, err
	}
	return content, f.Finish()
}

func TestInventedContentFollowsFromNameAndVersion(t *testing.T) {
	tree := sourcetest.New()
	tree.Invent(root, 1200, func(i int) int64 { return int64(i) })
	items, order, sum := scan(t, tree, source.Folder{Root: root}, source.ScanOptions{})
	if len(order) != 1200 || !sum.Full || sum.Found != 1200 || sum.Bytes != 1200*1199/2 {
		t.Fatalf("%+v", sum)
	}
	a, b := sourcetest.InventedPath(700), sourcetest.InventedPath(701)
	first, err := read(tree, items[a])
	if err != nil || len(first) != 700 || !bytes.Equal(first, tree.Content(root, a)) {
		t.Fatal(err, len(first))
	}
	if other, _ := read(tree, items[b]); bytes.Equal(first, other[:700]) {
		t.Error("two files hold the same bytes")
	}
	tree.Edit(root, a, 700)
	if _, err := read(tree, items[a]); !errors.Is(err, source.ErrChanged) {
		t.Errorf("after an edit: %v", err)
	}
	items, _, _ = scan(t, tree, source.Folder{Root: root}, source.ScanOptions{Under: a})
	if second, err := read(tree, items[a]); err != nil || bytes.Equal(first, second) || len(items) != 1 {
		t.Error("an edit changed nothing", err)
	}
	tree.Corrupt(root, b)
	before := items
	items, _, _ = scan(t, tree, source.Folder{Root: root}, source.ScanOptions{})
	if _, err := read(tree, items[b]); err != nil {
		t.Errorf("silent damage must not show: %v", err)
	}
	tree.Remove(root, a)
	if _, err := read(tree, before[a]); !errors.Is(err, source.ErrVanished) {
		t.Errorf("after removal: %v", err)
	}
}

func TestReadAtAndReadAgree(t *testing.T) {
	tree := sourcetest.New()
	tree.AddFolder(root)
	tree.Put(root, "a.jpg", 1003)
	tree.PutBytes(root, "b.jpg", []byte("real bytes"))
	items, _, _ := scan(t, tree, source.Folder{Root: root}, source.ScanOptions{})
	for path, i := range items {
		f, err := tree.Open(context.Background(), source.Folder{Root: root}, i)
		if err != nil {
			t.Fatal(err)
		}
		whole := tree.Content(root, path)
		for offset := range whole {
			part := make([]byte, 5)
			n, _ := f.ReadAt(part, int64(offset))
			if !bytes.Equal(part[:n], whole[offset:min(offset+5, len(whole))]) {
				t.Fatalf("%s at %d: %x", path, offset, part[:n])
			}
		}
		f.Close()
	}
}

func TestPlannedFaultsFire(t *testing.T) {
	tree := sourcetest.New()
	tree.AddFolder(root)
	for _, p := range []string{"open", "read", "finish", "vanish", "edited", "fine"} {
		tree.Put(root, p, 100)
	}
	tree.Plan(root, "open", sourcetest.Faults{Open: source.ErrBusy})
	tree.Plan(root, "read", sourcetest.Faults{Read: sourcetest.ErrPlanned, ReadAt: 50})
	tree.Plan(root, "finish", sourcetest.Faults{Finish: source.ErrChangedWhileRead})
	tree.Plan(root, "vanish", sourcetest.Faults{Vanish: true})
	tree.BeforeRead(func(_, path string, offset int64) {
		if path == "edited" && offset == 0 {
			tree.Edit(root, path, 100)
		}
	})
	items, _, _ := scan(t, tree, source.Folder{Root: root}, source.ScanOptions{})
	for path, want := range map[string]error{
		"open": source.ErrBusy, "read": source.ErrReadError, "finish": source.ErrChangedWhileRead, "vanish": source.ErrVanished,
		"edited": source.ErrChangedWhileRead, "fine": nil,
	} {
		content, err := read(tree, items[path])
		if !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%s: %v", path, err)
		}
		if path == "read" && len(content) != 50 {
			t.Errorf("%d bytes came before the fault", len(content))
		}
		planned := path != "edited" && path != "fine"
		if (tree.Fired(root, path) == 1) != planned {
			t.Errorf("%s fired %d times", path, tree.Fired(root, path))
		}
	}
	tree.CutScan(root, sourcetest.ErrPlanned)
	if _, _, sum := scan(t, tree, source.Folder{Root: root}, source.ScanOptions{}); sum.Full || !sum.AtLeast || sum.Unreadable != 1 {
		t.Errorf("%+v", sum)
	}
	tree.SetMissing(root, true)
	if _, err := tree.Scan(context.Background(), source.Folder{Root: root}, source.ScanOptions{}, nil); !errors.Is(err, source.ErrFolderMissing) {
		t.Error(err)
	}
}

func TestInventedTreeScansInTheSameOrderAndByTheSameRules(t *testing.T) {
	tree := sourcetest.New()
	tree.Invent(root, 600, func(int) int64 { return 1 })
	for _, p := range []string{"z.jpg", "a.jpg", "000001/x.jpg", "000000/A.jpg", "b/c/d.jpg", "b/._e.jpg", "b/e.jpg", "b/x.tmp"} {
		tree.Put(root, p, 1)
	}
	rules := source.Rules{{Name: "tmp", Pattern: "*.tmp"}}
	items, order, sum := scan(t, tree, source.Folder{Root: root, Rules: rules}, source.ScanOptions{})
	if !slices.Equal(order[:3], []string{"a.jpg", "z.jpg", "000000/A.jpg"}) || order[len(order)-1] != "b/c/d.jpg" || len(order) != 608 {
		t.Errorf("%q … %q", order[:4], order[len(order)-4:])
	}
	if items["b/x.tmp"].Rule != "tmp" || items["b/._e.jpg"].Rule != source.RuleAppleDouble || sum.Skipped != 2 {
		t.Errorf("%+v", sum)
	}
}

func BenchmarkScanMillion(b *testing.B) {
	tree := sourcetest.New()
	tree.Invent(root, 1_000_000, func(int) int64 { return 4 << 20 })
	b.ReportAllocs()
	for b.Loop() {
		sum, err := tree.Scan(context.Background(), source.Folder{Root: root}, source.ScanOptions{}, func(source.Item) error { return nil })
		if err != nil || sum.Found != 1_000_000 {
			b.Fatal(err)
		}
	}
}
