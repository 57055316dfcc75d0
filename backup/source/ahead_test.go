//go:build linux || darwin

package source

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
)

// grow makes a tree of directories with few, many and very many names, some of which fail.
func grow(r *rand.Rand, tree *brokenTree, path string, depth int) {
	var names []string
	files := [...]int{0, 3, 20, 150}[r.IntN(4)]
	if r.IntN(60) == 0 {
		files = 2*statsAhead + 100
	}
	for i := range files {
		name := fmt.Sprintf("f%d", i)
		names = append(names, name)
		if r.IntN(50) == 0 {
			tree.fail["stat "+join(path, name)] = []error{syscall.ENOENT, syscall.EIO, syscall.EACCES}[r.IntN(3)]
		}
	}
	if depth > 0 {
		for i := range r.IntN(9) {
			name := fmt.Sprintf("d%d", i)
			names = append(names, name)
			sub := join(path, name)
			switch r.IntN(12) {
			case 0:
				tree.fail["open "+sub] = []error{syscall.ENOENT, syscall.EIO, syscall.EACCES}[r.IntN(3)]
			case 1:
				tree.fail["names "+sub] = []error{syscall.ENOENT, syscall.EIO, syscall.EACCES}[r.IntN(3)]
			case 2:
				tree.device[sub] = 7
			case 3:
				tree.inodes[sub] = tree.inode("")
			}
			grow(r, tree, sub, depth-1)
		}
	}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	tree.entries[path] = names
}

func TestScanSaysTheSameHoweverManyLookAhead(t *testing.T) {
	for seed := range uint64(8) {
		tree := standard()
		tree.entries = map[string][]string{}
		grow(rand.New(rand.NewPCG(seed, 1)), tree, "", 3)
		tree.lookers = 0
		wantItems, wantOrder, wantSum, err := collect(tree.os(), Folder{Root: "/root"}, ScanOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 4} {
			tree.lookers, tree.most = n, 0
			items, order, sum, err := collect(tree.os(), Folder{Root: "/root"}, ScanOptions{})
			if err != nil || sum != wantSum || !reflect.DeepEqual(order, wantOrder) {
				t.Fatalf("seed %d, %d lookers: %v, %+v instead of %+v", seed, n, err, sum, wantSum)
			}
			for path, i := range wantItems {
				if fmt.Sprint(items[path]) != fmt.Sprint(i) {
					t.Fatalf("seed %d, %d lookers: %+v instead of %+v", seed, n, items[path], i)
				}
			}
			if tree.open != 0 || tree.most > maxOpen+aheadInAll+n+4 {
				t.Errorf("seed %d, %d lookers: %d directories left open, %d at most", seed, n, tree.open, tree.most)
			}
		}
	}
}

func TestScanThatIsStoppedLeavesNothingOpen(t *testing.T) {
	stop := errors.New("enough")
	for seed := range uint64(8) {
		tree := standard()
		tree.entries = map[string][]string{}
		r := rand.New(rand.NewPCG(seed, 2))
		grow(r, tree, "", 3)
		_, all, _, err := collect(tree.os(), Folder{Root: "/root"}, ScanOptions{})
		if err != nil || len(all) == 0 {
			continue
		}
		last := all[r.IntN(len(all))]
		for _, want := range []error{stop, context.Canceled} {
			ctx, cancel := context.WithCancel(context.Background())
			after := 0
			sum, err := tree.os().Scan(ctx, Folder{Root: "/root"}, ScanOptions{}, func(i Item) error {
				if after > 0 {
					after++
				}
				if i.Path == last {
					after = 1
					if want == stop {
						return stop
					}
					cancel()
				}
				return nil
			})
			cancel()
			// A cancelled scan may end with what it has looked at; it is then over anyway, and not one that says less than there is.
			if !errors.Is(err, want) && !(want == context.Canceled && err == nil && sum.Full) || err != nil && sum.Full || want == stop && after > 1 {
				t.Errorf("seed %d: %v, full %v, %d calls after the end", seed, err, sum.Full, after)
			}
			if tree.open != 0 {
				t.Errorf("seed %d: %d directories left open", seed, tree.open)
			}
		}
	}
}

func TestNothingIsListedAheadOfARuleThatForbidsIt(t *testing.T) {
	tree := standard()
	tree.entries = map[string][]string{
		"": {"a", "ours", "proc", ".Trashes", "z"}, "a": {"1"}, "ours": {"secret"}, "proc": {"kcore"}, ".Trashes": {"old"}, "z": {"2"},
	}
	tree.device["proc"] = 7
	tree.system["proc"] = fileSystem{name: "proc", system: true}
	for _, dir := range []string{"ours", "proc", ".Trashes"} {
		tree.fail["names "+dir] = errListed
	}
	dir := t.TempDir() // stands for "ours": exclusions are by identity
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	tree.inodes["ours"] = info.Sys().(*syscall.Stat_t).Ino
	for path := range tree.entries {
		if path != "proc" {
			tree.device[path] = uint64(info.Sys().(*syscall.Stat_t).Dev)
		}
	}
	// The walk waits in its first directory until the one looker has come to the last.
	tree.lookers = 1
	came := make(chan struct{})
	tree.opened = func(path string) {
		if path == "z" {
			close(came)
		}
	}
	tree.asked = func(path string) {
		if path == "a/1" {
			<-came
		}
	}
	items, _, sum, err := collect(tree.os(), Folder{Root: "/root"}, ScanOptions{Exclude: []Excluded{{Path: dir, Name: "ours"}}})
	if err != nil || sum.AtLeast || items["ours"].Rule != "ours" || items["proc"].Rule != RuleSystem || items[".Trashes"].Rule != RuleVolumeSystem {
		t.Errorf("%v %+v %+v", err, sum, items)
	}
	if tree.listed.Load() != 3 {
		t.Errorf("%d directories were listed instead of 3", tree.listed.Load())
	}
}

var errListed = errors.New("was listed")

// BenchmarkLookAhead walks 20,000 files in directories of 100, without and with lookers.
func BenchmarkLookAhead(b *testing.B) {
	dir := b.TempDir()
	for i := range 20_000 {
		path := filepath.Join(dir, fmt.Sprintf("%03d/IMG_%05d.jpg", i/100, i))
		if i%100 == 0 {
			if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for _, n := range []int{0, lookers()} {
		b.Run(fmt.Sprintf("lookers=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			system := NewOS(nil)
			system.lookers = n
			for b.Loop() {
				sum, err := system.Scan(context.Background(), Folder{Root: dir}, ScanOptions{}, func(Item) error { return nil })
				if err != nil || sum.Found != 20_000 {
					b.Fatal(err, sum)
				}
			}
		})
	}
}
