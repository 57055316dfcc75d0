package e2e

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
)

// folderObjects reads a destination folder as the vault's readers want it.
type folderObjects struct{ dir string }

func (o folderObjects) Get(_ context.Context, name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(o.dir, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.Join(vault.ErrMissing, err)
	}
	return b, err
}

func (o folderObjects) List(_ context.Context, prefix string, fn func(string, int64) error) error {
	return filepath.WalkDir(filepath.Join(o.dir, filepath.FromSlash(prefix)), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && d.IsDir() {
			return nil
		}
		name, _ := filepath.Rel(o.dir, path)
		return errors.Join(err, fn(filepath.ToSlash(name), 1))
	})
}

func (o folderObjects) put(t *testing.T, b writer.Built) {
	for _, n := range []string{b.Name, vault.Mirror(b.Name)} {
		path := filepath.Join(o.dir, filepath.FromSlash(n))
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, b.Object, 0o600))
	}
}

// collects has the second device, with a newer program, announce a collection.
func (s *second) collects(k *reader.Keyset, condemned ...vault.CID) vault.SeenHead {
	s.t.Helper()
	s.ordain(k, &vault.Control{Type: vault.CtlGCAuthorise})
	c := vault.Commit{Space: k.Space, Author: s.w.Device, Generation: 1, Seq: 1, Prev: k.Genesis, PayloadHash: vault.HeadOf(0, nil).Hash, Control: s.at,
		Type: vault.CommitGCIntent, Condemned: condemned}
	cos, err := s.control.Cosign(vault.GCIntentName, c.Encode())
	must(s.t, err)
	c.Cosign = cos.Encode()
	b, err := s.w.SealCommit(c, nil)
	must(s.t, err)
	s.o.put(s.t, b.Built)
	return vault.SeenHead{Tag: s.w.Tag, Head: b.Head}
}

// The engine obeys a collection that another device announces: content whose name is condemned is stored under another one, in the same
// run in which the engine says that it has seen the intent, and so after a restart.
func TestTheEngineObeysACollection(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	content := bytes.Repeat([]byte("a picture whose copies will be collected "), 4000)
	must(t, os.WriteFile(filepath.Join(m.photos, "a.jpg"), content, 0o644))
	m.backUp()
	keys, err := setup.Unlock(context.Background(), m.home, m.chain, passphrase)
	must(t, err)
	name := func(variant uint8) vault.CID {
		buf := vault.NewChunkBufferFor(len(content))
		s, err := keys.View().Current().Seal(buf, copy(buf.Room(), content), variant, nil)
		must(t, err)
		return s.Cap.CID
	}
	o := folderObjects{m.place("a")}
	if _, err := o.Get(context.Background(), vault.ChunkName(name(0))); err != nil {
		t.Fatal(err)
	}
	seen := newSecond(t, o.dir, keys).collects(keys, name(0))
	must(t, os.WriteFile(filepath.Join(m.photos, "b.jpg"), content, 0o644))
	m.backUp()
	listed := map[vault.CID]uint64{}
	told := uint64(0)
	read := func() {
		view := keys.View()
		chain, _, _, err := writer.LoadChain(context.Background(), o, view, nil, 0)
		must(t, err)
		tag := chain.Device(keys.Device).Device.Tag
		_, found, err := writer.WalkLog(context.Background(), o, view, chain, tag, vault.Head{}, func(c writer.LogCommit) error {
			for _, r := range c.List.Records {
				listed[r.CID] = c.Header.Seq
			}
			for _, s := range c.Header.Seen {
				if s == seen && told == 0 {
					told = c.Header.Seq
				}
			}
			return nil
		})
		if err != nil || len(found) > 0 {
			t.Fatal(found, err)
		}
	}
	read()
	if listed[name(0)] != 1 || listed[name(1)] == 0 || told != listed[name(1)] {
		t.Errorf("condemned name listed by commit %d, its second by %d, intent seen by %d", listed[name(0)], listed[name(1)], told)
	}
	must(t, os.Remove(filepath.Join(o.dir, filepath.FromSlash(vault.ChunkName(name(0))))))
	m.stop()
	m.start()
	must(t, os.WriteFile(filepath.Join(m.photos, "c.jpg"), content, 0o644))
	m.backUp()
	m.do(backup.Check{Level: "full"})
	read()
	if _, err := o.Get(context.Background(), vault.ChunkName(name(0))); !errors.Is(err, vault.ErrMissing) {
		t.Error("a condemned name was written again")
	}
	if _, twice := listed[name(2)]; twice {
		t.Error("forgotten over a restart")
	}
}
