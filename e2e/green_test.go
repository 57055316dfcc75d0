package e2e

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/source"
	"lightproof/backup/source/sourcetest"
	"lightproof/backup/store"
	"lightproof/backup/store/evil"
	"lightproof/backup/store/fault"
	"lightproof/backup/store/memory"
)

// green is a machine whose every condition holds: two places, one of them away, kit checked. Sources and destinations are ones that
// can fail as planned.
type green struct {
	*machine
	tree   *sourcetest.Tree
	places map[string]*memory.Place
	evil   map[string]*evil.Store
	plan   map[string]*fault.Plan // where set, faults of this destination from the next opening on
	hit    string                 // the original that the fault is about: another one with each seed
	nth    int                    // and which stored object
}

const (
	invented = 40
	root     = "/invented/photos"
	large    = 70_000
)

// newGreen makes one and proves that it is green: a fault that is not green then says something.
func newGreen(t *testing.T) *green {
	t.Helper()
	return newGreenOn(t, func(tree source.Tree) source.Tree { return tree })
}

// newGreenOn looks at its invented folder through wrap.
func newGreenOn(t *testing.T, wrap func(source.Tree) source.Tree) *green {
	t.Helper()
	g := &green{machine: newMachine(t), hit: path(3), nth: 3, tree: sourcetest.New(), places: map[string]*memory.Place{}, evil: map[string]*evil.Store{}, plan: map[string]*fault.Plan{}}
	// The engine wants a folder that exists; what is in it is invented.
	g.photos = filepath.Join(g.dir, "photos")
	g.tree.Invent(g.photos, invented, func(i int) int64 {
		if i%4 == 0 {
			return 5_000
		}
		return large
	})
	g.machine.tree = wrap(g.tree)
	g.open = func(_ context.Context, _, dir string, _ json.RawMessage) (store.Store, error) {
		name := strings.TrimPrefix(filepath.Base(dir), "place-")
		if g.places[name] == nil {
			g.places[name] = memory.NewPlace()
		}
		g.evil[name] = evil.New(g.places[name].Open())
		if p := g.plan[name]; p != nil {
			return p.Wrap(g.evil[name]), nil
		}
		return g.evil[name], nil
	}
	g.setUp().withTwoPlaces()
	g.backUpQuietly()
	if s := g.state(); s.Verdict != backup.Safe || s.Counts.Protected != invented || len(s.Causes) != 0 {
		t.Fatalf("not green without a fault: %s %+v %+v", s.Verdict, s.Counts, s.Causes)
	}
	return g
}

// path of an invented file.
func path(i int) string { return sourcetest.InventedPath(i) }

// again starts the engine anew, so that plans come into force.
func (g *green) again() {
	g.t.Helper()
	g.stop()
	g.start()
}

func (g *green) hasCause(code string) bool {
	return slices.ContainsFunc(g.state().Causes, func(c backup.Cause) bool { return c.Code == code })
}

// name finds a stored object of a destination.
func (g *green) object(place, prefix string, skip int) string {
	g.t.Helper()
	var list []string
	for _, n := range g.places[place].Names() {
		if strings.HasPrefix(n, prefix) {
			list = append(list, n)
		}
	}
	if len(list) <= skip {
		g.t.Fatalf("%d objects %s at %s", len(list), prefix, place)
	}
	return list[skip]
}

// flip damages an object where nobody watches.
func flip(b []byte) []byte {
	b = slices.Clone(b)
	b[len(b)/2] ^= 1
	return b
}

func TestAMachineWithoutFaultsIsGreenAndStaysSo(t *testing.T) {
	g := newGreen(t)
	g.again()
	if s := g.state(); s.Verdict != backup.Safe {
		t.Errorf("after a restart: %s %+v", s.Verdict, s.Causes)
	}
	g.clock.add(23 * time.Hour)
	g.backUpQuietly()
	if s := g.state(); s.Verdict != backup.Safe {
		t.Errorf("the next day: %s %+v", s.Verdict, s.Causes)
	}
	g.tree.Edit(g.photos, path(1), large)
	g.tree.Put(g.photos, "new.jpg", 100_000)
	g.tree.Remove(g.photos, path(2))
	g.backUpQuietly()
	if s := g.state(); s.Verdict != backup.Safe || s.Counts.Found != invented {
		t.Errorf("after ordinary work: %s %+v %+v", s.Verdict, s.Counts, s.Causes)
	}
}

func must1[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T { t.Helper(); must(t, err); return v }
}

func fired(t *testing.T, g *green, p string) {
	t.Helper()
	if g.tree.Fired(g.photos, p) == 0 {
		t.Errorf("the planned fault of %s did not happen", p)
	}
}

// seeds is how many times each fault is injected, each time about another original and another object.
func seeds() int {
	if torture() {
		return 20
	}
	return 1
}

func TestFaultsNeverEndInGreen(t *testing.T) {
	for _, f := range greenFaults {
		t.Run(f.name, func(t *testing.T) {
			for seed := range seeds() {
				g := newGreen(t)
				if seed > 0 {
					r := rand.New(rand.NewPCG(uint64(seed), 0))
					i := r.IntN(invented/4)*4 + 1 + r.IntN(3) // one that is an object of its own
					if i == 1 || i == 2 {
						i = 5 // these two stand for ordinary work elsewhere
					}
					g.hit, g.nth = path(i), r.IntN(invented/2)
				}
				f.inject(t, g)
				judge(t, g, f)
				if !f.heals {
					g.clock.add(25 * time.Hour)
					run(g)
					judge(t, g, greenFault{name: f.name, least: backup.NotYet})
				}
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
				g.stop()
			}
		})
	}
}

func judge(t *testing.T, g *green, f greenFault) {
	t.Helper()
	s := g.state()
	if s.Verdict == backup.Safe {
		t.Errorf("GREEN under the fault: %+v", s.Counts)
	} else if s.Verdict < f.least {
		t.Errorf("verdict %s, want %s or graver: %+v %+v", s.Verdict, f.least, s.Causes, s.Counts)
	}
	if f.cause != "" && !g.hasCause(f.cause) {
		t.Errorf("causes %+v, want %q", s.Causes, f.cause)
	}
	if !s.Counts.Sums() && s.Verdict != backup.CannotTell {
		t.Errorf("the sums do not hold: %+v", s.Counts)
	}
	if len(s.Causes) == 0 {
		t.Error("no cause is named")
	}
	if f.check != nil {
		f.check(t, g)
	}
}
