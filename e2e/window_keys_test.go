package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lightproof/app/channel"
	"lightproof/app/window/face"
	"lightproof/app/window/live"
	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/backup/source"
	"lightproof/keystore"
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
	// busy, once, is called when the background part is asked for something that it dates: in the middle of what the window does.
	busy atomic.Pointer[func()]
}

type watchedClock struct {
	source.Clock
	desk *desk
}

func (c *watchedClock) Now() time.Time {
	if f := c.desk.busy.Swap(nil); f != nil {
		(*f)()
	}
	return c.Clock.Now()
}

// watchedChain calls asked, once, when the passphrase is about to be proven.
type watchedChain struct {
	keystore.Keychain
	asked func()
}

func (c *watchedChain) Get(ctx context.Context, item keystore.Item) (secret.Secret, error) {
	if f := c.asked; f != nil {
		c.asked = nil
		f()
	}
	return c.Keychain.Get(ctx, item)
}

// newDesk makes a vault with photos at one place.
func newDesk(t *testing.T, mode string) *desk {
	t.Helper()
	run, err := os.MkdirTemp("", "lp") // short: the path of a socket has an end
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(run) })
	t.Setenv("XDG_RUNTIME_DIR", run)
	d := &desk{machine: newMachine(t), mode: mode}
	d.ticks = &watchedClock{Clock: d.clock, desk: d}
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
	e, err := backup.Open(context.Background(), backup.Options{Home: d.home, Build: "test", Clock: d.time(), Keychain: d.chain}, start)
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

// A lock that comes while the passphrase is being proven ends what wanted it: no kit is made with keys that are gone, none is kept.
func TestALockBeforeAKitIsMadeEndsIt(t *testing.T) {
	d := newDesk(t, backup.ModeStrict)
	l := d.open(passphrase)
	d.opener.Desk.Keychain = &watchedChain{Keychain: d.chain, asked: l.Lock}
	if _, err := l.NewKit(t.Context(), passphrase, nil); !errors.Is(err, backup.ErrLocked) {
		t.Errorf("made: %v", err)
	}
	if _, ok := d.setup.AskWords(); ok {
		t.Error("a kit is kept")
	}
	if _, err := l.CheckKit(t.Context(), d.made.Kit.Words, passphrase); !errors.Is(err, backup.ErrLocked) {
		t.Errorf("checked: %v", err)
	}
}

// A lock in the middle waits until the keys are not in use any more. The kit before it is gone at once, the one that is being made does
// not outlive it, and who unlocks right away is not told that another Lightproof has the records open.
func TestALockInTheMiddleOfAKitWaitsForItAndKeepsNothing(t *testing.T) {
	for name, use := range map[string]func(d *desk, l face.Library, newest face.Kit) error{
		"made": func(d *desk, l face.Library, _ face.Kit) error {
			_, err := l.NewKit(d.t.Context(), passphrase, nil)
			return err
		},
		"checked": func(d *desk, l face.Library, newest face.Kit) error {
			_, err := l.CheckKit(d.t.Context(), newest.Words, passphrase) // ends the older one, too, which the keys sign
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, backup.ModeStrict)
			l := d.open(passphrase)
			newest, err := l.NewKit(t.Context(), passphrase, nil)
			must(t, err)
			var locked sync.WaitGroup
			began := func() {
				locked.Go(l.Lock)
				for ok := true; ok; _, ok = d.setup.AskWords() {
					runtime.Gosched()
				}
			}
			d.busy.Store(&began)
			if err := use(d, l, newest); err != nil && !errors.Is(err, backup.ErrLocked) && !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			if d.busy.Load() != nil {
				t.Fatal("nothing was locked in the middle")
			}
			next := d.open(passphrase)
			locked.Wait()
			if _, ok := d.setup.AskWords(); ok {
				t.Error("a kit outlives the lock")
			}
			if _, err := next.Months(t.Context(), face.Filter{}); err != nil {
				t.Error("unlocked again:", err)
			}
			next.Lock()
		})
	}
}

// pages are the kit pages on the disk, as the viewer was given them.
type pages struct {
	shown  []string
	onShow func()
}

func (p *pages) Open(_ context.Context, path string) error {
	p.shown = append(p.shown, path)
	if p.onShow != nil {
		p.onShow()
	}
	return nil
}

// left counts the pages that are still there.
func (p *pages) left() (n int) {
	for _, path := range p.shown {
		if _, err := os.Lstat(path); err == nil {
			n++
		}
	}
	return n
}

// However often a kit is printed, none of its pages outlives it.
func TestEveryPrintedPageGoesWithTheKit(t *testing.T) {
	d := newDesk(t, backup.ModeStrict)
	l := d.open(passphrase)
	viewer := &pages{}
	d.setup.Viewer = viewer
	fresh, err := l.NewKit(t.Context(), passphrase, nil)
	must(t, err)
	for range 2 {
		must(t, d.setup.PrintKit(t.Context(), fresh))
	}
	if len(viewer.shown) != 2 || viewer.left() != 2 {
		t.Fatalf("%d pages shown, %d there", len(viewer.shown), viewer.left())
	}
	viewer.onShow = d.setup.ForgetKit // locked while the viewer starts
	if err := d.setup.PrintKit(t.Context(), fresh); !errors.Is(err, backup.ErrLocked) {
		t.Errorf("printed after the lock: %v", err)
	}
	if n := viewer.left(); len(viewer.shown) != 3 || n != 0 {
		t.Errorf("%d of %d pages stay", n, len(viewer.shown))
	}
	l.Lock()
}
