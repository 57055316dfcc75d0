package e2e

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/store"
)

// pausing counts contents that are put at one place and contents that are read back from it, and calls do at the fifth of either.
type pausing struct {
	store.Store
	c *counts
}

type counts struct {
	puts, reads     atomic.Int64
	fifthPut, fifth func() // nil: nothing
}

func (s pausing) PutNew(ctx context.Context, name string, b []byte) error {
	err := s.Store.PutNew(ctx, name, b)
	if strings.HasPrefix(name, "c/") && s.c.puts.Add(1) == 5 && s.c.fifthPut != nil {
		s.c.fifthPut()
	}
	return err
}

func (s pausing) Get(ctx context.Context, name string, o store.GetOptions) ([]byte, error) {
	if strings.HasPrefix(name, "c/") && o.Fresh && s.c.reads.Add(1) == 5 && s.c.fifth != nil {
		s.c.fifth()
	}
	return s.Store.Get(ctx, name, o)
}

// countAt counts at the place of this name, from its next opening on.
func (m *machine) countAt(name string) *counts {
	c := &counts{}
	m.open = func(ctx context.Context, kind, dir string, id json.RawMessage) (store.Store, error) {
		s, err := backup.OpenFolder(ctx, kind, dir, id)
		if err != nil || filepath.Base(dir) != "place-"+name {
			return s, err
		}
		return pausing{s, c}, nil
	}
	return c
}

// A pause ends what is under way: what is on its way then is the most that still goes out. What was complete is kept, the run is no
// failure, and the rest follows after the pause.
func TestAPauseEndsTheCopyingThatIsUnderWay(t *testing.T) {
	const files, underWay = 40, 12
	for name, c := range map[string]func(m *machine, at *counts, pause func()) (begin func(), moved *atomic.Int64){
		"storing": func(m *machine, at *counts, pause func()) (func(), *atomic.Int64) {
			at.fifthPut = pause
			return func() {}, &at.puts
		},
		"reading back": func(m *machine, at *counts, pause func()) (func(), *atomic.Int64) {
			at.fifth = pause
			return func() {}, &at.reads
		},
		"bringing a new destination up to date": func(m *machine, at *counts, pause func()) (func(), *atomic.Int64) {
			at.fifthPut = pause
			return func() {
				m.backUpQuietly()
				m.do(backup.AddDestination{Kind: "folder", Dir: m.place("c"), Label: "C", Place: "cellar"})
			}, &at.puts
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			place := "a"
			if strings.HasPrefix(name, "bringing") {
				place = "c"
			}
			at := m.countAt(place)
			begin, moved := c(m, at, func() { m.do(backup.PauseFor{For: time.Hour}) })
			m.setUp().withTwoPlaces()
			numbered(t, m.photos, "a", 1, files, 100_000)
			begin()
			run := m.backUp()
			if !run.Stopped || len(run.Issues) != 0 || moved.Load() < 5 || moved.Load() > underWay {
				t.Fatalf("%d moved; %+v", moved.Load(), run)
			}
			s := m.state()
			if s.Paused == nil || s.Work != nil {
				t.Errorf("paused %v, work %v", s.Paused, s.Work)
			}
			if name == "storing" && (run.New == 0 || run.New > underWay || s.Counts.Pending != files) {
				t.Errorf("%d new, %+v", run.New, s.Counts)
			}
			m.do(backup.Resume{})
			m.backUpQuietly()
			m.mustProve()
			m.mustBeWhole(nil)
			if s := m.state(); s.Counts.Protected != files {
				t.Errorf("%+v %+v", s.Counts, s.Causes)
			}
		})
	}
}

// The schedule goes on at once when a pause is ended, though the run that it cut short was no failure to be tried again.
func TestResumeGoesOnAtOnce(t *testing.T) {
	m := newMachine(t)
	at := m.countAt("a")
	m.ticks = asleep{m.clock, make(chan time.Time)} // no timer ever ends
	at.fifthPut = func() { m.do(backup.PauseFor{For: time.Hour}) }
	m.setUp().withTwoPlaces()
	numbered(t, m.photos, "a", 1, 40, 100_000)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	events, err := m.engine.Events(ctx)
	must(t, err)
	until := func(what string, holds func(*backup.State) bool) {
		t.Helper()
		for ev := range events {
			if ev.State != nil && holds(ev.State) {
				return
			}
		}
		t.Fatalf("%s does not come", what)
	}
	served := make(chan error, 1)
	go func() { served <- m.engine.Serve(ctx) }()
	until("the end of the run", func(s *backup.State) bool { return s.Paused != nil && s.Work == nil })
	m.do(backup.Resume{})
	until("the rest", func(s *backup.State) bool { return s.Counts.Protected == 40 && s.Work == nil })
	cancel()
	must(t, <-served)
}
