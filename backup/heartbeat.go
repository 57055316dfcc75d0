package backup

import (
	"context"
	"time"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// heartbeatAfter is how long after the last commit a run writes one even though there is nothing to say; runs come at least daily, and
// the commit of the day before was a little later than its run.
const heartbeatAfter = 23 * time.Hour

// heartbeat writes a commit without content where nothing was written for a day. By it other devices see that this one lives, and up to
// where it has seen their logs (what they may collect depends on that).
func (r *runner) heartbeat(ctx context.Context) error {
	e := r.e
	now := e.clock.Now().Unix()
	e.mu.Lock()
	passed := time.Duration(now-e.facts.LastCommit) * time.Second
	e.mu.Unlock()
	// A clock that went back makes one due as well; the format never judges by the time.
	if e.log.Seq == 0 || len(r.destinations()) == 0 || passed >= 0 && passed < heartbeatAfter {
		return nil
	}
	b := newBatch(r, e.keys, e.log.Seq+1)
	head := vault.Commit{Seq: b.seq, Prev: e.prev(), Time: now, Control: e.facts.Control, Seen: e.facts.Seen, Type: vault.CommitHeartbeat}
	built, err := e.keys.SealCommit(head, nil)
	if err != nil {
		return err
	}
	if err := e.journal(ctx, b, nil, nil, []writer.Built{built.Built}, built.Head, now); err != nil {
		return err
	}
	return b.deliverAll(ctx, []writer.Built{built.Built})
}
