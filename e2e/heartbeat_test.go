package e2e

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// ownCommits reads the machine's own log at a place, oldest first; all of it must verify.
func ownCommits(t *testing.T, dir string, k *reader.Keyset) (out []vault.Commit) {
	t.Helper()
	o, view := folderObjects{dir}, k.View()
	chain, _, _, err := writer.LoadChain(t.Context(), o, view, nil, 0)
	must(t, err)
	tag := chain.Device(k.Device).Device.Tag
	_, found, err := writer.WalkLog(t.Context(), o, view, chain, tag, vault.Head{}, func(c writer.LogCommit) error {
		out = append(out, c.Header)
		return nil
	})
	if err != nil || len(found) > 0 {
		t.Fatal(found, err)
	}
	return out
}

func (m *machine) readerKeys() *reader.Keyset {
	m.t.Helper()
	keys, err := setup.Unlock(m.t.Context(), m.home, m.chain, passphrase)
	must(m.t, err)
	m.t.Cleanup(keys.Wipe)
	return keys
}

// Where nothing else was written for a day, a heartbeat is, and only then.
func TestADayWithoutNewsEndsInAHeartbeat(t *testing.T) {
	m := newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 3, 90_000)
	m.withTwoPlaces()
	m.backUpQuietly()
	keys := m.readerKeys()
	day := func(change bool) []vault.CommitType {
		m.clock.add(24 * time.Hour)
		if change {
			numbered(t, m.photos, "a", uint64(m.clock.Now().Unix()), 1, 90_000)
		}
		m.backUpQuietly()
		m.backUpQuietly() // a second look on the same day adds nothing
		var types []vault.CommitType
		for _, c := range ownCommits(t, m.place("b"), keys) {
			types = append(types, c.Type)
		}
		return types
	}
	delta, beat := vault.CommitDelta, vault.CommitHeartbeat
	for i, step := range []struct {
		change bool
		want   []vault.CommitType
	}{{false, []vault.CommitType{delta, beat}}, {true, []vault.CommitType{delta, beat, delta}}, {false, []vault.CommitType{delta, beat, delta, beat}}} {
		if got := day(step.change); !slices.Equal(got, step.want) {
			t.Errorf("day %d: commits %v, want %v", i+1, got, step.want)
		}
	}
	m.mustProve()
	m.mustBeWhole(nil)
	if s := m.state(); s.Verdict != backup.Safe {
		t.Errorf("%s %+v", s.Verdict, s.Causes)
	}
	// With no place to write to, none is made up for later.
	m.unplug("a")
	m.unplug("b")
	m.clock.add(5 * 24 * time.Hour)
	m.backUp()
	m.plug("a")
	m.plug("b")
	m.backUpQuietly()
	if got := ownCommits(t, m.place("a"), keys); len(got) != 5 {
		t.Errorf("%d commits after five days away, want one more than 4", len(got))
	}
}

// second is another admin device of the machine's vault, that writes a log of its own.
type second struct {
	t       *testing.T
	o       folderObjects
	w       *writer.Keyset
	control *vault.SigningKey
	head    vault.Head
	at      vault.Head // control head
}

// newSecond adds the device to the control chain at a place.
func newSecond(t *testing.T, dir string, k *reader.Keyset) *second {
	t.Helper()
	sign := func() *vault.SigningKey {
		s, err := vault.NewSigningKey(secret.Random(vault.SigningSeedLen))
		must(t, err)
		return s
	}
	kem := func() []byte {
		s, err := vault.NewKEM(secret.Random(32).Bytes())
		must(t, err)
		return s.PublicKey().Bytes()
	}
	s := &second{t: t, o: folderObjects{dir}, w: k.View(), control: sign(), head: vault.Head{Hash: k.Genesis}}
	s.w.Log, s.w.Device, s.w.Tag = sign(), vault.DeviceID(secret.Random(16).Bytes()), vault.DevTag(secret.Random(8).Bytes())
	dev := &vault.Device{ID: s.w.Device, Tag: s.w.Tag, Role: vault.RoleAdmin, LogKey: s.w.Log.Public(), ControlKey: s.control.Public(), WriterKEM: kem(), ReaderKEM: kem()}
	cos, err := s.control.Cosign(vault.CtlDeviceAdd.String(), append(append([]byte(nil), k.Genesis[:]...), dev.Encode()...))
	must(t, err)
	chain, _, _, err := writer.LoadChain(t.Context(), s.o, s.w, nil, 0)
	must(t, err)
	s.at = chain.Head()
	s.ordain(k, &vault.Control{Type: vault.CtlDeviceAdd, Device: dev, Cosign: cos.Encode()})
	return s
}

// ordain adds an entry of the machine's own device to the control chain.
func (s *second) ordain(k *reader.Keyset, e *vault.Control) {
	s.t.Helper()
	e.Space, e.Author, e.Seq, e.Prev, e.Generation = k.Space, k.Device, s.at.Seq+1, s.at.Hash, 1
	must(s.t, e.Sign(k.Control))
	name, obj, err := e.Seal(s.w.Current().ControlKey())
	must(s.t, err)
	s.o.put(s.t, writer.Built{Name: name, Object: obj})
	s.at = e.Head()
}

// commit adds a heartbeat to its log and returns the new head.
func (s *second) commit() vault.SeenHead {
	s.t.Helper()
	b, err := s.w.SealCommit(vault.Commit{Seq: s.head.Seq + 1, Prev: s.head.Hash, Time: 1, Control: s.at, Type: vault.CommitHeartbeat}, nil)
	must(s.t, err)
	s.o.put(s.t, b.Built)
	s.head = b.Head
	return vault.SeenHead{Tag: s.w.Tag, Head: b.Head}
}

// Each commit names the newest verified heads of all other logs: as of the run, and as of each batch where a run has several.
func TestEachCommitNamesTheHeadsOfTheOtherLogs(t *testing.T) {
	m := newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 2, 90_000)
	m.withTwoPlaces()
	m.backUpQuietly()
	keys := m.readerKeys()
	other := newSecond(t, m.place("a"), keys) // known at one of the places only
	want := []vault.SeenHead{{}, other.commit()}
	numbered(t, m.photos, "b", 2, 2, 90_000)
	m.backUpQuietly()
	want = append(want, other.commit())
	m.clock.add(25 * time.Hour) // a heartbeat says it, too
	m.backUpQuietly()
	// A run of several batches: the other device writes while the first one is stored.
	m.stop()
	once := &sync.Once{}
	m.open = func(ctx context.Context, kind, dir string, id json.RawMessage) (store.Store, error) {
		s, err := backup.OpenFolder(ctx, kind, dir, id)
		if err != nil || filepath.Base(dir) != "place-a" {
			return s, err
		}
		return before{s, once, func(step string) bool { return step == "|" }, func() { other.commit() }}, nil
	}
	m.start()
	want = append(want, vault.SeenHead{Tag: other.w.Tag, Head: other.head})
	for i := range 5100 { // more than one batch holds
		write(t, filepath.Join(m.photos, "many", string(rune('a'+i%26)), time.Duration(i).String()), []byte{byte(i), byte(i >> 8)})
	}
	m.backUpQuietly()
	want = append(want, vault.SeenHead{Tag: other.w.Tag, Head: other.head})
	got := ownCommits(t, m.place("b"), keys)
	if len(got) != len(want) {
		t.Fatalf("%d commits, want %d", len(got), len(want))
	}
	for i, c := range got {
		switch {
		case want[i] == vault.SeenHead{}:
			if len(c.Seen) != 0 {
				t.Errorf("commit %d names %d heads before there was another log", c.Seq, len(c.Seen))
			}
		case len(c.Seen) != 1 || c.Seen[0] != want[i]:
			t.Errorf("commit %d (type %d) names %+v, want %+v", c.Seq, c.Type, c.Seen, want[i])
		}
	}
}
