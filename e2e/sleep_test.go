package e2e

import (
	"context"
	"testing"
	"time"

	"lightproof/backup"
)

// asleep is a clock whose timers stand still, as a sleeping computer's do; only the beat comes when the test says.
type asleep struct {
	*clock
	beat chan time.Time
}

func (a asleep) After(d time.Duration) <-chan time.Time {
	switch {
	case d == backup.BeatEvery:
		return a.beat
	case d <= 0:
		return time.After(0)
	}
	return make(chan time.Time)
}

// TestWhatBecameDueWhileTheComputerSleptIsDoneAtTheNextBeat lets a day pass without any timer.
func TestWhatBecameDueWhileTheComputerSleptIsDoneAtTheNextBeat(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	write(t, m.photos+"/a.jpg", []byte("first"))
	m.backUp()
	m.stop()
	clock := asleep{m.clock, make(chan time.Time)}
	m.ticks = clock
	m.start()
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
	began := m.clock.Now()
	m.clock.add(2 * time.Second) // before it serves: the look's time is told in seconds
	served := make(chan error, 1)
	go func() { served <- m.engine.Serve(ctx) }()
	until("the first look", func(s *backup.State) bool { return s.LastLook.After(began) && s.Work == nil })
	m.clock.add(25 * time.Hour)
	slept := m.clock.Now()
	write(t, m.photos+"/b.jpg", []byte("second"))
	for found := false; !found; {
		select {
		case clock.beat <- slept:
			// Time goes on with the beats: where the first run was still ending when the day passed, its next look is due a minute later.
			m.clock.add(backup.BeatEvery)
		case ev := <-events:
			found = ev.State != nil && !ev.State.LastLook.Before(slept.Truncate(time.Second)) && ev.State.Counts.Found == 2
		case <-ctx.Done():
			t.Fatal("the day passed unnoticed")
		}
	}
	cancel()
	must(t, <-served)
}
