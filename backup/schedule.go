package backup

import (
	"context"
	"errors"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/priority"
	"lightproof/backup/source"
)

// Watcher tells of changes in folders; source.OS is one.
type Watcher interface {
	Watch(ctx context.Context, folders []source.Folder, options source.WatchOptions) (<-chan source.Change, error)
}

// batchPause is how long after the last file event a run begins.
const batchPause = 5 * time.Second

// retryAfter is how soon a run that could not reach its destinations is tried again.
const retryAfter = 5 * time.Minute

// Serve runs the schedule until ctx ends or the engine retires: a look at start, at file events, every 24 hours, and when a
// destination comes back. It beats while it lives.
func (e *Engine) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	beat := e.clock.After(BeatEvery)
	changes, stop := e.watch(ctx)
	defer func() { stop() }()
	due := e.clock.After(0)
	next := e.clock.Now() // when due is due, by the wall clock: timers stand still while the computer sleeps
	in := func(d time.Duration) { due, next = e.clock.After(d), e.clock.Now().Add(d).Round(0) }
	running := make(chan error, 1)
	busy := false
	again := false
	for {
		select {
		case <-ctx.Done():
			if busy {
				<-running
			}
			return nil
		case <-e.retired:
			cancel()
			if busy {
				<-running
			}
			return nil
		case <-beat:
			e.events.send(Event{Kind: "beat"})
			beat = e.clock.After(BeatEvery)
			if due != nil && !e.clock.Now().Round(0).Before(next) {
				in(0)
			}
		case _, ok := <-changes:
			if !ok {
				changes = nil
				e.mu.Lock()
				e.live = false
				e.mu.Unlock()
				continue
			}
			in(batchPause)
		case <-e.wake:
			in(0)
			stop()
			changes, stop = e.watch(ctx)
		case <-due:
			due = nil
			if busy {
				again = true
				continue
			}
			if e.ready() != nil || e.pausedNow() || len(e.folders()) == 0 {
				in(e.untilNext())
				continue
			}
			busy = true
			go func() { running <- e.scheduled(ctx) }()
		case err := <-running:
			busy = false
			wait := e.untilNext()
			if err != nil {
				wait = retryAfter
			}
			if again {
				again, wait = false, 0
			}
			if sooner := due != nil && !next.After(e.clock.Now().Add(wait)); !sooner { // a change was seen while it ran
				in(wait)
			}
		}
	}
}

// scheduled is one run of the schedule. It steps back behind the rest of the computer, except while somebody asks for something. It reports
// an error where a later try may do better.
func (e *Engine) scheduled(ctx context.Context) error {
	defer priority.Background()()
	run, err := e.backUp(ctx, BackUp{})
	if err != nil {
		return err
	}
	for _, i := range run.Issues {
		if i.Code == reasonAway || i.Code == reasonFull {
			return errNoPlace
		}
	}
	return nil
}

func (e *Engine) watch(ctx context.Context) (<-chan source.Change, func()) {
	w, ok := e.tree.(Watcher)
	if !ok || e.ready() != nil || len(e.folders()) == 0 {
		return nil, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	changes, err := w.Watch(ctx, e.folders(), source.WatchOptions{Exclude: e.scanOptions().Exclude})
	e.mu.Lock()
	e.live = err == nil
	e.mu.Unlock()
	if err != nil {
		cancel()
		return nil, func() {}
	}
	return changes, cancel
}

// untilNext is the time to the next full look, at most an hour: waking is also how an ended pause and a returned drive are noticed.
func (e *Engine) untilNext() time.Duration {
	now := e.clock.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	wait := time.Hour
	if e.paused != nil {
		if d := e.paused.Until.Sub(now); d > 0 {
			wait = min(wait, d)
		}
	}
	if e.set == nil {
		return wait
	}
	for _, f := range e.set.Folders {
		ff := e.facts.Folders[f.ID]
		if ff == nil {
			return 0
		}
		if d := unixTime(ff.LastScan).Add(scanLimit).Sub(now); d < wait {
			wait = max(d, time.Minute)
		}
	}
	return wait
}

// note adds a row to the activity log.
func (e *Engine) note(ctx context.Context, code string, numbers ...int64) error {
	e.mu.Lock()
	db := e.db
	e.mu.Unlock()
	if db == nil {
		return errors.ErrUnsupported
	}
	return db.Runs.Append(ctx, catalog.Run{At: e.clock.Now().UnixNano(), Code: code, Numbers: numbers})
}
