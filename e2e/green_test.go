package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
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
	g := &green{machine: newMachine(t), tree: sourcetest.New(), places: map[string]*memory.Place{}, evil: map[string]*evil.Store{}, plan: map[string]*fault.Plan{}}
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

// faults of §"never green": each is injected into a green machine and judged while it lasts.
type greenFault struct {
	name   string
	inject func(t *testing.T, g *green)
	least  backup.Verdict // the verdict must be this or graver
	cause  string         // one of the causes, empty = any
	// repaired: the next run heals it by itself, and green may come back.
	check func(t *testing.T, g *green)
}

// run makes a run that may fail or have issues: what counts is what the state says then.
func run(g *green) { _, _ = g.engine.Do(context.Background(), backup.BackUp{}) }

// fullCheck reads everything back.
func fullCheck(g *green) *backup.Run {
	r, _ := g.engine.Do(context.Background(), backup.Check{Level: "full"})
	return r.Run
}

var greenFaults = []greenFault{
	{name: "2 the folder is gone", least: backup.NeedsYou, cause: "missing", inject: func(t *testing.T, g *green) {
		g.tree.SetMissing(g.photos, true)
		run(g)
	}},
	{name: "3 permission revoked", least: backup.NeedsYou, cause: "permission", inject: func(t *testing.T, g *green) {
		g.tree.Set(g.photos, path(3), func(i *source.Item) {
			i.State, i.Reason, i.Err = source.Unreadable, source.ReasonPermission, source.ErrUnreadable
		})
		run(g)
	}},
	{name: "3 permission revoked between the look and the reading", least: backup.NeedsYou, cause: "permission", inject: func(t *testing.T, g *green) {
		g.tree.Edit(g.photos, path(3), large)
		g.tree.Plan(g.photos, path(3), sourcetest.Faults{Open: source.ErrUnreadable})
		run(g)
		fired(t, g, path(3))
	}},
	{name: "5 a program holds the file", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		g.tree.Edit(g.photos, path(3), large)
		g.tree.Plan(g.photos, path(3), sourcetest.Faults{Open: source.ErrBusy})
		run(g)
		fired(t, g, path(3))
	}},
	{name: "5 a program holds the file for more than a day", least: backup.NeedsYou, cause: "busy", inject: func(t *testing.T, g *green) {
		g.tree.Edit(g.photos, path(3), large)
		g.tree.Plan(g.photos, path(3), sourcetest.Faults{Open: source.ErrBusy})
		for range 3 {
			run(g)
			g.clock.add(13 * time.Hour)
		}
		run(g)
		fired(t, g, path(3))
	}},
	{name: "6 vanishes between look and reading", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		g.tree.Edit(g.photos, path(3), large)
		g.tree.Plan(g.photos, path(3), sourcetest.Faults{Vanish: true})
		run(g)
		fired(t, g, path(3))
	}},
	{name: "7 changes while it is read", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		g.tree.Edit(g.photos, path(3), large)
		n := 0
		g.tree.BeforeRead(func(_, p string, _ int64) {
			if p == path(3) {
				n++
				g.tree.Edit(g.photos, path(3), large)
			}
		})
		run(g)
		if n == 0 {
			t.Error("the file did not change")
		}
	}},
	{name: "11 placeholder", least: backup.NotYet, cause: "online-only", inject: func(t *testing.T, g *green) {
		g.tree.Put(g.photos, "cloud.jpg", large)
		g.tree.Set(g.photos, "cloud.jpg", func(i *source.Item) { i.State = source.OnlineOnly })
		run(g)
		if g.tree.Opened(g.photos, "cloud.jpg") != 0 {
			t.Error("the placeholder was opened")
		}
	}},
	{name: "13 name too long", least: backup.NeedsYou, cause: "name-too-long", inject: func(t *testing.T, g *green) {
		g.tree.Put(g.photos, "long.jpg", large)
		g.tree.Set(g.photos, "long.jpg", func(i *source.Item) { i.State, i.Reason = source.Failed, source.ReasonNameTooLong })
		run(g)
	}},
	{name: "14 scan cut short", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		g.clock.add(25 * time.Hour)
		g.tree.CutScan(g.photos, source.ErrReadError)
		run(g)
	}},
	{name: "14 scan cut short within the day", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		g.tree.CutScan(g.photos, source.ErrReadError)
		run(g)
	}},
	{name: "15 bad sector", least: backup.NeedsYou, cause: "read-error", inject: func(t *testing.T, g *green) {
		g.tree.Edit(g.photos, path(3), large)
		g.tree.Plan(g.photos, path(3), sourcetest.Faults{Read: source.ErrReadError, ReadAt: 30_000})
		run(g)
		fired(t, g, path(3))
	}, check: func(t *testing.T, g *green) {
		for _, c := range g.state().Causes {
			if c.Code == "read-error" && (c.Args["n"] != "1" || c.Args["good"] != "1") {
				t.Errorf("the last good version is not named: %+v", c)
			}
		}
	}},
	{name: "18 says yes and stores nothing", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		a := g.evil["b"].Forget(evil.Prefix("c/"))
		g.tree.Edit(g.photos, path(3), large)
		run(g)
		a.MustHaveHit(t)
	}},
	{name: "18 says yes and stores no records", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		a := g.evil["b"].Forget(evil.Prefix("l/", "m2/l/"))
		g.tree.Edit(g.photos, path(3), large)
		run(g)
		a.MustHaveHit(t)
	}},
	{name: "19 gives other bytes of the same size", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		a := g.evil["b"].WrongBytes(evil.Prefix("c/"), flip)
		fullCheck(g)
		a.MustHaveHit(t)
	}},
	{name: "20 truncates", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		a := g.evil["b"].WrongBytes(evil.Prefix("c/"), func(b []byte) []byte { return b[:len(b)/2] })
		g.tree.Edit(g.photos, path(3), large)
		run(g)
		a.MustHaveHit(t)
	}},
	{name: "21 right from the cache, wrong from the medium", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		a := g.evil["b"].WrongUnlessFresh(evil.Prefix("c/"), false, flip)
		g.tree.Edit(g.photos, path(3), large)
		run(g)
		a.MustHaveHit(t)
	}},
	{name: "22 full", least: backup.NeedsYou, cause: "full", inject: func(t *testing.T, g *green) {
		g.plan["b"] = fault.NewPlan().Full(30_000)
		g.again()
		g.tree.Edit(g.photos, path(3), large)
		run(g)
		g.plan["b"].MustHaveFired(t)
	}},
	{name: "22 both full", least: backup.NeedsYou, cause: "full", inject: func(t *testing.T, g *green) {
		g.plan["a"], g.plan["b"] = fault.NewPlan().Full(30_000), fault.NewPlan().Full(30_000)
		g.again()
		g.tree.Edit(g.photos, path(3), large)
		run(g)
		g.plan["a"].MustHaveFired(t)
		g.plan["b"].MustHaveFired(t)
	}},
	{name: "23 unplugged while copying", least: backup.NotYet, cause: "away", inject: func(t *testing.T, g *green) {
		g.plan["b"] = fault.NewPlan().Vanish(fault.PutNew, 1)
		g.again()
		g.tree.Edit(g.photos, path(3), large)
		run(g)
		g.plan["b"].MustHaveFired(t)
	}},
	{name: "23 unplugged before the run, nothing new", least: backup.NotYet, cause: "away", inject: func(t *testing.T, g *green) {
		g.plan["b"] = fault.NewPlan().Vanish(fault.Check, 1)
		g.again()
		run(g)
		g.plan["b"].MustHaveFired(t)
	}},
	{name: "24 another disk at the path", least: backup.NeedsYou, cause: "wrong-disk", inject: func(t *testing.T, g *green) {
		g.plan["b"] = fault.NewPlan().FailFrom(fault.Check, 1, store.ErrWrongPlace)
		g.again()
		g.tree.Edit(g.photos, path(3), large)
		names := len(g.places["b"].Names())
		run(g)
		g.plan["b"].MustHaveFired(t)
		if len(g.places["b"].Names()) != names {
			t.Error("something was written to the other disk")
		}
	}},
	{name: "26 stored files deleted, the originals too", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		a := must1(g.evil["a"].Erase(t.Context(), evil.Name(g.object("a", "c/", 3))))(t)
		b := must1(g.evil["b"].Erase(t.Context(), evil.Name(g.object("b", "c/", 3))))(t)
		for i := range invented {
			g.tree.Remove(g.photos, path(i))
		}
		g.tree.Put(g.photos, "new.jpg", large)
		fullCheck(g)
		a.MustHaveHit(t)
		b.MustHaveHit(t)
	}},
	{name: "27 rolled back", least: backup.NeedsYou, cause: "rolled-back", inject: func(t *testing.T, g *green) {
		old := g.places["b"].Clone()
		g.tree.Edit(g.photos, path(3), large)
		run(g)
		a := must1(g.evil["b"].RollBack(t.Context(), old.Open(), evil.All))(t)
		check, _ := g.engine.Do(t.Context(), backup.Check{Level: "quick"})
		a.MustHaveHit(t)
		if check.Run == nil || check.Run.Bad == 0 {
			t.Errorf("the check found nothing: %+v", check.Run)
		}
	}},
	{name: "39 pause left on", least: backup.NotYet, cause: "paused", inject: func(t *testing.T, g *green) {
		g.do(backup.PauseFor{For: 100 * time.Hour})
		g.tree.Edit(g.photos, path(3), large)
		run(g)
	}},
	{name: "37 the clock jumps 20 years ahead", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		g.clock.add(20 * 365 * 24 * time.Hour)
		run(g)
	}},
	{name: "37 the clock jumps 20 years back", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		g.clock.add(-20 * 365 * 24 * time.Hour)
		run(g)
	}},
	{name: "38 asleep 30 days", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		g.clock.add(31 * 24 * time.Hour)
		g.do(backup.PauseFor{For: 0})
	}},
	{name: "42 records lost", least: backup.CannotTell, inject: func(t *testing.T, g *green) {
		g.stop()
		removeDB(t, g.home, "writer.db")
		g.start()
	}},
	{name: "42 records corrupt", least: backup.CannotTell, inject: func(t *testing.T, g *green) {
		g.stop()
		p := filepath.Join(g.home, "writer.db")
		b, err := os.ReadFile(p)
		must(t, err)
		for i := 4096; i < len(b); i += 100 {
			b[i] ^= 0xff
		}
		removeDB(t, g.home, "writer.db")
		must(t, os.WriteFile(p, b, 0o600))
		g.start()
	}},
	{name: "49 a run that is stopped in its midst", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		for i := range 22 {
			g.tree.Put(g.photos, fmt.Sprintf("more/%02d.jpg", i), large)
		}
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		g.tree.BeforeRead(func(_, p string, _ int64) {
			if n++; n == 2 {
				cancel()
			}
		})
		_, err := g.engine.Do(ctx, backup.BackUp{})
		if err == nil {
			t.Error("the run was not stopped")
		}
		if s := g.state(); s.Counts.Found != invented+22 || s.Counts.Protected > invented+3 {
			t.Errorf("%+v", s.Counts)
		}
	}},
	{name: "50 no room for our records", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		g.plan["b"] = fault.NewPlan().Full(large + 8_000)
		g.again()
		g.tree.Edit(g.photos, path(3), large)
		run(g)
		g.plan["b"].MustHaveFired(t)
	}},
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

func TestFaultsNeverEndInGreen(t *testing.T) {
	for _, f := range greenFaults {
		t.Run(f.name, func(t *testing.T) {
			g := newGreen(t)
			f.inject(t, g)
			judge(t, g, f)
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
