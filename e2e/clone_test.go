package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/keystore/keystoretest"
)

// clone is a second computer that began as a copy of the first: the same data folder and key, photos of its own, the same places.
func (m *machine) clone(t *testing.T) *machine {
	t.Helper()
	c := *m
	c.t, c.home = t, filepath.Join(m.dir, "clone")
	m.stop()
	must(t, copyFolder(m.home, c.home))
	m.start()
	c.chain = onlyKey{m.chain.(*keystoretest.Memory)}
	return &c
}

// before calls fn once, before the first write that matches.
type before struct {
	store.Store
	once *sync.Once
	at   func(step string) bool
	fn   func()
}

func (b before) PutNew(ctx context.Context, name string, data []byte) error {
	if b.at(name) {
		b.once.Do(b.fn)
	}
	return b.Store.PutNew(ctx, name, data)
}

func (b before) Barrier(ctx context.Context) error {
	if b.at("|") {
		b.once.Do(b.fn)
	}
	return b.Store.Barrier(ctx)
}

// commitsAt are the commits that stand at a place, with their bytes.
func commitsAt(t *testing.T, place string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name := range readTree(t, place) {
		if _, _, _, ok := vault.ParseCommitName(strings.TrimPrefix(name, "m2/")); ok {
			b, err := os.ReadFile(filepath.Join(place, name))
			must(t, err)
			out[name] = b
		}
	}
	return out
}

func mustStand(t *testing.T, want, got map[string][]byte) {
	t.Helper()
	for name, b := range want {
		if !bytes.Equal(b, got[name]) {
			t.Errorf("%s was overwritten or is gone", name)
		}
	}
}

// Two copies of one data folder back up to the same place at the same time. Whoever comes second meets a commit under the name that its
// own was to take: it overwrites nothing, stops with the alarm, and stays stopped; the first one's backups are whole.
func TestTwoCopiesOfOneHomeNeverOverwriteEachOther(t *testing.T) {
	barriers := 0
	for name, at := range map[string]func(string) bool{
		"taken before it is put": func(step string) bool {
			_, _, _, commit := vault.ParseCommitName(step)
			return commit && !vault.IsListName(step)
		},
		"taken between put and Barrier": func(step string) bool {
			if step == "|" {
				barriers++
			}
			return step == "|" && barriers == 3
		},
	} {
		t.Run(name, func(t *testing.T) {
			barriers = 0
			m := newMachine(t).setUp().withFolderAndPlace()
			numbered(t, m.photos, "a", 1, 4, 90_000)
			m.backUpQuietly()
			c := m.clone(t)
			m.t = t
			numbered(t, m.photos, "a", 2, 4, 90_000)
			once := &sync.Once{}
			var first map[string][]byte
			c.open = func(ctx context.Context, kind, dir string, id json.RawMessage) (store.Store, error) {
				s, err := backup.OpenFolder(ctx, kind, dir, id)
				if err != nil {
					return nil, err
				}
				return before{s, once, at, func() {
					numbered(t, m.photos, "a", 3, 4, 90_000) // so that the two differ
					m.backUpQuietly()
					first = commitsAt(t, m.place("a"))
				}}, nil
			}
			c.start()
			run := c.backUp()
			if first == nil {
				t.Fatal("the two never met")
			}
			if !slices.ContainsFunc(run.Issues, func(i backup.Issue) bool { return i.Code == "identity" }) || !run.Stopped {
				t.Errorf("the second run: %+v", run)
			}
			c.wantNotGreen(backup.NeedsYou, "identity")
			mustStand(t, first, commitsAt(t, m.place("a")))
			// It stays so, after a restart too, and writes nothing more.
			c.stop()
			c.start()
			c.wantNotGreen(backup.NeedsYou, "identity")
			before := len(readTree(t, m.place("a")))
			c.backUp()
			c.do(backup.Check{Level: "full"})
			c.wantNotGreen(backup.NeedsYou, "identity")
			if after := len(readTree(t, m.place("a"))); after != before {
				t.Errorf("%d files before, %d after: something was written under the alarm", before, after)
			}
			mustStand(t, first, commitsAt(t, m.place("a")))
			// The first one goes on as if nothing had happened.
			numbered(t, m.photos, "b", 4, 2, 90_000)
			m.backUpQuietly()
			m.mustProve()
			m.mustBeWhole(nil)
		})
	}
}

// twoHistories are a computer and its clone, each of which wrote to another of their two places. Both places can be reached now.
func twoHistories(t *testing.T) (m, c *machine) {
	t.Helper()
	m = newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 4, 90_000)
	m.withTwoPlaces()
	m.backUpQuietly()
	c = m.clone(t)
	m.unplug("b")
	numbered(t, m.photos, "a", 2, 4, 90_000)
	m.backUp()
	m.stop()
	m.plug("b")
	m.unplug("a")
	numbered(t, m.photos, "a", 3, 4, 90_000)
	c.start()
	c.backUp()
	m.plug("a")
	return m, c
}

// Each copy writes to another place, so both histories are stored. Where they meet, neither replaces the other.
func TestTwoHistoriesAtTwoPlacesAreBothKept(t *testing.T) {
	m, c := twoHistories(t)
	atA, atB := commitsAt(t, m.place("a")), commitsAt(t, m.place("b"))
	if len(atA) != len(atB) || sameCommits(atA, atB) {
		t.Fatal("the two did not write different histories")
	}
	m.start()
	for _, x := range []*machine{m, c} {
		x.backUp()
		x.wantNotGreen(backup.NeedsYou, "identity")
		x.do(backup.Check{Level: "full"})
		x.wantNotGreen(backup.NeedsYou, "identity")
	}
	mustStand(t, atA, commitsAt(t, m.place("a")))
	mustStand(t, atB, commitsAt(t, m.place("b")))
}

// sameCommits tells whether two places hold the same commits.
func sameCommits(a, b map[string][]byte) bool {
	for name, x := range a {
		if !bytes.Equal(x, b[name]) {
			return false
		}
	}
	return true
}

// Junk under the name of the next commit is no history: the commit goes beside it, and the run succeeds.
func TestJunkUnderTheNextCommitsNameStopsNothing(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	numbered(t, m.photos, "a", 1, 4, 90_000)
	m.backUpQuietly()
	var next string
	for name := range commitsAt(t, m.place("a")) {
		if name = strings.TrimPrefix(name, "m2/"); name > next {
			next = name
		}
	}
	tag, seq, _, _ := vault.ParseCommitName(next)
	next = vault.CommitName(tag, seq+1)
	junk := bytes.Repeat([]byte("junk"), 2000)
	write(t, filepath.Join(m.place("a"), next), junk)
	numbered(t, m.photos, "a", 2, 4, 90_000)
	m.backUpQuietly()
	if got := commitsAt(t, m.place("a"))[next]; !bytes.Equal(got, junk) {
		t.Error("what stood there was overwritten")
	}
	m.mustProve()
	m.mustBeWhole(nil)
	numbered(t, m.photos, "a", 3, 4, 90_000)
	m.backUpQuietly()
	m.mustProve()
	m.mustBeWhole(nil)
}

// The clone joins under a name of its own, with the kit; from then on both back up to the same place, neither with an alarm.
func TestACloneTakesANameOfItsOwn(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	numbered(t, m.photos, "a", 1, 4, 90_000)
	m.backUpQuietly()
	c := m.clone(t)
	numbered(t, m.photos, "a", 2, 4, 90_000)
	m.backUpQuietly()
	c.start()
	c.backUp()
	c.wantNotGreen(backup.NeedsYou, "identity")
	c.stop()

	n := newMachine(t)
	rec, err := setup.Recover(t.Context(), setup.RecoverOptions{Home: n.home, Dir: m.place("a"), Kit: m.made.Kit, Passphrase: passphrase,
		DeviceName: "the clone", Mode: backup.ModeStrict, Keychain: n.chain, KDF: quickKDF, Now: n.clock.Now(), KeepOthers: true})
	must(t, err)
	rec.Reader.Wipe()
	rec.Start.Wipe()
	n.start()
	n.do(backup.AddFolder{Path: n.photos})
	n.do(backup.AddDestination{Kind: "folder", Dir: m.place("a"), Label: "A", Adopt: true})
	numbered(t, n.photos, "clone", 3, 4, 90_000)
	numbered(t, n.photos, "clone-small", 4, 4, 4_000)
	for range 2 {
		n.backUpQuietly()
		n.mustProve()
		numbered(t, m.photos, "original", uint64(m.clock.Now().UnixNano()), 2, 90_000)
		m.backUpQuietly()
		m.mustProve()
		numbered(t, n.photos, "more", uint64(n.clock.Now().UnixNano()), 2, 90_000)
	}
	for _, x := range []*machine{m, n} {
		for _, cause := range x.state().Causes {
			if cause.Code == "identity" {
				t.Error("an alarm stands")
			}
		}
		if got, err := x.unlock().OpenCopies(t.Context(), x.state().Destinations[0].ID, nil); err != nil || got.Wrong+got.Bad != 0 || got.Files < 12 {
			t.Errorf("%+v %v", got, err)
		}
	}
}
