package restore

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"lightproof/backup/vault"
)

// contents are those of all files below a folder, in order.
func contents(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Ext(path) == ".trashinfo" {
			return err
		}
		b, err := os.ReadFile(path)
		out = append(out, string(b))
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// A disk takes two names for one and does not say so: only what was there before goes to the trash, never the file restored first.
func TestARestoredFileIsNotReplacedByTheNext(t *testing.T) {
	for _, upper := range []string{"A.jpg", "\u00c9.jpg"} {
		lower := map[string]string{"A.jpg": "a.jpg", "\u00c9.jpg": "e\u0301.jpg"}[upper]
		data := t.TempDir()
		t.Setenv("XDG_DATA_HOME", data)
		l := newLibrary(t)
		l.bundle(small{path: upper, content: []byte("upper"), at: 1}, small{path: lower, content: []byte("lower"), at: 1}, small{path: "other.jpg", content: []byte("other"), at: 1})
		target, jobs := t.TempDir(), l.jobs(t.TempDir())
		d := filepath.Join(target, "Pictures")
		os.Mkdir(d, 0o755)
		names := []string{filepath.Join(d, upper), filepath.Join(d, lower)}
		if err := errors.Join(os.WriteFile(names[0], []byte("before"), 0o600), os.Link(names[0], names[1])); err != nil {
			t.Fatal(err)
		}
		o := l.options()
		o.Workers = 1
		o.hooks.step = func(s string) { // both names always lead to one file, as on such a disk
			if s != "named" && s != "trashed" {
				return
			}
			for i, name := range names {
				if b, err := os.ReadFile(name); err != nil || string(b) == "before" {
					if b, err := os.ReadFile(names[1-i]); err == nil && string(b) != "before" {
						os.Remove(name)
						os.Link(names[1-i], name)
					}
				}
			}
		}
		r, err := Run(context.Background(), jobs, l.plan(target, Replace), o)
		if err != nil {
			t.Fatal(err)
		}
		l.sums(r)
		if !r.Whole() || r.Written != 3 {
			t.Errorf("%s %v", r.Sums(), r.NotRestored)
		}
		if trashed := contents(t, filepath.Join(data, "Trash", "files")); !slices.Equal(trashed, []string{"before"}) {
			t.Errorf("in the trash: %q", trashed)
		}
		o.hooks = hooks{}
		if r, err = Resume(context.Background(), jobs, r.Job, o); err != nil || !r.Whole() {
			t.Error(err)
		}
	}
}

// A protected folder lies in another one, and both go back in place: the file of one never replaces that of the other, also in a later run.
func TestAFolderWithinAnotherDoesNotReplaceItsFiles(t *testing.T) {
	inner := [16]byte{2}
	for _, c := range []struct {
		name     string
		contents [2]string
		there    string // before
		want     []string
		trash    []string
	}{
		{"two versions", [2]string{"one", "two"}, "before", []string{"one", "two"}, []string{"before"}},
		{"the same", [2]string{"one", "one"}, "before", []string{"one"}, []string{"before"}},
		{"the outer one is there", [2]string{"one", "two"}, "one", []string{"one", "two"}, nil},
		{"the inner one is there", [2]string{"one", "two"}, "two", []string{"one", "two"}, nil},
	} {
		for _, stop := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				data, root := t.TempDir(), filepath.Join(t.TempDir(), "Pictures")
				t.Setenv("XDG_DATA_HOME", data)
				l := newLibrary(t)
				l.sources = map[[16]byte]vault.Source{photos: {ID: photos, Root: root}, inner: {ID: inner, Root: filepath.Join(root, "sub")}}
				l.bundle(small{path: "sub/a.jpg", content: []byte(c.contents[0]), at: 1})
				l.bundle(small{path: "a.jpg", content: []byte(c.contents[1]), at: 1})
				l.file("a.jpg").Source = inner
				if err := errors.Join(os.MkdirAll(filepath.Join(root, "sub"), 0o755), os.WriteFile(filepath.Join(root, "sub", "a.jpg"), []byte(c.there), 0o600)); err != nil {
					t.Fatal(err)
				}
				jobs, o := l.jobs(t.TempDir()), l.options()
				o.Workers = 1
				plan := l.plan("", Replace)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if stop { // after the first file has its name
					o.hooks.flush = func(*os.File) error { return errors.New("each by itself") }
					o.hooks.step = func(s string) {
						if s == "named" {
							cancel()
						}
					}
				}
				r, err := Run(ctx, jobs, plan, o)
				if r == nil || (err != nil) != stop {
					t.Fatal(err)
				}
				if stop {
					o.hooks = hooks{}
					if r, err = Resume(context.Background(), jobs, r.Job, o); err != nil {
						t.Fatal(err)
					}
				}
				if !r.Whole() {
					t.Errorf("%s %v", r.Sums(), r.NotRestored)
				}
				if got := contents(t, root); !slices.Equal(got, c.want) {
					t.Errorf("%q", got)
				}
				if got := contents(t, filepath.Join(data, "Trash", "files")); !slices.Equal(got, c.trash) {
					t.Errorf("in the trash: %q", got)
				}
				if left := leftovers(t, root); left != nil {
					t.Error(left)
				}
			})
		}
	}
}

// Places are looked for only where files are replaced, and only those that may be one are remembered.
func TestOnlyPlacesThatMayBeOneAreRemembered(t *testing.T) {
	l := newLibrary(t)
	l.sample(30)
	l.bundle(small{path: "RAW/dsc_1.nef", content: bytes.Repeat([]byte("x"), 9), at: 1})
	for _, c := range []struct {
		policy Conflict
		shared int
	}{{KeepBoth, 0}, {Skip, 0}, {Replace, 1}} {
		r := &run{o: l.options(), plan: l.plan(filepath.Join(t.TempDir(), "t"), c.policy)}
		if r.findTwins(); len(r.twins.shared) != c.shared {
			t.Errorf("%s: %v", c.policy, r.twins.shared)
		}
	}
}
