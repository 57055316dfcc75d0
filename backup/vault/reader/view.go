package reader

import (
	"context"
	"fmt"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// View is the writer-level view that this keyset's generations give: it checks chain and logs and cannot write.
func (k *Keyset) View() *writer.Keyset {
	v := &writer.Keyset{Space: k.Space, Device: k.Device, Genesis: k.Genesis, Mix: k.Mix}
	for i, e := range k.Generations {
		g := uint32(i + 1)
		w := vault.WriterFromReader(e.Bytes(), k.Space, g)
		v.Generations = append(v.Generations, vault.NewGeneration(k.Space, g, secret.New(append([]byte(nil), w[:]...))))
		v.EPKs = append(v.EPKs, nil)
	}
	v.Obey(&k.condemned)
	return v
}

// NewKit makes another recovery kit: a slot for new words, and the control entries that add it, signed by this device. The new kit opens
// everything at once; the old ones go on to open until they are revoked. The objects are to be stored in this order.
func (k *Keyset) NewKit(_ context.Context, chain *vault.Chain, passphrase []byte, kdf vault.KDF, now int64) (secret.Secret, []writer.Built, error) {
	fail := func(err error) (secret.Secret, []writer.Built, error) { return secret.Secret{}, nil, err }
	if int(chain.Generation()) != len(k.Generations) {
		return fail(fmt.Errorf("generation %d: %w", chain.Generation(), vault.ErrWrongKey))
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
	epoch, ref, err := BuildEpoch(k.Space, k.Mix, k.Generations, members)
	if err != nil {
		return fail(err)
	}
	out := []writer.Built{slot, epoch}
	view := k.View()
	head := chain.Head()
	for _, e := range []*vault.Control{{Type: vault.CtlRecoveryAdd, Recovery: record}, {Type: vault.CtlEpochSlots, Epoch: ref}} {
		e.Space, e.Author, e.Seq, e.Prev, e.Generation, e.Time = k.Space, k.Device, head.Seq+1, head.Hash, chain.Generation(), now
		if err := e.Sign(k.Control); err != nil {
			return fail(err)
		}
		name, obj, err := e.Seal(view.Current().ControlKey())
		if err != nil {
			return fail(err)
		}
		head = e.Head()
		out = append(out, writer.Built{Name: name, Object: obj})
	}
	return kit, out, nil
}
