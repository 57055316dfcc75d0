package vault

import (
	"crypto/hpke"
	"encoding/binary"
	"fmt"

	"lightproof/keystore/secret"
)

// Sizes of an epoch object's inner layout (FORMAT.md, "Epoch object").
const (
	EpochSlots = 16
	SlotLen    = 1120 + 48
	// BoxOverhead is what SealTo adds: the encapsulation and the tag.
	BoxOverhead = 1120 + 16
	slotsLen    = EpochSlots * SlotLen
)

// Level is the keyset an epoch slot or ring belongs to.
type SlotLevel uint8

// The two levels.
const (
	LevelReader SlotLevel = 0
	LevelWriter SlotLevel = 1
)

// EpochInfo is the HPKE info string of a slot.
func EpochInfo(level SlotLevel, space SpaceID, g uint32) []byte {
	b := append([]byte("lp1/epoch"), byte(level))
	return binary.BigEndian.AppendUint32(append(b, space[:]...), g)
}

// The HPKE suite: X-Wing, HKDF-SHA256, AES-256-GCM (RFC 9180 and the hybrid KEM draft), base mode.
func hpkeSuite() (hpke.KEM, hpke.KDF, hpke.AEAD) {
	return hpke.MLKEM768X25519(), hpke.HKDFSHA256(), hpke.AES256GCM()
}

// NewKEM makes an X-Wing private key from its 32-byte seed.
func NewKEM(seed []byte) (hpke.PrivateKey, error) {
	k, err := hpke.MLKEM768X25519().NewPrivateKey(seed)
	if err != nil {
		return nil, fmt.Errorf("KEM seed: %w", ErrMalformed)
	}
	return k, nil
}

// SealTo seals plain to an encoded X-Wing public key.
func SealTo(public, info, plain []byte) ([]byte, error) {
	kem, kdf, aead := hpkeSuite()
	pk, err := kem.NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("KEM public key: %w", ErrMalformed)
	}
	return hpke.Seal(pk, kdf, aead, info, plain)
}

// OpenFrom opens what SealTo made. A wrong key shows as ErrWrongKey.
func OpenFrom(k hpke.PrivateKey, info, sealed []byte) ([]byte, error) {
	_, kdf, aead := hpkeSuite()
	p, err := hpke.Open(k, kdf, aead, info, sealed)
	if err != nil {
		return nil, fmt.Errorf("sealed box: %w", ErrWrongKey)
	}
	return p, nil
}

// EpochParts is an epoch object's payload, split.
type EpochParts struct {
	Slots [2][EpochSlots][]byte // by SlotLevel
	Rings [2][]byte             // by SlotLevel
}

// Encode joins the parts.
func (p EpochParts) Encode() []byte {
	var b []byte
	for l := range p.Slots {
		for _, s := range p.Slots[l] {
			b = append(b, s...)
		}
	}
	for _, r := range p.Rings {
		b = append(b, r...)
	}
	return b
}

// ParseEpoch splits an epoch object's payload. The rings' lengths follow from g: each holds g-1 keys.
func ParseEpoch(b []byte, g uint32) (p EpochParts, err error) {
	ring := 32 + 32*(int(g)-1) + 16
	if g == 0 || g > MaxGeneration || len(b) != 2*slotsLen+2*ring {
		return p, fmt.Errorf("epoch object of %d bytes: %w", len(b), ErrMalformed)
	}
	for l := range p.Slots {
		for i := range p.Slots[l] {
			p.Slots[l][i], b = b[:SlotLen], b[SlotLen:]
		}
	}
	p.Rings[0], p.Rings[1] = b[:ring], b[ring:]
	return p, nil
}

// OpenSlot tries all slots of a level with one key and returns the generation's secret (E_g or W_g).
func (p EpochParts) OpenSlot(level SlotLevel, k hpke.PrivateKey, space SpaceID, g uint32) (secret.Secret, error) {
	info := EpochInfo(level, space, g)
	for _, s := range p.Slots[level] {
		if plain, err := OpenFrom(k, info, s); err == nil && len(plain) == 32 {
			return secret.New(plain), nil
		}
	}
	return secret.Secret{}, fmt.Errorf("epoch slot of generation %d: %w", g, ErrWrongKey)
}

// MaxGeneration is the largest number of a generation.
const MaxGeneration = 1 << 16

// SealRing seals the secrets of generations 1…g-1 under a ring key. A zero secret stands for a generation whose secret its maker does
// not know.
func SealRing(key [32]byte, salt [32]byte, space SpaceID, g uint32, keys []secret.Secret) []byte {
	plain := make([]byte, 32*len(keys))
	defer clear(plain)
	for i, k := range keys {
		copy(plain[32*i:], k.Bytes())
	}
	okm := ringKeys(key, salt[:], space, g)
	return newGCM(okm[:32]).Seal(append([]byte(nil), salt[:]...), okm[32:44], plain, nil)
}

// OpenRing opens a ring: the secrets of generations 1…g-1 in order, zero for those that its maker did not know. No key may be derived
// from a zero one: everybody could.
func OpenRing(key [32]byte, ring []byte, space SpaceID, g uint32) ([]secret.Secret, error) {
	if len(ring) < 48 {
		return nil, fmt.Errorf("ring: %w", ErrMalformed)
	}
	okm := ringKeys(key, ring[:32], space, g)
	plain, err := newGCM(okm[:32]).Open(nil, okm[32:44], ring[32:], nil)
	if err != nil || len(plain) != 32*(int(g)-1) {
		return nil, fmt.Errorf("ring of generation %d: %w", g, ErrTampered)
	}
	var out []secret.Secret
	for ; len(plain) > 0; plain = plain[32:] {
		out = append(out, secret.New(append([]byte(nil), plain[:32]...)))
	}
	return out, nil
}

func ringKeys(key [32]byte, salt []byte, space SpaceID, g uint32) []byte {
	info := append([]byte("lp1/ring\x00"), space[:]...)
	return expand(extract(salt, key[:]), binary.BigEndian.AppendUint32(info, g), 44)
}

// EpochEnvelopeKey is the secret that an epoch object's envelope is sealed under: Exp(M, "epoch").
func EpochEnvelopeKey(m secret.Secret, space SpaceID) [32]byte {
	return MixKey(m.Bytes(), "epoch", space)
}

// UnlockInfo is the HPKE info string of the proof of unlock: 32 random bytes sealed to the generation's public key.
const UnlockInfo = "lp1/unlock"
