package e2e

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"lightproof/backup"
	"lightproof/backup/source"
	"lightproof/backup/source/sourcetest"
)

// newReal is a green machine on real folders.
func newReal(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 12, 90_000)
	numbered(t, m.photos, "small", 2, 12, 4_000)
	m.withTwoPlaces()
	m.backUpQuietly()
	if s := m.state(); s.Verdict != backup.Safe {
		t.Fatalf("not green without a fault: %s %+v", s.Verdict, s.Causes)
	}
	return m
}

func (m *machine) wantNotGreen(least backup.Verdict, cause string) {
	m.t.Helper()
	s := m.state()
	if s.Verdict < least || s.Verdict == backup.Safe {
		m.t.Errorf("verdict %s, want %s or graver: %+v %+v", s.Verdict, least, s.Causes, s.Counts)
	}
	for _, c := range s.Causes {
		if c.Code == cause {
			return
		}
	}
	if cause != "" {
		m.t.Errorf("causes %+v, want %q", s.Causes, cause)
	}
}

// 1: the drive with the originals is gone, its empty mount point is left: nothing counts as deleted, and nothing stays green.
func TestAnEmptyMountPointIsNotADeletion(t *testing.T) {
	away := &unplugged{}
	g := newGreenOn(t, func(tree source.Tree) source.Tree { away.Tree = tree; return away })
	away.gone.Store(true)
	run, err := g.engine.Do(t.Context(), backup.BackUp{})
	if err != nil || run.Run.Removed != 0 {
		t.Errorf("%+v %v", run.Run, err)
	}
	g.wantNotGreen(backup.NotYet, "missing")
	away.gone.Store(false)
	g.backUpQuietly()
	if s := g.state(); s.Verdict != backup.Safe || s.Counts.Protected != invented {
		t.Errorf("plugged in again: %s %+v %+v", s.Verdict, s.Causes, s.Counts)
	}
	// The same folder, really emptied by its owner, is a deletion.
	for i := range invented {
		g.tree.Remove(g.photos, path(i))
	}
	if run := g.backUp(); run.Removed != invented {
		t.Errorf("%d deletions recorded of %d", run.Removed, invented)
	}
}

// unplugged shows the empty mount point of a drive that is gone.
type unplugged struct {
	source.Tree
	gone atomic.Bool
}

func (u *unplugged) Scan(ctx context.Context, f source.Folder, o source.ScanOptions, fn func(source.Item) error) (source.Summary, error) {
	if u.gone.Load() {
		return source.Summary{Full: true, Root: source.RootEvidence{ID: source.Identity{Device: 1, Inode: 1}}}, nil
	}
	s, err := u.Tree.Scan(ctx, f, o, fn)
	s.Root.ID = source.Identity{Device: 2, Inode: 2}
	return s, err
}

// 4: one folder below cannot be listed.
func TestAFolderThatCannotBeListedIsRed(t *testing.T) {
	g := newGreen(t)
	g.tree.Put(g.photos, "closed", 1)
	g.tree.Set(g.photos, "closed", func(i *source.Item) {
		i.Kind, i.State, i.Reason, i.Err = source.KindDir, source.Unreadable, source.ReasonContentsUnknown, source.ErrUnreadable
	})
	run(g)
	g.wantNotGreen(backup.NeedsYou, "permission")
}

// 8: edited after a good run, while no destination can be reached.
func TestAnEditWaitsWhileNoPlaceIsThere(t *testing.T) {
	m := newReal(t)
	numbered(t, m.photos, "a", 9, 1, 90_000)
	must(t, os.Rename(m.place("a"), m.place("a-off")))
	must(t, os.Rename(m.place("b"), m.place("b-off")))
	m.backUp()
	m.wantNotGreen(backup.NotYet, "waiting")
	m.wantNotGreen(backup.NotYet, "away")
	if s := m.state(); s.Counts.Pending != 1 {
		t.Errorf("%+v", s.Counts)
	}
	must(t, os.Rename(m.place("a-off"), m.place("a")))
	must(t, os.Rename(m.place("b-off"), m.place("b")))
	m.backUp()
	if s := m.state(); s.Verdict != backup.Safe {
		t.Errorf("back again: %s %+v", s.Verdict, s.Causes)
	}
}

// 9: the bytes change, size and time do not. The system's own change time tells; until the new bytes are stored, nothing is green, and
// the earlier version is kept.
func TestBytesThatChangeUnderTheSameTimeAreSeen(t *testing.T) {
	m := newReal(t)
	victim := filepath.Join(m.photos, "a", "003.bin")
	info, err := os.Stat(victim)
	must(t, err)
	b, err := os.ReadFile(victim)
	must(t, err)
	old := history{}
	old.note(t, m.photos)
	must(t, os.WriteFile(victim, flip(b), 0o600))
	must(t, os.Chtimes(victim, info.ModTime(), info.ModTime()))
	must(t, os.Rename(m.place("a"), m.place("a-off")))
	must(t, os.Rename(m.place("b"), m.place("b-off")))
	m.backUp()
	m.wantNotGreen(backup.NotYet, "waiting")
	if s := m.state(); s.Counts.Pending != 1 {
		t.Errorf("%+v", s.Counts)
	}
	must(t, os.Rename(m.place("a-off"), m.place("a")))
	must(t, os.Rename(m.place("b-off"), m.place("b")))
	if run := m.backUp(); run.New != 1 {
		t.Errorf("%+v", run)
	}
	m.mustBeWhole(old)
}

// 16: half of a group is missing a copy: the RAW file is stored, its sidecar cannot be read.
func TestHalfOfAGroupIsNotGreen(t *testing.T) {
	g := newGreen(t)
	g.tree.Put(g.photos, "IMG_1.CR3", large)
	g.tree.Put(g.photos, "IMG_1.xmp", 900)
	g.tree.Plan(g.photos, "IMG_1.xmp", sourcetest.Faults{Open: source.ErrBusy})
	run(g)
	fired(t, g, "IMG_1.xmp")
	g.wantNotGreen(backup.NotYet, "waiting")
}

// 48: a counter that lies.
func TestACounterThatLiesIsGrey(t *testing.T) {
	g := newGreen(t)
	g.machine.tree = miscounting{g.tree}
	g.again()
	run(g)
	g.wantNotGreen(backup.CannotTell, "cannot-tell")
}

type miscounting struct{ source.Tree }

func (m miscounting) Scan(ctx context.Context, f source.Folder, o source.ScanOptions, fn func(source.Item) error) (source.Summary, error) {
	s, err := m.Tree.Scan(ctx, f, o, fn)
	s.Items++
	return s, err
}
