package backup

import (
	"context"
	"maps"
	"time"

	"lightproof/backup/catalog"
)

// ProofLimit is how long a read-back counts as proof.
const ProofLimit = 30 * 24 * time.Hour

// renewAfter is when a proof is renewed, well before it expires.
const renewAfter = 20 * 24 * time.Hour

// openedLimit is how long a copy may go without having been decrypted and compared.
const openedLimit = 90 * 24 * time.Hour

// recount brings all figures up to date. They are computed from the records of single copies, never from "the job finished": anew, or,
// where no record has changed since and none counts for more or less by now, as they were computed last.
func (e *Engine) recount(ctx context.Context) error {
	e.recounting.Lock() // whoever counted later has the newer figures
	defer e.recounting.Unlock()
	f, err := e.figuresNow(ctx)
	if err != nil {
		return err
	}
	if f == nil {
		if f, err = e.count(ctx); err != nil {
			return err
		}
		if err := e.keepFigures(ctx, f); err != nil {
			return err
		}
	}
	e.useFigures(f)
	return nil
}

// countedAtStart is how long a start waits for the figures. A clean end leaves them behind; after another one all records are counted, which
// takes a while for a million originals. Until then the engine does everything else, and its verdict is that it cannot tell.
const countedAtStart = time.Second

// firstCount is recount for a start.
func (e *Engine) firstCount(ctx context.Context) error {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.mu.Lock()
	e.stopCounting = stop
	e.mu.Unlock()
	done, late := make(chan error), make(chan struct{})
	e.counting.Go(func() {
		err := e.recount(ctx)
		select {
		case done <- err:
		case <-late:
			e.publish(ctx)
		}
	})
	select {
	case err := <-done:
		return err
	case <-e.clock.After(countedAtStart):
		close(late)
		return nil
	}
}

// count computes all figures on one state of the records.
func (e *Engine) count(ctx context.Context) (*figures, error) {
	c := e.newCounting()
	err := e.db.View(ctx, func(w *catalog.Writer) error {
		var err error
		if c.out.Mark, err = w.Mark(ctx); err != nil {
			return err
		}
		if c.out.walks, err = walks(ctx, w); err != nil {
			return err
		}
		p, err := e.proofs(ctx, w, c.out)
		if err != nil {
			return err
		}
		if err := w.Files.Each(ctx, func(k catalog.FileKey, f catalog.File) error { c.file(p, k, &f); return nil }); err != nil {
			return err
		}
		return w.Versions.Each(ctx, func(_ [16]byte, v catalog.Version) error { c.version(p, &v); return nil })
	})
	return c.out, err
}

// counting is one count of all figures.
type counting struct {
	out     *figures
	plan    Plan
	folders map[[16]byte]*Counts
}

func (e *Engine) newCounting() *counting {
	out := e.figuresFor(e.clock.Now())
	out.known = newKeptKnown()
	c := &counting{out: out, folders: map[[16]byte]*Counts{}}
	e.mu.Lock()
	c.plan = e.set.Plan
	e.mu.Unlock()
	for _, f := range e.folders() {
		c.folders[f.ID] = &Counts{}
		out.Folders[hexID(f.ID)] = c.folders[f.ID]
	}
	return c
}

func (c *counting) file(p *proofs, k catalog.FileKey, f *catalog.File) {
	c.out.known.add(k, f)
	if f.VersionID != [16]byte{} {
		c.kept(p.version(f.Objects, f.Commit))
	}
	n, reasons := c.folders[k.Folder], c.out.Reasons
	if n == nil || f.State == catalog.StateGone {
		return
	}
	n.Found++
	switch f.State {
	case catalog.StateSkipped:
		n.Skipped++
	case catalog.StateFailed:
		n.Failed++
		reasons[f.Reason]++
		if f.Reason == reasonReadError && len(f.Objects) > 0 {
			if v := p.version(f.Objects, f.Commit); v.places > 0 && !v.lost {
				reasons[reasonGoodCopy]++
			}
		}
	case catalog.StateOnlineOnly:
		n.OnlineOnly++
	case catalog.StateUnreadable:
		n.Unreadable++
		reasons[f.Reason]++
	case catalog.StatePending:
		n.Pending++
		if f.Reason != reasonBusy { // that one means a file that failed
			reasons[f.Reason]++
		}
	case catalog.StateStored:
		c.stored(n, p.version(f.Objects, f.Commit))
	}
}

func (c *counting) stored(n *Counts, v judged) {
	for i, proven := range v.at {
		if proven {
			c.out.dests[i].Proven++
		} else {
			c.out.dests[i].Gap++
		}
	}
	switch {
	case v.lost:
		n.Failed++
		c.out.Reasons["lost"]++
	case v.places >= max(2, c.plan.Places) && v.away >= c.plan.Away:
		n.Protected++
	case v.places == 0:
		n.Pending++
		c.out.Reasons["awaiting-read-back"]++
	default:
		n.Pending++
		c.out.Reasons["too-few-places"]++
	}
	if v.oldest != 0 && (c.out.Oldest == 0 || v.oldest < c.out.Oldest) {
		c.out.Oldest = v.oldest
	}
}

// version takes a version that is not the newest of its file.
func (c *counting) version(p *proofs, v *catalog.Version) {
	if !v.Removed {
		c.kept(p.version(v.Objects, v.Seq))
	}
}

// kept counts one version.
func (c *counting) kept(j judged) {
	h := &c.out.History
	h.Versions++
	switch {
	case j.lost:
		h.Lost++
	case j.places > 0:
		h.Proven++
	case j.damaged:
		h.Damaged++
	default:
		h.Due++
	}
}

// useFigures makes figures those of the state, with what the last looks at the folders say.
func (e *Engine) useFigures(f *figures) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var total Counts
	reasons := maps.Clone(f.Reasons)
	broken := false
	for id, n := range f.Folders {
		c := *n
		ff, walk := e.folderFact(id), f.walks[id]
		c.AtLeast = ff.Partial
		c.Found += walk.Unlisted
		c.Pending += walk.Unlisted
		if walk.Unlisted > 0 {
			reasons[reasonNew] += walk.Unlisted
		}
		if ff.Missing != 0 { // its files are watched no more: they wait for the folder
			c.Pending += c.Protected
			reasons[reasonFolder] += c.Protected
			c.Protected = 0
		} else if walk.Found != c.Found && walk.LastScan != 0 {
			broken = true
		}
		ff.Counts = c
		total.Found += c.Found
		total.Protected += c.Protected
		total.Pending += c.Pending
		total.Skipped += c.Skipped
		total.Failed += c.Failed
		total.OnlineOnly += c.OnlineOnly
		total.Unreadable += c.Unreadable
		total.AtLeast = total.AtLeast || c.AtLeast
	}
	for id, d := range f.Dests {
		df := e.destFact(id)
		df.Stored, df.Objects, df.Proven, df.Gap, df.Oldest = d.Stored, d.Objects, d.Proven, d.Gap, unixTime(d.Oldest)
	}
	e.facts.Counts, e.facts.History, e.facts.Reasons, e.facts.OpenDue = total, f.History, reasons, f.OpenDue
	e.facts.Broken = broken || !total.Sums() || f.History.Versions != f.History.Proven+f.History.Due+f.History.Damaged+f.History.Lost
	e.facts.Oldest = unixTime(f.Oldest)
	e.facts.counting = false
}
