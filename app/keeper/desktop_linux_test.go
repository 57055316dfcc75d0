package keeper

import (
	"context"
	"errors"
	"testing"
	"time"

	"lightproof/app/keeper/bustest"
	texts "lightproof/assets/strings"
)

func TestNotificationsReplaceTheirKindAndAreNoMarkup(t *testing.T) {
	bus := bustest.Start(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", bus.Address)
	n := bustest.NewNotifications(t, bus)
	s := NewSender()
	send := func(kind texts.NoticeKind, body string) bustest.Notification {
		t.Helper()
		if err := s.Send(t.Context(), kind, texts.Notice{Title: "A & B", Body: body}); err != nil {
			t.Fatal(err)
		}
		return n.Next(t)
	}
	first := send(texts.NoticeFreshness, `<img src="x"> & more`)
	if first.Title != "A & B" || first.Body != `&lt;img src="x"&gt; &amp; more` || first.Replaces != 0 {
		t.Errorf("%+v", first)
	}
	if again := send(texts.NoticeFreshness, "b"); again.Replaces != first.ID {
		t.Errorf("the same kind replaces %d, want %d", again.Replaces, first.ID)
	}
	if other := send(texts.NoticeTrust, "c"); other.Replaces != 0 {
		t.Errorf("another kind replaces %d", other.Replaces)
	}
}

func TestNotificationWithoutAServerFailsAndReturns(t *testing.T) {
	bus := bustest.Start(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", bus.Address)
	if err := NewSender().Send(t.Context(), texts.NoticeTrust, texts.Notice{Title: "a"}); err == nil {
		t.Error("shown by nobody")
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	if err := NewSender().Send(t.Context(), texts.NoticeTrust, texts.Notice{Title: "a"}); !errors.Is(err, ErrNoBus) {
		t.Errorf("%v", err)
	}
}

func TestTrayHostIsAskedNotTheNameAlone(t *testing.T) {
	bus := bustest.Start(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", bus.Address)
	seen := make(chan bool, 16)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- WatchTrayHost(ctx, func(visible bool) { seen <- visible }) }()
	expect := func(when string, want bool) {
		t.Helper()
		select {
		case got := <-seen:
			if got != want {
				t.Errorf("%s: %v", when, got)
			}
		case <-time.After(bustest.Fuse):
			t.Fatalf("%s: nothing is said", when)
		}
		if TrayHost(t.Context()) != want {
			t.Errorf("%s: TrayHost disagrees", when)
		}
	}
	expect("no watcher", false)
	w := bustest.NewWatcher(t, bus, false)
	if TrayHost(t.Context()) {
		t.Error("a watcher without a panel counts as a tray")
	}
	w.SetHost(t, true)
	expect("a panel registers", true)
	w.SetHost(t, false)
	expect("the panel goes", false)
	w.SetHost(t, true)
	expect("it comes again", true)
	w.Close()
	expect("the watcher crashes", false)
	bustest.NewWatcher(t, bus, true)
	expect("another watcher with its panel", true)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestTrayHostWithoutABus(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	calls := 0
	err := WatchTrayHost(t.Context(), func(visible bool) {
		calls++
		if visible {
			t.Error("a tray on no bus")
		}
	})
	if !errors.Is(err, ErrNoBus) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestSleepIsHeard(t *testing.T) {
	bus := bustest.Start(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.Address)
	l := bustest.NewLogind(t, bus)
	heard := make(chan bool, 64)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- WatchSleep(ctx, func(asleep bool) { heard <- asleep }) }()
	// The listener says nowhere that it listens, so the first signals may be lost.
	fuse := time.After(bustest.Fuse)
	for again := time.NewTicker(10 * time.Millisecond); ; {
		l.Sleep(t, true)
		select {
		case asleep := <-heard:
			if !asleep {
				t.Error("the wrong way round")
			}
		case <-again.C:
			continue
		case <-fuse:
			t.Fatal("sleep is not heard")
		}
		break
	}
	l.Sleep(t, false)
	for asleep := true; asleep; {
		select {
		case asleep = <-heard:
		case <-fuse:
			t.Fatal("waking is not heard")
		}
	}
	cancel()
	<-ended
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	if err := WatchSleep(t.Context(), func(bool) {}); err == nil {
		t.Error("no bus is no error")
	}
}
