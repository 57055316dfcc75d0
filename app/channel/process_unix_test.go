//go:build unix

package channel

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lightproof/backup"
)

func TestNobodyServes(t *testing.T) {
	if _, err := Dial(t.Context(), newHome(t)); !errors.Is(err, backup.ErrGone) {
		t.Errorf("%v", err)
	}
}

func TestKilledKeeperIsNoticedAndReplaced(t *testing.T) {
	home := newHome(t)
	first := serving(t, home)
	c := dialed(t, home)
	events, err := c.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	running := make(chan error)
	go func() { _, err := c.Do(t.Context(), backup.BackUp{}); running <- err }()
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for range events { // ends
	}
	if err := <-running; !errors.Is(err, backup.ErrGone) {
		t.Errorf("a command under way ended with %v", err)
	}
	if _, err := c.State(t.Context()); !errors.Is(err, backup.ErrGone) || c.Health().Condition != Gone {
		t.Errorf("%v, %+v", err, c.Health())
	}
	first.Wait()
	paths, err := places(home, keeperLine)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(paths[0]); err != nil {
		t.Fatalf("the dead socket this test is about is not there: %v", err)
	}
	serving(t, home)
	if _, err := c.State(t.Context()); err != nil {
		t.Errorf("the same client and the next keeper: %v", err)
	}
}

func TestHungKeeperIsNoticedAndEnded(t *testing.T) {
	home := newHome(t)
	keeper := serving(t, home)
	c, err := DialWith(t.Context(), home, Options{Silence: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	events, err := c.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if first := <-events; first.State == nil {
		t.Fatalf("%+v", first)
	}
	running := make(chan error)
	go func() { _, err := c.Do(t.Context(), backup.BackUp{}); running <- err }()
	if err := suspend(keeper.Process); err != nil {
		t.Fatal(err)
	}
	for range events {
	}
	if err := <-running; !errors.Is(err, ErrHung) {
		t.Errorf("a command under way ended with %v", err)
	}
	if _, err := c.State(t.Context()); !errors.Is(err, ErrHung) || c.Health().Condition != Hung {
		t.Errorf("%v, %+v", err, c.Health())
	}
	if _, err := DialWith(t.Context(), home, Options{Silence: 100 * time.Millisecond}); !errors.Is(err, ErrHung) {
		t.Errorf("a new client: %v", err)
	}
	ended := make(chan error)
	go func() { ended <- c.EndHung(t.Context(), "hung", 200*time.Millisecond) }()
	keeper.Wait() // it becomes a zombie of ours otherwise
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if _, err := c.State(t.Context()); !errors.Is(err, backup.ErrGone) {
		t.Errorf("after its end: %v", err)
	}
}

func TestAKeeperThatAnswersRetiresInsteadOfBeingKilled(t *testing.T) {
	home := newHome(t)
	keeper := serving(t, home)
	c := dialed(t, home)
	ended := make(chan error)
	go func() { ended <- c.EndHung(t.Context(), "update", fuse) }()
	if err := keeper.Wait(); err != nil {
		t.Errorf("it did not end by itself: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAProcessThatOnlyHasThePidIsNotKilled(t *testing.T) {
	other := start(t, "lock", t.TempDir(), nil)
	other.line(t)
	p := process{pid: other.Process.Pid, started: "1"}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.end(ctx); err != nil {
		t.Errorf("the process of that start time is gone: %v", err)
	}
	if startOf(other.Process.Pid) == "" {
		t.Error("another process was killed")
	}
	if err := (process{}).end(ctx); !errors.Is(err, errUnknownProcess) {
		t.Errorf("nobody: %v", err)
	}
}

func TestSecondKeeperFindsTheLockTaken(t *testing.T) {
	home := newHome(t)
	first := serving(t, home)
	_, err := Lock(filepath.Join(home, EngineLock))
	var held *HeldError
	if !errors.Is(err, ErrHeld) || !errors.As(err, &held) || held.PID != first.Process.Pid || held.Started != startOf(held.PID) {
		t.Errorf("%v, %+v", err, held)
	}
	if _, err := Serve(t.Context(), home, filled(home)); !errors.Is(err, backup.ErrBusy) {
		t.Errorf("a second server: %v", err)
	}
	first.Process.Kill()
	first.Wait()
	release, err := Lock(filepath.Join(home, EngineLock))
	if err != nil {
		t.Fatalf("a killed process keeps its lock: %v", err)
	}
	second := start(t, "lock", home, nil)
	if got := second.line(t); got == "<nil>" {
		t.Error("two processes hold one lock")
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	third := start(t, "lock", home, nil)
	if got := third.line(t); got != "<nil>" {
		t.Errorf("a released lock: %s", got)
	}
}

func TestSecondStartRaisesTheWindow(t *testing.T) {
	home := newHome(t)
	if err := Raise(t.Context(), home, Start{}); !errors.Is(err, backup.ErrGone) {
		t.Errorf("no window: %v", err)
	}
	window := start(t, "window", home, nil)
	window.line(t)
	if err := Raise(t.Context(), home, Start{Args: []string{"restore", "\xff"}, Token: "tok-1"}); err != nil {
		t.Fatal(err)
	}
	if got := window.line(t); got != "restore \xff tok-1" {
		t.Errorf("the window got %q", got)
	}
	window.Process.Kill()
	window.Wait()
	if err := Raise(t.Context(), home, Start{}); !errors.Is(err, backup.ErrGone) {
		t.Errorf("a window that was killed: %v", err)
	}
	l, err := ListenRaise(home, func(Start) {})
	if err != nil {
		t.Fatalf("the next window: %v", err)
	}
	l.Close()
}

func TestTwoHomesDoNotMeet(t *testing.T) {
	home := newHome(t)
	other := t.TempDir()
	served(t, filled(home))
	if _, err := Dial(t.Context(), other); !errors.Is(err, backup.ErrGone) {
		t.Errorf("%v", err)
	}
	link := filepath.Join(other, "link")
	if err := os.Symlink(home, link); err != nil {
		t.Fatal(err)
	}
	dialed(t, link+"/.")
}
