package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"lightproof/backup"
	"lightproof/backup/store"
	"lightproof/keystore/keystoretest"
)

// imaged is a machine whose data folder came back from an old image, keychain included, while its backups went on.
func imaged(t *testing.T) (m *machine, old history) {
	t.Helper()
	m = newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 6, 90_000)
	numbered(t, m.photos, "small", 2, 6, 4_000)
	m.withTwoPlaces()
	m.backUpQuietly()
	m.stop()
	image := filepath.Join(m.dir, "image")
	must(t, copyFolder(m.home, image))
	m.start()
	old = history{}
	old.note(t, m.photos)
	for i := range uint64(3) {
		m.tick()
		numbered(t, m.photos, "a", 20+i, 3, 90_000)
		numbered(t, m.photos, "small", 30+i, 3, 4_000)
		numbered(t, m.photos, "new", 40+i, int(i)+1, 4_000)
		m.backUpQuietly()
		old.note(t, m.photos)
	}
	m.stop()
	must(t, os.RemoveAll(m.home))
	must(t, os.Rename(image, m.home))
	m.chain = onlyKey{m.chain.(*keystoretest.Memory)}
	m.start()
	return m, old
}

// The owner says that the records came back from an image: the engine goes on from what the destinations hold, with nothing lost, nothing
// doubled, and no alarm left.
func TestTheOwnerAdoptsTheStateAfterAnImage(t *testing.T) {
	m, old := imaged(t)
	m.backUp()
	m.wantNotGreen(backup.NeedsYou, "identity")
	before := m.versions()
	l := m.unlock()
	must(t, l.AdoptHistory(t.Context()))
	must(t, l.Close())
	for _, c := range m.state().Causes {
		if c.Code == "identity" {
			t.Error("the alarm stands")
		}
	}
	stored := storedChunks(t, m.place("a"))
	m.tick()
	m.backUpQuietly()
	if grown := storedChunks(t, m.place("a")) - stored; grown != 0 {
		t.Errorf("%d bytes were stored again", grown)
	}
	m.mustProve()
	m.mustBeWhole(old)
	after, total := m.versions(), int64(0)
	for path, n := range before {
		total += int64(n)
		if after[path] != n {
			t.Errorf("%s has %d versions, before %d", path, after[path], n)
		}
	}
	if h := m.state().History; h.Versions != total || h.Proven != total {
		t.Errorf("figures %+v, the catalogue has %d versions", h, total)
	}
	m.stop()
	m.start()
	m.tick()
	numbered(t, m.photos, "a", 50, 2, 90_000)
	m.backUpQuietly()
	m.mustProve()
	m.mustBeWhole(old)
	if s := m.state(); s.Verdict != backup.Safe {
		t.Errorf("%s %+v", s.Verdict, s.Causes)
	}
}

// Where the place that gave the alarm cannot be asked, nothing is adopted: what is not seen cannot be gone on from.
func TestNothingIsAdoptedUnseen(t *testing.T) {
	m, _ := imaged(t)
	m.backUp()
	l := m.unlock()
	m.unplug("b")
	if err := l.AdoptHistory(t.Context()); !errors.Is(err, store.ErrAway) {
		t.Errorf("with a place away: %v", err)
	}
	m.wantNotGreen(backup.NeedsYou, "identity")
	m.plug("b")
	must(t, l.AdoptHistory(t.Context()))
}

// Two computers wrote under one name: neither history is taken for the other's continuation.
func TestAForkIsNotAdopted(t *testing.T) {
	m, c := twoHistories(t)
	c.backUp()
	c.wantNotGreen(backup.NeedsYou, "identity")
	atA, atB := commitsAt(t, m.place("a")), commitsAt(t, m.place("b"))
	if err := c.unlock().AdoptHistory(t.Context()); !errors.Is(err, backup.ErrForked) {
		t.Errorf("a fork: %v", err)
	}
	c.backUp()
	c.wantNotGreen(backup.NeedsYou, "identity")
	mustStand(t, atA, commitsAt(t, m.place("a")))
	mustStand(t, atB, commitsAt(t, m.place("b")))
}
