package library_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/photo/sample"
	"lightproof/backup/setup"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/keystore/keystoretest"
)

// quickKDF is the weakest that the format allows: tests need the path, not the cost.
var quickKDF = vault.KDF{Time: 1, Memory: 64 << 10, Threads: 1}

type rig struct {
	home, photos, place string
	chain               *keystoretest.Memory
	engine              *backup.Engine
	made                *setup.Made
	open                backup.Opener // nil: the product's
}

func newRig(t *testing.T) *rig {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	r := &rig{home: filepath.Join(dir, "home"), photos: filepath.Join(dir, "photos"), place: filepath.Join(dir, "place"), chain: &keystoretest.Memory{}}
	if err := os.Mkdir(r.photos, 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.made, err = setup.Create(ctx, setup.Options{Home: r.home, DeviceName: "desk", Passphrase: []byte("six words"), Mode: backup.ModeStrict, Keychain: r.chain, KDF: quickKDF, Now: time.Now(), Endpoints: []string{r.place}}); err != nil {
		t.Fatal(err)
	}
	r.made.Reader.Wipe()
	r.start(t)
	if _, err := r.engine.Do(ctx, backup.AddFolder{Path: r.photos}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.engine.Do(ctx, backup.AddDestination{Kind: "folder", Dir: r.place, Label: "Backup A"}); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) start(t *testing.T) {
	t.Helper()
	start, err := setup.Start(t.Context(), r.home, r.chain)
	if err != nil {
		t.Fatal(err)
	}
	if r.engine, err = backup.Open(t.Context(), backup.Options{Home: r.home, Open: r.open}, start); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.engine.Close() })
}

func (r *rig) backUp(t *testing.T) *backup.Run {
	t.Helper()
	reply, err := r.engine.Do(t.Context(), backup.BackUp{})
	if err != nil {
		t.Fatal(err)
	}
	return reply.Run
}

func (r *rig) unlock(t *testing.T) *library.Library {
	t.Helper()
	return r.unlockBy(t, library.Open)
}

func (r *rig) unlockBy(t *testing.T, open func(context.Context, backup.Service, *reader.Keyset, string) (*library.Library, error)) *library.Library {
	t.Helper()
	keys, err := setup.Unlock(t.Context(), r.home, r.chain, []byte("six words"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := open(t.Context(), r.engine, keys, r.home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestASampleLibraryIsBackedUpCheckedAndRead(t *testing.T) {
	r := newRig(t)
	if _, err := sample.WriteLibrary(r.photos, 1, 30); err != nil {
		t.Fatal(err)
	}
	run := r.backUp(t)
	if run.New == 0 || run.Bad != 0 || len(run.Issues) != 0 {
		t.Fatalf("%+v", run)
	}
	s, _ := r.engine.State(context.Background())
	if s.Counts.Found == 0 || !s.Counts.Sums() || s.Verdict != backup.NotYet {
		t.Fatalf("verdict %v counts %+v causes %+v", s.Verdict, s.Counts, s.Causes)
	}
	if d := s.Destinations[0]; d.Proven != s.Counts.Found || d.Gap != 0 {
		t.Fatalf("read back %d of %d", d.Proven, s.Counts.Found)
	}
	again := r.backUp(t)
	if again.New != 0 || again.Bytes != 0 || again.Looked != run.Looked {
		t.Fatalf("an unchanged library was stored again: %+v", again)
	}
	l := r.unlock(t)
	if n := len(l.Timeline()); n == 0 {
		t.Fatal("empty timeline")
	}
	got, err := l.OpenCopies(t.Context(), s.Destinations[0].ID, nil)
	if err != nil || got.Wrong != 0 || got.Files != s.Counts.Found {
		t.Fatalf("%+v %v", got, err)
	}
	if err := l.Fold(t.Context(), true); err != nil {
		t.Fatal(err)
	}
}
