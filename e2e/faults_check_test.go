package e2e

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/restore"
	"lightproof/backup/source"
)

// Where each fault of the list "must never end in green" is injected. The numbers stand in the names of tests and table rows.
//
//	Sources       1 faults_source, 2 3 5 6 7 11 13 14 15 green_faults, 4 8 9 10 16 faults_source
//	Destinations  18 19 20 21 22 26 27 30 33 green_faults, 23 24 both, 25 28 faults_place
//	Checks, app   34 35 faults_place, 37 38 39 42 49 50 green_faults, 40 41 43 46 faults_keys, 48 faults_source
//	Restore       51 badinput (a full target), 52 here
//
// 44, an engine that is dead under an open window, is judged where the window and the tray are: app/keeper (silent), app/window/present
// (Frozen) and heartbeat tests. 47, an update that changes rules: figures are never stored, every start counts them anew from the
// records of single copies, as the restarts in these tests do.
//
// These need parts of the program that come later: 9 without a new change time, as decaying media do (re-reading of originals); 12 (photo
// libraries of the system); 17 (mass changes and the hold); 29, 31, 32 (destinations behind a network); 36 (a budget for checks); 45 (the
// keeper's note of its own autostart).

// 52: a file is altered after it was written and before the restore has read it again.
func TestAFileAlteredBeforeItsProofIsNotIdentical(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	numbered(t, m.photos, "a", 1, 5, 90_000)
	m.backUpQuietly()
	l := m.unlock()
	sel, err := restore.Select(t.Context(), l, l.Sources(), restore.Options{})
	must(t, err)
	jobs, err := l.Jobs()
	must(t, err)
	defer jobs.Close()
	to := filepath.Join(m.dir, "r")
	p, err := restore.MakePlan(t.Context(), sel, restore.Target{Dir: to}, restore.PlanOptions{Now: m.clock.Now()})
	must(t, err)
	victim := filepath.Join(to, "photos", "a", "002.bin")
	altered := 0
	rep, err := restore.Run(t.Context(), jobs, p, restore.RunOptions{Space: l.Space(), Fetch: l.Fetcher(), Now: m.clock.Now, Progress: func(x restore.Progress) {
		if x.Phase != restore.PhaseProving || altered > 0 {
			return
		}
		altered++
		b, err := os.ReadFile(victim)
		must(t, err)
		must(t, os.WriteFile(victim, flip(b), 0o600))
	}})
	must(t, err)
	if altered == 0 {
		t.Fatal("nothing was altered")
	}
	if rep.Whole() || rep.Written != 4 || rep.NotRestored[restore.ReasonNotIdentical] != 1 {
		t.Errorf("%s %v", rep.Sums(), rep.NotRestored)
	}
}

// lossy is a folder whose events get lost; it is looked through all the same.
type lossy struct {
	source.Tree
	changes chan source.Change
	scanned func() // after each look at a folder, before its run ends
}

func (l *lossy) Scan(ctx context.Context, f source.Folder, o source.ScanOptions, fn func(source.Item) error) (source.Summary, error) {
	s, err := l.Tree.Scan(ctx, f, o, fn)
	if l.scanned != nil && o.Under == "" {
		l.scanned()
	}
	return s, err
}

func (l *lossy) Watch(context.Context, []source.Folder, source.WatchOptions) (<-chan source.Change, error) {
	return l.changes, nil
}

// 10: file events are lost. The next thing that happens is a full look, which finds what they would have told.
func TestLostFileEventsLeadToAFullLook(t *testing.T) {
	t.Run("between two runs", func(t *testing.T) { lostFileEvents(t, false) })
	t.Run("while a run ends", func(t *testing.T) { lostFileEvents(t, true) })
}

func lostFileEvents(t *testing.T, early bool) {
	var tree *lossy
	g := newGreenOn(t, func(inner source.Tree) source.Tree {
		tree = &lossy{Tree: inner, changes: make(chan source.Change, 1)}
		return tree
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	began := g.state().LastLook
	g.clock.add(2 * time.Second) // looks are dated in seconds
	events, err := g.engine.Events(ctx)
	must(t, err)
	if early {
		tree.scanned = sync.OnceFunc(func() {
			g.tree.Put(g.photos, "without an event.jpg", large)
			tree.changes <- source.Change{Lost: true, Err: source.ErrEventsLost}
			for len(tree.changes) > 0 { // until the schedule has seen it, while the run goes on
				runtime.Gosched()
			}
		})
	}
	served := make(chan error, 1)
	go func() { served <- g.engine.Serve(ctx) }()
	until := func(what string, holds func(*backup.State) bool) {
		t.Helper()
		for ev := range events {
			if ev.State != nil && holds(ev.State) {
				return
			}
		}
		t.Fatalf("%s does not come: %+v", what, g.state())
	}
	if !early {
		until("the look at the start", func(s *backup.State) bool { return s.LastLook.After(began) && s.Work == nil })
		g.tree.Put(g.photos, "without an event.jpg", large)
		tree.changes <- source.Change{Lost: true, Err: source.ErrEventsLost}
	}
	until("the look after the loss", func(s *backup.State) bool { return s.Counts.Found == invented+1 && s.Counts.Protected == invented+1 })
	cancel()
	<-served
}
