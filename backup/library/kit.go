package library

import (
	"bytes"
	"context"
	"crypto/sha256"
	"hash"
	"slices"
	"time"

	"lightproof/backup/vault"
	"lightproof/keystore/kit"
	"lightproof/keystore/secret"
	"lightproof/keystore/words"
)

func newSum() hash.Hash { return sha256.New() }

func parseKit(text []byte) (secret.Secret, error) { return words.Parse(text, words.Kit) }

// NewKit makes another recovery kit and stores what makes it work. Older kits go on to open these copies, until this one was checked
// (ReplaceOlderKits).
func (l *Library) NewKit(ctx context.Context, passphrase []byte, kdf vault.KDF, endpoints []string, now time.Time) (*kit.Kit, error) {
	if err := l.Sync(ctx); err != nil {
		return nil, err
	}
	if kdf == (vault.KDF{}) {
		kdf = vault.DefaultKDF
	}
	s, built, err := l.keys.NewKit(ctx, l.Chain(), passphrase, kdf, now.Unix())
	if err != nil {
		return nil, err
	}
	if err := l.trust(ctx, built, false); err != nil {
		return nil, err
	}
	k, err := KitOf(s, l.keys.Space, l.keys.Genesis, l.Chain().Head(), endpoints, now)
	if err == nil {
		k.Checkpoint.Heads = l.kitHeads()
	}
	return k, err
}

// kitHeads are the newest commits of all logs, as a kit prints them: a fresh machine accepts no older ones.
func (l *Library) kitHeads() (out []kit.Head) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for tag, h := range l.heads {
		if h.Seq > 0 {
			out = append(out, kit.Head{DevTag: tag, Seq: h.Seq})
		}
	}
	slices.SortFunc(out, func(a, b kit.Head) int { return bytes.Compare(a.DevTag[:], b.DevTag[:]) })
	return out[:min(len(out), kit.MaxHeads)]
}

// KitOf makes the printable kit of a kit secret, which it wipes. at is the head of the control chain: the floor below which a fresh
// machine accepts nothing.
func KitOf(kitSecret secret.Secret, space vault.SpaceID, genesis vault.Hash, at vault.Head, endpoints []string, now time.Time) (*kit.Kit, error) {
	list, err := words.Encode(kitSecret)
	kitSecret.Wipe()
	if err != nil {
		return nil, err
	}
	k := &kit.Kit{Words: list, SpaceID: space, Endpoints: endpoints, Created: now.UTC(),
		Checkpoint: kit.Checkpoint{Date: now.UTC(), ControlSeq: at.Seq, ControlHash: at.Hash}}
	copy(k.Fingerprint[:], genesis[:])
	return k, nil
}
