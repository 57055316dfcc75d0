package backup

import (
	"context"
	"errors"

	"lightproof/backup/catalog"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// relearn fills an empty database from a destination: object lists, envelopes and the head of the own log. Which file is which is not
// in them (this keyset cannot read that): files are read again, found to be stored, and joined by the next fold.
func (e *Engine) relearn(ctx context.Context) error {
	for _, d := range e.destinations() {
		if d.connect(ctx, e.o.Open) != nil {
			continue
		}
		objects := vaultObjects{d.store()}
		if err := e.cacheEnvelopes(ctx, d); err != nil {
			return err
		}
		if err := e.followChain(ctx); err != nil {
			return err
		}
		tags, err := writer.Logs(ctx, objects)
		if err != nil {
			return err
		}
		var seen []vault.SeenHead
		for _, tag := range tags {
			head, _, err := writer.WalkLog(ctx, objects, e.keys, e.chain, tag, vault.Head{}, func(lc writer.LogCommit) error {
				return e.learnList(ctx, d, tag, lc)
			})
			if err != nil {
				return err
			}
			if tag == e.keys.Tag {
				e.mu.Lock()
				e.log = head
				e.mu.Unlock()
				if head.Seq > 0 {
					e.loseMap()
				}
			} else if head.Seq > 0 {
				seen = append(seen, vault.SeenHead{Tag: tag, Head: head})
			}
		}
		return e.saveSeen(ctx, seen)
	}
	return nil
}

// learnList takes over what a commit in the log of tag lists. What our own log says of an object counts before what another says.
func (e *Engine) learnList(ctx context.Context, d *destination, tag vault.DevTag, lc writer.LogCommit) error {
	now := e.clock.Now().Unix()
	return e.db.Update(ctx, func(w *catalog.Writer) error {
		for _, o := range lc.List.Records {
			row := catalog.Object{CTH: o.Object, Size: o.Size, Class: uint8(o.Class), FirstSeq: lc.Header.Seq, Foreign: tag != e.keys.Tag}
			if row.Foreign {
				if old, err := w.Objects.Get(ctx, o.CID); err == nil && !old.Foreign && old.FirstSeq != 0 {
					continue
				} else if err != nil && !errors.Is(err, catalog.ErrNotFound) {
					return err
				}
			}
			if err := w.Objects.Put(ctx, o.CID, row); err != nil {
				return err
			}
			// Known to be listed, not yet looked at here: old evidence, so that the next use asks the destination.
			c := catalog.Copy{Level: catalog.LevelSent, SentAt: now - recheckAfter - 1}
			if err := w.Copies.Put(ctx, catalog.CopyKey{Destination: d.id, CID: o.CID}, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// cacheEnvelopes copies all envelopes of a destination into the local cache.
func (e *Engine) cacheEnvelopes(ctx context.Context, d *destination) error {
	for _, prefix := range []string{"k/", "e/", "r/", "l/"} {
		var names []string
		if err := d.store().List(ctx, prefix, func(i store.Info) error { names = append(names, i.Name); return nil }); err != nil {
			return err
		}
		for _, n := range names {
			if !vault.ValidName(n) {
				continue
			}
			if ok, err := e.db.State.Has(ctx, []byte(rowEnvelope+n)); err != nil || ok {
				if err != nil {
					return err
				}
				continue
			}
			b, err := d.store().Get(ctx, n, store.GetOptions{})
			if err != nil {
				return err
			}
			_, seq, _, _ := vault.ParseCommitName(n)
			if err := e.db.State.Put(ctx, []byte(rowEnvelope+n), envelopeRow(seq, b)); err != nil {
				return err
			}
		}
	}
	return nil
}
