package window

import (
	"context"
	"sync"
	"time"

	"lightproof/app/window/present"
	"lightproof/backup"
)

// Times of the feed. The pace bounds updates of a page to five a second; a background part that has not beaten for the silence hangs.
const (
	pace         = 200 * time.Millisecond
	silence      = 60 * time.Second
	retryFirst   = 250 * time.Millisecond
	retryLast    = 5 * time.Second
	startWindow  = 10 * time.Minute
	startsPerTen = 3
	ageing       = time.Minute // the finest age on the pages: what else is equal is shown anew only then, as each showing paints the page
)

// feed follows the engine's events and hands the newest state to the screen: newest wins, at most one per pace.
type feed struct {
	service backup.Service
	around  surroundings
	start   func() error // nil = cannot
	hung    func() bool  // the stream ended because the process fell silent, not because it ended; nil = never
	show    func(present.Feed)

	mu     sync.Mutex
	state  *backup.State
	live   bool
	stuck  bool // it lives, and does not answer
	beat   time.Time
	starts []time.Time
	due    bool         // shown within the pace
	again  bool         // and more came since
	told   present.Feed // what was shown last
}

// run follows until ctx ends. It starts the background part by itself when the stream breaks, at most three times in ten minutes.
func (f *feed) run(ctx context.Context) {
	f.watch(ctx)
	wait := retryFirst
	for ctx.Err() == nil {
		events, err := f.service.Events(ctx)
		if err == nil {
			wait = retryFirst
			f.up()
			for e := range events {
				f.take(e)
			}
		}
		if ctx.Err() != nil {
			return
		}
		if f.down(); !f.silent() && f.mayStart() && f.start() == nil {
			continue
		}
		if !f.rest(ctx, wait) {
			return
		}
		wait = min(wait*2, retryLast)
	}
}

// rest waits, by the injected clock.
func (f *feed) rest(ctx context.Context, d time.Duration) bool {
	done := make(chan struct{})
	f.around.after(d, func() { close(done) })
	select {
	case <-done:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// mayStart counts the starts by ourselves.
func (f *feed) mayStart() bool {
	if f.start == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.around.now()
	kept := f.starts[:0]
	for _, at := range f.starts {
		if now.Sub(at) < startWindow {
			kept = append(kept, at)
		}
	}
	f.starts = kept
	if len(f.starts) >= startsPerTen {
		return false
	}
	f.starts = append(f.starts, now)
	return true
}

// watch looks at the beat every few seconds, so that a hung background part is seen.
func (f *feed) watch(ctx context.Context) {
	f.around.after(5*time.Second, func() {
		if ctx.Err() != nil {
			return
		}
		f.glance()
		f.watch(ctx)
	})
}

// up notes that the stream stands. Nothing is shown yet: its first event is a whole state, which then need not wait for the pace.
func (f *feed) up() {
	f.mu.Lock()
	f.live, f.stuck, f.beat = true, false, f.around.now()
	f.mu.Unlock()
}

func (f *feed) down() {
	stuck := f.hung != nil && f.hung()
	f.mu.Lock()
	f.live, f.stuck = false, stuck
	f.mu.Unlock()
	f.publish()
}

// silent tells whether the background part lives without answering: starting another would only find its lock.
func (f *feed) silent() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stuck
}

func (f *feed) take(e backup.Event) {
	f.mu.Lock()
	f.beat = f.around.now()
	if e.State != nil {
		f.state = e.State
	}
	f.mu.Unlock()
	if e.State == nil {
		f.glance()
		return
	}
	f.publish()
}

// glance publishes where something else than the time of the last beat has changed.
func (f *feed) glance() {
	now := f.snapshot()
	f.mu.Lock()
	old := f.told
	f.mu.Unlock()
	if now.State == old.State && now.Live == old.Live && now.Silent.IsZero() == old.Silent.IsZero() && now.Now.Sub(old.Now) < ageing {
		return
	}
	f.publish()
}

// publish shows the newest state, at once where nothing was shown within the pace.
func (f *feed) publish() {
	f.mu.Lock()
	if f.due {
		f.again = true
		f.mu.Unlock()
		return
	}
	f.due = true
	f.mu.Unlock()
	f.hand()
	f.around.after(pace, func() {
		f.mu.Lock()
		again := f.again
		f.due, f.again = false, false
		f.mu.Unlock()
		if again {
			f.publish()
		}
	})
}

// hand gives the screen what is known now.
func (f *feed) hand() {
	f.around.do(func() {
		now := f.snapshot()
		f.mu.Lock()
		f.told = now
		f.mu.Unlock()
		f.show(now)
	})
}

func (f *feed) snapshot() present.Feed {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.around.now()
	s := present.Feed{State: f.state, Live: f.live || f.stuck, Now: now, Tries: len(f.starts)}
	if f.stuck || f.live && now.Sub(f.beat) > silence {
		s.Silent = f.beat
	}
	return s
}
