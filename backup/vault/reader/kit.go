package reader

import (
	"crypto/rand"
	"fmt"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// RecoveryKeys are the seeds of a recovery kit's paper device. They exist in memory only while a kit is made or used.
type RecoveryKeys struct {
	ID      vault.DeviceID
	Signing *vault.SigningKey
	KEMSeed secret.Secret
	Mix     secret.Secret
	Genesis vault.Hash
	Created int64
}

// Wipe clears the seeds.
func (r *RecoveryKeys) Wipe() {
	r.Signing.Wipe()
	r.KEMSeed.Wipe()
	r.Mix.Wipe()
}

func newRecoveryKeys() (*RecoveryKeys, error) {
	s, err := vault.NewSigningKey(secret.Random(vault.SigningSeedLen))
	r := &RecoveryKeys{Signing: s, KEMSeed: secret.Random(32)}
	rand.Read(r.ID[:])
	return r, err
}

func (r *RecoveryKeys) record(slot [16]byte) (*vault.Recovery, error) {
	kem, err := vault.NewKEM(r.KEMSeed.Bytes())
	if err != nil {
		return nil, err
	}
	return &vault.Recovery{ID: r.ID, Slot: slot, Key: r.Signing.Public(), KEM: kem.PublicKey().Bytes()}, nil
}

// SlotID is where a kit's slot is stored; it follows from the kit's words alone.
func SlotID(kit secret.Secret, space vault.SpaceID) [16]byte {
	return [16]byte(vault.DeriveKey(kit.Bytes(), space[:], []byte("lp1/slot-id"), 16))
}

// slotKey is RUK: both the kit's words and the passphrase enter it.
func slotKey(kit secret.Secret, passphrase []byte, space vault.SpaceID, slot [16]byte, h vault.StartHead) ([]byte, error) {
	a, err := h.KDF.Stretch(passphrase, h.Salt)
	if err != nil {
		return nil, err
	}
	defer a.Wipe()
	ikm := append(append([]byte(nil), kit.Bytes()...), a.Bytes()...)
	defer clear(ikm)
	info := append(append([]byte("lp1/recovery"), slot[:]...), h.KDF.Encode()...)
	return vault.DeriveKey(ikm, append(append([]byte(nil), space[:]...), h.Salt[:]...), info, 32), nil
}

const (
	tagSlotSpace = iota + 1
	tagSlotKind
	tagSlotID
	tagSlotSigning
	tagSlotKEM
	tagSlotMix
	tagSlotGenesis
	tagSlotCreated
)

// SealSlot makes the stored recovery slot: kdf || salt16 || envelope of kind 4.
func (r *RecoveryKeys) SealSlot(space vault.SpaceID, kit secret.Secret, passphrase []byte, kdf vault.KDF) (writer.Built, error) {
	slot := SlotID(kit, space)
	h := vault.NewStartHead(kdf)
	key, err := slotKey(kit, passphrase, space, slot, h)
	if err != nil {
		return writer.Built{}, err
	}
	defer clear(key)
	signed := vault.NewFields().Bytes(tagSlotSpace, space[:]).U8(tagSlotKind, uint8(vault.KindSlot)).Bytes(tagSlotID, r.ID[:]).
		Bytes(tagSlotSigning, r.Signing.Seed().Bytes()).Bytes(tagSlotKEM, r.KEMSeed.Bytes()).Bytes(tagSlotMix, r.Mix.Bytes()).
		Bytes(tagSlotGenesis, r.Genesis[:]).I64(tagSlotCreated, r.Created).Encoded()
	defer clear(signed)
	sigs, err := r.Signing.Sign(vault.KindSlot, signed)
	if err != nil {
		return writer.Built{}, err
	}
	name := vault.SlotName(slot)
	obj, err := vault.SealEnvelope(vault.KindSlot, 0, space, name, key, vault.Body{Signed: signed, Sigs: sigs})
	return writer.Built{Name: name, Object: append(h.Encode(), obj...)}, err
}

// OpenSlot opens a stored recovery slot. ErrWrongKey: words or passphrase do not fit, or the head was altered; ErrTampered without it:
// damaged; ErrNewer: a newer program wrote it; ErrKDFBounds: parameters refused.
func OpenSlot(space vault.SpaceID, kit secret.Secret, passphrase, obj []byte) (*RecoveryKeys, error) {
	h, env, ok, err := vault.SplitStart(obj)
	if err != nil {
		return nil, fmt.Errorf("recovery slot: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("recovery slot: %w", vault.ErrTampered)
	}
	slot := SlotID(kit, space)
	key, err := slotKey(kit, passphrase, space, slot, h)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	body, err := vault.OpenEnvelope(vault.KindSlot, space, vault.SlotName(slot), key, env)
	if err != nil {
		return nil, fmt.Errorf("recovery slot: %w", err)
	}
	defer clear(body.Signed)
	f, err := vault.ParseFields(body.Signed, 1, 2, 3, 4, 5, 6, 7, 8)
	if err != nil {
		return nil, fmt.Errorf("recovery slot: %w", err)
	}
	r := &RecoveryKeys{}
	signing, kem, mix := make([]byte, vault.SigningSeedLen), make([]byte, 32), make([]byte, 32)
	var in vault.SpaceID
	for tag, dst := range map[uint16][]byte{tagSlotSpace: in[:], tagSlotID: r.ID[:], tagSlotSigning: signing, tagSlotKEM: kem, tagSlotMix: mix, tagSlotGenesis: r.Genesis[:]} {
		if err := f.Fixed(tag, dst); err != nil {
			return nil, fmt.Errorf("recovery slot: %w", err)
		}
	}
	if kind, err := f.U8(tagSlotKind); err != nil || kind != uint8(vault.KindSlot) || len(body.Payload) != 0 {
		return nil, fmt.Errorf("recovery slot: %w", vault.ErrMalformed)
	}
	if in != space {
		return nil, fmt.Errorf("recovery slot of another Space: %w", vault.ErrTampered)
	}
	if r.Created, err = f.I64(tagSlotCreated); err != nil {
		return nil, fmt.Errorf("recovery slot: %w", err)
	}
	r.KEMSeed, r.Mix = secret.New(kem), secret.New(mix)
	if r.Signing, err = vault.NewSigningKey(secret.New(signing)); err != nil {
		return nil, err
	}
	return r, r.Signing.Public().Verify(vault.KindSlot, body.Signed, body.Sigs)
}
