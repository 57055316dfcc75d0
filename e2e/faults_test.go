package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/backup/source"
	"lightproof/backup/source/sourcetest"
	"lightproof/backup/store"
	"lightproof/backup/store/evil"
	"lightproof/backup/store/fault"
	"lightproof/backup/vault/reader"
	"lightproof/keystore"
	"lightproof/keystore/keystoretest"
	"lightproof/keystore/secret"
	"lightproof/keystore/words"
)

// newReal is a green machine on real folders.
func newReal(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 12, 90_000)
	numbered(t, m.photos, "small", 2, 12, 4_000)
	m.withTwoPlaces()
	m.backUpQuietly()
	if s := m.state(); s.Verdict != backup.Safe {
		t.Fatalf("not green without a fault: %s %+v", s.Verdict, s.Causes)
	}
	return m
}

func (m *machine) wantNotGreen(least backup.Verdict, cause string) {
	m.t.Helper()
	s := m.state()
	if s.Verdict < least || s.Verdict == backup.Safe {
		m.t.Errorf("verdict %s, want %s or graver: %+v %+v", s.Verdict, least, s.Causes, s.Counts)
	}
	for _, c := range s.Causes {
		if c.Code == cause {
			return
		}
	}
	if cause != "" {
		m.t.Errorf("causes %+v, want %q", s.Causes, cause)
	}
}

// 1: the drive with the originals is gone, its empty mount point is left: nothing counts as deleted, and nothing stays green.
func TestAnEmptyMountPointIsNotADeletion(t *testing.T) {
	away := &unplugged{}
	g := newGreenOn(t, func(tree source.Tree) source.Tree { away.Tree = tree; return away })
	away.gone.Store(true)
	run, err := g.engine.Do(t.Context(), backup.BackUp{})
	if err != nil || run.Run.Removed != 0 {
		t.Errorf("%+v %v", run.Run, err)
	}
	g.wantNotGreen(backup.NotYet, "missing")
	away.gone.Store(false)
	g.backUpQuietly()
	if s := g.state(); s.Verdict != backup.Safe || s.Counts.Protected != invented {
		t.Errorf("plugged in again: %s %+v %+v", s.Verdict, s.Causes, s.Counts)
	}
	// The same folder, really emptied by its owner, is a deletion.
	for i := range invented {
		g.tree.Remove(g.photos, path(i))
	}
	if run := g.backUp(); run.Removed != invented {
		t.Errorf("%d deletions recorded of %d", run.Removed, invented)
	}
}

// unplugged shows the empty mount point of a drive that is gone.
type unplugged struct {
	source.Tree
	gone atomic.Bool
}

func (u *unplugged) Scan(ctx context.Context, f source.Folder, o source.ScanOptions, fn func(source.Item) error) (source.Summary, error) {
	if u.gone.Load() {
		return source.Summary{Full: true, Root: source.RootEvidence{ID: source.Identity{Device: 1, Inode: 1}}}, nil
	}
	s, err := u.Tree.Scan(ctx, f, o, fn)
	s.Root.ID = source.Identity{Device: 2, Inode: 2}
	return s, err
}

// 4: one folder below cannot be listed.
func TestAFolderThatCannotBeListedIsRed(t *testing.T) {
	g := newGreen(t)
	g.tree.Put(g.photos, "closed", 1)
	g.tree.Set(g.photos, "closed", func(i *source.Item) {
		i.Kind, i.State, i.Reason, i.Err = source.KindDir, source.Unreadable, source.ReasonContentsUnknown, source.ErrUnreadable
	})
	run(g)
	g.wantNotGreen(backup.NeedsYou, "permission")
}

// 8: edited after a good run, while no destination can be reached.
func TestAnEditWaitsWhileNoPlaceIsThere(t *testing.T) {
	m := newReal(t)
	numbered(t, m.photos, "a", 9, 1, 90_000)
	must(t, os.Rename(m.place("a"), m.place("a-off")))
	must(t, os.Rename(m.place("b"), m.place("b-off")))
	m.backUp()
	m.wantNotGreen(backup.NotYet, "waiting")
	m.wantNotGreen(backup.NotYet, "away")
	if s := m.state(); s.Counts.Pending != 1 {
		t.Errorf("%+v", s.Counts)
	}
	must(t, os.Rename(m.place("a-off"), m.place("a")))
	must(t, os.Rename(m.place("b-off"), m.place("b")))
	m.backUp()
	if s := m.state(); s.Verdict != backup.Safe {
		t.Errorf("back again: %s %+v", s.Verdict, s.Causes)
	}
}

// 16: half of a group is missing a copy: the RAW file is stored, its sidecar cannot be read.
func TestHalfOfAGroupIsNotGreen(t *testing.T) {
	g := newGreen(t)
	g.tree.Put(g.photos, "IMG_1.CR3", large)
	g.tree.Put(g.photos, "IMG_1.xmp", 900)
	g.tree.Plan(g.photos, "IMG_1.xmp", sourcetest.Faults{Open: source.ErrBusy})
	run(g)
	fired(t, g, "IMG_1.xmp")
	g.wantNotGreen(backup.NotYet, "waiting")
}

// 23, real: the drive is unplugged and its path now leads to the system disk; nothing is written there.
func TestNothingIsWrittenWhereADriveWas(t *testing.T) {
	m := newReal(t)
	must(t, os.Rename(m.place("b"), m.place("b-off")))
	must(t, os.Mkdir(m.place("b"), 0o755))
	numbered(t, m.photos, "a", 9, 3, 90_000)
	m.backUp()
	m.wantNotGreen(backup.NotYet, "away")
	if left := readTree(t, m.place("b")); len(left) != 0 {
		t.Errorf("%d files were written to the empty mount point", len(left))
	}
	// 24: then another disk of ours stands there.
	must(t, os.Remove(m.place("b")))
	must(t, copyFolder(m.place("a"), m.place("b")))
	before := readTree(t, m.place("b"))
	m.backUp()
	m.wantNotGreen(backup.NeedsYou, "wrong-disk")
	if after := readTree(t, m.place("b")); len(after) != len(before) {
		t.Errorf("%d files before, %d after: something was written to another disk", len(before), len(after))
	}
	must(t, os.RemoveAll(m.place("b")))
	must(t, os.Rename(m.place("b-off"), m.place("b")))
	m.backUp()
	if s := m.state(); s.Verdict != backup.Safe {
		t.Errorf("the right drive is back: %s %+v %+v", s.Verdict, s.Causes, s.Counts)
	}
	m.mustBeWhole(nil)
}

// 25: two destinations on one disk are one place.
func TestTwoDestinationsOnOneDiskAreOnePlace(t *testing.T) {
	m := newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 3, 90_000)
	m.do(backup.AddFolder{Path: m.photos})
	for _, n := range []string{"a", "b"} {
		m.do(backup.AddDestination{Kind: "folder", Dir: m.place(n), Label: n, Away: n == "b"})
	}
	m.do(backup.KitChecked{})
	m.backUpQuietly()
	m.wantNotGreen(backup.NotYet, "too-few-places")
	if s := m.state(); s.PlacesNow != 1 {
		t.Errorf("%d places", s.PlacesNow)
	}
}

// Two places at home are not enough where the plan wants one away.
func TestWithoutAPlaceAwayItIsNotGreen(t *testing.T) {
	m := newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 3, 90_000)
	m.withFolderAndPlace()
	m.do(backup.AddDestination{Kind: "folder", Dir: m.place("b"), Label: "B", Place: "cellar"})
	m.do(backup.KitChecked{})
	m.backUpQuietly()
	m.wantNotGreen(backup.NotYet, "too-few-places")
}

// 41: the kit was never checked.
func TestWithoutACheckedKitItIsNotGreen(t *testing.T) {
	m := newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 3, 90_000)
	m.withFolderAndPlace()
	m.do(backup.AddDestination{Kind: "folder", Dir: m.place("b"), Label: "B", Place: "office", Away: true})
	m.backUpQuietly()
	m.wantNotGreen(backup.NotYet, "kit")
	m.do(backup.KitChecked{})
	if s := m.state(); s.Verdict != backup.Safe {
		t.Errorf("checked: %s %+v", s.Verdict, s.Causes)
	}
}

// 28: a listing that omits or repeats entries decides nothing: what it leaves out is read, and found or missed by its bytes.
func TestAListingIsNotBelieved(t *testing.T) {
	g := newGreen(t)
	omit := g.evil["b"].Omit(evil.Prefix("c/"))
	if r, err := g.engine.Do(t.Context(), backup.Check{Level: "quick"}); err != nil || r.Run.Bad != 0 || r.Run.Repaired != 0 {
		t.Errorf("objects left out of a listing: %+v %v", r.Run, err)
	}
	omit.MustHaveHit(t)
	g.evil["b"].Deny(evil.Name(g.object("b", "c/", 2)))
	if r, err := g.engine.Do(t.Context(), backup.Check{Level: "quick"}); err != nil || r.Run.Bad == 0 {
		t.Errorf("one of them is really not to be had: %+v %v", r.Run, err)
	}
	g.wantNotGreen(backup.NotYet, "")
	h := newGreen(t)
	twice := h.evil["b"].Duplicate(evil.Prefix("c/"))
	if r, err := h.engine.Do(t.Context(), backup.Check{Level: "quick"}); err != nil || r.Run.Bad != 0 {
		t.Errorf("objects listed twice: %+v %v", r.Run, err)
	}
	twice.MustHaveHit(t)
	if s := h.state(); s.Counts.Protected != invented {
		t.Errorf("%+v", s.Counts)
	}
}

// 34, 35: a check that is stopped, or that finds no destination, proves nothing.
func TestAStoppedOrEmptyCheckProvesNothing(t *testing.T) {
	g := newGreen(t)
	g.clock.add(31 * 24 * time.Hour) // all proofs have expired
	g.do(backup.PauseFor{For: time.Minute})
	g.backUp() // counts anew; paused, so nothing is read back
	proven := func() (n int64) {
		for _, d := range g.state().Destinations {
			n += d.Proven
		}
		return n
	}
	if proven() != 0 {
		t.Fatalf("%d proofs outlived their time", proven())
	}
	times := 100
	for range times {
		ctx, cancel := context.WithCancel(t.Context())
		stopper := g.evil["a"].WrongBytes(func(string) bool { cancel(); return false }, nil)
		_, _ = g.engine.Do(ctx, backup.Check{Level: "full"})
		stopper.Lift()
		if ctx.Err() == nil {
			t.Fatal("the check was not stopped")
		}
		cancel()
	}
	if n := proven(); n > 0 {
		t.Errorf("%d checks were stopped at their first object, and %d copies count as proven", times, n)
	}
	g.wantNotGreen(backup.NotYet, "")
	g.plan["a"], g.plan["b"] = fault.NewPlan().FailFrom(fault.Check, 1, store.ErrAway), fault.NewPlan().FailFrom(fault.Check, 1, store.ErrAway)
	g.again()
	r, err := g.engine.Do(t.Context(), backup.Check{Level: "full"})
	if err == nil || r.Run.Objects != 0 {
		t.Errorf("a check without a destination says %+v, %v", r.Run, err)
	}
	if _, err := g.engine.Do(t.Context(), backup.Check{Level: "full", Destination: "no such"}); err == nil {
		t.Error("a check of a destination that does not exist succeeded")
	}
	g.plan["a"].MustHaveFired(t)
	if proven() != 0 {
		t.Error("a check of nothing proved something")
	}
	g.wantNotGreen(backup.NotYet, "")
}

// 40: the keychain is locked at the start, or has lost its item.
func TestWithoutTheKeychainItIsNotGreen(t *testing.T) {
	for fault, c := range map[keystoretest.Fault]struct {
		least backup.Verdict
		cause string
	}{keystoretest.Locked: {backup.NotYet, "keychain"}, keystoretest.Losing: {backup.NeedsYou, "keychain-lost"}} {
		m := newReal(t)
		m.stop()
		chain := m.chain.(*keystoretest.Memory)
		if fault == keystoretest.Losing {
			m.chain = &keystoretest.Memory{}
		} else {
			chain.Break(fault)
		}
		_, lost := setup.Start(t.Context(), m.home, m.chain)
		if lost == nil {
			t.Fatal("the keychain answered")
		}
		e, err := backup.Open(t.Context(), backup.Options{Home: m.home, Clock: m.clock, Keychain: m.chain}, secret.Secret{})
		must(t, err)
		m.engine = e
		e.KeysLost(errors.Is(lost, keystore.ErrMissing)) // as the background part does
		m.wantNotGreen(c.least, c.cause)
		if _, err := e.Do(t.Context(), backup.BackUp{}); !errors.Is(err, backup.ErrLocked) {
			t.Errorf("a locked engine answers %v", err)
		}
		must(t, e.Close())
	}
}

// 43: the data folder comes back from an old image. What was backed up since is at the destinations: it is neither lost nor
// overwritten, and nothing is green before everything was looked at again.
func TestAnOldImageOfTheDataFolderLosesNothing(t *testing.T) {
	for _, pinned := range []bool{true, false} {
		m := newReal(t)
		m.stop()
		image := filepath.Join(m.dir, "image")
		must(t, copyFolder(m.home, image))
		m.start()
		old := history{}
		old.note(t, m.photos)
		for i := range 3 {
			numbered(t, m.photos, "a", uint64(20+i), 3, 90_000)
			numbered(t, m.photos, "small", uint64(30+i), 3, 4_000)
			m.backUpQuietly()
			old.note(t, m.photos)
		}
		m.stop()
		must(t, os.RemoveAll(m.home))
		must(t, os.Rename(image, m.home))
		if !pinned {
			// The keychain was part of the image, too.
			kept := m.chain
			m.chain = onlyKey{kept.(*keystoretest.Memory)}
		}
		m.start()
		if s := m.state(); pinned && s.Verdict != backup.CannotTell {
			t.Errorf("pinned %v: not grey before anything was compared: %+v", pinned, s.Counts)
		}
		m.backUp()
		m.backUp()
		s := m.state()
		t.Logf("pinned %v: %s %+v %+v", pinned, s.Verdict, s.Causes, s.Counts)
		if pinned {
			m.mustBeWhole(old)
			m.mustProve()
		} else {
			// Without the pin it looks like a clone, and only its owner may say that it is none.
			m.wantNotGreen(backup.NeedsYou, "identity")
			m.mustKeep(old)
		}
	}
}

// mustKeep checks that all versions of h open, whatever else is the matter.
func (m *machine) mustKeep(h history) {
	m.t.Helper()
	l, err := m.tryUnlock()
	must(m.t, err)
	defer l.Close()
	sums := map[string]map[[32]byte]bool{}
	l.Files(func(f *reader.File) bool {
		for i := range f.Versions {
			if sums[f.Path] == nil {
				sums[f.Path] = map[[32]byte]bool{}
			}
			sums[f.Path][f.Versions[i].Sum] = true
		}
		return true
	})
	for path, want := range h {
		for sum := range want {
			if !sums[path][sum] {
				m.t.Errorf("%s: version %x is lost", path, sum[:4])
			}
		}
	}
	for _, d := range m.state().Destinations {
		if got, err := l.OpenCopies(context.Background(), d.ID, nil); err != nil || got.Wrong != 0 {
			m.t.Errorf("%s: %+v %v", d.Label, got, err)
		}
	}
}

// 46: a cloned computer writes under the same name.
func TestACloneIsAnAlarmAndOverwritesNothing(t *testing.T) {
	m := newReal(t)
	m.stop()
	clone := filepath.Join(m.dir, "clone")
	must(t, copyFolder(m.home, clone))
	m.start()
	old := history{}
	numbered(t, m.photos, "a", 40, 3, 90_000)
	m.backUpQuietly()
	old.note(t, m.photos)
	m.stop()
	original := m.home
	m.home, m.chain = clone, onlyKey{m.chain.(*keystoretest.Memory)}
	m.start()
	numbered(t, m.photos, "a", 41, 3, 90_000)
	m.backUp()
	m.wantNotGreen(backup.NeedsYou, "identity")
	for _, d := range m.state().Destinations {
		if d.Problem != "identity" {
			t.Errorf("%s is told as %q", d.Label, d.Problem)
		}
	}
	m.stop()
	m.home = original
	m.start()
	m.mustKeep(old)
}

// 48: a counter that lies.
func TestACounterThatLiesIsGrey(t *testing.T) {
	g := newGreen(t)
	g.machine.tree = miscounting{g.tree}
	g.again()
	run(g)
	g.wantNotGreen(backup.CannotTell, "cannot-tell")
}

type miscounting struct{ source.Tree }

func (m miscounting) Scan(ctx context.Context, f source.Folder, o source.ScanOptions, fn func(source.Item) error) (source.Summary, error) {
	s, err := m.Tree.Scan(ctx, f, o, fn)
	s.Items++
	return s, err
}

// A destination is removed in the midst of a run: the rest is named and waits; once it is back all is done with no question.
func TestADestinationRemovedInTheMidstOfARun(t *testing.T) {
	m := newMachine(t)
	var puts atomic.Int64
	var armed atomic.Bool
	m.open = wrapped(func(s store.Store) store.Store {
		return counted{s, &puts, func(n int64) {
			if n == 5 && armed.Load() {
				must(t, os.Rename(m.place("a"), m.place("pulled")))
			}
		}}
	})
	m.setUp().withFolderAndPlace()
	puts.Store(0)
	armed.Store(true)
	numbered(t, m.photos, "a", 1, 20, 90_000)
	run := m.backUp()
	if len(run.Issues) == 0 || puts.Load() < 5 {
		t.Errorf("%d puts, %+v", puts.Load(), run)
	}
	m.wantNotGreen(backup.NotYet, "away")
	if s := m.state(); s.Counts.Found != 20 || s.Counts.Pending != 20 {
		t.Errorf("%+v", s.Counts)
	}
	if _, err := os.Stat(m.place("a")); !os.IsNotExist(err) {
		t.Error("the destination's folder was made anew where it had been")
	}
	must(t, os.Rename(m.place("pulled"), m.place("a")))
	m.backUpQuietly()
	m.mustProve()
	m.mustBeWhole(nil)
}

type counted struct {
	store.Store
	n  *atomic.Int64
	fn func(int64)
}

func (c counted) PutNew(ctx context.Context, name string, b []byte) error {
	c.fn(c.n.Add(1))
	return c.Store.PutNew(ctx, name, b)
}

// Damage at rest: healed where the same bytes can be had (the doubled record, the other place, the original), else named.
func TestDamageIsHealedOrNamed(t *testing.T) {
	for _, c := range []struct {
		name   string
		prefix string
		others bool // other places hold it too
		change bool // the original is another one by now
		heals  bool
	}{
		{"content, other place", "c/", true, true, true},
		{"content, original alone", "c/", false, false, true},
		{"content, nowhere else", "c/", false, true, false},
		{"commit", "l/", false, false, true},
		{"mirror of a commit", "m2/l/", false, false, true},
		{"control entry", "k/", false, false, true},
		{"keys", "e/", false, false, true},
		{"recovery slot", "r/", false, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine(t).setUp()
			numbered(t, m.photos, "a", 1, 4, 90_000)
			numbered(t, m.photos, "small", 2, 4, 4_000)
			if c.others {
				m.withTwoPlaces()
			} else {
				m.withFolderAndPlace()
			}
			m.backUpQuietly()
			if c.change {
				must(t, os.RemoveAll(filepath.Join(m.photos, "a")))
				must(t, os.RemoveAll(filepath.Join(m.photos, "small")))
				numbered(t, m.photos, "b", 3, 2, 90_000)
				m.backUpQuietly()
			}
			n := 0
			for name := range readTree(t, m.place("a")) {
				if strings.HasPrefix(name, c.prefix) {
					p := filepath.Join(m.place("a"), name)
					b, err := os.ReadFile(p)
					must(t, err)
					must(t, os.Chmod(p, 0o600))
					must(t, os.WriteFile(p, flip(b), 0o600))
					n++
				}
			}
			if n == 0 {
				t.Fatal("nothing to damage")
			}
			r, err := m.engine.Do(t.Context(), backup.Check{Level: "full"})
			must(t, err)
			if r.Run.Bad < int64(n) {
				t.Errorf("%d damaged, %d found", n, r.Run.Bad)
			}
			s := m.state()
			if c.heals {
				if r.Run.Repaired != r.Run.Bad || s.History.Lost+s.History.Damaged != 0 {
					t.Errorf("%d found, %d repaired: %+v %+v", r.Run.Bad, r.Run.Repaired, s.History, r.Run.Issues)
				}
				m.mustBeWhole(nil)
				if again := m.do(backup.Check{Level: "full"}).Run; again.Bad != 0 {
					t.Errorf("checked again: %+v", again)
				}
			} else {
				m.wantNotGreen(backup.NeedsYou, "lost")
				if s.History.Lost == 0 {
					t.Errorf("%+v", s.History)
				}
			}
		})
	}
}

// Wrong words, another vault's kit, a wrong passphrase: each its own answer, and nothing is made.
func TestWrongKitOrPassphraseIsToldApart(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	numbered(t, m.photos, "a", 1, 2, 90_000)
	m.backUpQuietly()
	other := newMachine(t).setUp()
	typed := []byte(strings.Join(m.made.Kit.Words, " "))
	wrongWord := []byte(strings.Join(append([]string{"zoo"}, m.made.Kit.Words[1:]...), " "))
	noWord := []byte(strings.Join(append([]string{"lightprooof"}, m.made.Kit.Words[1:]...), " "))
	for _, c := range []struct {
		name string
		o    setup.RecoverOptions
		want error
	}{
		{"one word wrong", setup.RecoverOptions{Words: wrongWord}, nil},
		{"no such word", setup.RecoverOptions{Words: noWord}, nil},
		{"kit of another vault", setup.RecoverOptions{Kit: other.made.Kit}, setup.ErrOtherKit},
		{"words of another vault", setup.RecoverOptions{Words: []byte(strings.Join(other.made.Kit.Words, " "))}, setup.ErrOtherKit},
		{"wrong passphrase", setup.RecoverOptions{Words: typed, Passphrase: []byte("not it")}, setup.ErrWrongPassphrase},
		{"no copies there", setup.RecoverOptions{Words: typed, Dir: t.TempDir()}, store.ErrAway},
	} {
		n := newMachine(t)
		o := c.o
		o.Home, o.DeviceName, o.Mode, o.Keychain, o.KDF, o.Now = n.home, "new", backup.ModeStrict, n.chain, quickKDF, n.clock.Now()
		if o.Dir == "" {
			o.Dir = m.place("a")
		}
		if o.Passphrase == nil {
			o.Passphrase = passphrase
		}
		_, err := setup.Recover(t.Context(), o)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if _, err := backup.ReadDevice(n.home); !errors.Is(err, backup.ErrNotSetUp) {
			t.Errorf("%s: a device was made", c.name)
		}
	}
	if _, err := words.Parse(typed, words.Kit); err != nil {
		t.Errorf("the right words: %v", err)
	}
	if _, err := setup.Unlock(t.Context(), m.home, m.chain, []byte("not it")); !errors.Is(err, setup.ErrWrongPassphrase) {
		t.Errorf("unlocking with another passphrase: %v", err)
	}
}

// onlyKey is a keychain that came from the same image as the data folder: it holds the key, and forgets everything newer.
type onlyKey struct{ *keystoretest.Memory }

func (o onlyKey) Get(ctx context.Context, i keystore.Item) (secret.Secret, error) {
	if strings.Contains(fmt.Sprint(i), "pin") {
		return secret.Secret{}, keystore.ErrMissing
	}
	return o.Memory.Get(ctx, i)
}
