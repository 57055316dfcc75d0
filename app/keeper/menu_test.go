package keeper

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"lightproof/app/channel/channeltest"
	"lightproof/assets"
	texts "lightproof/assets/strings"
	"lightproof/backup"
)

func TestShapesOfTheTray(t *testing.T) {
	copying := &backup.Work{Kind: "backing-up"}
	cases := map[string]struct {
		state backup.State
		want  assets.State
	}{
		"safe":                   {backup.State{}, assets.TraySafe},
		"safe, reading back":     {backup.State{Work: &backup.Work{Kind: "reading-back"}}, assets.TraySafe},
		"safe, copying new":      {backup.State{Work: copying}, assets.TrayCopying},
		"safe and paused":        {backup.State{Paused: &backup.Pause{}}, assets.TrayNotYet},
		"not yet, copying":       {backup.State{Verdict: backup.NotYet, Work: copying}, assets.TrayNotYet},
		"needs you, copying":     {backup.State{Verdict: backup.NeedsYou, Work: copying}, assets.TrayNeedsYou},
		"cannot tell, copying":   {backup.State{Verdict: backup.CannotTell, Work: copying}, assets.TrayCannotTell},
		"a verdict of the later": {backup.State{Verdict: 200}, assets.TrayCannotTell},
	}
	for name, c := range cases {
		if got := shape(&c.state); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if _, err := assets.TrayPNG(c.want, panelVariant(), 64); err != nil {
			t.Error(err)
		}
	}
}

// labels flattens a menu to its intents, and checks that the tray can show every one of them.
func labels(t *testing.T, menu, level []Item) []Intent {
	t.Helper()
	var out []Intent
	for _, m := range menu {
		if m.Intent == "" {
			continue
		}
		out = append(out, m.Intent)
		s, ok := find(level, m.Intent)
		if !ok {
			t.Errorf("%s has no place in the tray", m.Intent)
		}
		if m.Label == "" {
			t.Errorf("%s has no words", m.Intent)
		}
		out = append(out, labels(t, m.Children, s.Children)...)
	}
	return out
}

func TestMenuFollowsTheState(t *testing.T) {
	end := []Intent{OpenWindow, quitMenu, quitSays, Quit}
	pauses := []Intent{BackUpNow, pauseMenu, PauseHour, PauseMorning, PauseWeek, OpenRestore, LockWindow}
	set := backup.Safety{SetUp: true}
	cases := map[string]struct {
		state backup.State
		want  []Intent
	}{
		"before set-up": {backup.State{Verdict: backup.NotYet}, append([]Intent{OpenHome}, end...)},
		"idle":          {backup.State{Safety: set}, slices.Concat([]Intent{OpenHome}, pauses, end)},
		"needs you": {backup.State{Safety: set, Verdict: backup.NeedsYou, Counts: backup.Counts{Failed: 2}},
			slices.Concat([]Intent{OpenHome, OpenProblems}, pauses, end)},
		"at work": {backup.State{Safety: set, Work: &backup.Work{Kind: "looking"}}, slices.Concat([]Intent{OpenHome, OpenWork}, pauses, end)},
		"paused": {backup.State{Safety: set, Paused: &backup.Pause{}},
			slices.Concat([]Intent{OpenHome, OpenWork, BackUpNow, Resume, OpenRestore, LockWindow}, end)},
		"copies to open": {backup.State{Safety: set, OpenedDue: 3}, slices.Concat([]Intent{OpenHome, OpenWork}, pauses, end)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := labels(t, ViewOf(&c.state, start).Menu, skeleton()); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestPausesEnd(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		now  time.Time
		want time.Duration
	}{
		{time.Date(2026, 11, 20, 22, 0, 0, 0, berlin), 10 * time.Hour},
		{time.Date(2026, 11, 20, 0, 30, 0, 0, berlin), 31*time.Hour + 30*time.Minute},
		{time.Date(2026, 10, 24, 22, 0, 0, 0, berlin), 11 * time.Hour}, // clocks go back that night
		{time.Date(2026, 3, 28, 22, 0, 0, 0, berlin), 9 * time.Hour},   // and forward that one
		{time.Date(2026, 12, 31, 23, 0, 0, 0, berlin), 9 * time.Hour},
	}
	for _, c := range cases {
		if got, ok := pauseFor(PauseMorning, c.now); !ok || got != c.want {
			t.Errorf("%v: %v, want %v", c.now, got, c.want)
		}
	}
	if _, ok := pauseFor(Quit, start); ok {
		t.Error("Quit is a pause")
	}
}

func TestPaceShowsTheNewestOnceASecond(t *testing.T) {
	var p pace
	view := func(s string) View { return View{Title: s} }
	at := start
	if show, _ := p.offer(view("a"), at); !show {
		t.Error("the first is held back")
	}
	if show, wait := p.offer(view("a"), at.Add(time.Hour)); show || wait != 0 {
		t.Error("what is shown already is shown again")
	}
	at = at.Add(2 * time.Hour)
	if show, _ := p.offer(view("b"), at); !show {
		t.Error("a change after a long time is held back")
	}
	if show, wait := p.offer(view("c"), at.Add(100*time.Millisecond)); show || wait != 900*time.Millisecond {
		t.Errorf("%v, %v", show, wait)
	}
	if show, wait := p.offer(view("d"), at.Add(400*time.Millisecond)); show || wait != 600*time.Millisecond {
		t.Errorf("%v, %v", show, wait)
	}
	if v, ok := p.due(at.Add(time.Second)); !ok || v.Title != "d" {
		t.Errorf("%v, %v", v, ok)
	}
	if _, ok := p.due(at.Add(2 * time.Second)); ok {
		t.Error("due twice")
	}
	p.offer(view("e"), at.Add(1100*time.Millisecond))
	p.offer(view("d"), at.Add(1200*time.Millisecond)) // back to what is shown
	if v, ok := p.due(at.Add(3 * time.Second)); ok {
		t.Errorf("%v is shown though nothing changed", v)
	}
}

// recorder is a Sender that keeps what it was given.
type recorder struct {
	mu  sync.Mutex
	got []texts.NoticeKind
}

func (r *recorder) Send(_ context.Context, kind texts.NoticeKind, _ texts.Notice) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, kind)
	return nil
}

func TestASilentEngineIsShownAsSuch(t *testing.T) {
	f := channeltest.NewFake(t.TempDir())
	shown := make(chan View, 64)
	k := newDesk(Options{Home: f.Home, Service: f, Sender: &recorder{}, Silence: 20 * time.Millisecond})
	st, err := f.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- k.follow(ctx, st, func(v View) { shown <- v }) }()
	expect := func(want assets.State) {
		t.Helper()
		for fuse := time.After(20 * time.Second); ; {
			select {
			case v := <-shown:
				if v.Icon == want {
					return
				}
			case <-fuse:
				t.Fatalf("never %s", want)
			}
		}
	}
	expect(assets.TraySafe)
	expect(assets.TrayCannotTell)
	stop := make(chan struct{})
	go func() {
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-tick.C:
				f.Beat()
			case <-stop:
				return
			}
		}
	}()
	expect(assets.TraySafe)
	close(stop)
	expect(assets.TrayCannotTell) // the watch goes on
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAnEngineThatEndsIsSaid(t *testing.T) {
	f := channeltest.NewFake(t.TempDir())
	k := newDesk(Options{Home: f.Home, Service: f, Sender: &recorder{}})
	events := make(chan backup.Event)
	close(events)
	var last View
	err := k.watch(t.Context(), events, &backup.State{}, func(v View) { last = v })
	if !errors.Is(err, ErrEnded) || last.Icon != assets.TraySafe && last.Icon != assets.TrayCannotTell {
		t.Errorf("%v, %+v", err, last)
	}
}

func TestMemoryOfNotificationsIsClosedToOthersAndMayBeBroken(t *testing.T) {
	home := t.TempDir()
	k := newDesk(Options{Home: home, Sender: &recorder{}})
	k.notify(t.Context(), safe())
	info, err := os.Stat(filepath.Join(home, notified))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	if !newDesk(Options{Home: home}).policy.Memory().FirstSafe {
		t.Error("forgotten at the next start")
	}
	if err := os.WriteFile(filepath.Join(home, notified), []byte(`{"sent":[`), 0o600); err != nil {
		t.Fatal(err)
	}
	if m := newDesk(Options{Home: home}).policy.Memory(); m.FirstSafe || len(m.Sent) != 0 {
		t.Errorf("half a file was believed: %+v", m)
	}
}
