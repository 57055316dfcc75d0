package reader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// Recovered is what a kit and its passphrase open: everything that was readable, and the keys to add a new device.
type Recovered struct {
	Keys     *RecoveryKeys
	View     *writer.Keyset // checks chain and logs; has no log key and cannot write
	Reader   *Keyset        // reads; its Control key is the recovery key
	Chain    *vault.Chain
	Matured  uint64 // entries up to this number were taken as matured; a device that is added goes on from it
	ShutOut  bool   // the chain is at a generation that this kit cannot open: what is older can be restored, no device be added
	Findings []writer.Finding

	checkpoint []vault.SeenHead
}

// Wipe clears all keys.
func (r *Recovered) Wipe() {
	r.Keys.Wipe()
	for _, g := range r.View.Generations {
		g.Wipe()
	}
	for _, e := range r.Reader.Generations {
		e.Wipe()
	}
}

// Checkpoint is what a printed kit vouches for: nothing older may be accepted.
type Checkpoint struct {
	Control vault.Head
	Heads   []vault.SeenHead
}

// Recover opens a Space from its objects, the kit's secret and the passphrase alone. A printed checkpoint is the floor: ErrRollback
// where the objects are older.
func Recover(ctx context.Context, o writer.Objects, space vault.SpaceID, kit secret.Secret, passphrase []byte, cp *Checkpoint) (*Recovered, error) {
	name := vault.SlotName(SlotID(kit, space))
	keys, found, err := writer.Doubled(ctx, o, name, func(obj []byte) (*RecoveryKeys, error) { return OpenSlot(space, kit, passphrase, obj) })
	if err != nil {
		return nil, err
	}
	r := &Recovered{Keys: keys, Findings: found,
		View:   &writer.Keyset{Space: space, Mix: keys.Mix, Genesis: keys.Genesis, Credentials: map[string]string{}},
		Reader: &Keyset{Space: space, Control: keys.Signing, KEMSeed: keys.KEMSeed}}
	var floor uint64
	if cp != nil {
		floor = cp.Control.Seq
	}
	if err := r.findEpoch(ctx, o, floor); err != nil {
		return nil, err
	}
	if cp != nil {
		if err := writer.CheckControl(r.Chain, cp.Control); err != nil {
			return nil, err
		}
		r.checkpoint = cp.Heads
	}
	if p := r.Chain.Device(keys.ID); p == nil || p.Recovery == nil || !p.Active {
		r.Findings = append(r.Findings, writer.Finding{Name: name, Err: fmt.Errorf("the control chain knows this kit no longer: %w", vault.ErrWrongKey)})
	}
	return r, nil
}

// CheckHeads holds what the printed checkpoint says of the logs against the heads that Rebuild came to. ErrRollback: a log ends before
// what the kit saw.
func (r *Recovered) CheckHeads(heads map[vault.DevTag]vault.Head) error {
	for _, want := range r.checkpoint {
		got := heads[want.Tag]
		if got.Seq < want.Seq {
			return fmt.Errorf("log %s ends at %d, the kit saw %d: %w", want.Tag, got.Seq, want.Seq, vault.ErrRollback)
		}
		if got.Seq == want.Seq && want.Hash != (vault.Hash{}) && got.Hash != want.Hash {
			return fmt.Errorf("commit %d of log %s is not the one the kit saw: %w", want.Seq, want.Tag, vault.ErrFork)
		}
	}
	return nil
}

// findEpoch looks for the newest epoch object that this kit opens and the chain names. A delay never blocks a restore: where the chain
// makes no sense with delayed entries waiting (their delay ran out on computers that are gone), they count as matured. And whoever shut
// the kit out of a later generation has not taken away what is older.
func (r *Recovered) findEpoch(ctx context.Context, o writer.Objects, floor uint64) error {
	candidates, err := epochNames(ctx, o)
	if err != nil {
		return err
	}
	last := error(vault.ErrMissing)
	tried := map[string]error{}
	for _, shutOut := range []bool{false, true} {
		for _, n := range candidates {
			for _, matured := range []uint64{floor, vault.MaxSeq} {
				err := r.tryEpoch(ctx, o, n, matured, shutOut)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					last, tried[n] = err, err
					continue
				}
				r.ShutOut, r.Matured = shutOut, matured
				for _, c := range candidates { // those before n are newer
					if c == n {
						return nil
					}
					if sameGeneration(c, n) && errors.Is(tried[c], ErrShutOut) {
						continue // made before this kit got its slot: nothing is wrong with it
					}
					r.Findings = append(r.Findings, writer.Finding{Name: c, Err: tried[c]})
				}
			}
		}
	}
	if errors.Is(last, vault.ErrWrongKey) { // not the words and the passphrase, which were right
		return fmt.Errorf("no epoch object opens with this kit: %w: %s", vault.ErrTampered, last)
	}
	return fmt.Errorf("no epoch object opens with this kit: %w", last)
}

func sameGeneration(a, b string) bool {
	g, _, _ := vault.ParseEpochName(a)
	h, _, _ := vault.ParseEpochName(b)
	return g == h
}

// epochNames lists the epoch objects, newest generation first.
func epochNames(ctx context.Context, o writer.Objects) ([]string, error) {
	seen := map[string]bool{}
	for _, p := range []string{"e/", "m2/e/"} {
		if err := o.List(ctx, p, func(n string, _ int64) error { seen[strings.TrimPrefix(n, "m2/")] = true; return nil }); err != nil {
			return nil, err
		}
	}
	var out []string
	for n := range seen {
		if _, _, ok := vault.ParseEpochName(n); ok {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	slices.Reverse(out)
	return out, nil
}

// tryEpoch takes one epoch object, planted ones included: only one that the validated chain names counts. With shutOut the chain may
// have gone on to a generation that does not open.
func (r *Recovered) tryEpoch(ctx context.Context, o writer.Objects, name string, matured uint64, shutOut bool) error {
	g, _, _ := vault.ParseEpochName(name)
	space := r.View.Space
	parts, found, err := writer.OpenEpoch(ctx, o, space, r.Keys.Mix, name, nil)
	if err != nil {
		return err
	}
	kem, err := vault.NewKEM(r.Keys.KEMSeed.Bytes())
	if err != nil {
		return err
	}
	e, err := parts.OpenSlot(vault.LevelReader, kem, space, g)
	if err != nil {
		return fmt.Errorf("no slot for this kit in generation %d: %w", g, ErrShutOut)
	}
	all, err := checkEpoch(space, parts, nil, e, g)
	if err != nil {
		return err
	}
	view := *r.View
	view.Generations, view.EPKs = nil, nil
	for i, k := range all {
		if n := uint32(i + 1); !k.IsZero() {
			view.Generations = append(view.Generations, vault.NewGeneration(space, n, writerOf(k, space, n)))
			view.EPKs = append(view.EPKs, nil)
		}
	}
	chain, cf, _, err := writer.LoadChain(ctx, o, &view, nil, matured)
	if err != nil {
		return err
	}
	ref := namedEpoch(chain, name)
	if ref == nil {
		return fmt.Errorf("epoch object that the control chain does not name: %w", vault.ErrTampered)
	}
	if p := chain.Device(r.Keys.ID); matured == vault.MaxSeq && (p == nil || !p.Active) {
		return fmt.Errorf("a revocation that waits must not end this kit before its time: %w", vault.ErrWrongKey)
	}
	if !shutOut && chain.Generation() != g {
		return fmt.Errorf("the chain is at generation %d: %w", chain.Generation(), vault.ErrWrongKey)
	}
	if _, _, err := writer.OpenEpoch(ctx, o, space, r.Keys.Mix, name, &ref.Hash); err != nil {
		return err
	}
	if _, err := checkEpoch(space, parts, ref, e, g); err != nil {
		return err
	}
	for i, g := range view.Generations {
		view.EPKs[i] = chain.EPK(g.Number)
	}
	r.View, r.Chain = &view, chain
	r.Reader.Generations = all
	r.Findings = append(append(r.Findings, found...), cf...)
	return nil
}

func namedEpoch(c *vault.Chain, name string) *vault.EpochRef {
	for i, e := range c.Entries {
		if e.Epoch != nil && e.Epoch.Name == name && c.Effects[i].Effective {
			return e.Epoch
		}
	}
	return nil
}

// ErrNoSlot tells that a destination holds no slot for these kit words: another kit, or another Space.
var ErrNoSlot = errors.New("no recovery slot for these words")
