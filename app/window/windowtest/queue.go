// Package windowtest holds in-memory stand-ins for everything the window talks to, with made-up photos, and a dispatcher that the
// test's own goroutine drains. Tests and pictures of screens use it; the program does not.
package windowtest

import (
	"sync"
	"time"
)

// Queue is a dispatcher: what is handed to the screen's thread waits until the test runs it, so nothing happens behind its back.
type Queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	waiting []func()
	running int
	clock   time.Time
	timers  []timer
	Held    int // spawned functions that a test holds on purpose: Settle does not wait for so many
}

type timer struct {
	at time.Time
	f  func()
}

// NewQueue makes a dispatcher whose clock stands at now.
func NewQueue(now time.Time) *Queue {
	q := &Queue{clock: now}
	q.changed = sync.NewCond(&q.mu)
	return q
}

// Do queues f for the screen's thread.
func (q *Queue) Do(f func()) {
	q.mu.Lock()
	q.waiting = append(q.waiting, f)
	q.changed.Broadcast()
	q.mu.Unlock()
}

// Spawn runs f on a goroutine that Settle waits for.
func (q *Queue) Spawn(f func()) {
	q.mu.Lock()
	q.running++
	q.mu.Unlock()
	go func() {
		defer func() {
			q.mu.Lock()
			q.running--
			q.changed.Broadcast()
			q.mu.Unlock()
		}()
		f()
	}()
}

// Now is the clock.
func (q *Queue) Now() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.clock
}

// After keeps f until Advance passes its time.
func (q *Queue) After(d time.Duration, f func()) {
	q.mu.Lock()
	q.timers = append(q.timers, timer{q.clock.Add(d), f})
	q.mu.Unlock()
}

// Settle runs queued functions until nothing is queued and nothing spawned runs.
func (q *Queue) Settle() {
	for {
		q.mu.Lock()
		for len(q.waiting) == 0 && q.running > q.Held {
			q.changed.Wait()
		}
		if len(q.waiting) == 0 {
			q.mu.Unlock()
			return
		}
		f := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.mu.Unlock()
		f()
	}
}

// Until runs queued functions until done says so. What is waited for must come; the test's own timeout is the bound.
func (q *Queue) Until(done func() bool) {
	for !done() {
		q.mu.Lock()
		for len(q.waiting) == 0 {
			q.changed.Wait()
		}
		f := q.waiting[0]
		q.waiting = q.waiting[1:]
		q.mu.Unlock()
		f()
	}
}

// Advance moves the clock and runs the timers that are due, then settles.
func (q *Queue) Advance(d time.Duration) {
	q.mu.Lock()
	q.clock = q.clock.Add(d)
	var due, later []timer
	for _, t := range q.timers {
		if t.at.After(q.clock) {
			later = append(later, t)
		} else {
			due = append(due, t)
		}
	}
	q.timers = later
	q.mu.Unlock()
	for _, t := range due {
		t.f()
	}
	q.Settle()
}

// Due moves the clock and hands out the timers that are due, for a test that runs them itself.
func (q *Queue) Due(d time.Duration) []func() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.clock = q.clock.Add(d)
	var due []func()
	var later []timer
	for _, t := range q.timers {
		if t.at.After(q.clock) {
			later = append(later, t)
		} else {
			due = append(due, t.f)
		}
	}
	q.timers = later
	return due
}

// Within tells whether a timer is due within d. A test that waits for another goroutine moves the clock only then, not while that one
// has still to set its timer.
func (q *Queue) Within(d time.Duration) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, t := range q.timers {
		if !t.at.After(q.clock.Add(d)) {
			return true
		}
	}
	return false
}
