package writer

import (
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
// object is not there.
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
// keyset takes W_g from its slot. The keyset's Generations may grow; persist it then (grew).
func LoadChain(ctx context.Context, o Objects, k *Keyset, credit vault.Credit, matured uint64) (c *vault.Chain, found []Finding, grew bool, err error) {
	all, err := names(ctx, o, "k/")
	if err != nil {
		return nil, nil, false, err
	}
	opened := map[string]*vault.Control{}
	for {
		found = found[:0]
		for _, n := range all {
			if _, _, ok := vault.ParseControlName(n); !ok || opened[n] != nil {
				continue
			}
			e, f, err := Doubled(ctx, o, n, func(obj []byte) (*vault.Control, error) { return k.openControl(n, obj) })
			found = append(found, f...)
			if ctx.Err() != nil {
				return nil, found, grew, ctx.Err()
			}
			if errors.Is(err, vault.ErrNewer) {
				return nil, found, grew, err
			}
			if err == nil {
				opened[n] = e
			}
		}
		var entries []*vault.Control
		for _, n := range all {
			if opened[n] != nil {
				entries = append(entries, opened[n])
			}
		}
		if c, err = vault.EvaluateChain(k.Space, k.Genesis, entries, credit, matured); err != nil {
			return nil, found, grew, err
		}
		g := c.Generation()
		if k.Generation(g) != nil {
			return c, found, grew, nil
		}
		// An epoch whose slot does not open raises an alarm; backup goes on under the old generation.
		if err := k.follow(ctx, o, c.Epoch(g)); err != nil {
			return c, append(found, Finding{Name: c.Epoch(g).Name, Err: err}), grew, nil
		}
		grew = true
	}
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

// follow adds the generation that an epoch entry names.
func (k *Keyset) follow(ctx context.Context, o Objects, ref *vault.EpochRef) error {
	if ref == nil || int(ref.Generation) != len(k.Generations)+1 {
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
	for i, g := range k.Generations {
		if !older[i].Equal(g.WriterKey()) {
			return fmt.Errorf("writer ring: %w", vault.ErrTampered)
		}
	}
	k.Generations, k.EPKs = append(k.Generations, gen), append(k.EPKs, ref.EPK)
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
		return vault.ParseEpoch(body.Payload, g)
	})
}

// LogCommit is one verified commit with its object lists.
type LogCommit struct {
	OpenedCommit
	List vault.ObjectList
}

// Logs lists the tags of all logs at a destination.
func Logs(ctx context.Context, o Objects) ([]vault.DevTag, error) {
	all, err := names(ctx, o, "l/")
	if err != nil {
		return nil, err
	}
	var tags []vault.DevTag
	seen := map[vault.DevTag]bool{}
	for _, n := range all {
		if t, _, _, ok := vault.ParseCommitName(n); ok && !seen[t] {
			seen[t] = true
			tags = append(tags, t)
		}
	}
	return tags, nil
}

// WalkLog verifies a log from after (its zero value: from the beginning) and calls fn for each commit in order. It ends at the last
// valid commit, which it returns. A commit that should be there and is not, or does not verify, ends the walk with a finding.
func WalkLog(ctx context.Context, o Objects, k *Keyset, c *vault.Chain, tag vault.DevTag, after vault.Head, fn func(LogCommit) error) (vault.Head, []Finding, error) {
	p := c.ByTag(tag)
	if p == nil {
		return after, []Finding{{Name: "l/" + tag.String(), Err: fmt.Errorf("log of no known device: %w", vault.ErrTampered)}}, nil
	}
	all, err := names(ctx, o, "l/"+tag.String()+"/")
	if err != nil {
		return after, nil, err
	}
	bySeq := map[uint64][]string{}
	var last uint64
	for _, n := range all {
		if t, seq, _, ok := vault.ParseCommitName(n); ok && t == tag {
			bySeq[seq] = append(bySeq[seq], n)
			if p.Cap == nil || seq <= p.Cap.Seq {
				last = max(last, seq)
			}
		}
	}
	var found []Finding
	head, control := after, uint64(0)
	if head.Seq == 0 {
		head.Hash = c.Genesis
	}
	for head.Seq < last {
		next, f, err := nextCommit(ctx, o, k, c, p.Device.ID, head, control, bySeq[head.Seq+1])
		found = append(found, f...)
		if err != nil {
			if ctx.Err() != nil {
				return head, found, ctx.Err()
			}
			if len(bySeq[head.Seq+1]) == 0 {
				err = fmt.Errorf("commit %d of %d: %w", head.Seq+1, last, vault.ErrMissing)
			}
			found = append(found, Finding{Name: vault.CommitName(tag, head.Seq+1), Err: err})
			break
		}
		if err := fn(next); err != nil {
			return head, found, err
		}
		head, control = next.Head, next.Header.Control.Seq
	}
	if head.Seq == 0 {
		head.Hash = vault.Hash{}
	}
	return head, found, nil
}

// nextCommit finds the valid commit that follows head among the candidates for its place.
func nextCommit(ctx context.Context, o Objects, k *Keyset, c *vault.Chain, author vault.DeviceID, head vault.Head, control uint64, candidates []string) (LogCommit, []Finding, error) {
	var found []Finding
	var first error
	for _, n := range candidates {
		v, f, err := Doubled(ctx, o, n, func(obj []byte) (OpenedCommit, error) {
			oc, err := k.OpenCommit(n, obj)
			if err != nil {
				return oc, err
			}
			if oc.Header.Author != author {
				return oc, fmt.Errorf("commit %d in another device's log: %w", oc.Header.Seq, vault.ErrTampered)
			}
			if oc.Header.Prev != head.Hash {
				return oc, fmt.Errorf("commit %d follows another history: %w", oc.Header.Seq, vault.ErrFork)
			}
			return oc, c.CheckCommit(oc.Header, oc.Body.Signed, oc.Body.Sigs, control)
		})
		found = append(found, f...)
		if err == nil {
			lc := LogCommit{OpenedCommit: v}
			var lf []Finding
			if lc.List, lf, err = k.lists(ctx, o, v); err == nil {
				return lc, append(found, lf...), nil
			}
			found = append(found, lf...)
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = fmt.Errorf("commit %d: %w", head.Seq+1, vault.ErrMissing)
	}
	return LogCommit{}, found, first
}

func (k *Keyset) lists(ctx context.Context, o Objects, c OpenedCommit) (vault.ObjectList, []Finding, error) {
	var all vault.ObjectList
	var found []Finding
	if len(c.Header.Inline) > 0 {
		l, err := vault.ParseObjectList(c.Header.Inline)
		if err != nil {
			return all, nil, err
		}
		all = l
	}
	for _, part := range c.Header.Lists {
		l, f, err := Doubled(ctx, o, part.Name, func(obj []byte) (vault.ObjectList, error) { return k.OpenList(part, obj) })
		found = append(found, f...)
		if err != nil {
			return all, found, err
		}
		all.Records, all.Dropped = append(all.Records, l.Records...), append(all.Dropped, l.Dropped...)
	}
	return all, found, nil
}
