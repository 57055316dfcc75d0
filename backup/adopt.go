package backup

import (
	"context"
	"errors"
	"fmt"

	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// ErrForked refuses AdoptHistory: this computer and another wrote under one name. Neither history is the other's beginning, so going on
// from one would hide the other; this computer needs a name of its own.
var ErrForked = errors.New("two histories were written under this computer's name")

// AdoptHistory goes on from the newest commit that the destinations hold under this computer's name, although its own records do not know
// it: the data folder was restored from an image. Only the unlocked owner can say so, and that no other computer goes on writing under
// this name. It ends the alarm. Errors: ErrForked; store.ErrAway if a destination that gave cause for the alarm cannot be asked.
type AdoptHistory struct{}

func (AdoptHistory) CommandName() string { return "adopt-history" }

// history is the own log as one destination holds it.
type history struct {
	d    *destination
	head vault.Head
	at   map[uint64]vault.Hash
}

// joins tells whether a head is a part of the history, or its continuation as far as that can be told here.
func (h history) joins(other vault.Head) bool {
	return other.Seq == 0 || other.Seq > h.head.Seq || h.at[other.Seq] == other.Hash
}

func (e *Engine) adoptHistory(ctx context.Context) error {
	e.run.Lock()
	defer e.run.Unlock()
	r := e.newRunner("looking")
	defer e.endWork(ctx)
	r.connect(ctx)
	if err := e.blamedReached(r); err != nil {
		return err
	}
	if err := e.followChain(ctx); err != nil {
		return err
	}
	best, err := e.oneHistory(ctx, r)
	if err != nil {
		return err
	}
	if best.head.Seq > e.log.Seq {
		if err := e.cacheEnvelopes(ctx, best.d); err != nil {
			return err
		}
		head, _, err := writer.WalkLog(ctx, vaultObjects{best.d.store()}, e.keys, e.chain, e.keys.Tag, e.log, func(lc writer.LogCommit) error {
			return e.learnList(ctx, best.d, e.keys.Tag, lc)
		})
		if err != nil {
			return err
		}
		e.mu.Lock()
		e.log = head
		for _, f := range e.facts.Folders {
			f.LastScan = 0 // what the old records say of the originals is out of date
		}
		e.mu.Unlock()
		e.loseMap()
	}
	e.mu.Lock()
	seen := e.facts.Seen
	e.mu.Unlock()
	if err := e.saveSeen(ctx, seen); err != nil { // with the collections that were met on the way
		return err
	}
	e.mu.Lock()
	delete(e.blamed, alarmClone)
	delete(e.alarms, alarmClone)
	e.mu.Unlock()
	e.calm(alarmRolledBack, best.d)
	if err := e.note(ctx, "adopted", int64(e.log.Seq)); err != nil {
		return err
	}
	e.nudge()
	return e.afterRun(ctx)
}

// blamedReached makes sure that every destination that gave cause for the alarm can be asked.
func (e *Engine) blamedReached(r *runner) error {
	reached := map[string]bool{"": true}
	for _, d := range r.destinations() {
		reached[d.set.ID] = true
	}
	if len(reached) == 1 {
		return fmt.Errorf("%w: %w", errNoPlace, r.lastLoss())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for id := range e.blamed[alarmClone] {
		if !reached[id] {
			return fmt.Errorf("a destination that holds another history: %w", store.ErrAway)
		}
	}
	return nil
}

// oneHistory reads the own log at every reachable destination and returns the longest, provided that all of them and our own records are
// one history.
func (e *Engine) oneHistory(ctx context.Context, r *runner) (best history, err error) {
	var all []history
	for _, d := range r.destinations() {
		h := history{d: d, at: map[uint64]vault.Hash{}}
		var found []writer.Finding
		h.head, found, err = writer.WalkLog(ctx, vaultObjects{d.store()}, e.keys, e.chain, e.keys.Tag, vault.Head{}, func(lc writer.LogCommit) error {
			h.at[lc.Head.Seq] = lc.Head.Hash
			return ctx.Err()
		})
		if err != nil {
			return best, err
		}
		for _, f := range found {
			if errors.Is(f.Err, vault.ErrFork) {
				return best, fmt.Errorf("%s: %w", f.Name, ErrForked)
			}
		}
		own, known := e.ownHead(ctx, h.head.Seq)
		if !h.joins(e.log) || h.head.Seq > 0 && h.head.Seq < e.log.Seq && known && own != h.head {
			return best, ErrForked
		}
		all = append(all, h)
		if best.d == nil || h.head.Seq > best.head.Seq {
			best = h
		}
	}
	for _, h := range all {
		if !best.joins(h.head) {
			return best, ErrForked
		}
	}
	return best, nil
}
