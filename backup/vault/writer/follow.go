package writer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lightproof/backup/vault"
	"lightproof/keystore/secret"
)

// Objects is what following a vault needs of wherever the objects are. Get fails with an error matching vault.ErrMissing where the
// object is not there; it must not read more than one byte beyond vault.MaxChunkObject, whatever the far end claims to hold.
type Objects interface {
	Get(ctx context.Context, name string) ([]byte, error)
	List(ctx context.Context, prefix string, fn func(name string, size int64) error) error
}

// Finding is something wrong that did not stop the work.
type Finding struct {
	Name string
	Err  error
}

// names lists the names under prefix, those that only the mirror still has included.
func names(ctx context.Context, o Objects, prefix string) ([]string, error) {
	seen := map[string]bool{}
	for _, p := range []string{prefix, vault.Mirror(prefix)} {
		err := o.List(ctx, p, func(name string, _ int64) error {
			seen[strings.TrimPrefix(name, "m2/")] = true
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	out := make([]string, 0, len(seen))
	for n := range seen {
		out = append(out, n)
	}
	slices.Sort(out)
	return out, nil
}

// Doubled reads a doubled object: the first copy that open accepts. Findings name each copy that is missing or wrong.
func Doubled[T any](ctx context.Context, o Objects, name string, open func(obj []byte) (T, error)) (T, []Finding, error) {
	var found []Finding
	var first error
	for _, place := range []string{name, vault.Mirror(name)} {
		obj, err := o.Get(ctx, place)
		if err == nil {
			var v T
			if v, err = open(obj); err == nil {
				return v, found, nil
			}
		}
		if ctx.Err() != nil {
			var zero T
			return zero, found, ctx.Err()
		}
		found = append(found, Finding{Name: place, Err: err})
		// A wrong copy says more than a missing one.
		if first == nil || errors.Is(first, vault.ErrMissing) && !errors.Is(err, vault.ErrMissing) {
			first = err
		}
	}
	var zero T
	return zero, found, fmt.Errorf("%s: %w", name, first)
}

// LoadChain reads and judges the control chain, and follows new generations while locked: where an epoch entry is in force, the
// keyset takes W_g from its slot. The keyset's Generations may grow; persist it then (grew). Where the chain is at a generation that
// the keyset could not follow, a finding says so, and commits go on under the old one: they name what Follows gives. ErrNewer: the chain
// holds what this program does not know. ErrFork: the chain names other keys for a generation than this keyset holds.
func LoadChain(ctx context.Context, o Objects, k *Keyset, credit vault.Credit, matured uint64) (c *vault.Chain, found []Finding, grew bool, err error) {
	all, err := names(ctx, o, "k/")
	if err != nil {
		return nil, nil, false, err
	}
	opened := map[string]*vault.Control{}
	for {
		found = found[:0]
		if err := k.openEntries(ctx, o, all, opened, &found); err != nil {
			return nil, found, grew, err
		}
		var entries []*vault.Control
		for _, n := range all {
			if opened[n] != nil {
				entries = append(entries, opened[n])
			}
		}
		if c, err = vault.EvaluateChain(k.Space, k.Genesis, entries, credit, max(matured, k.Matured)); err != nil {
			for _, f := range found { // what stands in the genesis' place says more than that it is missing
				if seq, _, _ := vault.ParseControlName(strings.TrimPrefix(f.Name, "m2/")); seq == 1 && !errors.Is(f.Err, vault.ErrMissing) {
					err = fmt.Errorf("genesis: %w", f.Err)
				}
			}
			return nil, found, grew, err
		}
		// A listing may leave the newest entry out: ask for it.
		if next := vault.ControlName(c.Head().Seq + 1); !slices.Contains(all, next) && c.Head().Seq < vault.MaxSeq {
			if e, _, err := Doubled(ctx, o, next, func(obj []byte) (*vault.Control, error) { return k.openControl(next, obj) }); err == nil {
				all, opened[next] = append(all, next), e
				continue
			}
		}
		for i, gen := range k.Generations {
			if epk := c.EPK(gen.Number); len(k.EPKs[i]) > 0 && epk != nil && !bytes.Equal(epk, k.EPKs[i]) {
				return nil, found, grew, fmt.Errorf("keys of generation %d: %w", gen.Number, vault.ErrFork)
			}
		}
		g := c.Generation()
		if k.Generation(g) == nil {
			err := k.follow(ctx, o, c)
			if grew = grew || err == nil; err == nil {
				continue
			}
			// An epoch whose slot does not open raises an alarm; backup goes on under the old generation.
			found = append(found, Finding{Name: c.Epoch(g).Name, Err: err})
		}
		_, err := k.Follows(c)
		return c, append(found, aside(c)...), grew, err
	}
}

// aside reports the entries that the chain did not take: those that lost a fork or are junk, and the gap that keeps later ones out.
func aside(c *vault.Chain) (found []Finding) {
	gap := false
	for _, e := range c.Lost {
		if e.Seq > c.Head().Seq+1 {
			gap = true
			continue
		}
		found = append(found, Finding{Name: e.Name, Err: fmt.Errorf("control entry %d is not of the accepted history: %w", e.Seq, vault.ErrFork)})
	}
	if gap {
		next := c.Head().Seq + 1
		found = append(found, Finding{Name: vault.ControlName(next), Err: fmt.Errorf("control entry %d, which later ones follow: %w", next, vault.ErrMissing)})
	}
	return found
}

// openEntries opens the control entries that are not open yet. ErrNewer in a sealed entry stops the client; an unknown version in the
// open head of an object does not, because anybody who can write to the destination can put it there.
func (k *Keyset) openEntries(ctx context.Context, o Objects, all []string, opened map[string]*vault.Control, found *[]Finding) error {
	for _, n := range all {
		if _, _, ok := vault.ParseControlName(n); !ok || opened[n] != nil {
			continue
		}
		var newer error
		e, f, err := Doubled(ctx, o, n, func(obj []byte) (*vault.Control, error) {
			e, err := k.openControl(n, obj)
			if _, _, bad := vault.EnvelopeHead(obj); bad == nil && errors.Is(err, vault.ErrNewer) {
				newer = err
			}
			return e, err
		})
		*found = append(*found, f...)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			opened[n] = e
		case newer != nil:
			return newer
		}
	}
	return nil
}

func (k *Keyset) openControl(name string, obj []byte) (*vault.Control, error) {
	_, g, err := vault.EnvelopeHead(obj)
	if err != nil {
		return nil, err
	}
	gen := k.Generation(g)
	if gen == nil {
		return nil, fmt.Errorf("control entry of generation %d: %w", g, vault.ErrWrongKey)
	}
	return vault.OpenControl(k.Space, name, gen.ControlKey(), obj)
}

// follow adds the generation that is current at the head of the chain, and what its ring holds of older ones that did not come to this
// device before.
func (k *Keyset) follow(ctx context.Context, o Objects, c *vault.Chain) error {
	ref := c.Epoch(c.Generation())
	if ref == nil {
		return fmt.Errorf("epoch entry: %w", vault.ErrMissing)
	}
	parts, _, err := OpenEpoch(ctx, o, k.Space, k.Mix, ref.Name, &ref.Hash)
	if err != nil {
		return err
	}
	kem, err := k.KEM()
	if err != nil {
		return err
	}
	w, err := parts.OpenSlot(vault.LevelWriter, kem, k.Space, ref.Generation)
	if err != nil {
		return err
	}
	gen := vault.NewGeneration(k.Space, ref.Generation, w)
	older, err := vault.OpenRing(gen.RingKey(), parts.Rings[vault.LevelWriter], k.Space, ref.Generation)
	if err != nil {
		return err
	}
	for _, g := range k.Generations {
		if int(g.Number) <= len(older) && !older[g.Number-1].IsZero() && !older[g.Number-1].Equal(g.WriterKey()) {
			return fmt.Errorf("writer ring: %w", vault.ErrTampered)
		}
	}
	for i, w := range older {
		if n := uint32(i + 1); !w.IsZero() {
			k.add(vault.NewGeneration(k.Space, n, w), c.EPK(n))
		}
	}
	k.add(gen, ref.EPK)
	return nil
}

// OpenEpoch reads an epoch object; want is the hash that a control entry names, nil where none is known yet.
func OpenEpoch(ctx context.Context, o Objects, space vault.SpaceID, mix secret.Secret, name string, want *vault.Hash) (vault.EpochParts, []Finding, error) {
	g, _, ok := vault.ParseEpochName(name)
	if !ok {
		return vault.EpochParts{}, nil, fmt.Errorf("epoch name: %w", vault.ErrMalformed)
	}
	key := vault.EpochEnvelopeKey(mix, space)
	return Doubled(ctx, o, name, func(obj []byte) (vault.EpochParts, error) {
		if want != nil && vault.Hash(sha256.Sum256(obj)) != *want {
			return vault.EpochParts{}, fmt.Errorf("epoch object differs from the one the chain names: %w", vault.ErrTampered)
		}
		body, err := vault.OpenEnvelope(vault.KindEpoch, space, name, key[:], obj)
		if err != nil {
			return vault.EpochParts{}, err
		}
		if _, in, _ := vault.EnvelopeHead(obj); in != g {
			return vault.EpochParts{}, fmt.Errorf("epoch object of generation %d under the name of %d: %w", in, g, vault.ErrTampered)
		}
		return vault.ParseEpoch(body.Payload, g)
	})
}
