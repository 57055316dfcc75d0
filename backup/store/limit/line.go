package limit

import (
	"context"
	"sync"
	"time"

	"lightproof/backup/store"
)

// Clock is the time as this package sees it.
type Clock interface {
	Now() time.Time
	// After delivers once, when d has passed.
	After(d time.Duration) <-chan time.Time
}

// reserve is how much unused time may be made up for: the time that a caller spends elsewhere between two objects is not lost.
const reserve = time.Second

// line lets bytes through one direction in turn.
type line struct {
	clock Clock
	turn  chan struct{} // held by the one whose turn it is; those who wait for it are served in their order

	mu      sync.Mutex
	rate    int64         // bytes a second, 0 = no limit
	free    time.Time     // when every byte let through so far has had its time
	typical int64         // what a download of unknown size is taken for until it is known
	changed chan struct{} // closed and made anew when who waits must look again
}

func newLine(clock Clock) line {
	return line{clock: clock, turn: make(chan struct{}, 1), typical: store.MaxObject, changed: make(chan struct{})}
}

func (l *line) limit() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rate
}

func (l *line) set(rate int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rate = min(max(rate, 0), Most)
	if rate == l.rate {
		return
	}
	now := l.clock.Now()
	switch ahead := l.free.Sub(now); {
	case l.rate == 0:
		l.free = now // what moved without a limit is not owed
	case rate > 0 && ahead > 0:
		// What was let through early keeps its number of bytes, not its time.
		l.free = now.Add(time.Duration(float64(ahead) * float64(l.rate) / float64(rate)))
	}
	l.rate = rate
	l.wake()
}

// wake has those who wait look again. l.mu is held.
func (l *line) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// span is the time that n bytes take. l.mu is held; the rate is not 0.
func (l *line) span(n int64) time.Duration {
	return time.Duration(float64(n) / float64(l.rate) * float64(time.Second))
}

// start is when the next bytes begin to take their time: after all others, but no longer ago than credit. l.mu is held.
func (l *line) start(now time.Time, credit time.Duration) time.Time {
	if earliest := now.Add(-credit); l.free.Before(earliest) {
		return earliest
	}
	return l.free
}

// take waits for its turn and then until plan says so, books n bytes and leaves the turn to the next. plan is called with l.mu held and a
// rate that is not 0: of how much unused time is made up for, and when after the start of their time the bytes are let through. take returns
// the end of their time; zero where there is no limit.
func (l *line) take(ctx context.Context, n int64, plan func(n int64) (credit, after time.Duration)) (end time.Time, err error) {
	if err := ctx.Err(); err != nil {
		return end, err
	}
	if l.limit() == 0 {
		return end, nil
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return end, ctx.Err()
	}
	for {
		l.mu.Lock()
		if l.rate == 0 {
			l.mu.Unlock()
			return end, nil
		}
		now := l.clock.Now()
		credit, after := plan(n)
		start := l.start(now, credit)
		wait, changed := start.Add(after).Sub(now), l.changed
		if wait <= 0 {
			l.free = start.Add(l.span(n))
			end = l.free
			l.mu.Unlock()
			return end, nil
		}
		l.mu.Unlock()
		if err := l.sleep(ctx, wait, changed); err != nil {
			return end, err
		}
	}
}

// sleep waits until wait has passed or changed is closed.
func (l *line) sleep(ctx context.Context, wait time.Duration, changed <-chan struct{}) error {
	select {
	case <-l.clock.After(wait):
	case <-changed:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// before waits until there was time for n bytes.
func (l *line) before(ctx context.Context, n int64) error {
	// The object before, which moved since, may have taken as long as its own time without being slower than the limit.
	_, err := l.take(ctx, n, func(n int64) (credit, after time.Duration) { return max(reserve, l.span(n)), l.span(n) })
	return err
}

// transfer is a download between begin and end.
type transfer struct {
	guess int64
	end   time.Time // of the time booked for it; zero = there was no limit
}

// begin waits until all earlier bytes had their time. length is how many bytes are asked for, 0 where that is not known.
func (l *line) begin(ctx context.Context, length int64) (t transfer, err error) {
	l.mu.Lock()
	t.guess = l.typical
	if length > 0 {
		t.guess = min(length, store.MaxObject)
	}
	l.mu.Unlock()
	t.end, err = l.take(ctx, t.guess, func(int64) (credit, after time.Duration) { return reserve, 0 })
	return t, err
}

// end corrects what was booked to the n bytes that came, and waits until they had their time.
func (l *line) end(ctx context.Context, t transfer, n int64) error {
	l.mu.Lock()
	// Large ones are believed at once, small ones slowly: too large a guess only holds others back until this one has ended.
	l.typical = max(n, l.typical-l.typical/8)
	if t.end.IsZero() || l.rate == 0 {
		l.mu.Unlock()
		return nil
	}
	wrong := l.span(n) - l.span(t.guess)
	l.free = l.free.Add(wrong)
	until := t.end.Add(wrong)
	if wrong < 0 {
		l.wake()
	}
	for {
		// After a change of the rate all that is owed ends at free.
		if l.free.Before(until) {
			until = l.free
		}
		wait, changed := until.Sub(l.clock.Now()), l.changed
		none := l.rate == 0
		l.mu.Unlock()
		if wait <= 0 || none {
			return nil
		}
		if err := l.sleep(ctx, wait, changed); err != nil {
			return err
		}
		l.mu.Lock()
	}
}
