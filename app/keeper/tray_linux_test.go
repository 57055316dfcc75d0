package keeper

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"lightproof/app/channel/channeltest"
	"lightproof/app/keeper/bustest"
	"lightproof/backup"
)

// A process can have one tray in its life, so each test runs a keeper of its own: this test binary, started again.
const childRole = "LIGHTPROOF_KEEPER_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childRole) == "" {
		os.Exit(m.Run())
	}
	childKeeper()
}

// childKeeper runs the real keeper on an engine that its parent plays through lines on the standard input.
func childKeeper() {
	ctx, cancel := context.WithCancel(context.Background())
	f := channeltest.NewFake(os.Getenv(childRole))
	f.OnDo = func(_ context.Context, c backup.Command) (backup.Reply, error) {
		fmt.Printf("do %+v\n", c)
		return backup.Reply{}, nil
	}
	f.Change(func(s *backup.State) { s.Counts, s.PlacesNow = backup.Counts{Found: 41219, Protected: 41219}, 3 })
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			f.Change(func(s *backup.State) { play(s, in.Text()) })
		}
		cancel()
	}()
	fmt.Println("ready")
	err := Run(ctx, Options{Home: os.Getenv(childRole), Service: f, Act: func(i Intent) { fmt.Println("act", i) },
		Failed: func(err error) { fmt.Println("failed", err) }, Sleep: func(asleep bool) { fmt.Println("asleep", asleep) }})
	fmt.Println("ended", err)
}

// play makes the engine's state one of a few. "beat" changes nothing.
func play(s *backup.State, what string) {
	if what == "beat" {
		return
	}
	s.Verdict, s.Causes, s.Paused, s.Work = backup.Safe, nil, nil, nil
	s.Counts = backup.Counts{Found: 41219, Protected: 41219}
	switch what {
	case "needs-you":
		s.Verdict = backup.NeedsYou
		s.Counts = backup.Counts{Found: 41219, Protected: 41207, Failed: 12}
		s.Causes = []backup.Cause{{Code: "read-error", Verdict: backup.NeedsYou, Count: 12, Since: time.Now()}}
	case "work":
		s.Work = &backup.Work{Kind: "reading-back", Done: 7, Total: 10}
	case "paused":
		s.Paused = &backup.Pause{Until: time.Now().Add(time.Hour), Reason: "you"}
	}
}

type keeperProcess struct {
	*exec.Cmd
	stdin  io.WriteCloser
	lines  chan string
	stderr bytes.Buffer // to be read after Wait
}

// races judges what the race detector wrote of a keeper: accesses inside the tray's library are that library's, which reads and
// writes the menu's version number under different locks. Every other one fails the test.
func races(report string) (ours []string) {
	lines := strings.Split(report, "\n")
	for i, line := range lines {
		for _, access := range []string{"Write at", "Read at", "Previous write at", "Previous read at"} {
			if strings.HasPrefix(line, access) && i+1 < len(lines) && !strings.Contains(lines[i+1], "fyne.io/systray.") {
				ours = append(ours, line+lines[i+1])
			}
		}
	}
	return ours
}

// runKeeper starts a keeper whose session bus is at address; "" means that its environment names none.
func runKeeper(t *testing.T, address string, more ...string) *keeperProcess {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	k := &keeperProcess{Cmd: exec.Command(self), lines: make(chan string, 64)}
	k.Env = append([]string{childRole + "=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "XDG_RUNTIME_DIR=" + t.TempDir(),
		"DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent/bus"}, more...)
	if address != "" {
		k.Env = append(k.Env, "DBUS_SESSION_BUS_ADDRESS="+address)
	}
	k.Env = append(k.Env, "GORACE=exitcode=0") // see races
	k.Stderr = &k.stderr
	if k.stdin, err = k.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := k.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Process.Kill(); k.Wait() })
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			k.lines <- s.Text()
		}
		close(k.lines)
	}()
	k.expect(t, "ready")
	return k
}

// expect waits for a line that begins so; others are passed over.
func (k *keeperProcess) expect(t *testing.T, prefix string) string {
	t.Helper()
	fuse := time.After(bustest.Fuse)
	var passed []string
	for {
		select {
		case line, open := <-k.lines:
			if !open {
				t.Fatalf("the keeper ended before %q; it said %q", prefix, passed)
			}
			if strings.HasPrefix(line, prefix) {
				return line
			}
			passed = append(passed, line)
		case <-fuse:
			t.Fatalf("no %q; it said %q", prefix, passed)
		}
	}
}

func (k *keeperProcess) play(t *testing.T, what string) {
	t.Helper()
	if _, err := fmt.Fprintln(k.stdin, what); err != nil {
		t.Fatal(err)
	}
}

// end asks the keeper to stop and waits until it has.
func (k *keeperProcess) end(t *testing.T) {
	t.Helper()
	k.stdin.Close()
	k.expect(t, "ended <nil>")
	if err := k.Wait(); err != nil {
		t.Errorf("%v\n%s", err, k.stderr.String())
	}
	if ours := races(k.stderr.String()); len(ours) > 0 || strings.Contains(k.stderr.String(), "panic:") {
		t.Errorf("%q\n%s", ours, k.stderr.String())
	}
}

func shows(label string) func([]bustest.Entry) bool {
	return func(menu []bustest.Entry) bool { return slices.Contains(bustest.Labels(menu), label) }
}

func TestTrayMenuIsReadAndClicked(t *testing.T) {
	bus := bustest.Start(t)
	w := bustest.NewWatcher(t, bus, true)
	k := runKeeper(t, bus.Address)
	w.WaitItem(t)
	if title, id := w.Property(t, "Title"), w.Property(t, "Id"); title != "Lightproof" || id != "Lightproof" {
		t.Errorf("title %v, id %v", title, id)
	}
	menu := w.WaitMenu(t, shows("✓ 41,219 of 41,219 safe in 3 places"))
	want := []string{"✓ 41,219 of 41,219 safe in 3 places", "-", "Back up now", "Pause", "> 1 hour", "> Until 8:00 tomorrow", "> 7 days",
		"Restore…", "Lock", "Open Lightproof", "Quit", "> Quit stops copying and checking until Lightproof is started again.", "> Quit"}
	if got := bustest.Labels(menu); !slices.Equal(got, want) {
		t.Errorf("the menu is\n%q, want\n%q", got, want)
	}
	for label, line := range map[string]string{
		"✓ 41,219 of 41,219 safe in 3 places": "act open-home",
		"Back up now":                         "do {FullScan:false ReadBackLater:false}",
		"1 hour":                              "do {For:1h0m0s}",
		"7 days":                              "do {For:168h0m0s}",
		"Restore…":                            "act open-restore",
		"Lock":                                "act lock",
		"Open Lightproof":                     "act open",
		"Quit":                                "act quit",
	} {
		e, ok := bustest.Find(menu, label)
		if !ok || !e.Enabled {
			t.Errorf("%q cannot be clicked", label)
			continue
		}
		w.Click(t, e)
		k.expect(t, line)
	}
	w.Activate(t)
	k.expect(t, "act open")
	if e, ok := bustest.Find(menu, "Quit stops copying and checking until Lightproof is started again."); !ok || e.Enabled {
		t.Error("what Quit stops is not said")
	}
	k.end(t)
}

func TestTrayFollowsTheEngineWithoutNewItems(t *testing.T) {
	bus := bustest.Start(t)
	w := bustest.NewWatcher(t, bus, true)
	k := runKeeper(t, bus.Address)
	w.WaitItem(t)
	before := w.WaitMenu(t, shows("Back up now"))
	icon := fmt.Sprint(w.Property(t, "IconPixmap"))
	k.play(t, "needs-you")
	after := w.WaitMenu(t, shows("! 41,207 of 41,219 safe in 3 places"))
	if !shows("  12 need you…")(after) {
		t.Errorf("%q", bustest.Labels(after))
	}
	for _, label := range []string{"Back up now", "1 hour", "Quit"} {
		a, _ := bustest.Find(before, label)
		b, ok := bustest.Find(after, label)
		if !ok || a.ID != b.ID {
			t.Errorf("%q was item %d and is %d: a click under way would mean something else", label, a.ID, b.ID)
		}
	}
	if fmt.Sprint(w.Property(t, "IconPixmap")) == icon {
		t.Error("the icon stays")
	}
	k.play(t, "work")
	w.WaitMenu(t, shows("  Reading back, 3 left"))
	k.play(t, "paused")
	paused := w.WaitMenu(t, shows("Resume"))
	if shows("Pause")(paused) {
		t.Errorf("%q", bustest.Labels(paused))
	}
	e, _ := bustest.Find(paused, "Resume")
	w.Click(t, e)
	k.expect(t, "do {}")
	k.end(t)
}

func TestTrayComesWhenAWatcherComes(t *testing.T) {
	bus := bustest.Start(t)
	k := runKeeper(t, bus.Address)
	k.play(t, "work") // it lives and follows, shown or not
	first := bustest.NewWatcher(t, bus, true)
	first.WaitItem(t)
	first.WaitMenu(t, shows("  Reading back, 3 left"))
	first.Close()
	k.play(t, "needs-you")
	second := bustest.NewWatcher(t, bus, true)
	second.WaitItem(t)
	second.WaitMenu(t, shows("  12 need you…"))
	k.end(t)
}

func TestKeeperLivesWithoutABus(t *testing.T) {
	for name, address := range map[string]string{"none": "", "unreachable": "unix:path=/nonexistent/bus", "nonsense": "::"} {
		t.Run(name, func(t *testing.T) {
			k := runKeeper(t, address)
			k.play(t, "needs-you")
			k.expect(t, "failed") // the notification; the keeper goes on
			k.end(t)
		})
	}
}

func TestNotificationArrivesOnceAcrossARestart(t *testing.T) {
	bus := bustest.Start(t)
	n := bustest.NewNotifications(t, bus)
	home := childRole + "=" + t.TempDir()
	k := runKeeper(t, bus.Address, home)
	if got := n.Next(t); got.Title != "All safe" || got.App != "Lightproof" || len(got.Actions) != 0 {
		t.Errorf("%+v", got)
	}
	k.play(t, "needs-you")
	if got := n.Next(t); got.Title != "Lightproof needs you" || got.Body != "12 originals need a decision." {
		t.Errorf("%+v", got)
	}
	k.end(t)
	k = runKeeper(t, bus.Address, home)
	k.play(t, "needs-you")
	w := bustest.NewWatcher(t, bus, true)
	w.WaitItem(t)
	w.WaitMenu(t, shows("  12 need you…")) // it has seen the state
	k.end(t)
	select {
	case got := <-n.Received:
		t.Errorf("told again: %+v", got)
	default:
	}
}

// The restore runs in another process; what it left is told at the next sign of life of the engine, once, and not when it is old.
func TestTheEndOfARestoreIsToldOnce(t *testing.T) {
	bus := bustest.Start(t)
	n := bustest.NewNotifications(t, bus)
	home := t.TempDir()
	k := runKeeper(t, bus.Address, childRole+"="+home)
	if got := n.Next(t); got.Title != "All safe" {
		t.Errorf("%+v", got)
	}
	leave := func(r backup.RestoreEnded) {
		t.Helper()
		if err := backup.LeaveRestoreEnded(home, r); err != nil {
			t.Fatal(err)
		}
		k.play(t, "beat")
	}
	leave(backup.RestoreEnded{At: time.Now(), Identical: 811, Total: 812})
	if got := n.Next(t); got.Title != "Restore finished" || got.Body != "811 of 812 identical." {
		t.Errorf("%+v", got)
	}
	k.end(t)
	if r, err := backup.TakeRestoreEnded(home); r != nil || err != nil {
		t.Errorf("it was not taken: %+v %v", r, err)
	}

	// A day of its own: what waits is told as waiting, also where the keeper was not running; yesterday's end is no news.
	for _, c := range []struct {
		r    backup.RestoreEnded
		want string
	}{
		{backup.RestoreEnded{At: time.Now(), Identical: 503, Total: 812, Waits: true}, "Restore waits: It stopped at 503 of 812."},
		{backup.RestoreEnded{At: time.Now().Add(-25 * time.Hour), Identical: 1, Total: 1}, ""},
	} {
		home := t.TempDir()
		if err := backup.LeaveRestoreEnded(home, c.r); err != nil {
			t.Fatal(err)
		}
		k := runKeeper(t, bus.Address, childRole+"="+home)
		var got []string
		for range 2 {
			if c.want == "" && len(got) == 1 {
				break
			}
			x := n.Next(t)
			got = append(got, x.Title+": "+x.Body)
		}
		k.end(t)
		if c.want != "" && !slices.Contains(got, c.want) || c.want == "" && strings.HasPrefix(got[0], "Restore") {
			t.Errorf("%+v is told as %q", c.r, got)
		}
	}
}
