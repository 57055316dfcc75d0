package sourcetest

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"lightproof/backup/source"
)

// Scan implements source.Tree: rules and ScanOptions.Under count, exclusions and bounds do not.
func (t *Tree) Scan(ctx context.Context, fo source.Folder, options source.ScanOptions, fn func(source.Item) error) (sum source.Summary, err error) {
	judge, err := source.NewJudge(fo.Rules)
	if err != nil {
		return sum, err
	}
	t.mu.Lock()
	f := t.folders[fo.Root]
	if f == nil || f.missing {
		t.mu.Unlock()
		return sum, source.ErrFolderMissing
	}
	planted, invented, cut := f.planted(), f.invented, f.cut
	t.mu.Unlock()
	total := len(planted) + invented
	sum.Root = source.RootEvidence{ID: source.Identity{Device: 1, Inode: nameKey(fo.Root) | 1}, FileSystem: "invented", Entries: int64(total)}
	next, p := 0, 0
	ahead := InventedPath(0)
	for n := 0; n < total; n++ {
		if err := ctx.Err(); err != nil {
			return sum, err
		}
		if cut != nil && n >= total/2 {
			break
		}
		var path string
		if next < invented && (p == len(planted) || comparePaths(ahead, planted[p]) < 0) {
			path = ahead
			next++
			ahead = InventedPath(next)
		} else {
			path = planted[p]
			p++
		}
		item, present := t.itemNow(fo.Root, path)
		if !present || options.Under != "" && path != options.Under && !strings.HasPrefix(path, options.Under+"/") {
			continue
		}
		if rule, out := judge.Skips(path, func(name string) bool { return t.stands(fo.Root, path, name) }); out {
			item.State, item.Rule = source.Skipped, rule
		}
		if err := report(&sum, item, fn); err != nil {
			return sum, err
		}
	}
	if cut != nil {
		sum.AtLeast = true
		return sum, report(&sum, source.Item{
			Kind: source.KindDir, State: source.Unreadable, Reason: source.ReasonContentsUnknown, Err: cut, UID: -1, GID: -1,
		}, fn)
	}
	sum.Full = true
	return sum, nil
}

func (fo *folder) planted() []string {
	var paths []string
	for path, f := range fo.files {
		if f.planted {
			paths = append(paths, path)
		}
	}
	slices.SortFunc(paths, comparePaths)
	return paths
}

func (t *Tree) itemNow(root, path string) (source.Item, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.find(root, path)
	if f == nil || f.removed {
		return source.Item{}, false
	}
	return f.item, true
}

func (t *Tree) stands(root, path, name string) bool {
	_, present := t.itemNow(root, path[:strings.LastIndexByte(path, '/')+1]+name)
	return present
}

// comparePaths orders as source.Tree.Scan says: in each directory what is no directory first.
func comparePaths(a, b string) int {
	for {
		nameA, restA, deepA := strings.Cut(a, "/")
		nameB, restB, deepB := strings.Cut(b, "/")
		switch {
		case deepA != deepB && deepA:
			return 1
		case deepA != deepB:
			return -1
		case nameA != nameB || !deepA:
			return cmp.Compare(nameA, nameB)
		}
		a, b = restA, restB
	}
}

func report(sum *source.Summary, item source.Item, fn func(source.Item) error) error {
	sum.Items++
	switch item.State {
	case source.Found:
		sum.Found++
		sum.Bytes += item.Size
	case source.Skipped:
		sum.Skipped++
	case source.Unreadable:
		sum.Unreadable++
	case source.OnlineOnly:
		sum.OnlineOnly++
	case source.Failed:
		sum.Failed++
	}
	return fn(item)
}
