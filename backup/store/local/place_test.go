package local

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lightproof/backup/store"
	"lightproof/backup/store/place"
)

func TestCreateLeavesPublicConstantMarkers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "place")
	id, err := Create(dir, [16]byte{0xab, 15: 0xcd})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "space.json"))
	if want := "{\"format\":\"lightproof v1-beta\",\"space\":\"ab0000000000000000000000000000cd\"}\n"; err != nil || string(b) != want {
		t.Fatalf("space.json: %q, %v", b, err)
	}
	if id.Place == [16]byte{} || id.Filesystem == "" {
		t.Fatalf("identity: %+v", id)
	}
	space, err := ReadSpace(dir)
	if err != nil || space != id.Space {
		t.Fatalf("ReadSpace: %x, %v", space, err)
	}
	again, err := ReadIdentity(dir)
	if err != nil || again != id {
		t.Fatalf("ReadIdentity: %+v, %v; Create said %+v", again, err, id)
	}
	for name, mode := range map[string]os.FileMode{".": 0o700 | os.ModeDir, "space.json": 0o600, "place.json": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if left := names(t, filepath.Join(dir, "tmp")); len(left) != 0 {
		t.Errorf("left in tmp: %v", left)
	}
}

func TestIdentitySurvivesJSON(t *testing.T) {
	id := Identity{Place: [16]byte{1}, Space: [16]byte{2}, Filesystem: "uuid:x"}
	b, err := json.Marshal(id)
	if err != nil {
		t.Fatal(err)
	}
	var back Identity
	if err := json.Unmarshal(b, &back); err != nil || back != id {
		t.Fatalf("%s: %+v, %v", b, back, err)
	}
	if json.Unmarshal([]byte(`{"place":"01","space":"02"}`), &back) == nil {
		t.Fatal("short identifiers were accepted")
	}
}

func TestCreateDecidesByWhatTheFolderHolds(t *testing.T) {
	space, other := [16]byte{1}, [16]byte{2}
	write := func(t *testing.T, dir, name, data string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		prepare func(t *testing.T, dir string)
		want    error
	}{
		"empty":                 {func(t *testing.T, dir string) {}, nil},
		"a fresh drive":         {func(t *testing.T, dir string) { os.Mkdir(filepath.Join(dir, "lost+found"), 0o700) }, nil},
		"a killed Create's":     {func(t *testing.T, dir string) { write(t, dir, "space.json", string(place.EncodeSpace(space))) }, nil},
		"other files":           {func(t *testing.T, dir string) { write(t, dir, "photo.jpg", "x") }, ErrNotEmpty},
		"another vault":         {func(t *testing.T, dir string) { write(t, dir, "space.json", string(place.EncodeSpace(other))) }, store.ErrWrongPlace},
		"a damaged marker":      {func(t *testing.T, dir string) { write(t, dir, "space.json", "{") }, ErrMarker},
		"a folder for a marker": {func(t *testing.T, dir string) { os.Mkdir(filepath.Join(dir, "space.json"), 0o700) }, ErrMarker},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c.prepare(t, dir)
			before := len(names(t, dir))
			id, err := Create(dir, space)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Fatalf("%v; want %v", err, c.want)
			}
			if err != nil {
				if after := len(names(t, dir)); after != before {
					t.Fatalf("a refused folder was changed: %d entries, then %d", before, after)
				}
				return
			}
			again, err := Create(dir, space)
			if err != nil || again != id {
				t.Fatalf("a second Create made another place: %+v, %v", again, err)
			}
		})
	}
	t.Run("parent missing", func(t *testing.T) {
		dir := t.TempDir()
		if _, err := Create(filepath.Join(dir, "drive", "place"), space); !errors.Is(err, store.ErrAway) {
			t.Fatal(err)
		}
		if got := names(t, dir); len(got) != 0 {
			t.Fatalf("made %v", got)
		}
	})
	t.Run("a newer format", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir, "space.json", `{"format":"lightproof v9\u0007","space":"01000000000000000000000000000000"}`)
		for _, err := range []error{second(Create(dir, space)), second(ReadSpace(dir))} {
			fe, ok := errors.AsType[*FormatError](err)
			if !ok || fe.Format != "lightproof v9?" {
				t.Fatalf("%v", err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestOpenDemandsThePlaceThatWasSetUp(t *testing.T) {
	dir, id := newPlace(t)
	parent := filepath.Dir(dir)
	empty := filepath.Join(parent, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	otherSpace, otherPlace := id, id
	otherSpace.Space[3]++
	otherPlace.Place[3]++
	for name, c := range map[string]struct {
		dir  string
		id   Identity
		want error
		says string
	}{
		"missing":         {filepath.Join(parent, "none"), id, store.ErrAway, "missing"},
		"empty":           {empty, id, store.ErrAway, "may not be mounted"},
		"another vault":   {dir, otherSpace, store.ErrWrongPlace, "identifier"},
		"another copy":    {dir, otherPlace, store.ErrWrongPlace, "identifier"},
		"a file":          {filepath.Join(dir, "space.json"), id, nil, ""},
		"the place below": {filepath.Join(dir, "tmp"), id, store.ErrAway, "may not be mounted"},
	} {
		s, err := Open(c.dir, c.id)
		if err == nil {
			s.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		if c.want != nil && (!errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(parent, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error("Open made the folder")
	}
	if got := names(t, empty); len(got) != 0 {
		t.Errorf("Open made %v", got)
	}
}

// names lists a directory; a missing one is empty.
func names(t testing.TB, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}
