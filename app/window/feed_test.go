package window

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lightproof/app/window/remember"
	"lightproof/app/window/texts"
	"lightproof/app/window/windowtest"
	words "lightproof/assets/strings"
	"lightproof/backup"
)

func TestADeadEngineGreysTheNumbersAtOnceAndIsStarted(t *testing.T) {
	var starts atomic.Int32
	f := unlocked(t, windowtest.Safe(), func(f *fixture, o *Options) {
		o.StartKeeper = func() error { starts.Add(1); f.service.Revive(); return nil }
	})
	f.service.Die()
	f.queue.Until(func() bool { return starts.Load() == 1 && f.shell.feed.snapshot().Live || f.tick() })
	f.wait(2 * pace)
	f.wait(2 * pace)
	if got := f.tree(); !strings.Contains(got, "41,219 of 41,219") {
		t.Errorf("after the start:\n%s", got)
	}
}

func TestAnEngineThatKeepsDyingIsStartedThreeTimesInTenMinutes(t *testing.T) {
	var starts atomic.Int32
	f := unlocked(t, windowtest.Safe(), func(_ *fixture, o *Options) {
		o.StartKeeper = func() error { starts.Add(1); return errors.New("it died") }
	})
	f.die()
	for f.shell.latest.Tries < startsPerTen {
		if f.queue.Within(time.Second) { // the feed rests, or the screen waits for its pace
			f.tick()
		} else {
			runtime.Gosched()
			f.queue.Settle()
		}
	}
	end := f.queue.Now().Add(5 * time.Minute)
	f.queue.Until(func() bool { return f.queue.Now().After(end) || f.tick() })
	if n := starts.Load(); n != startsPerTen {
		t.Errorf("%d starts, want %d", n, startsPerTen)
	}
	if got := f.tree(); !strings.Contains(got, texts.Stopped) || !strings.Contains(got, "[Start it] main") {
		t.Errorf("shows\n%s", got)
	}
}

func TestAnEngineWithoutABeatIsNotBelieved(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.wait(silence / 2)
	if strings.Contains(f.tree(), "does not answer") {
		t.Error("silent too early")
	}
	for range 20 {
		f.wait(5 * time.Second)
	}
	if got := f.tree(); !strings.Contains(got, "Cannot tell: the background part does not answer since 14:32.") || !strings.Contains(got, "[Restart it]") {
		t.Errorf("shows\n%s", got)
	}
}

func TestManyChangesCostFewUpdates(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	shown := 0
	show := f.shell.feed.show
	f.shell.feed.show = nil
	f.queue.Do(func() {})
	f.shell.feed.show = show
	for i := range 500 {
		s := windowtest.Safe()
		s.History.Versions = int64(i)
		f.shell.feed.mu.Lock()
		due := f.shell.feed.due
		f.shell.feed.mu.Unlock()
		if !due {
			shown++
		}
		f.shell.feed.take(backup.Event{State: &s})
	}
	if shown > 1 {
		t.Errorf("%d updates within one pace", shown)
	}
	f.wait(2 * pace)
	if got := f.shell.latest.State.History.Versions; got != 499 {
		t.Errorf("the newest state is not shown: %d", got)
	}
}

func TestTheFirstCloseIsExplainedOnce(t *testing.T) {
	f := unlocked(t, windowtest.Safe(), func(_ *fixture, o *Options) { o.TrayHost = func() bool { return true } })
	f.shell.close()
	if got := windowtest.Tree(f.shell.question.box); !strings.Contains(got, words.TrayFirstClose) || f.quits != 0 {
		t.Fatalf("asked\n%s", got)
	}
	f.shell.question.last() // Cancel
	if f.quits != 0 || f.shell.question != nil {
		t.Fatal("Cancel closed")
	}
	f.shell.close()
	f.press("Return")
	if f.quits != 1 {
		t.Fatalf("closed %d times", f.quits)
	}
	f.shell.finish()
	if !remember.Load(f.shell.options.Home).Closed {
		t.Error("it would be explained again")
	}
}

func TestWithoutATrayTheFirstCloseAsks(t *testing.T) {
	f := unlocked(t, windowtest.Safe(), func(_ *fixture, o *Options) { o.TrayHost = func() bool { return false } })
	f.shell.close()
	golden(t, "question-no-tray", windowtest.Tree(f.shell.question.box))
	f.press("Tab")
	f.window.Canvas().FocusNext()
	f.press("Return") // Quit
	if got := f.service.Did(); len(got) != 1 || got[0] != "retire" || f.quits != 1 {
		t.Errorf("did %q, closed %d times", got, f.quits)
	}
}
