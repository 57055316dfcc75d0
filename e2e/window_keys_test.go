package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lightproof/app/channel"
	"lightproof/app/window/face"
	"lightproof/app/window/live"
	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/keystore/secret"
)

// desk is a computer as its window has it: the background part behind the local channel, ended and started as the program does.
type desk struct {
	*machine
	mode   string
	setup  *live.Setup
	opener *live.Unlocker
	ended  sync.WaitGroup
	starts int
}

// newDesk makes a vault with photos at one place.
func newDesk(t *testing.T, mode string) *desk {
	t.Helper()
	run, err := os.MkdirTemp("", "lp") // short: the path of a socket has an end
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(run) })
	t.Setenv("XDG_RUNTIME_DIR", run)
	d := &desk{machine: newMachine(t), mode: mode}
	d.made, err = setup.Create(t.Context(), setup.Options{Home: d.home, DeviceName: "desk", Passphrase: passphrase, Mode: mode, Keychain: d.chain, KDF: quickKDF, Now: d.clock.Now()})
	must(t, err)
	d.made.Reader.Wipe()
	must(t, d.background(d.made.Start))
	numbered(t, d.photos, "a", 1, 3, 9_000)
	d.withFolderAndPlace()
	d.backUpQuietly()
	screen := &live.Desk{Home: d.home, Keychain: d.chain, KDF: quickKDF, Start: func(string) error {
		d.starts++
		return d.background(secret.Secret{})
	}}
	d.setup = &live.Setup{Desk: screen}
	d.opener = &live.Unlocker{Desk: screen, Setup: d.setup}
	t.Cleanup(func() {
		d.do(backup.Retire{Reason: "quit"})
		d.ended.Wait()
	})
	return d
}

// background runs the background part until it is retired.
func (d *desk) background(start secret.Secret) error {
	release, err := channel.Lock(filepath.Join(d.home, channel.EngineLock))
	if err != nil {
		return err
	}
	e, err := backup.Open(context.Background(), backup.Options{Home: d.home, Build: "test", Clock: d.clock, Keychain: d.chain}, start)
	if err != nil {
		return errors.Join(err, release())
	}
	line, err := channel.Serve(context.Background(), d.home, e)
	if err != nil {
		return errors.Join(err, e.Close(), release())
	}
	d.engine = e
	d.ended.Go(func() {
		<-e.Retired()
		line.Close()
		e.Close()
		release()
	})
	return nil
}

func (d *desk) open(pass []byte) face.Library {
	d.t.Helper()
	l, err := d.opener.Unlock(d.t.Context(), pass)
	must(d.t, err)
	return l
}

// sealed are the files that hold the keys.
func (d *desk) sealed() []byte {
	d.t.Helper()
	var all []byte
	for _, name := range []string{backup.ReaderFile, backup.WriterFile} {
		b, err := os.ReadFile(filepath.Join(d.home, name))
		must(d.t, err)
		all = append(all, b...)
	}
	return all
}

var nextPassphrase = []byte("six other words for the same desk")

// The passphrase is changed from the window: a wrong old one changes nothing, the new one opens and starts all there is, the old one
// nothing any more.
func TestTheWindowChangesThePassphrase(t *testing.T) {
	for _, mode := range []string{backup.ModeStrict, backup.ModePassphraseAtStart} {
		t.Run(mode, func(t *testing.T) {
			d := newDesk(t, mode)
			l := d.open(passphrase)
			before, engine := d.sealed(), d.engine
			if same, err := l.ChangePassphrase(t.Context(), []byte("not the passphrase"), nextPassphrase); !errors.Is(err, face.ErrWrongPassphrase) || same != l {
				t.Fatalf("a wrong one: %v", err)
			}
			if !bytes.Equal(before, d.sealed()) || d.engine != engine || d.starts != 0 {
				t.Fatal("a wrong one changed something")
			}
			if _, err := l.Months(t.Context(), face.Filter{}); err != nil {
				t.Fatal("after a wrong one:", err)
			}
			next, err := l.ChangePassphrase(t.Context(), passphrase, nextPassphrase)
			must(t, err)
			if again := d.engine != engine; again != (mode == backup.ModePassphraseAtStart) || again != (d.starts == 1) {
				t.Errorf("the background part began anew: %v, %d starts", again, d.starts)
			}
			if s := d.state(); !s.Safety.KeysUsable {
				t.Error("the background part has no keys")
			}
			l.Lock() // a lock that came late: what was opened anew goes on
			if release, err := channel.Lock(filepath.Join(d.home, channel.ReaderLock)); !errors.Is(err, channel.ErrHeld) {
				t.Errorf("nobody holds the records: %v", err)
				must(t, release())
			}
			if months, err := next.Months(t.Context(), face.Filter{}); err != nil || len(months) == 0 {
				t.Fatal("after the change:", months, err)
			}
			next.Lock()
			if _, err := d.opener.Unlock(t.Context(), passphrase); !errors.Is(err, face.ErrWrongPassphrase) {
				t.Errorf("the old one: %v", err)
			}
			numbered(t, d.photos, "b", 2, 2, 9_000)
			d.backUpQuietly()
			d.open(nextPassphrase).Lock()
		})
	}
}

// Another kit is made and checked from the window: it opens everything with the passphrase that is the computer's by then, and the kit
// before it is ending.
func TestTheKitThatTheWindowMakesOpensEverything(t *testing.T) {
	d := newDesk(t, backup.ModeStrict)
	l := d.open(passphrase)
	l, err := l.ChangePassphrase(t.Context(), passphrase, nextPassphrase)
	must(t, err)
	if _, err := l.NewKit(t.Context(), passphrase, nil); !errors.Is(err, face.ErrWrongPassphrase) {
		t.Fatalf("a kit with the old passphrase: %v", err)
	}
	if _, ok := d.setup.AskWords(); ok {
		t.Fatal("a kit was made")
	}
	fresh, err := l.NewKit(t.Context(), nextPassphrase, nil)
	must(t, err)
	if !strings.Contains(fresh.Lines[0], d.place("a")) {
		t.Errorf("the kit names %q", fresh.Lines)
	}

	// The kit before it goes on to work until the new one is checked.
	first, err := d.setup.CheckKit(t.Context(), l, face.KitAnswers{All: d.made.Kit.Words, Passphrase: passphrase})
	if err != nil || first.Newest || !first.Until.IsZero() {
		t.Fatalf("the first kit: %+v %v", first, err)
	}
	at, ok := d.setup.AskWords()
	if !ok {
		t.Fatal("no words are asked")
	}
	a := face.KitAnswers{Positions: at, Passphrase: passphrase}
	for i, p := range at {
		a.Words[i] = fresh.Words[p]
	}
	if _, err := d.setup.CheckKit(t.Context(), l, a); !errors.Is(err, face.ErrWrongPassphrase) {
		t.Errorf("the new kit with the old passphrase: %v", err)
	}
	a.Passphrase = nextPassphrase
	checked, err := d.setup.CheckKit(t.Context(), l, a)
	if err != nil || !checked.Newest || checked.Older != 1 || checked.Until.IsZero() {
		t.Fatalf("the new kit: %+v %v", checked, err)
	}
	if first, err = l.CheckKit(t.Context(), d.made.Kit.Words, passphrase); err != nil || first.Newest || first.Until.IsZero() {
		t.Errorf("the first kit now: %+v %v", first, err)
	}
	if _, err := l.CheckKit(t.Context(), fresh.Words[1:], nextPassphrase); !errors.Is(err, face.ErrWrongWords) {
		t.Errorf("23 words: %v", err)
	}
	l.Lock()

	place := d.place("carried")
	must(t, copyFolder(d.place("a"), place))
	other := newMachine(t)
	o := setup.RecoverOptions{Home: other.home, Dir: place, Words: []byte(strings.Join(fresh.Words, " ")), Passphrase: passphrase, DeviceName: "new",
		Mode: backup.ModeStrict, Keychain: other.chain, KDF: quickKDF, Now: d.clock.Now()}
	if _, err := setup.Recover(t.Context(), o); !errors.Is(err, setup.ErrWrongPassphrase) {
		t.Errorf("a new computer with the old passphrase: %v", err)
	}
	o.Words, o.Passphrase = []byte(strings.Join(fresh.Words, " ")), nextPassphrase
	r, err := setup.Recover(t.Context(), o)
	must(t, err)
	r.Reader.Wipe()
	r.Start.Wipe()
}

// A kit that was made and not checked leaves memory with the reading keys: afterwards all its words are asked.
func TestALockDropsAKitThatWasNotChecked(t *testing.T) {
	d := newDesk(t, backup.ModeStrict)
	l := d.open(passphrase)
	if _, err := l.NewKit(t.Context(), passphrase, nil); err != nil {
		t.Fatal(err)
	}
	l.Lock()
	if _, ok := d.setup.AskWords(); ok {
		t.Error("the kit outlives the lock")
	}
}
