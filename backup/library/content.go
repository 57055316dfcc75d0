package library

import (
	"context"
	"crypto/sha256"
	"fmt"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// content fetches and opens one version, part by part, and checks the whole against its fingerprint at the end.
func (l *Library) content(ctx context.Context, f *reader.File, v *vault.Version, fn func([]byte) error) error {
	sum := sha256.New()
	bundles := map[uint16][]byte{}
	emit := func(p vault.Part, table []vault.BundleRef) error {
		var b []byte
		var err error
		if p.Small {
			plain := bundles[p.Ref.Bundle]
			if plain == nil {
				if plain, err = l.chunk(ctx, table[p.Ref.Bundle].Cap); err != nil {
					return err
				}
				bundles[p.Ref.Bundle] = plain
			}
			b, err = reader.OpenRecord(l.keys.Space, p.Ref, plain)
		} else {
			b, err = l.chunk(ctx, p.Cap)
		}
		if err != nil {
			return err
		}
		sum.Write(b)
		return fn(b)
	}
	for _, p := range v.Parts {
		if err := emit(p, f.Bundles); err != nil {
			return err
		}
	}
	for _, c := range v.Lists {
		b, _, err := reader.PageChunk(ctx, objects{svc: l.svc}, l.keys.Space, c)
		if err != nil {
			return err
		}
		list, err := vault.ParsePartList(b)
		if err != nil {
			return err
		}
		for _, p := range list.Parts {
			clear(bundles)
			if err := emit(p, list.Bundles); err != nil {
				return err
			}
		}
	}
	if vault.Hash(sum.Sum(nil)) != v.Sum {
		return fmt.Errorf("fingerprint of a version: %w", vault.ErrTampered)
	}
	return nil
}

func (l *Library) chunk(ctx context.Context, c vault.Cap) ([]byte, error) {
	obj, err := objects{svc: l.svc}.Get(ctx, vault.ChunkName(c.CID))
	if err != nil {
		return nil, err
	}
	return reader.OpenChunk(l.keys.Space, c, obj)
}
