package reader

import (
	"crypto/hpke"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"lightproof/backup/vault"
)

// OpenChunk opens a stored chunk with its capability: every byte is checked against the capability's hash before anything is
// decrypted. The result has exactly Cap.Len bytes.
func OpenChunk(space vault.SpaceID, c vault.Cap, obj []byte) ([]byte, error) {
	return openChunk(space, c, obj, func(sealed []byte) []byte { return make([]byte, 0, len(sealed)-16) })
}

// OpenChunkInPlace is OpenChunk into obj itself, which holds the content in place of the ciphertext afterwards, and nothing of use after an
// error. The result is a part of obj.
func OpenChunkInPlace(space vault.SpaceID, c vault.Cap, obj []byte) ([]byte, error) {
	return openChunk(space, c, obj, func(sealed []byte) []byte { return sealed[:0] })
}

func openChunk(space vault.SpaceID, c vault.Cap, obj []byte, room func(sealed []byte) []byte) ([]byte, error) {
	if sha256.Sum256(obj) != c.Object {
		return nil, fmt.Errorf("chunk %s: %w", c.CID, vault.ErrTampered)
	}
	h, err := vault.ParseChunkHeader(obj)
	if err != nil {
		return nil, err
	}
	if h.CID != c.CID {
		return nil, fmt.Errorf("chunk %s under another name: %w", c.CID, vault.ErrTampered)
	}
	aead, nonce, commit := vault.ChunkKeys(c.Key, space, obj)
	if subtle.ConstantTimeCompare(commit, obj[44:76]) != 1 {
		return nil, fmt.Errorf("chunk key commitment: %w", vault.ErrTampered)
	}
	aad := append(append(make([]byte, 0, 16+76), space[:]...), obj[:76]...)
	p, err := aead.Open(room(obj[76:]), nonce, obj[76:], aad)
	if err != nil {
		return nil, fmt.Errorf("chunk seal: %w", vault.ErrTampered)
	}
	n := binary.BigEndian.Uint64(p)
	if n != uint64(c.Len) || vault.PaddedObjectSize(int(n)) != len(obj) {
		return nil, fmt.Errorf("chunk length: %w", vault.ErrTampered)
	}
	for _, b := range p[8+n:] {
		if b != 0 {
			return nil, fmt.Errorf("chunk padding: %w", vault.ErrTampered)
		}
	}
	return p[8 : 8+n : 8+n], nil
}

// OpenRecord opens one small content out of an opened bundle.
func OpenRecord(space vault.SpaceID, r vault.Ref, bundle []byte) ([]byte, error) {
	return AppendRecord(nil, space, r, bundle)
}

// AppendRecord is OpenRecord behind what dst holds, in dst's array where that has room.
func AppendRecord(dst []byte, space vault.SpaceID, r vault.Ref, bundle []byte) ([]byte, error) {
	if len(bundle) < 40 || string(bundle[:4]) != "LPB1" {
		return nil, fmt.Errorf("bundle: %w", vault.ErrTampered)
	}
	if bundle[4] != 1 || bundle[5]|bundle[6]|bundle[7] != 0 {
		return nil, fmt.Errorf("bundle version %d: %w", bundle[4], vault.ErrNewer)
	}
	end := uint64(r.Off) + uint64(r.Len) + 16
	if end > uint64(len(bundle)) {
		return nil, fmt.Errorf("bundle record range: %w", vault.ErrTampered)
	}
	aead, nonce, aad := vault.RecordKeys(r, space)
	p, err := aead.Open(dst, nonce, bundle[r.Off:end], aad)
	if err != nil {
		return nil, fmt.Errorf("bundle record: %w", vault.ErrTampered)
	}
	return p, nil
}

// kem derives ESK_g.
func (k *Keyset) kem(g uint32) (hpke.PrivateKey, error) {
	e, err := k.epoch(g)
	if err != nil {
		return nil, err
	}
	seed := vault.Exp(e.Bytes(), "kem", k.Space, g)
	return vault.NewKEM(seed[:])
}

// OpenPayload opens the sealed payload of a verified commit.
func (k *Keyset) OpenPayload(h vault.Commit, sealed []byte) (vault.Payload, error) {
	if len(sealed) > vault.MaxPayload+vault.BoxOverhead {
		return vault.Payload{}, fmt.Errorf("payload of %d bytes: %w", len(sealed), vault.ErrMalformed)
	}
	esk, err := k.kem(h.Generation)
	if err != nil {
		return vault.Payload{}, err
	}
	p, err := vault.OpenFrom(esk, vault.PayloadInfo(h.Space, h.Author, h.Seq), sealed)
	if err != nil {
		return vault.Payload{}, fmt.Errorf("payload of commit %d: %w", h.Seq, vault.ErrTampered)
	}
	return vault.ParsePayload(p)
}

// AnswerChallenge opens the 32 bytes that an engine sealed to prove that this process is unlocked.
func (k *Keyset) AnswerChallenge(g uint32, sealed []byte) ([]byte, error) {
	esk, err := k.kem(g)
	if err != nil {
		return nil, err
	}
	return vault.OpenFrom(esk, []byte(vault.UnlockInfo), sealed)
}
