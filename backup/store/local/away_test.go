package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lightproof/backup/store"
	"lightproof/backup/store/place"
)

// writes calls everything that writes.
func writes(t *testing.T, s *Store) map[string]error {
	return map[string]error{
		"PutNew": s.PutNew(t.Context(), "c/new", []byte("x")), "Barrier": s.Barrier(t.Context()),
		"Replace": s.Replace(t.Context(), "c/a", []byte("x")), "Delete": s.Delete(t.Context(), "c/a"),
	}
}

// asks calls what must not mistake another folder for an empty or damaged destination.
func asks(t *testing.T, s *Store) map[string]error {
	_, missing := s.Get(t.Context(), "c/missing", store.GetOptions{})
	_, room := s.Room(t.Context())
	return map[string]error{
		"Check": s.Check(t.Context()), "Get": missing, "Room": room,
		"List": s.List(t.Context(), "", func(store.Info) error { return nil }),
	}
}

// withStaged opens a place that holds c/a and has c/staged waiting.
func withStaged(t *testing.T) (dir string, id Identity, s *Store) {
	t.Helper()
	dir, id = newPlace(t)
	s = openPlace(t, dir, id)
	err := errors.Join(s.PutNew(t.Context(), "c/a", []byte("a")), s.Barrier(t.Context()), s.PutNew(t.Context(), "c/staged", []byte("s")))
	if err != nil {
		t.Fatal(err)
	}
	return dir, id, s
}

func wantAll(t *testing.T, errs map[string]error, want error) {
	t.Helper()
	for what, err := range errs {
		if !errors.Is(err, want) {
			t.Errorf("%s: %v; want %v", what, err, want)
		}
	}
}

// tree lists everything below dir with its size.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.Walk(dir, func(p string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			p += strings.Repeat("+", int(info.Size()))
		}
		all = append(all, strings.TrimPrefix(p, dir))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

func TestTheFolderChangesWhileOpen(t *testing.T) {
	for name, c := range map[string]struct {
		replace func(t *testing.T, dir string, id Identity)
		want    error
	}{
		"unplugged":           {func(t *testing.T, dir string, id Identity) {}, store.ErrAway},
		"empty mount point":   {func(t *testing.T, dir string, id Identity) { os.Mkdir(dir, 0o700) }, store.ErrAway},
		"another disk":        {func(t *testing.T, dir string, id Identity) { Create(dir, id.Space) }, store.ErrWrongPlace},
		"another vault":       {func(t *testing.T, dir string, id Identity) { Create(dir, [16]byte{9}) }, store.ErrWrongPlace},
		"plugged in anew":     {func(t *testing.T, dir string, id Identity) { os.CopyFS(dir, os.DirFS(dir+".away")) }, store.ErrAway},
		"somebody else's":     {func(t *testing.T, dir string, id Identity) { os.Mkdir(dir, 0o700); os.WriteFile(dir+"/x", nil, 0o600) }, store.ErrAway},
		"a file at its place": {func(t *testing.T, dir string, id Identity) { os.WriteFile(dir, nil, 0o600) }, store.ErrAway},
	} {
		t.Run(name, func(t *testing.T) {
			dir, id, s := withStaged(t)
			if err := os.Rename(dir, dir+".away"); err != nil {
				t.Fatal(err)
			}
			c.replace(t, dir, id)
			ours, theirs := tree(t, dir+".away"), ""
			if _, err := os.Stat(dir); err == nil {
				theirs = tree(t, dir)
			}
			errs := writes(t, s)
			for what, err := range asks(t, s) {
				errs[what] = err
			}
			if c.want != nil {
				wantAll(t, errs, c.want)
			}
			for what, err := range errs {
				if err == nil {
					t.Errorf("%s succeeded", what)
				}
			}
			if got := tree(t, dir+".away"); got != ours {
				t.Errorf("the absent folder changed:\n%s\nwas\n%s", got, ours)
			}
			if theirs != "" && tree(t, dir) != theirs {
				t.Errorf("written to what is not ours:\n%s", tree(t, dir))
			}
			// It comes back as it was: the run goes on.
			if err := errors.Join(os.RemoveAll(dir), os.Rename(dir+".away", dir)); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(s.Check(t.Context()), s.Barrier(t.Context())); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Stat(t.Context(), "c/staged"); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestAMarkerThatIsGoneStopsEveryWrite(t *testing.T) {
	dir, _, s := withStaged(t)
	if err := os.Remove(filepath.Join(dir, store.PlaceFile)); err != nil {
		t.Fatal(err)
	}
	wantAll(t, writes(t, s), store.ErrAway)
	wantAll(t, map[string]error{"Check": s.Check(t.Context())}, store.ErrAway)
}

func TestCheckReadsTheIdentifierAgain(t *testing.T) {
	dir, id, s := withStaged(t)
	id.Place[0]++
	if err := os.WriteFile(filepath.Join(dir, store.PlaceFile), place.EncodePlace(id.Place), 0o600); err != nil {
		t.Fatal(err)
	}
	wantAll(t, map[string]error{"Check": s.Check(t.Context())}, store.ErrWrongPlace)
}

func TestCheckWritesNothing(t *testing.T) {
	dir, id := newPlace(t)
	before := tree(t, dir)
	s := openPlace(t, dir, id)
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir); got != before {
		t.Fatalf("now\n%s\nwas\n%s", got, before)
	}
}

func TestLinksAndOtherThingsInTheFolderLeadNowhere(t *testing.T) {
	dir, _, s := withStaged(t)
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"out": outside, "file": filepath.Join(outside, "secret"), "c/loop": "../c"} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	makePipe(t, filepath.Join(dir, "pipe"))
	for _, name := range []string{"Thumbs.db", "c/UPPER", ".hidden."} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"out/secret", "file", "pipe"} {
		if b, err := s.Get(t.Context(), name, store.GetOptions{}); err == nil {
			t.Errorf("Get %s gave %q", name, b)
		}
		if _, err := s.Stat(t.Context(), name); err == nil {
			t.Errorf("Stat %s succeeded", name)
		}
	}
	err := s.PutNew(t.Context(), "out/new", []byte("x"))
	if err == nil {
		err = s.Barrier(t.Context())
	}
	if err == nil {
		t.Error("an object was put through a link")
	}
	if err := s.Replace(t.Context(), "out/secret", []byte("x")); err == nil {
		t.Error("an object outside was replaced")
	}
	s.Delete(t.Context(), "out/secret")
	if got := tree(t, outside); got != "\n/secret++++++" {
		t.Errorf("outside now: %q", got)
	}
	var listed []string
	if err := s.List(t.Context(), "", func(i store.Info) error { listed = append(listed, i.Name); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(listed) == 0 || listed[0] != "c/a" || len(listed) > 2 {
		t.Errorf("listed %v", listed)
	}
}

func TestMovingWithoutRenameNoReplace(t *testing.T) {
	for name, move := range map[string]func(*os.Root, string, string) error{"link": linkOrClaim, "claim": claim} {
		t.Run(name, func(t *testing.T) {
			root, err := os.OpenRoot(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			var wg sync.WaitGroup
			won := make(chan string, 16)
			for i := range 16 {
				wg.Go(func() {
					from := string(rune('a' + i))
					if err := root.WriteFile(from, []byte(from), 0o600); err != nil {
						t.Error(err)
						return
					}
					switch err := move(root, from, "final"); {
					case err == nil:
						won <- from
					case !errors.Is(err, os.ErrExist):
						t.Error(err)
					}
				})
			}
			wg.Wait()
			close(won)
			winner := <-won
			if extra, ok := <-won; ok {
				t.Fatalf("%s and %s both won", winner, extra)
			}
			if b, err := root.ReadFile("final"); err != nil || string(b) != winner {
				t.Fatalf("final holds %q, %v; %s won", b, err, winner)
			}
			if _, err := root.Stat(winner); !errors.Is(err, os.ErrNotExist) {
				t.Fatal("the staged file is left")
			}
		})
	}
}
