package source

import "time"

// Clock is the time as this package sees it.
type Clock interface {
	Now() time.Time
	// After delivers once, when d has passed.
	After(d time.Duration) <-chan time.Time
}

// SystemClock is the computer's clock.
type SystemClock struct{}

// Now returns the current time.
func (SystemClock) Now() time.Time { return time.Now() }

// After delivers once, when d has passed.
func (SystemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }
