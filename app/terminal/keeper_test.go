package terminal

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lightproof/app/channel"
	"lightproof/app/channel/channeltest"
	"lightproof/backup"
	"lightproof/backup/vault"
)

// shortHome is a home whose path leaves room for a socket's: those are at most about 100 bytes long.
func shortHome(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "h")
}

// dialled waits until somebody serves the home.
func dialled(t *testing.T, home string) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	end := time.After(30 * time.Second)
	for {
		if c, err := channel.Dial(t.Context(), home); err == nil {
			c.Close()
			return
		}
		select {
		case <-again.C:
		case <-end:
			t.Fatal("no keeper answers")
		}
	}
}

func TestCommandsAreClientsOfARunningKeeper(t *testing.T) {
	for _, flags := range [][]string{nil, {"--keychain", "none"}} {
		r := newRig(t)
		r.home = shortHome(t)
		r.opened(t, Done, append([]string{"setup", "--kit-file", r.kit()}, flags...)...)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan result, 1)
		go func() { ended <- r.runContext(ctx, "keeper", "--no-tray") }() // without the passphrase: it may have to wait
		dialled(t, r.home)
		r.opened(t, Done, "folders", "add", r.photos)
		r.opened(t, Done, "destinations", "add", "folder", r.drive)
		r.opened(t, Done, "backup")
		if s := r.decoded(t, Done, "status"); s["running"] != true || !strings.Contains(s["headline"].(string), "8 of 8") {
			t.Errorf("status: %v", s)
		}
		if n := len(r.decoded(t, Done, "photos")["photos"].([]any)); n != 6 {
			t.Errorf("%d photos", n)
		}
		// Names and what weakens protection need the passphrase.
		if out := r.want(t, Done, "folders", "list"); strings.Contains(out.out, r.photos) || !strings.Contains(out.err, "--passphrase-file") {
			t.Errorf("without the passphrase: %q %q", out.out, out.err)
		}
		r.want(t, Failed, "folders", "remove", r.photos)
		if out := r.opened(t, Done, "folders", "list").out; !strings.Contains(out, r.photos) {
			t.Errorf("with it: %q", out)
		}
		r.decoded(t, Done, "verify", "--level", "full")
		r.decoded(t, Done, "kit", "new", "--kit-file", r.kit()+".2")
		r.decoded(t, Done, "practice")
		r.opened(t, Done, "folders", "remove", r.photos)
		if got := r.run("keeper", "--no-tray"); got.code != Done || !strings.Contains(got.out, "running already") {
			t.Errorf("a second keeper: %d %s", got.code, got.err)
		}
		stop()
		if got := <-ended; got.code != Done {
			t.Errorf("the keeper ended with %d: %s", got.code, got.err)
		}
	}
}

// A command at work is no keeper: who asks for one must not be told that it runs.
func TestAKeeperBesideAWorkingCommandDoesNotPretend(t *testing.T) {
	r := newRig(t)
	r.opened(t, Done, "setup", "--kit-file", r.kit())
	release, err := channel.Lock(filepath.Join(r.home, channel.EngineLock))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for _, args := range [][]string{{"keeper", "--no-tray"}, {"backup"}} {
		if got := r.run(args...); got.code != Failed || !strings.Contains(got.err, "LP505") {
			t.Errorf("%v: %d %s", args, got.code, got.err)
		}
	}
}

// served is a home whose engine is scripted.
func served(t *testing.T) (*rig, *channeltest.Fake) {
	t.Helper()
	r := &rig{home: shortHome(t)}
	if err := os.MkdirAll(r.home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := backup.WriteDevice(r.home, backup.DeviceInfo{Space: vault.SpaceID{1}, Device: vault.DeviceID{2}, Mode: backup.ModeStrict}); err != nil {
		t.Fatal(err)
	}
	fake := channeltest.NewFake(r.home)
	s, err := channel.Serve(t.Context(), r.home, fake)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return r, fake
}

func TestStoppingABackupReachesTheEngineAndSaysWhatStays(t *testing.T) {
	r, fake := served(t)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	fake.OnDo = func(ctx context.Context, c backup.Command) (backup.Reply, error) {
		stop()
		<-ctx.Done()
		close(stopped)
		return backup.Reply{}, ctx.Err()
	}
	got := r.runContext(ctx, "backup")
	if got.code != Failed || !strings.Contains(got.err, "What was stored stays") {
		t.Errorf("%d %s", got.code, got.err)
	}
	select {
	case <-stopped:
	case <-time.After(30 * time.Second):
		t.Error("the engine goes on")
	}
}

func TestStatusEndsByItsVerdict(t *testing.T) {
	r, fake := served(t)
	for verdict, want := range map[backup.Verdict]int{backup.Safe: Done, backup.NotYet: Done, backup.NeedsYou: NeedsYou, backup.CannotTell: NeedsYou} {
		fake.Change(func(s *backup.State) {
			s.Verdict, s.Folders = verdict, []backup.FolderState{{ID: "1"}}
			s.Destinations = []backup.DestinationState{{ID: strings.Repeat("1", 32), Label: "A", FreeBytes: 1, Reachable: true}}
		})
		if got := r.run("status"); got.code != want {
			t.Errorf("%v ends with %d: %s", verdict, got.code, got.out)
		}
	}
}
