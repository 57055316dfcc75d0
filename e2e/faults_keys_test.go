package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/backup/store"
	"lightproof/backup/vault/reader"
	"lightproof/keystore"
	"lightproof/keystore/keystoretest"
	"lightproof/keystore/secret"
	"lightproof/keystore/words"
)

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
	eachFile(l, func(f *reader.File) bool {
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
