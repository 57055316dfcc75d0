package reader

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// EpochMember receives slots of a new epoch object. Keys are X-Wing public keys; a recovery key has no Writer key.
type EpochMember struct {
	ID     vault.DeviceID
	Reader []byte
	Writer []byte
}

// MembersOf lists the active principals of a chain as epoch members.
func MembersOf(c *vault.Chain) (out []EpochMember) {
	for _, id := range c.ActiveIDs() {
		p := c.Device(id)
		if p.Device != nil {
			out = append(out, EpochMember{ID: id, Reader: p.Device.ReaderKEM, Writer: p.Device.WriterKEM})
		} else {
			out = append(out, EpochMember{ID: id, Reader: p.Recovery.KEM})
		}
	}
	return out
}

// BuildEpoch makes the epoch object of generation len(keys): keys are E_1…E_g, zero for older ones that are not known; mix is M.
func BuildEpoch(space vault.SpaceID, mix secret.Secret, keys []secret.Secret, members []EpochMember) (writer.Built, *vault.EpochRef, error) {
	fail := func(err error) (writer.Built, *vault.EpochRef, error) { return writer.Built{}, nil, err }
	g := uint32(len(keys))
	if len(members) > vault.EpochSlots || g == 0 || g > vault.MaxGeneration || keys[g-1].IsZero() {
		return fail(fmt.Errorf("%d principals: %w", len(members), vault.ErrMalformed))
	}
	e := keys[g-1]
	w := vault.WriterFromReader(e.Bytes(), space, g)
	ref := &vault.EpochRef{Generation: g}
	var parts vault.EpochParts
	for l := range parts.Slots {
		for i := range parts.Slots[l] {
			parts.Slots[l][i] = make([]byte, vault.SlotLen)
			rand.Read(parts.Slots[l][i])
		}
	}
	for i, m := range members {
		ref.Principals = append(ref.Principals, m.ID)
		for l, key := range [][]byte{m.Reader, m.Writer} {
			if len(key) == 0 {
				continue
			}
			plain := e.Bytes()
			if l == int(vault.LevelWriter) {
				plain = w[:]
			}
			s, err := vault.SealTo(key, vault.EpochInfo(vault.SlotLevel(l), space, g), plain)
			if errors.Is(err, vault.ErrMalformed) {
				continue // its key is none: it gets noise, and stands in nobody's way
			}
			if err != nil {
				return fail(err)
			}
			parts.Slots[l][i] = s
		}
	}
	older := keys[:g-1]
	olderW := make([]secret.Secret, len(older))
	for i, k := range older {
		olderW[i] = writerOf(k, space, uint32(i+1))
	}
	var salts [2][32]byte
	rand.Read(salts[0][:])
	rand.Read(salts[1][:])
	parts.Rings[0] = vault.SealRing(vault.Exp(e.Bytes(), "ring", space, g), salts[0], space, g, older)
	parts.Rings[1] = vault.SealRing(vault.Exp(w[:], "ring", space, g), salts[1], space, g, olderW)

	seed := vault.Exp(e.Bytes(), "kem", space, g)
	esk, err := vault.NewKEM(seed[:])
	if err != nil {
		return fail(err)
	}
	ref.EPK = esk.PublicKey().Bytes()
	var x [4]byte
	rand.Read(x[:])
	ref.Name = vault.EpochName(g, hex.EncodeToString(x[:]))
	key := vault.EpochEnvelopeKey(mix, space)
	obj, err := vault.SealEnvelope(vault.KindEpoch, g, space, ref.Name, key[:], vault.Body{Payload: parts.Encode()})
	if err != nil {
		return fail(err)
	}
	ref.Hash = sha256.Sum256(obj)
	return writer.Built{Name: ref.Name, Object: obj}, ref, nil
}

// writerOf is W_g of E_g, zero where that is not known.
func writerOf(e secret.Secret, space vault.SpaceID, g uint32) secret.Secret {
	if e.IsZero() {
		return secret.New(make([]byte, 32))
	}
	w := vault.WriterFromReader(e.Bytes(), space, g)
	return secret.New(w[:])
}

// checkEpoch holds an epoch object against the E_g that its slot gave: public key, W_g ring and both rings must agree. It returns
// E_1…E_g.
func checkEpoch(space vault.SpaceID, parts vault.EpochParts, ref *vault.EpochRef, e secret.Secret, g uint32) ([]secret.Secret, error) {
	older, err := vault.OpenRing(vault.Exp(e.Bytes(), "ring", space, g), parts.Rings[0], space, g)
	if err != nil {
		return nil, err
	}
	w := vault.WriterFromReader(e.Bytes(), space, g)
	olderW, err := vault.OpenRing(vault.Exp(w[:], "ring", space, g), parts.Rings[1], space, g)
	if err != nil {
		return nil, err
	}
	for i, k := range older {
		if !olderW[i].Equal(writerOf(k, space, uint32(i+1))) {
			return nil, fmt.Errorf("rings of generation %d disagree: %w", g, vault.ErrTampered)
		}
	}
	if ref != nil {
		seed := vault.Exp(e.Bytes(), "kem", space, g)
		esk, err := vault.NewKEM(seed[:])
		if err != nil {
			return nil, err
		}
		if string(esk.PublicKey().Bytes()) != string(ref.EPK) {
			return nil, fmt.Errorf("public key of generation %d: %w", g, vault.ErrTampered)
		}
	}
	return append(older, e), nil
}
