package library_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lightproof/backup"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// flip damages an object in the middle; its size stays.
func (r *rig) flip(t *testing.T, name string) {
	t.Helper()
	path := filepath.Join(r.place, filepath.FromSlash(name))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedObjectOfEachKindIsFoundHealedAndCountedOnce(t *testing.T) {
	r := newRig(t)
	content(t, filepath.Join(r.photos, "small.xmp"), 1, 2_000)
	content(t, filepath.Join(r.photos, "other.xmp"), 2, 3_000)
	content(t, filepath.Join(r.photos, "one.bin"), 3, 500_000)
	content(t, filepath.Join(r.photos, "film.mov"), 4, 20<<20)
	r.backUp(t)
	l := r.unlock(t)
	clean := r.stored(t)
	for name, size := range clean {
		if !vault.ValidName(name) || strings.HasPrefix(name, "u/") {
			continue
		}
		for kind, damage := range map[string]func(){
			"altered": func() { r.flip(t, name) },
			"gone":    func() { _ = os.Remove(filepath.Join(r.place, filepath.FromSlash(name))) },
			"grown":   func() { _ = os.Truncate(filepath.Join(r.place, filepath.FromSlash(name)), store.MaxObject+1) },
		} {
			damage()
			run, o := r.fullCheck(t, l)
			if run.Bad != 1 || run.Repaired != 1 || o.Wrong != 0 || o.Bad != 0 || o.Files != 4 {
				t.Errorf("%s of %d bytes %s: %d bad, %d repaired, %+v", name, size, kind, run.Bad, run.Repaired, o)
			}
			if again := r.check(t, "full"); again.Bad != 0 {
				t.Errorf("%s %s: %d bad after the repair", name, kind, again.Bad)
			}
		}
	}
	if err := os.RemoveAll(filepath.Join(r.photos, "one.bin")); err != nil {
		t.Fatal(err)
	}
	for name, size := range clean {
		if size < 500_000 || size > 600_000 {
			continue
		}
		r.flip(t, name)
		run, o := r.fullCheck(t, l)
		if run.Bad != 1 || run.Repaired != 0 || o.Wrong != 1 || o.Bad != 1 || o.Files != 3 {
			t.Errorf("without the original: %d bad, %d repaired, %+v", run.Bad, run.Repaired, o)
		}
	}
}

// unreadable is a destination of which some objects cannot be read.
type unreadable struct {
	store.Store
	bad map[string]error
}

func (u unreadable) Get(ctx context.Context, name string, o store.GetOptions) ([]byte, error) {
	if err := u.bad[name]; err != nil {
		return nil, err
	}
	return u.Store.Get(ctx, name, o)
}

func TestOneObjectThatCannotBeReadEndsNoOpening(t *testing.T) {
	r := newRig(t)
	u := unreadable{bad: map[string]error{}}
	r.open = func(ctx context.Context, kind, dir string, identity json.RawMessage) (store.Store, error) {
		s, err := backup.OpenFolder(ctx, kind, dir, identity)
		return unreadable{s, u.bad}, err
	}
	if err := r.engine.Close(); err != nil {
		t.Fatal(err)
	}
	r.start(t)
	for i := range 10 {
		content(t, filepath.Join(r.photos, fmt.Sprint(i, ".bin")), uint64(i), 100_000)
	}
	r.backUp(t)
	l := r.unlock(t)
	s, _ := r.engine.State(t.Context())
	victim := ""
	for name, size := range r.stored(t) {
		if _, ok := vault.ParseChunkName(name); ok && size > 100_000 {
			victim = name
		}
	}
	for _, c := range []struct {
		err   error
		wrong int64
	}{
		{errors.New("input/output error"), 1}, {fmt.Errorf("got: %w", store.ErrDamaged), 1}, {store.ErrAway, 0}, {store.ErrRefused, 0},
	} {
		u.bad[victim] = c.err
		o, err := l.OpenCopies(t.Context(), s.Destinations[0].ID, nil)
		if c.wrong == 0 && (!errors.Is(err, c.err) || o.Wrong+o.Bad != 0) || c.wrong > 0 && (err != nil || o.Wrong != 1 || o.Bad != 1 || o.Files != 9) {
			t.Errorf("%v: %+v %v", c.err, o, err)
		}
	}
}

// A proof of other bytes than those of our own records is none: the object is read back and judged by the engine.
func TestAnOpenedObjectThatIsNotTheRecordedOneIsReadBack(t *testing.T) {
	r := newRig(t)
	n := r.counting(t)
	content(t, filepath.Join(r.photos, "one.bin"), 3, 500_000)
	r.backUp(t)
	l := r.unlock(t)
	defer l.Close()
	s, _ := r.engine.State(t.Context())
	for name := range r.stored(t) {
		cid, ok := vault.ParseChunkName(name)
		if _, doubled := r.stored(t)[vault.Mirror(name)]; !ok || doubled {
			continue
		}
		r.check(t, backup.CheckRecords)
		_, err := r.engine.Do(t.Context(), backup.RecordOpened{Destination: s.Destinations[0].ID, Objects: [][]byte{cid[:]}, Sums: [][]byte{make([]byte, 32)}})
		if err != nil {
			t.Fatal(err)
		}
		n.take()
		r.check(t, backup.CheckRest)
		if got := n.take()[name]; got != 1 {
			t.Errorf("%s was read back %d times", name, got)
		}
	}
}
