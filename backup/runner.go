package backup

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"lightproof/backup/store"
)

// runner is one long work: which destinations still take part, how far it is, what went wrong.
type runner struct {
	e       *Engine
	kind    string
	started time.Time
	result  *Run

	done, bytes, stored atomic.Int64
	total, totalBytes   atomic.Int64

	counted  time.Time     // last recount of the run
	counting time.Duration // how long it took
	stale    bool          // a commit was made since

	mu     sync.Mutex
	dests  []*destination
	full   []*destination        // left the run because they take no more
	begun  *begunCheck           // of which this is a part; nil: of none
	behind map[*destination]bool // was never sent some objects of earlier commits
	// holds all records up to the newest commit but one, or up to the newest
	current map[*destination]bool
	loss    error
	shown   time.Time

	failed   []failure // not recorded yet
	failedAt time.Time // when some were recorded last
	reason   map[string]int64
}

func (e *Engine) newRunner(kind string) *runner {
	now := e.clock.Now()
	return &runner{e: e, kind: kind, started: now, result: &Run{Started: now}}
}

func (r *runner) destinations() []*destination {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dests
}

// lose takes a destination out of the run.
func (r *runner) lose(d *destination, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := make([]*destination, 0, len(r.dests))
	for _, x := range r.dests {
		if x != d {
			kept = append(kept, x)
		}
	}
	if len(kept) < len(r.dests) {
		if errors.Is(err, store.ErrFull) {
			r.full = append(r.full, d)
		}
		r.result.Issues = append(r.result.Issues, Issue{Code: storeCode(err), Args: map[string]string{"destination": d.set.Label}})
	}
	r.dests, r.loss = kept, err
	d.setProblem(storeCode(err))
}

// readmit takes destinations that are full into the run again: what they hold can be read back all the same.
func (r *runner) readmit() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dests = slices.Concat(r.dests, r.full)
	r.full = nil
}

// recountEvery is how often the figures are brought up to date in a run, at the most, and recountShare that share of the run that it may
// take: it reads all that is known of every original.
const (
	recountEvery = 2 * time.Second
	recountShare = 20 // one part in
)

// recountNow brings the figures up to date after a commit, unless that was done just now.
func (r *runner) recountNow(ctx context.Context) error {
	began := r.e.clock.Now()
	if since := began.Sub(r.counted); since >= 0 && since < max(recountEvery, recountShare*r.counting) {
		r.stale = true
		return nil
	}
	r.stale = false
	err := r.e.recount(ctx)
	r.counted = r.e.clock.Now()
	r.counting = r.counted.Sub(began)
	return err
}

func (r *runner) lastLoss() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loss == nil {
		return store.ErrAway
	}
	return r.loss
}

func (r *runner) progress(n int64) {
	r.bytes.Add(n)
	r.show(false)
}

func (r *runner) wrote(n int64) { r.stored.Add(n) }

// phase begins a part of the work, with progress of its own. Units are objects or originals, and bytes.
func (r *runner) phase(kind string, total, bytes int64) {
	r.mu.Lock()
	r.kind, r.started = kind, r.e.clock.Now()
	r.mu.Unlock()
	r.done.Store(0)
	r.bytes.Store(0)
	r.total.Store(total)
	r.totalBytes.Store(bytes)
}

// showEvery is how often progress reaches the screens.
const showEvery = 200 * time.Millisecond

// show publishes progress, at most five times a second unless forced.
func (r *runner) show(force bool) {
	now := r.e.clock.Now()
	r.mu.Lock()
	if !force && now.Sub(r.shown) < showEvery {
		r.mu.Unlock()
		return
	}
	r.shown = now
	kind, started := r.kind, r.started
	r.mu.Unlock()
	w := &Work{Kind: kind, Done: r.done.Load(), Total: r.total.Load(), Bytes: r.bytes.Load(), TotalBytes: r.totalBytes.Load(), Started: started}
	if d := now.Sub(started).Seconds(); d > 0 {
		w.Rate = float64(w.Bytes) / d
		// An estimate means something once a tenth is done.
		if w.TotalBytes > 0 && w.Bytes*10 >= w.TotalBytes && w.Rate > 0 {
			w.Left = time.Duration(float64(w.TotalBytes-w.Bytes) / w.Rate * float64(time.Second))
		}
	}
	r.e.mu.Lock()
	r.e.work = w
	r.e.mu.Unlock()
	r.e.publishNow()
}

func (r *runner) issue(i Issue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.result.Issues) < 1000 {
		r.result.Issues = append(r.result.Issues, i)
	}
}

// foreign says, once a run, that a destination holds foreign bytes under a name of ours.
func (r *runner) foreign(d *destination) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range r.result.Issues {
		if i.Code == reasonForeign && i.Args["destination"] == d.set.Label {
			return
		}
	}
	if len(r.result.Issues) < 1000 {
		r.result.Issues = append(r.result.Issues, Issue{Code: reasonForeign, Args: map[string]string{"destination": d.set.Label}})
	}
}

func (r *runner) connect(ctx context.Context) {
	now := r.e.clock.Now().Unix()
	for _, d := range r.e.destinations() {
		err := d.connect(ctx, r.e.o.Open)
		r.e.mu.Lock()
		f := r.e.destFact(d.set.ID)
		f.Problem, _ = d.condition()
		switch {
		case err == nil:
			f.LastSeen, f.Away = now, 0
		case f.Away == 0:
			f.Away = now
		}
		r.e.mu.Unlock()
		if err != nil {
			r.issue(Issue{Code: storeCode(err), Args: map[string]string{"destination": d.set.Label}})
			continue
		}
		r.mu.Lock()
		r.dests = append(r.dests, d)
		r.mu.Unlock()
	}
}

func (r *runner) end(context.Context) *Run {
	r.result.Took = r.e.clock.Now().Sub(r.result.Started)
	r.result.StoredByte = r.stored.Load()
	return r.result
}

func (e *Engine) endWork(ctx context.Context) {
	e.mu.Lock()
	e.work = nil
	e.mu.Unlock()
	e.publish(context.WithoutCancel(ctx))
}
