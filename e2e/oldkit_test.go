package e2e

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/restore"
	"lightproof/backup/setup"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/keystore/kit"
)

// checkKit has a kit checked, with the library opened and closed as a person would.
func (m *machine) checkKit(k *kit.Kit) (library.CheckedKit, error) {
	m.t.Helper()
	l, err := m.tryUnlock()
	must(m.t, err)
	defer l.Close()
	return l.CheckKit(m.t.Context(), []byte(strings.Join(k.Words, " ")), passphrase)
}

// A kit that was replaced goes on to open everything for the seven days within which it can be undone, however far the clock jumps; then an
// unlock starts new keys. What is backed up afterwards the new kit opens alone; what came before, both do.
func TestAReplacedKitOpensNothingThatIsBackedUpAfterItsDelay(t *testing.T) {
	m := newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 3, 90_000)
	m.withTwoPlaces()
	m.backUpQuietly()
	first := readTree(t, m.photos)
	old := m.made.Kit
	l := m.unlock()
	fresh, err := l.NewKit(t.Context(), passphrase, quickKDF, nil, m.clock.Now())
	must(t, err)
	if n, _, err := l.ReplaceOlderKits(t.Context(), m.clock.Now()); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	n, left, err := l.ReplaceOlderKits(t.Context(), m.clock.Now())
	if err != nil || n != 1 || left != vault.LongDelay || len(l.Chain().Entries) != 4 {
		t.Fatalf("asked once more: %d kits end in %v, %d entries, %v", n, left, len(l.Chain().Entries), err)
	}
	must(t, l.Close())

	// A clock that jumps 30 days counts for one: six days are left.
	m.clock.add(30 * 24 * time.Hour)
	for range 6 {
		m.backUpQuietly()
		if c, err := m.checkKit(fresh); err != nil || !c.Newest || c.Ending {
			t.Fatalf("the new kit: %+v %v", c, err)
		}
		if c, err := m.checkKit(old); err != nil || c.Newest || !c.Ending || c.Left <= 0 {
			t.Fatalf("the old kit within its delay: %+v %v", c, err)
		}
		m.clock.add(24 * time.Hour)
	}
	m.backUpQuietly()
	if n := len(m.readerKeys().Generations); n != 1 {
		t.Errorf("reader.bin holds %d generations", n)
	}
	must(t, m.unlock().Close()) // here the new keys begin
	if n := len(m.readerKeys().Generations); n != 2 {
		t.Errorf("reader.bin holds %d generations after the new one", n)
	}
	if _, err := m.checkKit(old); !errors.Is(err, library.ErrReplaced) {
		t.Errorf("the old kit after its delay: %v", err)
	}
	if c, err := m.checkKit(fresh); err != nil || !c.Newest {
		t.Errorf("the new kit after the delay: %+v %v", c, err)
	}
	l = m.unlock()
	if c := l.Chain(); c.Generation() != 2 || c.RotationDue() || len(c.Entries) != 5 {
		t.Errorf("generation %d, %d entries, a new one due: %v", c.Generation(), len(c.Entries), c.RotationDue())
	}
	must(t, l.Close())
	numbered(t, m.photos, "b", 2, 3, 90_000)
	m.backUpQuietly()
	m.mustProve()
	m.mustBeWhole(nil)
	all := readTree(t, m.photos)
	m.stop()

	// The delay does not begin again where the engine's records are lost: what was signed after it stays in force.
	removeDB(t, m.home, "writer.db")
	m.start()
	must(t, m.unlock().Close())
	m.backUpQuietly()
	m.mustProve()
	m.mustBeWhole(nil)
	if _, err := m.checkKit(old); !errors.Is(err, library.ErrReplaced) {
		t.Errorf("the old kit after the records were lost: %v", err)
	}
	m.stop()

	// Two computers that have nothing but a place, a kit and the passphrase.
	comeBack := func(name string, k *kit.Kit) (map[string]seen, *setup.Recovered) {
		t.Helper()
		place := m.place("copy-" + name)
		must(t, copyFolder(m.place("a"), place))
		c := newMachine(t)
		r, err := setup.Recover(t.Context(), setup.RecoverOptions{Home: c.home, Dir: place, Kit: k, Passphrase: passphrase, DeviceName: name,
			Mode: backup.ModeStrict, Keychain: c.chain, KDF: quickKDF, Now: m.clock.Now()})
		must(t, err)
		r.Reader.Wipe()
		r.Start.Wipe()
		c.start()
		c.do(backup.AddDestination{Kind: "folder", Dir: place, Label: "A", Adopt: true})
		to := filepath.Join(c.dir, "restored")
		c.restoreTo(c.unlock(), to, restore.Options{})
		return readTree(t, filepath.Join(to, "photos")), r
	}
	got, r := comeBack("new", fresh)
	mustEqual(t, all, got)
	for _, f := range r.Findings {
		t.Errorf("with the new kit: %s: %v", f.Name, f.Err)
	}
	got, r = comeBack("old", old)
	mustEqual(t, first, got)
	told := false
	for _, f := range r.Findings {
		told = told || errors.Is(f.Err, reader.ErrShutOut)
	}
	if !told {
		t.Errorf("nobody said that the kit opens no longer what is new: %v", r.Findings)
	}
}
