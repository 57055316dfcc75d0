package reader

import (
	"context"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// NewKit makes another recovery kit: a slot for new words, and the control entries that add it, signed by this device. The new kit opens
// everything at once; the old ones go on to open until they are revoked. The objects are to be stored in this order.
func (k *Keyset) NewKit(_ context.Context, chain *vault.Chain, passphrase []byte, kdf vault.KDF, now int64) (secret.Secret, []writer.Built, error) {
	fail := func(err error) (secret.Secret, []writer.Built, error) { return secret.Secret{}, nil, err }
	if _, err := k.epoch(chain.Generation()); err != nil {
		return fail(err)
	}
	kit := secret.Random(32)
	rec, err := newRecoveryKeys()
	if err != nil {
		return fail(err)
	}
	defer rec.Wipe()
	rec.Mix, rec.Genesis, rec.Created = k.Mix.Clone(), k.Genesis, now
	record, err := rec.record(SlotID(kit, k.Space))
	if err != nil {
		return fail(err)
	}
	slot, err := rec.SealSlot(k.Space, kit, passphrase, kdf)
	if err != nil {
		return fail(err)
	}
	members := append(MembersOf(chain), EpochMember{ID: rec.ID, Reader: record.KEM})
	epoch, ref, err := BuildEpoch(k.Space, k.Mix, k.Generations[:chain.Generation()], members)
	if err != nil {
		return fail(err)
	}
	added, err := k.sign(chain, now, &vault.Control{Type: vault.CtlRecoveryAdd, Recovery: record}, &vault.Control{Type: vault.CtlEpochSlots, Epoch: ref})
	return kit, append([]writer.Built{slot, epoch}, added...), err
}

// RevokeOlderKits makes the control entries that end all recovery kits but the newest, signed by this device: to be called when the newest
// has been checked by the person who keeps it. They take effect after their delay, within which a kit can void them; then RotationDue
// is true of the chain, and Rotate shuts the old kits out of what is written afterwards. No entries: there is nothing to revoke, or it
// is under way.
func (k *Keyset) RevokeOlderKits(chain *vault.Chain, now int64) ([]writer.Built, error) {
	var kits []*vault.Principal // by the entry that added them
	for _, p := range chain.Principals() {
		if p.Recovery != nil && p.Active {
			kits = append(kits, p)
		}
	}
	var entries []*vault.Control
	for i, p := range kits {
		if i < len(kits)-1 && !revoking(chain, p.Recovery.ID) {
			entries = append(entries, &vault.Control{Type: vault.CtlRecoveryRevoke, Target: p.Recovery.ID})
		}
	}
	return k.sign(chain, now, entries...)
}

func revoking(c *vault.Chain, kit vault.DeviceID) bool {
	for i, e := range c.Entries {
		if e.Type == vault.CtlRecoveryRevoke && e.Target == kit && c.Effects[i].Delayed {
			return true
		}
	}
	return false
}

// Rotate makes a new generation for those who are active now: its epoch object and its control entry, to be stored in this order. The
// keysets take it up with the next Follow.
func (k *Keyset) Rotate(chain *vault.Chain, now int64) ([]writer.Built, error) {
	if _, err := k.epoch(chain.Generation()); err != nil {
		return nil, err
	}
	keys := make([]secret.Secret, chain.NextGeneration())
	copy(keys, k.Generations)
	keys[len(keys)-1] = secret.Random(32)
	defer keys[len(keys)-1].Wipe()
	epoch, ref, err := BuildEpoch(k.Space, k.Mix, keys, MembersOf(chain))
	if err != nil {
		return nil, err
	}
	added, err := k.sign(chain, now, &vault.Control{Type: vault.CtlEpoch, Epoch: ref})
	return append([]writer.Built{epoch}, added...), err
}

// sign appends entries of this device to the head of a chain, all under its current generation.
func (k *Keyset) sign(chain *vault.Chain, now int64, entries ...*vault.Control) ([]writer.Built, error) {
	var out []writer.Built
	g := chain.Generation()
	key := k.View().Generation(g).ControlKey()
	head := chain.Head()
	for _, e := range entries {
		e.Space, e.Author, e.Seq, e.Prev, e.Generation, e.Time = k.Space, k.Device, head.Seq+1, head.Hash, g, now
		if err := e.Sign(k.Control); err != nil {
			return nil, err
		}
		name, obj, err := e.Seal(key)
		if err != nil {
			return nil, err
		}
		head = e.Head()
		out = append(out, writer.Built{Name: name, Object: obj})
	}
	return out, nil
}
