package reader

import (
	"crypto/rand"
	"fmt"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// CreateOptions steers the making of a Space.
type CreateOptions struct {
	DeviceName string
	Passphrase []byte // recovery passphrase
	KDF        vault.KDF
	Now        int64 // Unix seconds
}

// Created is a new Space: both keysets of device 1, the first objects to store (in this order), and the kit's secret.
type Created struct {
	Writer  *writer.Keyset
	Reader  *Keyset
	Kit     secret.Secret // 32 bytes; shown to the user, kept nowhere
	Objects []writer.Built
	Genesis *vault.Control
}

// Create makes a Space with this computer as device 1 and a recovery kit.
func Create(o CreateOptions) (*Created, error) {
	var space vault.SpaceID
	rand.Read(space[:])
	kit := secret.Random(32)
	mix := secret.Random(32)
	e := secret.Random(32)
	dev, w, r, err := newDevice(space, o.DeviceName, mix)
	if err != nil {
		return nil, err
	}
	rec, err := newRecoveryKeys()
	if err != nil {
		return nil, err
	}
	defer rec.Wipe()
	rec.Mix, rec.Created = mix.Clone(), o.Now
	record, err := rec.record(SlotID(kit, space))
	if err != nil {
		return nil, err
	}
	epoch, ref, err := BuildEpoch(space, mix, []secret.Secret{e}, []EpochMember{
		{ID: dev.ID, Reader: dev.ReaderKEM, Writer: dev.WriterKEM}, {ID: rec.ID, Reader: record.KEM}})
	if err != nil {
		return nil, err
	}
	wg := vault.WriterFromReader(e.Bytes(), space, 1)
	w.Generations = []*vault.Generation{vault.NewGeneration(space, 1, secret.New(append([]byte(nil), wg[:]...)))}
	w.EPKs = [][]byte{ref.EPK}
	r.Generations = []secret.Secret{e}

	g := &vault.Control{Space: space, Author: dev.ID, Seq: 1, Generation: 1, Time: o.Now, Type: vault.CtlGenesis, Device: dev, Recovery: record, Epoch: ref}
	cos, err := rec.Signing.Cosign(vault.CtlGenesis.String(), g.Encode(false))
	if err != nil {
		return nil, err
	}
	g.Cosign = cos.Encode()
	if err := g.Sign(r.Control); err != nil {
		return nil, err
	}
	w.Genesis, r.Genesis, rec.Genesis = g.Head().Hash, g.Head().Hash, g.Head().Hash
	name, obj, err := g.Seal(w.Current().ControlKey())
	if err != nil {
		return nil, err
	}
	slot, err := rec.SealSlot(space, kit, o.Passphrase, o.KDF)
	if err != nil {
		return nil, err
	}
	return &Created{Writer: w, Reader: r, Kit: kit, Genesis: g, Objects: []writer.Built{epoch, slot, {Name: name, Object: obj}}}, nil
}

// newDevice draws the identity and the seeds of a device with the admin role.
func newDevice(space vault.SpaceID, name string, mix secret.Secret) (*vault.Device, *writer.Keyset, *Keyset, error) {
	log, err := vault.NewSigningKey(secret.Random(vault.SigningSeedLen))
	if err != nil {
		return nil, nil, nil, err
	}
	control, err := vault.NewSigningKey(secret.Random(vault.SigningSeedLen))
	if err != nil {
		return nil, nil, nil, err
	}
	w := &writer.Keyset{Space: space, Name: name, Mix: mix, Log: log, KEMSeed: secret.Random(32), CacheKey: secret.Random(32), Credentials: map[string]string{}}
	r := &Keyset{Space: space, Control: control, KEMSeed: secret.Random(32), CacheKey: secret.Random(32), Mix: mix.Clone()}
	rand.Read(w.Device[:])
	rand.Read(w.Tag[:])
	r.Device = w.Device
	wk, err := vault.NewKEM(w.KEMSeed.Bytes())
	if err != nil {
		return nil, nil, nil, err
	}
	rk, err := vault.NewKEM(r.KEMSeed.Bytes())
	if err != nil {
		return nil, nil, nil, err
	}
	if len(name) > 200 {
		return nil, nil, nil, fmt.Errorf("device name of %d bytes: %w", len(name), vault.ErrMalformed)
	}
	return &vault.Device{ID: w.Device, Tag: w.Tag, Role: vault.RoleAdmin, LogKey: log.Public(), ControlKey: control.Public(),
		WriterKEM: wk.PublicKey().Bytes(), ReaderKEM: rk.PublicKey().Bytes(), Name: name}, w, r, nil
}
