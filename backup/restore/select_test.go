package restore

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"lightproof/backup/vault"
)

func paths(s *Selection) (out []string) {
	for _, it := range s.Items {
		p := it.Path
		if it.Deleted {
			p += " (deleted)"
		}
		out = append(out, p)
	}
	return out
}

func TestSelectingAMoment(t *testing.T) {
	l := newLibrary(t)
	l.bundle(small{path: "a.jpg", content: []byte("a1"), at: 100}, small{path: "b.jpg", content: []byte("b1"), at: 200}, small{path: "c.jpg", content: []byte("c1"), at: 100})
	l.bundle(small{path: "a.jpg", content: []byte("a2 edited"), at: 300})
	l.remove("c.jpg", 250)
	at := func(n int64) time.Time { return time.Unix(n, 0) }
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"now", Options{}, "a.jpg b.jpg"},
		{"now with deleted", Options{Deleted: true}, "a.jpg b.jpg c.jpg (deleted)"},
		{"before the edit", Options{At: at(249)}, "a.jpg b.jpg c.jpg"},
		{"the moment of deletion", Options{At: at(250)}, "a.jpg b.jpg"},
		{"early", Options{At: at(150)}, "a.jpg c.jpg"},
		{"one", Options{Only: map[vault.FileID]bool{l.file("b.jpg").ID: true}}, "b.jpg"},
		{"pattern", Options{Paths: []string{"[bc].JPG"}, Deleted: true}, "b.jpg c.jpg (deleted)"},
		{"own version", Options{Versions: map[vault.FileID]vault.VersionID{l.file("c.jpg").ID: l.file("c.jpg").Versions[0].ID}, Paths: []string{"c.jpg"}}, "c.jpg"},
	} {
		if got := strings.Join(paths(l.selection(c.o)), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if s := l.selection(Options{At: at(299), Paths: []string{"a.jpg"}}); s.Items[0].Size != 2 {
		t.Error("the version before the edit was not chosen")
	}
	if _, err := Select(t.Context(), l, l.sources, Options{At: at(1)}); err != ErrNothing {
		t.Error(err)
	}
}

func TestAPathIsRestoredOnceHoweverManyFilesHadIt(t *testing.T) {
	l := newLibrary(t)
	l.bundle(small{path: "a.jpg", content: []byte("first"), at: 100})
	first := l.file("a.jpg")
	first.Path = "moved away for a moment"
	l.bundle(small{path: "a.jpg", content: []byte("second one"), at: 200})
	second := l.file("a.jpg")
	first.Path = "a.jpg"
	second.Continues = &first.ID
	s := l.selection(Options{})
	if len(s.Items) != 1 || s.Items[0].File != second.ID {
		t.Fatal(paths(s))
	}
	// Deleted under the newer identifier: the older one does not bring it back.
	second.Versions = append(second.Versions, vault.Version{ID: vault.NewVersionID(), Removed: true, Recorded: 300})
	if _, err := Select(t.Context(), l, l.sources, Options{}); err != ErrNothing {
		t.Error(err)
	}
	s = l.selection(Options{Deleted: true})
	if len(s.Items) != 1 || s.Items[0].File != second.ID || !s.Items[0].Deleted {
		t.Error(paths(s))
	}
}

func TestWholeGroupsArePulledIn(t *testing.T) {
	l := newLibrary(t)
	l.bundle(small{path: "x/IMG.JPG", content: []byte("j"), at: 1}, small{path: "x/IMG.CR3", content: []byte("r"), at: 1}, small{path: "x/other.jpg", content: []byte("o"), at: 1})
	group := func(id vault.FileID) []vault.FileID {
		if id == l.file("x/other.jpg").ID {
			return []vault.FileID{id}
		}
		return []vault.FileID{l.file("x/IMG.JPG").ID, l.file("x/IMG.CR3").ID}
	}
	s := l.selection(Options{Paths: []string{"*.jpg"}, Group: group})
	if got := strings.Join(paths(s), " "); got != "x/IMG.CR3 x/IMG.JPG x/other.jpg" {
		t.Error(got)
	}
	if s.groupOf(&s.Items[0]) != s.groupOf(&s.Items[1]) || s.groupOf(&s.Items[0]) == s.groupOf(&s.Items[2]) {
		t.Error("groups differ from what was said")
	}
}

func TestFoldersOfOneNameAreKeptApart(t *testing.T) {
	names := folderNames(map[[16]byte]vault.Source{{1}: {Root: "/a/Pictures"}, {2}: {Root: "/b/pictures/"}, {3}: {Root: `C:\Users\x\Pictures`}, {4}: {Root: "/"}, {5}: {Root: `/odd\name`}})
	got := slices.Sorted(maps.Values(names))
	if strings.Join(got, "|") != `Pictures|Pictures (3)|folder|odd\name|pictures (2)` && strings.Join(got, "|") != `Pictures|Pictures (2)|folder|odd\name|pictures (3)` {
		t.Error(got)
	}
}

func TestGlobs(t *testing.T) {
	for _, c := range []struct {
		glob, path string
		want       bool
	}{
		{"*.cr3", "2020/IMG.CR3", true}, {"*.cr3", "2020/IMG.CR3.xmp", false}, {"2020", "2020/a/b.jpg", true}, {"2020", "a/2020/b.jpg", true},
		{"2020/*.jpg", "2020/a.jpg", true}, {"2020/*.jpg", "2020/x/a.jpg", false}, {"2020/**/a.jpg", "2020/a.jpg", true}, {"2020/**/a.jpg", "2020/x/y/a.jpg", true},
		{"Pictures/2020", "2020/a.jpg", true}, {"/home/a/Pictures/2020/*", "2020/a.jpg", true}, {"/home/a/Pictures", "2020/a.jpg", true}, {"/home/a/Pic", "2020/a.jpg", false},
		{"/home/b", "a.jpg", false}, {"/", "a.jpg", true}, {"2020/", "2020/a.jpg", true}, {"**/x/**/z", "x/y/x/q/z", true}, {"a/**", "a/b", true},
		{"IMG_?.jpg", "IMG_é.jpg", true}, {"IMG_?.jpg", "IMG_\xff.jpg", true}, {"IMG_[0-4].jpg", "IMG_3.jpg", true}, {"IMG_[!0-4].jpg", "IMG_3.jpg", false},
		{`a\*b`, "a*b", true}, {`a\*b`, "axb", false}, {"[]x]", "]", true}, {"bad\xff.jpg", "bad\xff.jpg", true}, {"a*b*c", "aXbXbXc", true}, {"a*b*c", "aXbXbX", false},
	} {
		g, err := ParseGlob(c.glob)
		if err != nil {
			t.Errorf("%s: %v", c.glob, err)
		} else if got := g.Match("/home/a/Pictures", "Pictures", c.path); got != c.want {
			t.Errorf("%s on %s: %v", c.glob, c.path, got)
		}
	}
	for _, bad := range []string{"", "//", "a//b", "../a", "a/..", "[a", `a\`, "a/./b"} {
		if _, err := ParseGlob(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if g, _ := ParseGlob("C:/Users/x/Pictures/*.jpg"); !g.Match(`C:\Users\x\Pictures`, "Pictures", "a.jpg") {
		t.Error("a path with a drive letter does not match")
	}
}

func FuzzGlob(f *testing.F) {
	for _, s := range []string{"*.cr3", "**/a/**", "[a-z", `\`, "a*b*c*d", "[!]x-]?"} {
		f.Add(s, "dir/name.cr3")
	}
	f.Fuzz(func(t *testing.T, glob, path string) {
		g, err := ParseGlob(glob)
		if err != nil || len(path) > 1000 {
			return
		}
		g.Match("/root", "root", path)
		g.Match(`C:\root`, "root", path)
	})
}

func TestItemsAreSortedBySourceAndPath(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 1))
	for n := range 60 {
		items := make([]Selected, n)
		for i := range items {
			items[i] = Selected{Source: [16]byte{byte(rnd.IntN(3))}, Path: fmt.Sprint(rnd.IntN(1000)), Size: int64(i)}
		}
		want := slices.Clone(items)
		slices.SortStableFunc(want, func(a, b Selected) int {
			return cmp.Or(bytes.Compare(a.Source[:], b.Source[:]), strings.Compare(a.Path, b.Path))
		})
		sortItems(items)
		for i := range items {
			if items[i].Source != want[i].Source || items[i].Path != want[i].Path {
				t.Fatalf("%d of %d: %v, not %v", i, n, items[i], want[i])
			}
		}
		slices.SortFunc(items, func(a, b Selected) int { return cmp.Compare(a.Size, b.Size) })
		for i := range items {
			if items[i].Size != int64(i) {
				t.Fatalf("of %d items one is there twice", n)
			}
		}
	}
}
