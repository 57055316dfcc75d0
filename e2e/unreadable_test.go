package e2e

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"lightproof/backup"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// errSector is what a drive says of one bad sector: nothing of the place beside it.
var errSector = errors.New("input/output error")

// sectors is a destination of whose objects some cannot be read until they are written anew.
type sectors struct {
	store.Store
	mu   *sync.Mutex
	bad  map[string]bool
	gone *error // of the whole place
}

func (s sectors) Get(ctx context.Context, name string, o store.GetOptions) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bad[name] {
		return nil, errSector
	}
	return s.Store.Get(ctx, name, o)
}

func (s sectors) Replace(ctx context.Context, name string, b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bad, name)
	return s.Store.Replace(ctx, name, b)
}

func (s sectors) Check(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(*s.gone, s.Store.Check(ctx))
}

// withSectors backs up ten files to a place of which the test may make objects unreadable.
func withSectors(t *testing.T) (*machine, sectors) {
	s := sectors{mu: &sync.Mutex{}, bad: map[string]bool{}, gone: new(error)}
	m := newMachine(t)
	m.open = wrapped(func(inner store.Store) store.Store {
		s := s
		s.Store = inner
		return s
	})
	m.setUp().withFolderAndPlace()
	numbered(t, m.photos, "a", 1, 10, 90_000)
	m.backUpQuietly()
	return m, s
}

// contents are the names of the stored contents, in their order.
func (m *machine) contents() (names []string) {
	stored := readTree(m.t, m.place("a"))
	for name := range stored {
		if _, doubled := stored[vault.Mirror(name)]; strings.HasPrefix(name, "c/") && !doubled {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// damage changes an object in place.
func (m *machine) damage(name string, how func(b []byte) []byte) {
	m.t.Helper()
	path := filepath.Join(m.place("a"), filepath.FromSlash(name))
	b, err := os.ReadFile(path)
	must(m.t, err)
	must(m.t, os.Chmod(path, 0o600))
	must(m.t, os.WriteFile(path, how(b), 0o600))
}

func grown(b []byte) []byte { return append(b, make([]byte, 9<<20)...) }

// One object that cannot be read is one damaged copy: it is healed, and so is what is damaged beside it.
func TestAnObjectThatCannotBeReadIsOneDamagedCopy(t *testing.T) {
	for _, c := range []struct {
		name   string
		prefix string // of an object that is hit; "" a content
		sector bool
		level  string
		bad    int64
	}{
		{"a bad sector", "", true, "full", 2},
		{"a bad sector in a commit", "l/", true, "full", 2},
		{"a bad sector in the mirror of a control entry", "m2/k/", true, "full", 2},
		{"grown beyond every object", "", false, "full", 2},
		{"grown, quick", "", false, "quick", 1},
		{"a grown commit", "l/", false, "full", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, s := withSectors(t)
			names := m.contents()
			victim := names[0]
			for name := range readTree(t, m.place("a")) {
				if c.prefix != "" && strings.HasPrefix(name, c.prefix) {
					victim = name
				}
			}
			if c.sector {
				s.bad[victim] = true
			} else {
				m.damage(victim, grown)
			}
			m.damage(names[len(names)-1], flip)
			run := m.do(backup.Check{Level: c.level}).Run
			if run.Bad != c.bad || run.Repaired != c.bad || slices.ContainsFunc(run.Issues, func(i backup.Issue) bool { return i.Code == "away" }) {
				t.Errorf("%d bad, %d repaired, %+v", run.Bad, run.Repaired, run.Issues)
			}
			if again := m.do(backup.Check{Level: "full"}).Run; again.Bad != 2-c.bad || len(again.Issues) != 0 {
				t.Errorf("checked again: %+v", again)
			}
			m.mustProve()
		})
	}
}

// What is no file under an object's name is left alone and named; the copies behind it are checked and healed.
func TestAFolderInAnObjectsPlaceHidesNothingBehindIt(t *testing.T) {
	m, _ := withSectors(t)
	names := m.contents()
	path := filepath.Join(m.place("a"), filepath.FromSlash(names[0]))
	must(t, os.Remove(path))
	write(t, filepath.Join(path, "somebody's"), []byte("note"))
	for _, name := range names[1:] {
		m.damage(name, flip)
	}
	run := m.do(backup.Check{Level: "full"}).Run
	healed := int64(len(names) - 1)
	if run.Repaired != healed || run.Bad <= healed || !slices.ContainsFunc(run.Issues, func(i backup.Issue) bool { return i.Code == "damaged-copy" }) {
		t.Errorf("%d bad, %d of %d repaired, %+v", run.Bad, run.Repaired, healed, run.Issues)
	}
	if b, err := os.ReadFile(filepath.Join(path, "somebody's")); err != nil || string(b) != "note" {
		t.Error("what stood there is gone")
	}
	if s := m.state(); s.History.Damaged+s.History.Lost == 0 || s.Destinations[0].Problem != "" {
		t.Errorf("%+v %+v", s.History, s.Destinations[0])
	}
}

// Where both copies of a commit cannot be read nobody knows whose they are: they are named, and nothing is written over them.
func TestACommitThatMayBeAnothersIsNotReplaced(t *testing.T) {
	m, s := withSectors(t)
	n := int64(0)
	for name := range readTree(t, m.place("a")) {
		if strings.HasPrefix(name, "l/") {
			s.bad[name], s.bad[vault.Mirror(name)] = true, true
			n += 2
		}
	}
	run := m.do(backup.Check{Level: "full"}).Run
	if run.Bad < n || run.Repaired != 0 || int64(len(s.bad)) != n {
		t.Errorf("%d unreadable: %+v", n, run)
	}
	if !slices.ContainsFunc(run.Issues, func(i backup.Issue) bool { return i.Code == "damaged-copy" }) {
		t.Errorf("issues %+v", run.Issues)
	}
}

// An error of no class is one of the object only as long as the place answers.
func TestAnUnknownErrorOfAPlaceThatIsGoneDamagesNothing(t *testing.T) {
	m, s := withSectors(t)
	for _, name := range m.contents() {
		s.bad[name] = true
	}
	m.stop()
	m.open = wrapped(func(inner store.Store) store.Store {
		s := s
		s.Store = inner
		return failing{s}
	})
	m.start()
	run := m.do(backup.Check{Level: "full"}).Run
	if run.Bad != 0 || !slices.ContainsFunc(run.Issues, func(i backup.Issue) bool { return i.Code == "away" }) {
		t.Errorf("%+v", run)
	}
}

// failing is a destination that goes with its first object that cannot be read.
type failing struct{ sectors }

func (f failing) Get(ctx context.Context, name string, o store.GetOptions) ([]byte, error) {
	b, err := f.sectors.Get(ctx, name, o)
	if errors.Is(err, errSector) {
		f.mu.Lock()
		*f.gone = errSector
		f.mu.Unlock()
	}
	return b, err
}
