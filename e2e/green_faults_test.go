package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/source"
	"lightproof/backup/source/sourcetest"
	"lightproof/backup/store"
	"lightproof/backup/store/evil"
	"lightproof/backup/store/fault"
)

// greenFault is one fault that must never end in green. Each is injected into a green machine and judged while it lasts: at once, and
// once more an hour after the next due look.
type greenFault struct {
	name   string
	inject func(t *testing.T, g *green)
	least  backup.Verdict // the verdict must be this or graver
	cause  string         // one of the causes, empty = any
	heals  bool           // it strikes once: the next run makes good what it did, and green may come back
	check  func(t *testing.T, g *green)
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
		g.tree.Set(g.photos, g.hit, func(i *source.Item) {
			i.State, i.Reason, i.Err = source.Unreadable, source.ReasonPermission, source.ErrUnreadable
		})
		run(g)
	}},
	{name: "3 permission revoked between the look and the reading", least: backup.NeedsYou, cause: "permission", inject: func(t *testing.T, g *green) {
		g.tree.Edit(g.photos, g.hit, large)
		g.tree.Plan(g.photos, g.hit, sourcetest.Faults{Open: source.ErrUnreadable})
		run(g)
		fired(t, g, g.hit)
	}},
	{name: "5 a program holds the file", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		g.tree.Edit(g.photos, g.hit, large)
		g.tree.Plan(g.photos, g.hit, sourcetest.Faults{Open: source.ErrBusy})
		run(g)
		fired(t, g, g.hit)
	}},
	{name: "5 a program holds the file for more than a day", least: backup.NeedsYou, cause: "busy", inject: func(t *testing.T, g *green) {
		g.tree.Edit(g.photos, g.hit, large)
		g.tree.Plan(g.photos, g.hit, sourcetest.Faults{Open: source.ErrBusy})
		for range 3 {
			run(g)
			g.clock.add(13 * time.Hour)
		}
		run(g)
		fired(t, g, g.hit)
	}},
	{name: "6 vanishes between look and reading", heals: true, least: backup.NotYet, inject: func(t *testing.T, g *green) {
		g.tree.Edit(g.photos, g.hit, large)
		g.tree.Plan(g.photos, g.hit, sourcetest.Faults{Vanish: true})
		run(g)
		fired(t, g, g.hit)
	}},
	{name: "7 changes while it is read", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		g.tree.Edit(g.photos, g.hit, large)
		n := 0
		g.tree.BeforeRead(func(_, p string, _ int64) {
			if p == g.hit {
				n++
				g.tree.Edit(g.photos, g.hit, large)
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
		g.tree.Edit(g.photos, g.hit, large)
		g.tree.Plan(g.photos, g.hit, sourcetest.Faults{Read: source.ErrReadError, ReadAt: 30_000})
		run(g)
		fired(t, g, g.hit)
	}, check: func(t *testing.T, g *green) {
		for _, c := range g.state().Causes {
			if c.Code == "read-error" && (c.Args["n"] != "1" || c.Args["good"] != "1") {
				t.Errorf("the last good version is not named: %+v", c)
			}
		}
	}},
	{name: "18 says yes and stores nothing", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		a := g.evil["b"].Forget(evil.Prefix("c/"))
		g.tree.Edit(g.photos, g.hit, large)
		run(g)
		a.MustHaveHit(t)
	}},
	{name: "18 says yes and stores no records", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		a := g.evil["b"].Forget(evil.Prefix("l/", "m2/l/"))
		g.tree.Edit(g.photos, g.hit, large)
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
		g.tree.Edit(g.photos, g.hit, large)
		run(g)
		a.MustHaveHit(t)
	}},
	{name: "21 right from the cache, wrong from the medium", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		a := g.evil["b"].WrongUnlessFresh(evil.Prefix("c/"), false, flip)
		g.tree.Edit(g.photos, g.hit, large)
		run(g)
		a.MustHaveHit(t)
	}},
	{name: "22 full", least: backup.NeedsYou, cause: "full", inject: func(t *testing.T, g *green) {
		g.plan["b"] = fault.NewPlan().Full(30_000)
		g.again()
		g.tree.Edit(g.photos, g.hit, large)
		run(g)
		g.plan["b"].MustHaveFired(t)
	}},
	{name: "22 both full", least: backup.NeedsYou, cause: "full", inject: func(t *testing.T, g *green) {
		g.plan["a"], g.plan["b"] = fault.NewPlan().Full(30_000), fault.NewPlan().Full(30_000)
		g.again()
		g.tree.Edit(g.photos, g.hit, large)
		run(g)
		g.plan["a"].MustHaveFired(t)
		g.plan["b"].MustHaveFired(t)
	}},
	{name: "23 unplugged while copying", least: backup.NotYet, cause: "away", inject: func(t *testing.T, g *green) {
		g.plan["b"] = fault.NewPlan().Vanish(fault.PutNew, 1)
		g.again()
		g.tree.Edit(g.photos, g.hit, large)
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
		g.tree.Edit(g.photos, g.hit, large)
		names := len(g.places["b"].Names())
		run(g)
		g.plan["b"].MustHaveFired(t)
		if len(g.places["b"].Names()) != names {
			t.Error("something was written to the other disk")
		}
	}},
	{name: "26 stored files deleted, the originals too", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		a := must1(g.evil["a"].Erase(t.Context(), evil.Name(g.object("a", "c/", g.nth))))(t)
		b := must1(g.evil["b"].Erase(t.Context(), evil.Name(g.object("b", "c/", g.nth))))(t)
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
		g.tree.Edit(g.photos, g.hit, large)
		run(g)
		a := must1(g.evil["b"].RollBack(t.Context(), old.Open(), evil.All))(t)
		check, _ := g.engine.Do(t.Context(), backup.Check{Level: "quick"})
		a.MustHaveHit(t)
		if check.Run == nil || check.Run.Bad == 0 {
			t.Errorf("the check found nothing: %+v", check.Run)
		}
	}},
	{name: "30 refused", least: backup.NotYet, cause: "login", inject: func(t *testing.T, g *green) {
		g.plan["b"] = fault.NewPlan().FailFrom(fault.Check, 1, store.ErrRefused)
		g.again()
		run(g)
		g.plan["b"].MustHaveFired(t)
	}},
	{name: "30 refused for more than a day", least: backup.NeedsYou, cause: "login", inject: func(t *testing.T, g *green) {
		g.plan["b"] = fault.NewPlan().FailFrom(fault.Check, 1, store.ErrRefused)
		g.again()
		run(g)
		g.clock.add(25 * time.Hour)
		run(g)
		g.plan["b"].MustHaveFired(t)
	}},
	{name: "33 records in fewer places than the photos", least: backup.NotYet, inject: func(t *testing.T, g *green) {
		a := g.evil["b"].Deny(evil.Prefix("l/", "m2/l/"))
		fullCheck(g)
		a.MustHaveHit(t)
		if s := g.state(); s.Counts.Protected != 0 {
			t.Errorf("protected without the records that open them: %+v", s.Counts)
		}
	}},
	{name: "39 pause left on", least: backup.NotYet, cause: "paused", inject: func(t *testing.T, g *green) {
		g.do(backup.PauseFor{For: 100 * time.Hour})
		g.tree.Edit(g.photos, g.hit, large)
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
	{name: "42 records lost", heals: true, least: backup.CannotTell, inject: func(t *testing.T, g *green) {
		g.stop()
		removeDB(t, g.home, "writer.db")
		g.start()
	}},
	{name: "42 records corrupt", heals: true, least: backup.CannotTell, inject: func(t *testing.T, g *green) {
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
	{name: "49 a run that is stopped in its midst", heals: true, least: backup.NotYet, inject: func(t *testing.T, g *green) {
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
		g.tree.Edit(g.photos, g.hit, large)
		run(g)
		g.plan["b"].MustHaveFired(t)
	}},
}
