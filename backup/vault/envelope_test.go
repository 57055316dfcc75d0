package vault

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"lightproof/keystore/secret"
)

// sealPlain seals an envelope whose body is given as it is, to reach what only a holder of the key could do wrong.
func sealPlain(kind Kind, g uint32, space SpaceID, name string, key, plain []byte) []byte {
	obj := make([]byte, envelopeHeadLen+32)
	copy(obj, []byte{'L', 'P', 'E', '1', 1, 1, byte(kind), 0, byte(g >> 24), byte(g >> 16), byte(g >> 8), byte(g)})
	okm, tail := envelopeKeys(obj[:envelopeHeadLen], space, name, key)
	copy(obj[envelopeHeadLen:], okm[44:76])
	return newGCM(okm[:32]).Seal(obj, okm[32:44], plain, append(slices.Clone(obj), tail...))
}

func TestEnvelopeBodiesHaveOneLengthAndZeroPadding(t *testing.T) {
	key, space := bytes.Repeat([]byte{3}, 32), SpaceID{1}
	open := func(plain []byte) error {
		_, err := OpenEnvelope(KindList, space, "n", key, sealPlain(KindList, 1, space, "n", key, plain))
		return err
	}
	good := encodeBody(KindList, Body{Payload: []byte("list")})
	if err := open(good); err != nil {
		t.Fatal(err)
	}
	long := encodeBody(KindList, Body{Payload: make([]byte, 10_000)})
	for name, plain := range map[string][]byte{
		"padding not zero": append(slices.Clone(good[:len(good)-1]), 1),
		"padding too long": append(slices.Clone(good), 0),
		"padding cut":      long[:len(long)-1],
		"length beyond":    append([]byte{0, 0, 16, 0}, good[4:]...),
		"length absurd":    append([]byte{255, 255, 255, 255}, good[4:]...),
	} {
		if err := open(plain); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEnvelopesBelongToTheirPlace(t *testing.T) {
	key, space := bytes.Repeat([]byte{3}, 32), SpaceID{1}
	obj, err := SealEnvelope(KindList, 4, space, "here", key, Body{Payload: []byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() error{
		"name":  func() error { _, err := OpenEnvelope(KindList, space, "there", key, obj); return err },
		"space": func() error { _, err := OpenEnvelope(KindList, SpaceID{2}, "here", key, obj); return err },
		"kind":  func() error { _, err := OpenEnvelope(KindEpoch, space, "here", key, obj); return err },
		"key":   func() error { _, err := OpenEnvelope(KindList, space, "here", make([]byte, 32), obj); return err },
	} {
		if err := f(); !errors.Is(err, ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain := encodeBody(KindList, Body{})
	if _, err := OpenEnvelope(KindList, space, "n", key, sealPlain(KindList, 0, space, "n", key, plain)); !errors.Is(err, ErrTampered) {
		t.Error("a list outside generations:", err)
	}
	if _, err := OpenEnvelope(KindLocalWriter, space, "n", key, sealPlain(KindLocalWriter, 1, space, "n", key, plain)); !errors.Is(err, ErrTampered) {
		t.Error("a local file with a generation:", err)
	}
}

// The commitment is compared before anything is decrypted: an object whose tag fits and whose commitment does not is refused.
func TestKeyCommitmentsAreCompared(t *testing.T) {
	key, space := bytes.Repeat([]byte{3}, 32), SpaceID{1}
	obj := make([]byte, envelopeHeadLen+32)
	copy(obj, []byte{'L', 'P', 'E', '1', 1, 1, byte(KindList), 0, 0, 0, 0, 1})
	okm, tail := envelopeKeys(obj[:envelopeHeadLen], space, "n", key)
	copy(obj[envelopeHeadLen:], okm[44:76])
	obj[envelopeHeadLen] ^= 1 // wrong, and covered by the tag
	forged := newGCM(okm[:32]).Seal(obj, okm[32:44], encodeBody(KindList, Body{}), append(slices.Clone(obj), tail...))
	if _, err := OpenEnvelope(KindList, space, "n", key, forged); !errors.Is(err, ErrTampered) {
		t.Error(err)
	}
}

func TestBothSignaturesAreNeeded(t *testing.T) {
	k := newKey(t)
	pub, other := k.Public(), newKey(t).Public()
	msg := []byte("a signed record")
	s, err := k.Sign(KindCommit, msg)
	if err != nil {
		t.Fatal(err)
	}
	if err := pub.Verify(KindCommit, msg, s); err != nil {
		t.Fatal(err)
	}
	mixed := pub
	copy(mixed[32:], other[32:])
	for name, verify := range map[string]func() error{
		"Ed25519 stripped":       func() error { return pub.Verify(KindCommit, msg, Signatures{MLDSA: s.MLDSA}) },
		"ML-DSA stripped":        func() error { return pub.Verify(KindCommit, msg, Signatures{Ed25519: s.Ed25519}) },
		"Ed25519 altered":        func() error { x := s; x.Ed25519[40] ^= 1; return pub.Verify(KindCommit, msg, x) },
		"ML-DSA altered":         func() error { x := s; x.MLDSA[1000] ^= 1; return pub.Verify(KindCommit, msg, x) },
		"another message":        func() error { return pub.Verify(KindCommit, msg[1:], s) },
		"another kind":           func() error { return pub.Verify(KindControl, msg, s) },
		"as co-signature":        func() error { return pub.VerifyCosign("genesis", msg, s) },
		"another key":            func() error { return other.Verify(KindCommit, msg, s) },
		"half of another key":    func() error { return mixed.Verify(KindCommit, msg, s) },
		"nothing under no key":   func() error { return PublicKey{}.Verify(KindCommit, msg, Signatures{}) },
		"co-signature elsewhere": func() error { c, _ := k.Cosign("genesis", msg); return pub.VerifyCosign("device-add", msg, c) },
	} {
		if err := verify(); !errors.Is(err, ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewSigningKey(secret.Random(32)); !errors.Is(err, ErrMalformed) {
		t.Error("a short seed:", err)
	}
}
