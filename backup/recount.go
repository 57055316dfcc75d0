package backup

import (
	"context"
	"strings"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/vault"
)

// ProofLimit is how long a read-back counts as proof.
const ProofLimit = 30 * 24 * time.Hour

// renewAfter is when a proof is renewed, well before it expires.
const renewAfter = 20 * 24 * time.Hour

// openedLimit is how long a copy may go without having been decrypted and compared.
const openedLimit = 90 * 24 * time.Hour

// proofs is what is known of all copies at one moment, by destination.
type proofs struct {
	dests   []*destination
	at      map[vault.CID][]int64 // time of the newest proof by destination, 0 = none
	opened  map[vault.CID]int64
	bad     map[vault.CID]int // destinations whose copy is faulty
	kept    map[vault.CID]int // destinations that took it and of whose copy no fault is known
	through []uint64          // by destination: commits up to this one have all their records proven there
}

func (e *Engine) proofs(ctx context.Context, w *catalog.Writer) (*proofs, error) {
	p := &proofs{dests: e.destinations(), at: map[vault.CID][]int64{}, opened: map[vault.CID]int64{}, bad: map[vault.CID]int{}, kept: map[vault.CID]int{}}
	index := map[[16]byte]int{}
	named := make([]map[string]bool, len(p.dests))
	for i, d := range p.dests {
		index[d.id] = i
		named[i] = map[string]bool{}
	}
	oldest := e.clock.Now().Add(-ProofLimit).Unix()
	newest := e.clock.Now().Add(clockSlack).Unix() // a proof from the future is one of a clock that was wrong
	err := w.Copies.Each(ctx, func(k catalog.CopyKey, c catalog.Copy) error {
		i, ok := index[k.Destination]
		if !ok {
			return nil
		}
		t := max(c.CheckedAt, c.OpenedAt)
		good := c.Level >= catalog.LevelChecked && c.Fault == catalog.FaultNone && t > oldest && t <= newest
		if k.Name != "" {
			named[i][k.Name] = good
			return nil
		}
		if p.at[k.CID] == nil {
			p.at[k.CID] = make([]int64, len(p.dests))
		}
		if good {
			p.at[k.CID][i] = t
		}
		if c.Fault != catalog.FaultNone {
			p.bad[k.CID]++
		} else if c.Level > catalog.LevelNone {
			p.kept[k.CID]++
		}
		p.opened[k.CID] = max(p.opened[k.CID], c.OpenedAt)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, p.records(ctx, w, named)
}

// records finds, for each destination, up to which commit all that is needed to open files is proven: commits, lists, pages, keys.
func (p *proofs) records(ctx context.Context, w *catalog.Writer, named []map[string]bool) error {
	p.through = make([]uint64, len(p.dests))
	for i := range p.through {
		p.through[i] = vault.MaxSeq
	}
	lower := func(i int, seq uint64) {
		if seq > 0 {
			seq--
		}
		p.through[i] = min(p.through[i], seq)
	}
	err := w.State.Scan(ctx, func(k, _ []byte) error {
		name, ok := strings.CutPrefix(string(k), rowEnvelope)
		if !ok {
			return nil
		}
		_, seq, _, _ := vault.ParseCommitName(strings.SplitN(name, ".", 2)[0])
		for i := range p.dests {
			// One good copy of a doubled record is enough to open files; the other one is healed.
			if !named[i][name] && !named[i][vault.Mirror(name)] {
				lower(i, seq)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.Objects.Each(ctx, func(cid [32]byte, o catalog.Object) error {
		if vault.Class(o.Class) != vault.ClassPage || o.FirstSeq == 0 {
			return nil
		}
		for i := range p.dests {
			if at := p.at[cid]; (at == nil || at[i] == 0) && !named[i][vault.Mirror(vault.ChunkName(cid))] {
				lower(i, o.FirstSeq)
			}
		}
		return nil
	})
}

// version judges one version: in which places it is proven, since when at the oldest, whether its copies are damaged or lost.
func (p *proofs) version(objects [][32]byte, seq uint64) (places, away int, oldest int64, damaged, lost bool) {
	seen := map[string]bool{}
	for i, d := range p.dests {
		if seq == 0 || seq > p.through[i] {
			continue
		}
		ok := true
		var t int64
		for _, cid := range objects {
			at := p.at[cid]
			if at == nil || at[i] == 0 {
				ok = false
				break
			}
			if t == 0 || at[i] < t {
				t = at[i]
			}
		}
		if !ok || seen[d.set.Place] {
			continue
		}
		seen[d.set.Place] = true
		places++
		if d.set.Away {
			away++
		}
		if t != 0 && (oldest == 0 || t < oldest) {
			oldest = t
		}
	}
	for _, cid := range objects {
		if p.bad[cid] > 0 {
			damaged = true
			lost = lost || p.kept[cid] == 0
		}
	}
	return places, away, oldest, damaged, lost
}

// recount computes all figures from the records of single copies, never from "the job finished".
func (e *Engine) recount(ctx context.Context) error {
	e.mu.Lock()
	plan := e.set.Plan
	e.mu.Unlock()
	folders := map[[16]byte]*Counts{}
	for _, f := range e.folders() {
		folders[f.ID] = &Counts{}
	}
	var total Counts
	var history History
	reasons := map[string]int64{}
	var oldest, due int64
	dests := map[string]*destFacts{}
	err := e.db.View(ctx, func(w *catalog.Writer) error {
		p, err := e.proofs(ctx, w)
		if err != nil {
			return err
		}
		for i, d := range p.dests {
			f := &destFacts{}
			dests[d.set.ID] = f
			for cid, at := range p.at {
				if at[i] == 0 {
					continue
				}
				f.Objects++
				if o, err := w.Objects.Get(ctx, cid); err == nil {
					f.Stored += int64(o.Size)
				}
				if f.Oldest.IsZero() || at[i] < f.Oldest.Unix() {
					f.Oldest = time.Unix(at[i], 0)
				}
			}
		}
		opened := e.clock.Now().Add(-openedLimit).Unix()
		for _, t := range p.opened {
			if t < opened {
				due++
			}
		}
		err = w.Files.Each(ctx, func(k catalog.FileKey, f catalog.File) error {
			c := folders[k.Folder]
			if c == nil || f.State == catalog.StateGone {
				return nil
			}
			c.Found++
			switch f.State {
			case catalog.StateSkipped:
				c.Skipped++
			case catalog.StateFailed:
				c.Failed++
				reasons[f.Reason]++
				if places, _, _, _, lost := p.version(f.Objects, f.Commit); f.Reason == reasonReadError && len(f.Objects) > 0 && places > 0 && !lost {
					reasons[reasonGoodCopy]++
				}
			case catalog.StateOnlineOnly:
				c.OnlineOnly++
			case catalog.StateUnreadable:
				c.Unreadable++
				reasons[f.Reason]++
			case catalog.StatePending:
				c.Pending++
				if f.Reason != reasonBusy { // that one means a file that failed
					reasons[f.Reason]++
				}
			case catalog.StateStored:
				places, away, t, _, lost := p.version(f.Objects, f.Commit)
				for i, d := range p.dests {
					if dests[d.set.ID] != nil && p.provenAt(i, f.Objects, f.Commit) {
						dests[d.set.ID].Proven++
					} else {
						dests[d.set.ID].Gap++
					}
				}
				switch {
				case lost:
					c.Failed++
					reasons["lost"]++
				case places >= max(2, plan.Places) && away >= plan.Away:
					c.Protected++
				case places == 0:
					c.Pending++
					reasons["awaiting-read-back"]++
				default:
					c.Pending++
					reasons["too-few-places"]++
				}
				if t != 0 && (oldest == 0 || t < oldest) {
					oldest = t
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return w.Versions.Each(ctx, func(_ [16]byte, v catalog.Version) error {
			if v.Removed {
				return nil
			}
			history.Versions++
			places, _, _, damaged, lost := p.version(v.Objects, v.Seq)
			switch {
			case lost:
				history.Lost++
			case places > 0:
				history.Proven++
			case damaged:
				history.Damaged++
			default:
				history.Due++
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	broken := false
	for id, c := range folders {
		f := e.folderFact(hexID(id))
		c.AtLeast = f.Partial
		if f.Missing != 0 { // its files are watched no more: they wait for the folder
			c.Pending += c.Protected
			reasons[reasonFolder] += c.Protected
			c.Protected = 0
		} else if f.Found != c.Found && f.LastScan != 0 {
			broken = true
		}
		f.Counts = *c
		total.Found += c.Found
		total.Protected += c.Protected
		total.Pending += c.Pending
		total.Skipped += c.Skipped
		total.Failed += c.Failed
		total.OnlineOnly += c.OnlineOnly
		total.Unreadable += c.Unreadable
		total.AtLeast = total.AtLeast || c.AtLeast
	}
	for id, d := range dests {
		f := e.destFact(id)
		f.Stored, f.Objects, f.Proven, f.Gap, f.Oldest = d.Stored, d.Objects, d.Proven, d.Gap, d.Oldest
	}
	e.facts.Counts, e.facts.History, e.facts.Reasons, e.facts.OpenDue = total, history, reasons, due
	e.facts.Broken = broken || !total.Sums() || history.Versions != history.Proven+history.Due+history.Damaged+history.Lost
	e.facts.Oldest = time.Time{}
	if oldest != 0 {
		e.facts.Oldest = time.Unix(oldest, 0)
	}
	return nil
}

func (p *proofs) provenAt(i int, objects [][32]byte, seq uint64) bool {
	if seq == 0 || seq > p.through[i] {
		return false
	}
	for _, cid := range objects {
		if at := p.at[cid]; at == nil || at[i] == 0 {
			return false
		}
	}
	return true
}
