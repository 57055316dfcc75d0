package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// Another device stored and listed the contents that this one meets after its own records were lost. It stores nothing twice, and yet its
// own log lists all that it refers to: who collects garbage believes each log, and the other device's may end.
func TestWhatAnotherLogListsIsListedInTheOwnLogTooOnceItIsNeeded(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	numbered(t, m.photos, "own", 1, 3, 90_000)
	m.backUpQuietly()
	other := newSecond(t, m.place("a"), m.readerKeys())
	shared := filepath.Join(m.dir, "shared")
	numbered(t, shared, "other", 2, 5, 90_000)
	numbered(t, shared, "own", 1, 1, 90_000) // this one both have
	var list vault.ObjectList
	for name := range readTree(t, shared) {
		content, err := os.ReadFile(filepath.Join(shared, name))
		must(t, err)
		buf := vault.NewChunkBuffer()
		s, err := other.w.Current().Seal(buf, copy(buf.Room(), content), 0, nil)
		must(t, err)
		list.Records = append(list.Records, vault.ObjectRecord{CID: s.Cap.CID, Object: s.Cap.Object, Size: uint32(len(s.Object)), Class: vault.ClassContent})
		write(t, filepath.Join(m.place("a"), filepath.FromSlash(s.Name())), bytes.Clone(s.Object))
	}
	b, err := other.w.SealCommit(vault.Commit{Seq: 1, Prev: other.head.Hash, Time: 1, Control: other.at, Type: vault.CommitHeartbeat, Inline: list.Encode()}, nil)
	must(t, err)
	other.o.put(t, b.Built)
	m.stop()
	removeDB(t, m.home, "writer.db")
	m.start()
	must(t, m.unlock().Close())
	before := storedChunks(t, m.place("a"))
	must(t, os.Rename(filepath.Join(shared, "other"), filepath.Join(m.photos, "other")))
	m.backUpQuietly()
	if after := storedChunks(t, m.place("a")); after != before {
		t.Errorf("%d bytes of chunks were stored again", after-before)
	}
	if n := m.listed(t, m.place("a"))[vault.ClassContent]; n != 3+5 {
		t.Errorf("the log lists %d contents, its commits refer to 8", n)
	}
	m.backUpQuietly()
	if n := m.listed(t, m.place("a"))[vault.ClassContent]; n != 3+5 {
		t.Errorf("they are listed once more: %d", n)
	}
}

// listed counts the records in the object lists of the machine's own log, by class.
func (m *machine) listed(t *testing.T, dir string) map[vault.Class]int {
	t.Helper()
	out := map[vault.Class]int{}
	k, o := m.readerKeys(), folderObjects{dir}
	view := k.View()
	chain, _, _, err := writer.LoadChain(t.Context(), o, view, nil, 0)
	must(t, err)
	_, found, err := writer.WalkLog(t.Context(), o, view, chain, chain.Device(k.Device).Device.Tag, vault.Head{}, func(c writer.LogCommit) error {
		for _, r := range c.List.Records {
			out[r.Class]++
		}
		return nil
	})
	if err != nil || len(found) > 0 {
		t.Fatal(found, err)
	}
	return out
}
