package backup_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// contents are the ids of the objects that hold files.
func (s *small) contents() (all [][32]byte) {
	s.t.Helper()
	must(s.t, s.engine.Records().Objects.Each(s.t.Context(), func(c [32]byte, o catalog.Object) error {
		if vault.Class(o.Class) == vault.ClassContent {
			all = append(all, c)
		}
		return nil
	}))
	if len(all) == 0 {
		s.t.Fatal("there are no contents")
	}
	return all
}

// TestWhatDoesNotOpenStaysLostThoughItsBytesAreRight reports contents that do not open at any place; that their bytes are those of the
// records proves nothing then.
func TestWhatDoesNotOpenStaysLostThoughItsBytesAreRight(t *testing.T) {
	s := newSmall(t)
	s.do(backup.BackUp{})
	cid := s.contents()[0]
	places := s.state().Destinations
	for _, d := range places {
		s.do(backup.RecordOpened{Destination: d.ID, Bad: [][]byte{cid[:]}})
	}
	lost := s.state().History.Lost
	if lost == 0 {
		t.Fatal("nothing is lost")
	}
	for _, again := range []backup.Command{backup.BackUp{}, backup.Check{Level: "full"}} {
		run := s.do(again).Run
		if st := s.state(); st.History.Lost != lost || st.Verdict == backup.Safe || run.Bad == 0 {
			t.Errorf("after %s: %d lost, %d bad, %s", again.CommandName(), st.History.Lost, run.Bad, st.Verdict)
		}
	}
	s.do(backup.RecordOpened{Destination: places[0].ID, Objects: [][]byte{cid[:]}})
	if st := s.state(); st.History.Lost != 0 {
		t.Errorf("it opens after all: %d lost", st.History.Lost)
	}
}

// stuck is a destination that does not give what healing asks it for.
type stuck struct {
	store.Store
	on   *atomic.Bool
	once *sync.Once
	stop func()
}

func (s stuck) Get(ctx context.Context, name string, o store.GetOptions) ([]byte, error) {
	if s.on.Load() && strings.HasPrefix(name, "c/") && !o.Fresh {
		s.once.Do(s.stop)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.Store.Get(ctx, name, o)
}

// TestDamageThatWasFoundIsKnownThoughItsHealingWasStopped stops a check that waits for another destination's copy.
func TestDamageThatWasFoundIsKnownThoughItsHealingWasStopped(t *testing.T) {
	s := newSmall(t)
	s.do(backup.BackUp{})
	must(t, s.engine.Close())
	ctx, cancel := context.WithCancel(t.Context())
	var on atomic.Bool
	var once sync.Once
	s.openWith(s.tree, func(ctx context.Context, kind, dir string, id json.RawMessage) (store.Store, error) {
		st, err := backup.OpenFolder(ctx, kind, dir, id)
		if err == nil && filepath.Base(dir) == "b" {
			st = stuck{st, &on, &once, cancel}
		}
		return st, err
	})
	cid := s.contents()[0]
	name := filepath.Join(s.dir, "a", vault.ChunkName(cid))
	b, err := os.ReadFile(name)
	must(t, err)
	b[len(b)/2] ^= 1
	must(t, os.WriteFile(name, b, 0o600))
	on.Store(true)
	if _, err := s.engine.Do(ctx, backup.Check{Level: "full"}); err == nil {
		t.Fatal("the check was not stopped")
	}
	on.Store(false)
	if run := s.do(backup.BackUp{}).Run; run.Bad != 1 || run.Repaired != 1 {
		t.Errorf("the next run found %d, repaired %d", run.Bad, run.Repaired)
	}
}

// listing is a destination that lists more than it holds.
type listing struct {
	store.Store
	more *[]string
}

func (s listing) List(ctx context.Context, prefix string, fn func(store.Info) error) error {
	for _, n := range *s.more {
		if strings.HasPrefix(n, prefix) {
			if err := fn(store.Info{Name: n, Size: 1000}); err != nil {
				return err
			}
		}
	}
	return s.Store.List(ctx, prefix, fn)
}

// TestAQuickCheckTakesAnyNumberOfObjects enters objects by the thousand; more than one transaction takes with LIGHTPROOF_TORTURE=1.
func TestAQuickCheckTakesAnyNumberOfObjects(t *testing.T) {
	n := 11_000
	if os.Getenv("LIGHTPROOF_TORTURE") == "1" {
		n = catalog.MaxTxWrites + 100
	}
	s := newSmall(t)
	s.do(backup.BackUp{})
	must(t, s.engine.Close())
	var names []string
	s.openWith(s.tree, func(ctx context.Context, kind, dir string, id json.RawMessage) (store.Store, error) {
		st, err := backup.OpenFolder(ctx, kind, dir, id)
		if err != nil {
			return nil, err
		}
		return listing{st, &names}, nil
	})
	place := s.state().Destinations[0]
	var at [16]byte
	s.copies(func(k catalog.CopyKey, _ *catalog.Copy) bool { at = k.Destination; return false })
	added := map[[32]byte]bool{}
	for from := 0; from < n; from += 50_000 {
		must(t, s.engine.Records().Update(t.Context(), func(w *catalog.Writer) error {
			for i := from; i < min(n, from+50_000); i++ {
				cid := [32]byte{byte(i), byte(i >> 8), byte(i >> 16), 9}
				names, added[cid] = append(names, vault.ChunkName(cid)), true
				if err := w.Objects.Put(t.Context(), cid, catalog.Object{Size: 1000, FirstSeq: 1}); err != nil {
					return err
				}
				now := time.Now().Unix()
				if err := w.Copies.Put(t.Context(), catalog.CopyKey{Destination: at, CID: cid}, catalog.Copy{Level: catalog.LevelChecked, CheckedAt: now}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	s.do(backup.Check{Level: "quick", Destination: place.ID})
	s.do(backup.Check{Level: "quick"})
	confirmed := 0
	s.copies(func(k catalog.CopyKey, c *catalog.Copy) bool {
		if added[k.CID] && k.Name == "" && c.ConfirmedAt != 0 {
			confirmed++
		}
		return false
	})
	if confirmed != n {
		t.Errorf("%d of %d confirmed", confirmed, n)
	}
}
