package backup_test

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/setup"
	"lightproof/backup/source"
	"lightproof/backup/source/sourcetest"
	"lightproof/backup/vault"
	"lightproof/keystore/keystoretest"
)

// movedClock is the computer's clock, moved.
type movedClock struct {
	mu    sync.Mutex
	moved time.Duration
}

func (c *movedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.moved)
}

func (c *movedClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

func (c *movedClock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}

// small is a computer with some files and two places.
type small struct {
	t      *testing.T
	dir    string
	photos string
	tree   *sourcetest.Tree
	clock  *movedClock
	engine *backup.Engine
}

func newSmall(t *testing.T) *small {
	t.Helper()
	dir := t.TempDir()
	s := &small{t: t, dir: dir, photos: filepath.Join(dir, "photos"), tree: sourcetest.New(), clock: &movedClock{}}
	must(t, os.Mkdir(s.photos, 0o755))
	s.tree.Invent(s.photos, 30, func(i int) int64 { return int64(1000 + i%3*70_000) })
	made, err := setup.Create(t.Context(), setup.Options{Home: filepath.Join(dir, "home"), DeviceName: "desk", Passphrase: phrase,
		Mode: backup.ModePassphraseAtStart, Keychain: &keystoretest.Memory{}, KDF: vault.KDF{Time: 1, Memory: 64 << 10, Threads: 1}, Now: time.Now(),
		Endpoints: []string{dir}})
	must(t, err)
	made.Reader.Wipe()
	made.Start.Wipe()
	s.open()
	t.Cleanup(func() { s.engine.Close() })
	s.do(backup.AddFolder{Path: s.photos})
	s.do(backup.AddDestination{Kind: "folder", Dir: filepath.Join(dir, "a"), Label: "A", Place: "home"})
	s.do(backup.AddDestination{Kind: "folder", Dir: filepath.Join(dir, "b"), Label: "B", Place: "office", Away: true})
	return s
}

func (s *small) open() {
	s.t.Helper()
	s.openOn(s.tree)
}

func (s *small) openOn(tree source.Tree) {
	s.t.Helper()
	s.openWith(tree, nil)
}

func (s *small) openWith(tree source.Tree, open backup.Opener) {
	s.t.Helper()
	start, err := setup.StartWith(filepath.Join(s.dir, "home"), phrase)
	must(s.t, err)
	defer start.Wipe()
	s.engine, err = backup.Open(s.t.Context(), backup.Options{Home: filepath.Join(s.dir, "home"), Build: "test", Tree: tree, Clock: s.clock, Open: open}, start)
	must(s.t, err)
}

func (s *small) do(c backup.Command) backup.Reply {
	s.t.Helper()
	r, err := s.engine.Do(s.t.Context(), c)
	must(s.t, err)
	return r
}

func (s *small) state() *backup.State {
	s.t.Helper()
	st, err := s.engine.State(s.t.Context())
	must(s.t, err)
	return st
}

// copies changes every copy row.
func (s *small) copies(change func(k catalog.CopyKey, c *catalog.Copy) bool) {
	s.t.Helper()
	db := s.engine.Records()
	rows := map[catalog.CopyKey]catalog.Copy{}
	must(s.t, db.Copies.Each(s.t.Context(), func(k catalog.CopyKey, c catalog.Copy) error {
		if change(k, &c) {
			rows[k] = c
		}
		return nil
	}))
	must(s.t, db.Update(s.t.Context(), func(w *catalog.Writer) error {
		for k, c := range rows {
			if err := w.Copies.Put(s.t.Context(), k, c); err != nil {
				return err
			}
		}
		return nil
	}))
}

// TestFiguresThatAreKeptAreThoseCountedAnew goes through what changes figures. Figures that hold must be what a new count gives; where a
// record has changed behind them, or the time has come, none may hold.
func TestFiguresThatAreKeptAreThoseCountedAnew(t *testing.T) {
	s := newSmall(t)
	ctx := t.Context()
	day := 24 * time.Hour
	first := sourcetest.InventedPath(0)
	run := func() { s.do(backup.BackUp{}) }
	for _, step := range []struct {
		name string
		do   func()
		hold bool
	}{
		{"first run", run, true},
		{"run without news", run, true},
		{"started anew", func() { must(t, s.engine.Close()); s.open() }, true},
		{"an edit", func() { s.tree.Edit(s.photos, first, 90_000); run() }, true},
		{"a deletion", func() { s.tree.Remove(s.photos, sourcetest.InventedPath(1)); run() }, true},
		{"a file that cannot be read", func() {
			s.tree.Put(s.photos, "broken.jpg", 80_000)
			s.tree.Plan(s.photos, "broken.jpg", sourcetest.Faults{Read: sourcetest.ErrPlanned})
			run()
		}, true},
		{"a check", func() { s.do(backup.Check{Level: "full"}) }, true},
		{"a day", func() { s.clock.move(day) }, true},
		{"a day back", func() { s.clock.move(-day - time.Minute) }, false},
		{"a run by that clock", func() { s.clock.move(time.Minute); run() }, true},
		{"19 days", func() { s.clock.move(19 * day) }, true},
		{"22 days: proofs are to be renewed", func() { s.clock.move(3 * day) }, false},
		{"a run that renews them", run, true},
		{"100 days: proofs have expired", func() { s.clock.move(100 * day) }, false},
		{"a run that reads all back", run, true},
		{"a copy that is found to be damaged", func() {
			done := false
			s.copies(func(k catalog.CopyKey, c *catalog.Copy) bool {
				if done || k.Name != "" {
					return false
				}
				done = true
				c.Level, c.Fault, c.FaultAt = catalog.LevelNone, catalog.FaultDamaged, s.clock.Now().Unix()
				return true
			})
		}, false},
		{"a run that heals it", run, true},
		{"all copies lost", func() {
			s.copies(func(_ catalog.CopyKey, c *catalog.Copy) bool {
				c.Level, c.Fault = catalog.LevelNone, catalog.FaultMissing
				return true
			})
		}, false},
		{"a run that finds them", run, true},
		{"proofs from the future", func() {
			s.copies(func(k catalog.CopyKey, c *catalog.Copy) bool {
				c.CheckedAt = s.clock.Now().Add(3 * day).Unix()
				return k.Name == ""
			})
		}, false},
		{"a run that does not believe them", run, true},
		{"decrypted copies", func() {
			s.copies(func(k catalog.CopyKey, c *catalog.Copy) bool {
				c.Level, c.OpenedAt = catalog.LevelOpened, s.clock.Now().Unix()
				return k.Name == ""
			})
			run()
		}, true},
		{"a third place", func() {
			s.do(backup.AddDestination{Kind: "folder", Dir: filepath.Join(s.dir, "c"), Label: "C", Place: "attic"})
		}, false},
		{"a run that fills it", run, true},
		{"another plan", func() { s.engine.SetPlan(backup.Plan{Places: 3, Away: 1}) }, false},
		{"a run under it", run, true},
		{"two of the three in one place", func() {
			s.do(backup.AddDestination{Kind: "folder", Dir: filepath.Join(s.dir, "c"), Label: "C", Place: "home", Adopt: true})
		}, false},
		{"a run after that", run, true},
		{"copies that were proven and are damaged", func() {
			s.copies(func(_ catalog.CopyKey, c *catalog.Copy) bool {
				c.Fault = catalog.FaultDamaged
				return true
			})
		}, false},
		{"a run that finds that they are not", run, true},
		{"a missing folder", func() { s.tree.SetMissing(s.photos, true); run() }, true},
		{"it is back", func() { s.tree.SetMissing(s.photos, false); run() }, true},
	} {
		step.do()
		held, anew, err := s.engine.Figures(ctx)
		must(t, err)
		switch {
		case step.hold && held == "":
			t.Errorf("%s: no figures hold", step.name)
		case !step.hold && held != "":
			t.Errorf("%s: figures hold", step.name)
		case held != "" && held != anew:
			t.Errorf("%s: kept %s\ncounted %s", step.name, held, anew)
		}
		a, b, c, err := s.engine.Left(ctx)
		must(t, err)
		if x, y, z, err := s.engine.Counted(ctx); err != nil || x != a || y != b || z != c {
			t.Errorf("%s: counted %d objects, %d records, %d to read back instead of %d, %d, %d (%v)", step.name, x, y, z, a, b, c, err)
		}
		if state, err := s.engine.State(ctx); err != nil || !state.Counts.Sums() {
			t.Errorf("%s: %+v %v", step.name, state, err)
		}
	}
}

func TestWhatIsNotSettledIsReadOnceMore(t *testing.T) {
	s := newSmall(t)
	path := sourcetest.InventedPath(3)
	s.tree.SetUnsettled(s.photos, path, true)
	s.do(backup.BackUp{})
	for i, want := range []int{2, 3, 3} {
		if i == 1 {
			s.tree.SetUnsettled(s.photos, path, false)
		}
		s.do(backup.BackUp{})
		if got := s.tree.Opened(s.photos, path); got != want {
			t.Errorf("run %d: opened %d times in all, want %d", i+2, got, want)
		}
	}
	// A change in the same tick of the clock: nothing but the bytes tells.
	s.tree.Edit(s.photos, path, 5000)
	s.tree.SetUnsettled(s.photos, path, true)
	s.do(backup.BackUp{})
	before := s.sums()[path]
	s.tree.Corrupt(s.photos, path)
	s.tree.SetUnsettled(s.photos, path, false)
	s.do(backup.BackUp{})
	if after := s.sums()[path]; after == before || after == "" {
		t.Errorf("the change was not seen: %s", after)
	}
}

func TestFileOfAnotherBirthIsReadAgain(t *testing.T) {
	s := newSmall(t)
	s.do(backup.BackUp{})
	path := sourcetest.InventedPath(4)
	item := s.tree.Content(s.photos, path)
	// Other bytes under the size, the times and the number of the one before.
	s.tree.Set(s.photos, path, func(it *source.Item) { it.BirthTime = it.BirthTime.Add(time.Hour) })
	s.tree.Corrupt(s.photos, path)
	if string(item) == string(s.tree.Content(s.photos, path)) {
		t.Fatal("the content did not change")
	}
	if run := s.do(backup.BackUp{}).Run; run.New != 1 {
		t.Errorf("the run stored %d versions", run.New)
	}
	if run := s.do(backup.BackUp{}).Run; run.New != 0 || s.tree.Opened(s.photos, path) != 2 {
		t.Errorf("it was read again: %+v", run)
	}
}

// sums are the hashes of the stored versions by path.
func (s *small) sums() map[string]string {
	out := map[string]string{}
	must(s.t, s.engine.Records().Files.Each(context.Background(), func(k catalog.FileKey, f catalog.File) error {
		if !strings.HasPrefix(f.Reason, "changed") {
			out[k.Path] = hex.EncodeToString(f.SHA256[:])
		}
		return nil
	}))
	return out
}
