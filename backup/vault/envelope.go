package vault

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
)

// Kind is the sort of an envelope.
type Kind uint8

// The envelope kinds of FORMAT.md, "Envelopes".
const (
	KindCommit      Kind = 1
	KindControl     Kind = 2
	KindEpoch       Kind = 3
	KindSlot        Kind = 4
	KindMailbox     Kind = 5
	KindList        Kind = 6
	KindCard        Kind = 7
	KindLocalWriter Kind = 0x81
	KindLocalReader Kind = 0x82
)

// Signed tells whether envelopes of this kind carry signatures.
func (k Kind) Signed() bool {
	return k == KindCommit || k == KindControl || k == KindSlot || k == KindCard
}

// outsideGenerations tells whether envelopes of this kind belong to no generation: g is 0 in their head.
func (k Kind) outsideGenerations() bool {
	return k == KindSlot || k == KindMailbox || k == KindLocalWriter || k == KindLocalReader
}

// keyFromPerson tells whether a passphrase or kit words enter the key: a commitment that differs then most likely means another one of
// these, and an altered object only where they are known to be right.
func (k Kind) keyFromPerson() bool {
	return k == KindSlot || k == KindLocalWriter || k == KindLocalReader
}

const (
	envelopeHeadLen = 44
	envelopeMinBody = 4 << 10
	envelopeInfo    = "lp1/env\x00"
)

// Body is what an envelope carries. Unsigned kinds have only a Payload.
type Body struct {
	Signed  []byte // the signed record, exactly as received
	Sigs    Signatures
	Payload []byte
}

func encodeBody(kind Kind, b Body) []byte {
	var out []byte
	if kind.Signed() {
		out = binary.BigEndian.AppendUint32(out, uint32(len(b.Signed)))
		out = append(out, b.Signed...)
		out = append(out, b.Sigs.Ed25519[:]...)
		out = append(out, b.Sigs.MLDSA[:]...)
	}
	out = binary.BigEndian.AppendUint32(out, uint32(len(b.Payload)))
	out = append(out, b.Payload...)
	return append(out, make([]byte, max(envelopeMinBody, Padme(len(out)))-len(out))...)
}

func decodeBody(kind Kind, p []byte) (b Body, err error) {
	bad := fmt.Errorf("envelope body: %w", ErrMalformed)
	whole := len(p)
	take := func(n int) ([]byte, bool) {
		if n < 0 || n > len(p) {
			return nil, false
		}
		v := p[:n:n]
		p = p[n:]
		return v, true
	}
	counted := func() ([]byte, bool) {
		l, ok := take(4)
		if !ok {
			return nil, false
		}
		return take(int(binary.BigEndian.Uint32(l)))
	}
	var ok bool
	if kind.Signed() {
		if b.Signed, ok = counted(); !ok {
			return b, bad
		}
		ed, ok1 := take(64)
		ml, ok2 := take(mldsaSigLen)
		if !ok1 || !ok2 {
			return b, bad
		}
		copy(b.Sigs.Ed25519[:], ed)
		copy(b.Sigs.MLDSA[:], ml)
	}
	if b.Payload, ok = counted(); !ok {
		return b, bad
	}
	if whole != max(envelopeMinBody, Padme(whole-len(p))) { // the length must say nothing that the content's does not
		return b, bad
	}
	for _, c := range p {
		if c != 0 {
			return b, bad
		}
	}
	return b, nil
}

// SealEnvelope makes the stored object of kind under name. key is the kind's secret (FORMAT.md, table of envelopes); g is 0 for kinds
// that belong to no generation.
func SealEnvelope(kind Kind, g uint32, space SpaceID, name string, key []byte, body Body) ([]byte, error) {
	plain := encodeBody(kind, body)
	size := envelopeHeadLen + 32 + len(plain) + 16
	if size > MaxEnvelope {
		return nil, fmt.Errorf("envelope of %d bytes: %w", size, ErrMalformed)
	}
	obj := make([]byte, envelopeHeadLen+32, size)
	copy(obj, "LPE1")
	obj[4], obj[5], obj[6], obj[7] = 1, 1, byte(kind), 0
	binary.BigEndian.PutUint32(obj[8:], g)
	rand.Read(obj[12:44])
	okm, tail := envelopeKeys(obj[:envelopeHeadLen], space, name, key)
	copy(obj[envelopeHeadLen:], okm[44:76])
	aad := append(append([]byte(nil), obj...), tail...)
	return newGCM(okm[:32]).Seal(obj, okm[32:44], plain, aad), nil
}

// EnvelopeHead checks the public head and returns kind and generation, so that the caller can choose the key.
func EnvelopeHead(obj []byte) (kind Kind, g uint32, err error) {
	if len(obj) > MaxEnvelope || len(obj) < envelopeHeadLen+32+envelopeMinBody+16 || string(obj[:4]) != "LPE1" {
		return 0, 0, fmt.Errorf("envelope head: %w", ErrTampered)
	}
	if obj[4] != 1 || obj[5] != 1 || obj[7] != 0 {
		return 0, 0, fmt.Errorf("envelope version %d suite %d: %w", obj[4], obj[5], ErrNewer)
	}
	return Kind(obj[6]), binary.BigEndian.Uint32(obj[8:]), nil
}

// OpenEnvelope opens obj as the object of kind under name. Signatures are not checked here: see VerifyBody.
func OpenEnvelope(kind Kind, space SpaceID, name string, key, obj []byte) (Body, error) {
	k, g, err := EnvelopeHead(obj)
	if err != nil {
		return Body{}, err
	}
	if k != kind || (g == 0) != kind.outsideGenerations() {
		return Body{}, fmt.Errorf("envelope of kind %d, generation %d in place of kind %d: %w", k, g, kind, ErrTampered)
	}
	head := obj[:envelopeHeadLen]
	okm, tail := envelopeKeys(head, space, name, key)
	if subtle.ConstantTimeCompare(okm[44:76], obj[envelopeHeadLen:envelopeHeadLen+32]) != 1 {
		if kind.keyFromPerson() {
			return Body{}, fmt.Errorf("envelope key commitment: %w (%w)", ErrWrongKey, ErrTampered)
		}
		return Body{}, fmt.Errorf("envelope key commitment: %w", ErrTampered)
	}
	aad := append(append([]byte(nil), obj[:envelopeHeadLen+32]...), tail...)
	plain, err := newGCM(okm[:32]).Open(nil, okm[32:44], obj[envelopeHeadLen+32:], aad)
	if err != nil {
		return Body{}, fmt.Errorf("envelope seal: %w", ErrTampered)
	}
	return decodeBody(kind, plain)
}

// envelopeKeys returns key32 || nonce12 || commit32 and the part of the additional data that follows header and commitment.
func envelopeKeys(head []byte, space SpaceID, name string, key []byte) (okm, tail []byte) {
	tail = append(tail, space[:]...)
	tail = binary.BigEndian.AppendUint16(tail, uint16(len(name)))
	tail = append(tail, name...)
	info := append([]byte(envelopeInfo), head...)
	return expand(extract(head[12:44], key), append(info, tail...), 76), tail
}
