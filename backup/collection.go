package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lightproof/backup/catalog"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// Collections that another program announces are obeyed (FORMAT.md, "Collection"): no name that an intent condemns is written or listed.
// Sealing and signing keep to it by themselves; here is where the intents are read, kept, and looked up before anything is put.

// rowIntent + devtag || u64 seq → an intent, in the State table.
const rowIntent = "intent/"

// loadIntents takes up the intents of earlier runs; from here on the keys keep to them.
func (e *Engine) loadIntents(ctx context.Context) error {
	e.keys.Obey(&writer.Condemned{})
	return e.db.State.Scan(ctx, func(k, v []byte) error {
		if !strings.HasPrefix(string(k), rowIntent) {
			return nil
		}
		i, err := writer.ParseIntent(v)
		if err == nil {
			e.keys.Condemned().Learn(i)
		}
		return err
	})
}

// learnLogs brings the control chain up to date and reads what the other active devices wrote since the last run. What was read is named
// as seen only together with the intents found in it: others take "seen" for "obeyed".
func (e *Engine) learnLogs(ctx context.Context, r *runner) error {
	defer r.recordsCame() // control entries that one destination had are owed to the others, before a commit that names them
	if err := e.followChain(ctx); errors.Is(err, vault.ErrMissing) {
		return nil // nobody to ask now
	} else if err != nil {
		return err
	}
	e.mu.Lock()
	heads := map[vault.DevTag]vault.Head{}
	for _, s := range e.facts.Seen {
		heads[s.Tag] = s.Head
	}
	e.mu.Unlock()
	grew := false
	for _, p := range e.chain.Principals() {
		if p.Device == nil || !p.Active || p.Device.Tag == e.keys.Tag {
			continue
		}
		tag := p.Device.Tag
		for _, d := range r.destinations() {
			head, _, err := writer.WalkLog(ctx, vaultObjects{d.store()}, e.keys, e.chain, tag, heads[tag], func(writer.LogCommit) error { return nil })
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				r.lose(d, err)
			} else if head.Seq > heads[tag].Seq {
				heads[tag], grew = head, true
			}
		}
	}
	if !grew {
		return nil
	}
	var seen []vault.SeenHead
	for tag, h := range heads {
		seen = append(seen, vault.SeenHead{Tag: tag, Head: h})
	}
	return e.saveSeen(ctx, seen)
}

// alone tells whether no other device is known to write to the vault.
func (e *Engine) alone() bool {
	for _, p := range e.chain.Principals() {
		if p.Device != nil && p.Active && p.Device.Tag != e.keys.Tag {
			return false
		}
	}
	return true
}

// saveSeen keeps the heads of the other logs, and with them the intents that were met on the way.
func (e *Engine) saveSeen(ctx context.Context, seen []vault.SeenHead) error {
	e.saving.Lock()
	defer e.saving.Unlock()
	e.mu.Lock()
	e.facts.Seen = seen
	e.mu.Unlock()
	facts, err := e.encodeFacts()
	if err != nil {
		return err
	}
	return e.db.Update(ctx, func(w *catalog.Writer) error {
		for _, i := range e.keys.Condemned().Intents() {
			row := i.Encode()
			if err := w.State.Put(ctx, append([]byte(rowIntent), row[:16]...), row); err != nil {
				return err
			}
		}
		return w.State.Put(ctx, []byte(factsRow), facts)
	})
}

// mayPut refuses a name that a collection claims.
func (e *Engine) mayPut(cid vault.CID) error {
	if e.keys.Condemned().Has(cid) {
		return fmt.Errorf("chunk %s: %w", cid, vault.ErrCondemned)
	}
	return nil
}
