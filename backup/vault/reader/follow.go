package reader

import (
	"context"
	"errors"
	"fmt"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// ErrShutOut tells that the Space went on to a generation whose keys this computer does not get. What is older can still be read.
var ErrShutOut = errors.New("the library went on to keys that this computer does not get")

// Followed is a control chain and what follows from it for a reader.
type Followed struct {
	Chain    *vault.Chain
	View     *writer.Keyset // checks chain and logs under all generations held
	Findings []writer.Finding
	Grew     bool // the keyset took in a generation: seal it again (Keyset.Reseal); until then this is repeated
}

// Follow reads and judges the control chain as writer.LoadChain does, and takes E_g of each new generation from this device's slot of
// level 0, with what its ring holds of older ones. ErrShutOut comes with a result: the chain as far as it opens. ErrFork: the chain
// names another key for the current generation than this keyset holds.
func (k *Keyset) Follow(ctx context.Context, o writer.Objects, credit vault.Credit, matured uint64) (*Followed, error) {
	f := &Followed{}
	for {
		f.View = k.View()
		var err error
		if f.Chain, f.Findings, _, err = writer.LoadChain(ctx, o, f.View, credit, matured); err != nil {
			return nil, err
		}
		g := f.Chain.Generation()
		if _, held := k.epoch(g); held == nil {
			return f, k.checkKey(f.Chain, g)
		}
		if err := k.take(ctx, o, f.Chain); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return f, fmt.Errorf("generation %d: %w (%w)", g, ErrShutOut, err)
		}
		for _, g := range f.View.Generations {
			g.Wipe()
		}
		f.Grew = true
	}
}

// checkKey holds the public key that the chain names for a generation against the secret held.
func (k *Keyset) checkKey(c *vault.Chain, g uint32) error {
	esk, err := k.kem(g)
	if err == nil && string(esk.PublicKey().Bytes()) != string(c.EPK(g)) {
		err = fmt.Errorf("keys of generation %d: %w", g, vault.ErrFork)
	}
	return err
}

// take opens this device's slot of the current generation.
func (k *Keyset) take(ctx context.Context, o writer.Objects, c *vault.Chain) error {
	ref := c.Epoch(c.Generation())
	if ref == nil {
		return fmt.Errorf("epoch entry: %w", vault.ErrMissing)
	}
	parts, _, err := writer.OpenEpoch(ctx, o, k.Space, k.Mix, ref.Name, &ref.Hash)
	if err != nil {
		return err
	}
	kem, err := vault.NewKEM(k.KEMSeed.Bytes())
	if err != nil {
		return err
	}
	e, err := parts.OpenSlot(vault.LevelReader, kem, k.Space, ref.Generation)
	if err != nil {
		return err
	}
	all, err := checkEpoch(k.Space, parts, ref, e, ref.Generation)
	if err != nil {
		return err
	}
	merged := make([]secret.Secret, max(len(all), len(k.Generations)))
	copy(merged, k.Generations)
	for i, e := range all {
		switch {
		case merged[i].IsZero():
			merged[i] = e
		case !e.IsZero() && !e.Equal(merged[i]):
			return fmt.Errorf("reader ring: %w", vault.ErrTampered)
		}
	}
	k.Generations = merged
	return nil
}
