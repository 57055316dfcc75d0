package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"lightproof/backup/catalog"
)

// figures are what was counted in the records, with all that they depend on: they hold for as long as no record changes (Mark), the
// settings that they were counted by stay (By), and the clock stays between At and Until, before which no proof expires or falls due.
// They are kept, so that a start and a run that changes nothing need not read a million records to say what is known.
type figures struct {
	Mark  []byte `json:"mark"`
	By    []byte `json:"by"`
	At    int64  `json:"at"`    // Unix seconds
	Until int64  `json:"until"` // Unix seconds; the first at which they may not hold

	Folders map[string]*Counts `json:"folders"`
	Dests   map[string]*placed `json:"dests"`
	History History            `json:"history"`
	Reasons map[string]int64   `json:"reasons"`
	OpenDue int64              `json:"open_due"`
	Oldest  int64              `json:"oldest"` // Unix seconds, 0 = none
	dests   []*placed          // in the order of the destinations, while it is counted
	walks   map[string]walked  // as of the same state of the records
	known   *keptKnown         // what the same rows make known, until it is written
}

// placed is what was counted for one destination.
type placed struct {
	Stored  int64 `json:"stored"` // bytes of proven objects
	Objects int64 `json:"objects"`
	Proven  int64 `json:"proven"` // files
	Gap     int64 `json:"gap"`
	Oldest  int64 `json:"oldest"` // Unix seconds, 0 = none

	Debts   int64 `json:"debts"`   // objects of commits that it was never sent
	Records int64 `json:"records"` // cached records that it lacks
	Unread  int64 `json:"unread"`  // what was never read back, or is to be read back again
}

// object counts the copy of an object that a commit lists.
func (d *placed) object(bits copyBits) {
	if bits&copyThere == 0 {
		d.Debts++
	}
	d.unread(bits)
}

func (d *placed) unread(bits copyBits) {
	if bits&copyThere != 0 && bits&copyUnread != 0 {
		d.Unread++
	}
}

// holdsUntil says that at t (Unix seconds) the figures may be others.
func (f *figures) holdsUntil(t int64) { f.Until = min(f.Until, t) }

// figuresFor makes empty figures for the settings of now.
func (e *Engine) figuresFor(now time.Time) *figures {
	f := &figures{At: now.Unix(), Until: math.MaxInt64, By: e.countedBy(), Folders: map[string]*Counts{}, Dests: map[string]*placed{}, Reasons: map[string]int64{}}
	for _, d := range e.destinations() {
		f.Dests[d.set.ID] = &placed{}
	}
	return f
}

// countedBy are the settings that figures depend on, as bytes to compare.
func (e *Engine) countedBy() []byte {
	type place struct {
		ID, Place string
		Away      bool
	}
	by := struct {
		Rule    int // of counting: a program that counts in another way does not take these figures
		Plan    Plan
		Folders []string
		Places  []place
	}{Rule: 1}
	e.mu.Lock()
	by.Plan = e.set.Plan
	for _, f := range e.set.Folders {
		by.Folders = append(by.Folders, f.ID)
	}
	e.mu.Unlock()
	for _, d := range e.destinations() {
		by.Places = append(by.Places, place{d.set.ID, d.set.Place, d.set.Away})
	}
	b, err := json.Marshal(by)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return b
}

// figuresNow returns the figures counted last if they hold now, else nil.
func (e *Engine) figuresNow(ctx context.Context) (*figures, error) {
	e.mu.Lock()
	f := e.facts.counted
	e.mu.Unlock()
	if f == nil {
		b, err := e.db.State.Get(ctx, []byte(catalog.FiguresRow))
		if errors.Is(err, catalog.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		f = &figures{}
		if json.Unmarshal(b, f) != nil || f.Folders == nil || f.Dests == nil || f.Reasons == nil {
			return nil, nil // of another program: they are counted anew
		}
	}
	var mark []byte
	now := *f
	err := e.db.View(ctx, func(w *catalog.Writer) (err error) {
		if mark, err = w.Mark(ctx); err == nil {
			now.walks, err = walks(ctx, w)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	at := e.clock.Now().Unix()
	if len(mark) == 0 || !bytes.Equal(f.Mark, mark) || !bytes.Equal(f.By, e.countedBy()) || at < f.At || at >= f.Until {
		return nil, nil
	}
	return &now, nil
}

// keepFigures keeps figures unless the records have changed since they were counted.
func (e *Engine) keepFigures(ctx context.Context, f *figures) error {
	b, err := json.Marshal(f)
	if err != nil {
		return err
	}
	err = e.db.Update(ctx, func(w *catalog.Writer) error {
		mark, err := w.Mark(ctx)
		if err != nil || !bytes.Equal(mark, f.Mark) {
			return err
		}
		return w.State.Put(ctx, []byte(catalog.FiguresRow), b)
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.facts.counted = f
	e.mu.Unlock()
	return nil
}

// left tells what a destination lacks by the figures counted last; ok is false where they do not hold now and only the records tell.
func (e *Engine) left(ctx context.Context, d *destination) (lacks placed, ok bool) {
	f, err := e.figuresNow(ctx)
	if err != nil || f == nil || f.Dests[d.set.ID] == nil {
		return placed{}, false
	}
	return *f.Dests[d.set.ID], true
}

// allRead tells that nothing waits to be read back at any destination of the run.
func (r *runner) allRead(ctx context.Context) bool {
	for _, d := range r.destinations() {
		if lacks, ok := r.e.left(ctx, d); !ok || lacks.Unread > 0 {
			return false
		}
	}
	return true
}
