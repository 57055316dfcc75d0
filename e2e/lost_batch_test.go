package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"lightproof/backup"
	"lightproof/backup/store"
	"lightproof/backup/store/fault"
	"lightproof/backup/store/memory"
)

// losing is a machine with two places in memory, of which one loses what no Barrier covered, once.
type losing struct {
	*machine
	places map[string]*memory.Place
	plan   *fault.Plan // of the place "b"
	w      *written    // what reaches it
}

func newLosing(t *testing.T) *losing {
	l := &losing{machine: newMachine(t), places: map[string]*memory.Place{}, w: &written{}}
	l.open = func(_ context.Context, _, dir string, _ json.RawMessage) (store.Store, error) {
		name := filepath.Base(dir)
		if l.places[name] == nil {
			l.places[name] = memory.NewPlace()
		}
		if s := l.places[name].Open(); name != "place-b" {
			return s, nil
		} else if l.plan != nil {
			return recorded{l.plan.Wrap(s), l.w}, nil
		} else {
			return recorded{s, l.w}, nil
		}
	}
	l.setUp()
	numbered(t, l.photos, "a", 1, 4, 90_000)
	numbered(t, l.photos, "small", 2, 4, 4_000)
	l.withTwoPlaces()
	l.backUpQuietly()
	return l
}

// A batch that a destination lost at its Barrier is put there again before anything refers to it, whether the engine goes on or is
// started anew in between; nothing of it counts as damage, because it was never acknowledged.
func TestABatchLostAtItsBarrierIsSentAgainBeforeItIsReferredTo(t *testing.T) {
	for barrier := 1; barrier <= 3; barrier++ { // a backup has three: objects, lists, commits
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("Barrier %d, restart %v", barrier, restart), func(t *testing.T) {
				m := newLosing(t)
				m.stop()
				m.plan = fault.NewPlan().LoseAt(barrier)
				m.start()
				numbered(t, m.photos, "a", 3, 4, 90_000)
				numbered(t, m.photos, "small", 4, 4, 4_000)
				first := m.backUp()
				if len(first.Issues) == 0 {
					t.Error("the loss was not noticed")
				}
				if restart {
					m.stop()
					m.start()
				}
				m.w.take()
				// A copy of a file whose object was lost refers to that object without reading it anew.
				numbered(t, m.photos, "copies", 3, 4, 90_000)
				run := m.backUp()
				if run.Bad+run.Repaired != 0 || len(run.Issues) != 0 {
					t.Errorf("the run after it: %+v", run)
				}
				mustBeInOrder(t, m.w.take())
				m.plan.MustHaveFired(t)
				if a, b := m.places["place-a"].Names(), m.places["place-b"].Names(); !slices.Equal(a, b) {
					t.Errorf("%d objects at one place, %d at the other", len(a), len(b))
				}
				m.mustProve()
				m.mustBeWhole(nil)
				if s := m.state(); s.Verdict != backup.Safe {
					t.Errorf("%s %+v", s.Verdict, s.Causes)
				}
			})
		}
	}
}

// With a single destination the run ends there, and the next one begins with the same files.
func TestABatchLostAtTheOnlyDestinationIsStoredByTheNextRun(t *testing.T) {
	for barrier := 1; barrier <= 3; barrier++ {
		m := newMachine(t)
		place := memory.NewPlace()
		var plan *fault.Plan
		m.open = opener(func() store.Store {
			if plan != nil {
				return plan.Wrap(place.Open())
			}
			return place.Open()
		})
		m.setUp().withFolderAndPlace()
		numbered(t, m.photos, "a", 1, 4, 90_000)
		m.backUpQuietly()
		m.stop()
		plan = fault.NewPlan().LoseAt(barrier)
		m.start()
		numbered(t, m.photos, "a", 2, 4, 90_000)
		m.backUp()
		plan.MustHaveFired(t)
		if run := m.backUpQuietly(); run.Bad != 0 {
			t.Errorf("%+v", run)
		}
		m.mustProve()
		m.mustBeWhole(nil)
	}
}
