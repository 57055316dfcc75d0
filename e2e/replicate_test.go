package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lightproof/backup"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// written is the order in which a destination was written to: names that were put, and "|" for a Barrier that ended.
type written struct {
	mu    sync.Mutex
	steps []string
}

func (w *written) add(step string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps = append(w.steps, step)
}

// take empties the record.
func (w *written) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	steps := w.steps
	w.steps = nil
	return steps
}

type recorded struct {
	store.Store
	w *written
}

func (r recorded) PutNew(ctx context.Context, name string, b []byte) error {
	r.w.add(name)
	return r.Store.PutNew(ctx, name, b)
}

func (r recorded) Replace(ctx context.Context, name string, b []byte) error {
	r.w.add("replace " + name)
	return r.Store.Replace(ctx, name, b)
}

func (r recorded) Barrier(ctx context.Context) error {
	err := r.Store.Barrier(ctx)
	if err == nil {
		r.w.add("|")
	}
	return err
}

// recordAt records what happens at the place of this name from the next opening on.
func (m *machine) recordAt(name string) *written {
	w := &written{}
	m.open = func(ctx context.Context, kind, dir string, id json.RawMessage) (store.Store, error) {
		s, err := backup.OpenFolder(ctx, kind, dir, id)
		if err != nil || filepath.Base(dir) != "place-"+name {
			return s, err
		}
		return recorded{s, w}, nil
	}
	return w
}

func (m *machine) unplug(name string) {
	m.t.Helper()
	must(m.t, os.Rename(m.place(name), m.place(name)+"-off"))
}

func (m *machine) plug(name string) {
	m.t.Helper()
	must(m.t, os.Rename(m.place(name)+"-off", m.place(name)))
}

// mustBeInOrder demands that each part stands behind a Barrier before what refers to it is put: objects and lists, then commits. All
// fits into one batch.
func mustBeInOrder(t *testing.T, steps []string) {
	t.Helper()
	open := map[string]int{}
	commits := 0
	for _, s := range steps {
		name := strings.TrimPrefix(s, "m2/")
		switch _, _, _, commit := vault.ParseCommitName(name); {
		case s == "|":
			clear(open)
		case strings.HasPrefix(s, "replace "):
			t.Errorf("%s while nothing was damaged", s)
		case commit && !vault.IsListName(name):
			commits++
			if n := open["c"] + open["list"] + open["k"]; n > 0 {
				t.Errorf("%s was put while %d objects before it had no Barrier behind them", s, n)
			}
		case strings.HasPrefix(name, "c/"):
			open["c"]++
			if commits > 0 {
				t.Errorf("%s was put after a commit", s)
			}
		case vault.IsListName(name):
			open["list"]++
		case strings.HasPrefix(name, "k/"):
			open["k"]++
		}
	}
	if commits == 0 {
		t.Error("no commit was put")
	}
}

// watchWork collects the kinds of work that are shown while fn runs, and whether each had progress and a total.
func (m *machine) watchWork(fn func()) map[string]bool {
	m.t.Helper()
	ctx, cancel := context.WithCancel(m.t.Context())
	events, err := m.engine.Events(ctx)
	must(m.t, err)
	kinds, done := map[string]bool{}, make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			if e.State != nil && e.State.Work != nil {
				w := e.State.Work
				kinds[w.Kind] = kinds[w.Kind] || w.Done > 0 && w.Total >= w.Done && w.TotalBytes >= w.Bytes && w.Bytes > 0
			}
		}
	}()
	fn()
	cancel()
	<-done
	return kinds
}

// A destination that was away for some runs is copied to as ordinary work: nothing of it is damage or repair.
func TestADestinationThatWasAwayIsCopiedToNotRepaired(t *testing.T) {
	m := newMachine(t).setUp()
	w := m.recordAt("b")
	m.stop()
	m.start()
	numbered(t, m.photos, "a", 1, 12, 90_000)
	m.withTwoPlaces()
	m.backUpQuietly()
	m.unplug("b")
	for i := range uint64(3) {
		numbered(t, m.photos, "a", 10+i, 6, 90_000)
		numbered(t, m.photos, "small", 20+i, 12, 4_000)
		m.backUp()
		m.tick()
	}
	if s := m.state(); s.Counts.Protected >= s.Counts.Found || s.History.Damaged+s.History.Lost != 0 {
		t.Errorf("while it is away: %+v %+v", s.Counts, s.History)
	}
	m.plug("b")
	numbered(t, m.photos, "later", 30, 4, 90_000)
	w.take()
	var run *backup.Run
	kinds := m.watchWork(func() { run = m.backUp() })
	if run.Bad+run.Repaired != 0 || len(run.Issues) != 0 || run.Copied == 0 || run.New != 4 {
		t.Errorf("back again: %+v", run)
	}
	if !kinds["backing-up"] || kinds["repairing"] {
		t.Errorf("shown as %v", kinds)
	}
	steps := w.take()
	mustBeInOrder(t, steps)
	barriers := 0
	for _, s := range steps {
		if s == "|" {
			barriers++
		}
	}
	if barriers > 10 {
		t.Errorf("%d Barriers for one batch of %d objects", barriers, run.Copied)
	}
	m.mustProve()
	m.mustBeWhole(nil)
	if s := m.state(); s.Verdict != backup.Safe {
		t.Errorf("%s %+v", s.Verdict, s.Causes)
	}
	if again := m.backUpQuietly(); again.Copied+again.StoredByte != 0 {
		t.Errorf("again: %+v", again)
	}
	// What was there once and is gone is damage.
	name := firstChunk(t, m.place("b"))
	must(t, os.Remove(name))
	if r := m.do(backup.Check{Level: "quick"}).Run; r.Bad != 1 || r.Repaired != 1 || r.Copied != 0 {
		t.Errorf("a deleted object: %+v", r)
	}
}

// firstChunk is the file of one stored chunk.
func firstChunk(t *testing.T, place string) string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(place, "c", "*", "*"))
	must(t, err)
	if len(list) == 0 {
		t.Fatal("no chunk is stored")
	}
	return list[0]
}

// A destination added later holds no commit whose objects it does not have, and has everything after the next run.
func TestANewDestinationIsFilledInOrder(t *testing.T) {
	m := newMachine(t).setUp()
	w := m.recordAt("b")
	m.stop()
	m.start()
	numbered(t, m.photos, "a", 1, 6, 90_000)
	m.withFolderAndPlace()
	m.backUpQuietly()
	numbered(t, m.photos, "a", 2, 3, 90_000)
	numbered(t, m.photos, "small", 3, 6, 4_000)
	m.backUpQuietly()
	m.do(backup.AddDestination{Kind: "folder", Dir: m.place("b"), Label: "B", Place: "office", Away: true})
	if left := readTree(t, filepath.Join(m.place("b"), "k")); len(left) == 0 {
		t.Error("the new destination has no control chain")
	}
	if _, err := os.Stat(filepath.Join(m.place("b"), "l")); err == nil {
		t.Error("commits stand at a destination without their objects")
	}
	run := m.backUpQuietly()
	if run.Copied == 0 || run.Bad+run.Repaired != 0 {
		t.Errorf("%+v", run)
	}
	mustBeInOrder(t, w.take())
	m.mustProve()
	m.mustBeWhole(nil)
}

// Two drives take turns. What only the other one has is owed, not lost, and copied as soon as both are there; what the originals still
// give is made from them.
func TestDrivesThatTakeTurnsOweEachOtherNothingInTheEnd(t *testing.T) {
	m := newMachine(t).setUp()
	numbered(t, m.photos, "kept", 1, 3, 90_000)
	m.withTwoPlaces()
	m.backUpQuietly()
	m.unplug("b")
	numbered(t, m.photos, "edited", 2, 3, 90_000)
	numbered(t, m.photos, "unchanged", 3, 3, 90_000)
	numbered(t, m.photos, "unchanged-small", 4, 5, 3_000)
	m.backUp()
	old := history{}
	old.note(t, m.photos)
	m.unplug("a")
	m.plug("b")
	m.tick()
	numbered(t, m.photos, "edited", 5, 3, 90_000)
	run := m.backUp()
	if run.Bad+run.Repaired != 0 || run.New != 3 || run.Copied == 0 {
		t.Errorf("b alone: %+v", run)
	}
	s := m.state()
	if s.History.Lost+s.History.Damaged != 0 || s.Counts.Failed != 0 {
		t.Errorf("b alone: %+v %+v", s.History, s.Counts)
	}
	for _, d := range s.Destinations {
		if d.Label == "B" && d.Gap != 0 {
			t.Errorf("b lacks %d originals that could be made from the files themselves", d.Gap)
		}
	}
	m.plug("a")
	if run := m.backUpQuietly(); run.Copied == 0 {
		t.Errorf("both: %+v", run)
	}
	m.mustProve()
	m.mustBeWhole(old)
}
