package backup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/source"
	"lightproof/backup/source/sourcetest"
	"lightproof/backup/store"
)

func (s *small) mark() []byte {
	s.t.Helper()
	m, err := s.engine.Records().Mark(s.t.Context())
	must(s.t, err)
	return m
}

// A look that finds what the one before it found writes nothing, however much waits.
func TestWaitingFilesAreRecordedOnce(t *testing.T) {
	s := newSmall(t)
	s.do(backup.BackUp{})
	s.unplug(true)
	const many = 3000
	for i := range many {
		s.tree.Put(s.photos, fmt.Sprintf("n/%05d", i), 10)
	}
	edited := sourcetest.InventedPath(5)
	s.tree.Edit(s.photos, edited, 5000)
	s.do(backup.BackUp{})
	s.mustTell("away", 30+many)
	row, _ := s.row(edited)
	if row.State != catalog.StatePending || row.Reason != "away" {
		t.Errorf("%+v", row)
	}
	if _, known := s.row("n/00000"); known || s.state().Counts.Pending != many+1 {
		t.Errorf("a new file that waits has a row: %v; %+v", known, s.state().Counts)
	}
	s.clock.move(time.Hour)
	was := s.mark()
	s.do(backup.BackUp{})
	s.mustTell("still away", 30+many)
	if again, _ := s.row(edited); !bytes.Equal(was, s.mark()) || again.Since != row.Since {
		t.Errorf("rows were written again: %+v", again)
	}
	s.unplug(false)
	s.do(backup.BackUp{})
	s.mustTell("with places", 30+many)
	if st := s.state(); st.Counts.Protected != 30+many {
		t.Errorf("%+v", st.Counts)
	}
}

// leaving is a place that goes away when a commit asks whether all is on the disk, once it may.
type leaving struct {
	store.Store
	on  *atomic.Bool
	may chan struct{}
}

func (s leaving) Barrier(ctx context.Context) error {
	if !s.on.Load() {
		return s.Store.Barrier(ctx)
	}
	select {
	case <-s.may:
		return fmt.Errorf("barrier: %w", store.ErrAway)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A batch is being filled when the commit of the one before it finds no place any more: what came of the files in it is known already.
func TestCommitWithoutAPlaceLeavesWhatCameOfTheNextBatch(t *testing.T) {
	s := newSmall(t)
	may := make(chan struct{})
	var on atomic.Bool
	must(t, s.engine.Close())
	s.openWith(s.tree, func(ctx context.Context, kind, dir string, id json.RawMessage) (store.Store, error) {
		st, err := backup.OpenFolder(ctx, kind, dir, id)
		if err != nil {
			return nil, err
		}
		return leaving{st, &on, may}, nil
	})
	s.do(backup.BackUp{})
	const first, gone, bad, more = 4999, 7, 5, 1000
	for i := range first {
		s.tree.Put(s.photos, fmt.Sprintf("m/%05d", i), 10)
	}
	s.tree.Edit(s.photos, sourcetest.InventedPath(5), 5000)
	for i := range gone + bad {
		path := fmt.Sprintf("y/%05d/a", i) // one after the other: files of a folder are read by one reader, while another goes on
		s.tree.Put(s.photos, path, 10)
		s.tree.Plan(s.photos, path, sourcetest.Faults{Read: sourcetest.ErrPlanned, Vanish: i < gone})
	}
	for i := range more {
		s.tree.Put(s.photos, fmt.Sprintf("z/%05d", i), 10)
	}
	var once sync.Once
	s.tree.BeforeRead(func(_, path string, _ int64) {
		if path[0] == 'y' {
			s.clock.move(time.Minute) // long enough that what came of it is recorded
		}
		if path == "z/00999" {
			once.Do(func() { close(may) })
		}
	})
	on.Store(true)
	s.do(backup.BackUp{})
	on.Store(false)
	s.mustTell("without a place", 30+first+bad+more)
	if st := s.state(); st.Counts.Failed != bad || st.Counts.Pending < first+more {
		t.Errorf("%+v", st.Counts)
	}
	s.tree.BeforeRead(nil)
	s.do(backup.BackUp{})
	s.mustTell("with places", 30+first+bad+more)
	if st := s.state(); st.Counts.Failed != bad || st.Counts.Protected != 30+first+more {
		t.Errorf("%+v", st.Counts)
	}
}

// A file that another program holds open waits from when it was first found so, not from when it was stored.
func TestBusyFileWaitsFromWhenItIsBusy(t *testing.T) {
	s := newSmall(t)
	path := sourcetest.InventedPath(6)
	s.do(backup.BackUp{})
	s.clock.move(5 * 24 * time.Hour)
	s.tree.Edit(s.photos, path, 5000)
	s.tree.Plan(s.photos, path, sourcetest.Faults{Open: source.ErrBusy})
	for _, step := range []struct {
		after time.Duration
		state catalog.FileState
	}{{0, catalog.StatePending}, {23 * time.Hour, catalog.StatePending}, {2 * time.Hour, catalog.StateFailed}, {time.Hour, catalog.StateFailed}} {
		s.clock.move(step.after)
		s.do(backup.BackUp{})
		if row, _ := s.row(path); row.State != step.state || row.Reason != "busy" {
			t.Errorf("%v later: %v %s", step.after, row.State, row.Reason)
		}
	}
}
