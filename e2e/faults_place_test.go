package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/store"
	"lightproof/backup/store/evil"
	"lightproof/backup/store/fault"
)

// 23, real: the drive is unplugged and its path now leads to the system disk; nothing is written there.
func TestNothingIsWrittenWhereADriveWas(t *testing.T) {
	m := newReal(t)
	must(t, os.Rename(m.place("b"), m.place("b-off")))
	must(t, os.Mkdir(m.place("b"), 0o755))
	numbered(t, m.photos, "a", 9, 3, 90_000)
	m.backUp()
	m.wantNotGreen(backup.NotYet, "away")
	if left := readTree(t, m.place("b")); len(left) != 0 {
		t.Errorf("%d files were written to the empty mount point", len(left))
	}
	// 24: then another disk of ours stands there.
	must(t, os.Remove(m.place("b")))
	must(t, copyFolder(m.place("a"), m.place("b")))
	before := readTree(t, m.place("b"))
	m.backUp()
	m.wantNotGreen(backup.NeedsYou, "wrong-disk")
	if after := readTree(t, m.place("b")); len(after) != len(before) {
		t.Errorf("%d files before, %d after: something was written to another disk", len(before), len(after))
	}
	must(t, os.RemoveAll(m.place("b")))
	must(t, os.Rename(m.place("b-off"), m.place("b")))
	m.backUp()
	if s := m.state(); s.Verdict != backup.Safe {
		t.Errorf("the right drive is back: %s %+v %+v", s.Verdict, s.Causes, s.Counts)
	}
	m.mustBeWhole(nil)
}

// 25: two destinations on one disk are one place.
func TestTwoDestinationsOnOneDiskAreOnePlace(t *testing.T) {
	m := newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 3, 90_000)
	m.do(backup.AddFolder{Path: m.photos})
	for _, n := range []string{"a", "b"} {
		m.do(backup.AddDestination{Kind: "folder", Dir: m.place(n), Label: n, Away: n == "b"})
	}
	m.do(backup.KitChecked{})
	m.backUpQuietly()
	m.wantNotGreen(backup.NotYet, "too-few-places")
	if s := m.state(); s.PlacesNow != 1 {
		t.Errorf("%d places", s.PlacesNow)
	}
}

// Two places at home are not enough where the plan wants one away.
func TestWithoutAPlaceAwayItIsNotGreen(t *testing.T) {
	m := newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 3, 90_000)
	m.withFolderAndPlace()
	m.do(backup.AddDestination{Kind: "folder", Dir: m.place("b"), Label: "B", Place: "cellar"})
	m.do(backup.KitChecked{})
	m.backUpQuietly()
	m.wantNotGreen(backup.NotYet, "too-few-places")
}

// 28: a listing that omits or repeats entries decides nothing: what it leaves out is read, and found or missed by its bytes.
func TestAListingIsNotBelieved(t *testing.T) {
	g := newGreen(t)
	omit := g.evil["b"].Omit(evil.Prefix("c/"))
	if r, err := g.engine.Do(t.Context(), backup.Check{Level: "quick"}); err != nil || r.Run.Bad != 0 || r.Run.Repaired != 0 {
		t.Errorf("objects left out of a listing: %+v %v", r.Run, err)
	}
	omit.MustHaveHit(t)
	g.evil["b"].Deny(evil.Name(g.object("b", "c/", 2)))
	if r, err := g.engine.Do(t.Context(), backup.Check{Level: "quick"}); err != nil || r.Run.Bad == 0 {
		t.Errorf("one of them is really not to be had: %+v %v", r.Run, err)
	}
	g.wantNotGreen(backup.NotYet, "")
	h := newGreen(t)
	twice := h.evil["b"].Duplicate(evil.Prefix("c/"))
	if r, err := h.engine.Do(t.Context(), backup.Check{Level: "quick"}); err != nil || r.Run.Bad != 0 {
		t.Errorf("objects listed twice: %+v %v", r.Run, err)
	}
	twice.MustHaveHit(t)
	if s := h.state(); s.Counts.Protected != invented {
		t.Errorf("%+v", s.Counts)
	}
}

// 34, 35: a check that is stopped, or that finds no destination, proves nothing.
func TestAStoppedOrEmptyCheckProvesNothing(t *testing.T) {
	g := newGreen(t)
	g.clock.add(31 * 24 * time.Hour) // all proofs have expired
	g.do(backup.PauseFor{For: time.Minute})
	g.backUp() // counts anew; paused, so nothing is read back
	proven := func() (n int64) {
		for _, d := range g.state().Destinations {
			n += d.Proven
		}
		return n
	}
	if proven() != 0 {
		t.Fatalf("%d proofs outlived their time", proven())
	}
	times := 100
	for range times {
		ctx, cancel := context.WithCancel(t.Context())
		stopper := g.evil["a"].WrongBytes(func(string) bool { cancel(); return false }, nil)
		_, _ = g.engine.Do(ctx, backup.Check{Level: "full"})
		stopper.Lift()
		if ctx.Err() == nil {
			t.Fatal("the check was not stopped")
		}
		cancel()
	}
	if n := proven(); n > 0 {
		t.Errorf("%d checks were stopped at their first object, and %d copies count as proven", times, n)
	}
	g.wantNotGreen(backup.NotYet, "")
	g.plan["a"], g.plan["b"] = fault.NewPlan().FailFrom(fault.Check, 1, store.ErrAway), fault.NewPlan().FailFrom(fault.Check, 1, store.ErrAway)
	g.again()
	r, err := g.engine.Do(t.Context(), backup.Check{Level: "full"})
	if err == nil || r.Run.Objects != 0 {
		t.Errorf("a check without a destination says %+v, %v", r.Run, err)
	}
	if _, err := g.engine.Do(t.Context(), backup.Check{Level: "full", Destination: "no such"}); err == nil {
		t.Error("a check of a destination that does not exist succeeded")
	}
	g.plan["a"].MustHaveFired(t)
	if proven() != 0 {
		t.Error("a check of nothing proved something")
	}
	g.wantNotGreen(backup.NotYet, "")
}

// A destination is removed in the midst of a run: the rest is named and waits; once it is back all is done with no question.
func TestADestinationRemovedInTheMidstOfARun(t *testing.T) {
	m := newMachine(t)
	var puts atomic.Int64
	var armed atomic.Bool
	m.open = wrapped(func(s store.Store) store.Store {
		return counted{s, &puts, func(n int64) {
			if n == 5 && armed.Load() {
				must(t, os.Rename(m.place("a"), m.place("pulled")))
			}
		}}
	})
	m.setUp().withFolderAndPlace()
	puts.Store(0)
	armed.Store(true)
	numbered(t, m.photos, "a", 1, 20, 90_000)
	run := m.backUp()
	if len(run.Issues) == 0 || puts.Load() < 5 {
		t.Errorf("%d puts, %+v", puts.Load(), run)
	}
	m.wantNotGreen(backup.NotYet, "away")
	if s := m.state(); s.Counts.Found != 20 || s.Counts.Pending != 20 {
		t.Errorf("%+v", s.Counts)
	}
	if _, err := os.Stat(m.place("a")); !os.IsNotExist(err) {
		t.Error("the destination's folder was made anew where it had been")
	}
	must(t, os.Rename(m.place("pulled"), m.place("a")))
	m.backUpQuietly()
	m.mustProve()
	m.mustBeWhole(nil)
}

type counted struct {
	store.Store
	n  *atomic.Int64
	fn func(int64)
}

func (c counted) PutNew(ctx context.Context, name string, b []byte) error {
	c.fn(c.n.Add(1))
	return c.Store.PutNew(ctx, name, b)
}

// Damage at rest: healed where the same bytes can be had (the doubled record, the other place, the original), else named.
func TestDamageIsHealedOrNamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		prefix string
		others bool // other places hold it too
		change bool // the original is another one by now
		heals  bool
	}{
		{"content, other place", "c/", true, true, true},
		{"content, original alone", "c/", false, false, true},
		{"content, nowhere else", "c/", false, true, false},
		{"commit", "l/", false, false, true},
		{"mirror of a commit", "m2/l/", false, false, true},
		{"control entry", "k/", false, false, true},
		{"keys", "e/", false, false, true},
		{"recovery slot", "r/", false, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine(t).setUp()
			numbered(t, m.photos, "a", 1, 4, 90_000)
			numbered(t, m.photos, "small", 2, 4, 4_000)
			if c.others {
				m.withTwoPlaces()
			} else {
				m.withFolderAndPlace()
			}
			m.backUpQuietly()
			if c.change {
				must(t, os.RemoveAll(filepath.Join(m.photos, "a")))
				must(t, os.RemoveAll(filepath.Join(m.photos, "small")))
				numbered(t, m.photos, "b", 3, 2, 90_000)
				m.backUpQuietly()
			}
			n := 0
			for name := range readTree(t, m.place("a")) {
				if strings.HasPrefix(name, c.prefix) {
					p := filepath.Join(m.place("a"), name)
					b, err := os.ReadFile(p)
					must(t, err)
					must(t, os.Chmod(p, 0o600))
					must(t, os.WriteFile(p, flip(b), 0o600))
					n++
				}
			}
			if n == 0 {
				t.Fatal("nothing to damage")
			}
			r, err := m.engine.Do(t.Context(), backup.Check{Level: "full"})
			must(t, err)
			if r.Run.Bad < int64(n) {
				t.Errorf("%d damaged, %d found", n, r.Run.Bad)
			}
			s := m.state()
			if c.heals {
				if r.Run.Repaired != r.Run.Bad || s.History.Lost+s.History.Damaged != 0 {
					t.Errorf("%d found, %d repaired: %+v %+v", r.Run.Bad, r.Run.Repaired, s.History, r.Run.Issues)
				}
				m.mustBeWhole(nil)
				if again := m.do(backup.Check{Level: "full"}).Run; again.Bad != 0 {
					t.Errorf("checked again: %+v", again)
				}
			} else {
				m.wantNotGreen(backup.NeedsYou, "lost")
				if s.History.Lost == 0 {
					t.Errorf("%+v", s.History)
				}
			}
		})
	}
}
