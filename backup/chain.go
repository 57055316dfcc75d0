package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// cached serves the vault's readers from the local cache of envelopes and pages.
type cached struct{ e *Engine }

func (c cached) Get(ctx context.Context, name string) ([]byte, error) {
	name = strings.TrimPrefix(name, "m2/")
	if cid, ok := vault.ParseChunkName(name); ok {
		b, err := c.e.db.Pages.Get(ctx, cid[:])
		if errors.Is(err, catalog.ErrNotFound) {
			return nil, fmt.Errorf("%s: %w", name, vault.ErrMissing)
		}
		return b, err
	}
	b, err := c.e.db.State.Get(ctx, []byte(rowEnvelope+name))
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, fmt.Errorf("%s: %w", name, vault.ErrMissing)
	}
	if err != nil || len(b) < 8 {
		return nil, err
	}
	return b[8:], nil
}

func (c cached) List(ctx context.Context, prefix string, fn func(string, int64) error) error {
	if strings.HasPrefix(prefix, "m2/") {
		return nil
	}
	return c.e.db.State.Scan(ctx, func(k, v []byte) error {
		if name, ok := strings.CutPrefix(string(k), rowEnvelope); ok && strings.HasPrefix(name, prefix) {
			return fn(name, int64(len(v)-8))
		}
		return nil
	})
}

// followChain evaluates the control chain of the local cache, joined by what reachable destinations have, and takes new generations.
func (e *Engine) followChain(ctx context.Context) error {
	objects := layered{cached{e}}
	for _, d := range e.destinations() {
		if d.store() != nil {
			objects = append(objects, vaultObjects{d.store()})
		}
	}
	credited := e.credit()
	chain, _, grew, err := writer.LoadChain(ctx, objects, e.keys, func(h vault.Hash) time.Duration { return credited[h.String()] }, 0)
	if err != nil {
		return err
	}
	if err := e.keepChain(ctx, objects, chain); err != nil {
		return err
	}
	control, err := e.keys.Follows(chain) // older than the chain's head where this computer got no keys of its newest generation
	if err != nil {
		return err
	}
	e.mu.Lock()
	for i, c := range chain.Entries {
		if _, ok := e.facts.FirstSeen[c.Head().Hash.String()]; !ok && i > 0 {
			e.facts.FirstSeen[c.Head().Hash.String()] = 0
		}
	}
	e.chain = chain
	e.facts.Control = control
	err = e.keepCredits()
	e.mu.Unlock()
	if err != nil {
		return err
	}
	if grew {
		return saveWriter(e.o.Home, e.keys, e.start)
	}
	return nil
}

// credit gives each control entry the time that passed since the last run, 0 to 24 hours and never more, whatever the clock did; delays
// are counted in it.
func (e *Engine) credit() map[string]time.Duration {
	now := e.clock.Now().Unix()
	e.mu.Lock()
	defer e.mu.Unlock()
	passed := time.Duration(now-e.facts.Credited) * time.Second
	if e.facts.Credited == 0 || passed < 0 {
		passed = 0
	}
	e.facts.Credited = now
	out := make(map[string]time.Duration, len(e.facts.FirstSeen))
	for h, d := range e.facts.FirstSeen {
		e.facts.FirstSeen[h] = d + min(passed, 24*time.Hour)
		out[h] = e.facts.FirstSeen[h]
	}
	return out
}

// layered asks one source of objects after another.
type layered []writer.Objects

func (l layered) Get(ctx context.Context, name string) ([]byte, error) {
	err := fmt.Errorf("%s: %w", name, vault.ErrMissing)
	for _, o := range l {
		b, gerr := o.Get(ctx, name)
		if gerr == nil {
			return b, nil
		}
		if !errors.Is(gerr, vault.ErrMissing) {
			err = gerr
		}
	}
	return nil, err
}

func (l layered) List(ctx context.Context, prefix string, fn func(string, int64) error) error {
	seen := map[string]bool{}
	for _, o := range l {
		err := o.List(ctx, prefix, func(n string, size int64) error {
			if seen[n] {
				return nil
			}
			seen[n] = true
			return fn(n, size)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keepChain takes control entries that were met at one destination, and what they name, into the local cache: our commits name the chain's
// head, so each destination needs it, and gets it before them.
func (e *Engine) keepChain(ctx context.Context, o writer.Objects, chain *vault.Chain) error {
	var names []string
	epochs := map[string]vault.Hash{}
	for _, c := range chain.Entries {
		if ok, err := e.db.State.Has(ctx, []byte(rowEnvelope+c.Name)); err != nil {
			return err
		} else if ok {
			continue
		}
		if c.Epoch != nil {
			names = append(names, c.Epoch.Name)
			epochs[c.Epoch.Name] = c.Epoch.Hash
		}
		names = append(names, c.Name)
	}
	if len(names) == 0 {
		return nil
	}
	// Recovery slots are named after what only a kit knows: with new entries, all there are.
	for _, prefix := range []string{"r/", vault.Mirror("r/")} {
		err := o.List(ctx, prefix, func(n string, _ int64) error {
			n = strings.TrimPrefix(n, "m2/")
			if vault.ValidName(n) && !slices.Contains(names, n) {
				names = append(names, n)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, n := range names {
		row := []byte(rowEnvelope + n)
		if ok, err := e.db.State.Has(ctx, row); err != nil || ok {
			if err != nil {
				return err
			}
			continue
		}
		b, _, err := writer.Doubled(ctx, o, n, func(b []byte) ([]byte, error) {
			want, isEpoch := epochs[n]
			if isEpoch && objectHash(b) != want || strings.HasPrefix(n, "k/") && !e.isHistory(n, b) {
				return nil, vault.ErrTampered
			}
			return b, nil
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			continue // no good copy of it is left where we can look; the next run tries again
		}
		seq, _, _ := vault.ParseControlName(n)
		if err := e.db.State.Put(ctx, row, envelopeRow(seq, b)); err != nil {
			return err
		}
	}
	return nil
}
