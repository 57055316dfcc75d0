package vault

import (
	"crypto/ed25519"
	"fmt"

	"filippo.io/mldsa"

	"lightproof/keystore/secret"
)

const mldsaSigLen = 3309

// SignaturesLen is the length of encoded signatures: Ed25519 (64) || ML-DSA-65 (3309).
const SignaturesLen = 64 + mldsaSigLen

// Signatures is the pair that stands under every signed record; both must verify.
type Signatures struct {
	Ed25519 [64]byte
	MLDSA   [mldsaSigLen]byte
}

// SigningSeedLen is the length of the seed of one hybrid signing key: 32 bytes for Ed25519, then 32 for ML-DSA-65, independent.
const SigningSeedLen = 64

// SigningPublicLen is the length of an encoded hybrid public key: Ed25519 (32) || ML-DSA-65 (1952).
const SigningPublicLen = 32 + 1952

// SigningKey is a hybrid Ed25519 + ML-DSA-65 private key.
type SigningKey struct {
	seed secret.Secret
	ed   ed25519.PrivateKey
	ml   *mldsa.PrivateKey
}

// NewSigningKey derives both keys from a 64-byte seed, of which it keeps the reference.
func NewSigningKey(seed secret.Secret) (*SigningKey, error) {
	if seed.Len() != SigningSeedLen {
		return nil, fmt.Errorf("signing seed of %d bytes: %w", seed.Len(), ErrMalformed)
	}
	ml, err := mldsa.NewPrivateKey(mldsa.MLDSA65(), seed.Bytes()[32:])
	if err != nil {
		return nil, fmt.Errorf("ML-DSA seed: %w", ErrMalformed)
	}
	return &SigningKey{seed: seed, ed: ed25519.NewKeyFromSeed(seed.Bytes()[:32]), ml: ml}, nil
}

// Seed returns the 64-byte seed.
func (k *SigningKey) Seed() secret.Secret { return k.seed }

// Wipe clears the seed and the Ed25519 key.
func (k *SigningKey) Wipe() {
	k.seed.Wipe()
	clear(k.ed)
	k.ml = nil
}

// PublicKey is a hybrid public key in its encoded form.
type PublicKey [SigningPublicLen]byte

// Public returns the public half.
func (k *SigningKey) Public() (p PublicKey) {
	copy(p[:32], k.ed.Public().(ed25519.PublicKey))
	copy(p[32:], k.ml.PublicKey().Bytes())
	return p
}

// Sign signs a record of an envelope kind.
func (k *SigningKey) Sign(kind Kind, signed []byte) (Signatures, error) {
	return k.sign("lp1/sig/"+string([]byte{byte(kind)}), signed)
}

// Cosign signs x as the second party of the named record type.
func (k *SigningKey) Cosign(typeName string, x []byte) (Signatures, error) {
	return k.sign("lp1/cosign/"+typeName, x)
}

func (k *SigningKey) sign(label string, msg []byte) (s Signatures, err error) {
	copy(s.Ed25519[:], ed25519.Sign(k.ed, append(append([]byte(label), 0), msg...)))
	ml, err := k.ml.Sign(nil, msg, &mldsa.Options{Context: label})
	if err != nil {
		return s, fmt.Errorf("ML-DSA: %w", err)
	}
	copy(s.MLDSA[:], ml)
	return s, nil
}

// Verify checks both signatures of a record of an envelope kind.
func (p PublicKey) Verify(kind Kind, signed []byte, s Signatures) error {
	return p.verify("lp1/sig/"+string([]byte{byte(kind)}), signed, s)
}

// VerifyCosign checks both signatures of a second party.
func (p PublicKey) VerifyCosign(typeName string, x []byte, s Signatures) error {
	return p.verify("lp1/cosign/"+typeName, x, s)
}

func (p PublicKey) verify(label string, msg []byte, s Signatures) error {
	if !ed25519.Verify(p[:32], append(append([]byte(label), 0), msg...), s.Ed25519[:]) {
		return fmt.Errorf("Ed25519 signature: %w", ErrTampered)
	}
	ml, err := mldsa.NewPublicKey(mldsa.MLDSA65(), p[32:])
	if err != nil {
		return fmt.Errorf("ML-DSA public key: %w", ErrTampered)
	}
	if err := mldsa.Verify(ml, msg, s.MLDSA[:], &mldsa.Options{Context: label}); err != nil {
		return fmt.Errorf("ML-DSA signature: %w", ErrTampered)
	}
	return nil
}

// Encode is Ed25519 || ML-DSA-65, 3,373 bytes.
func (s Signatures) Encode() []byte {
	return append(append([]byte(nil), s.Ed25519[:]...), s.MLDSA[:]...)
}

// ParseSignatures is the reverse of Encode.
func ParseSignatures(b []byte) (s Signatures, err error) {
	if len(b) != SignaturesLen {
		return s, fmt.Errorf("signatures of %d bytes: %w", len(b), ErrMalformed)
	}
	copy(s.Ed25519[:], b)
	copy(s.MLDSA[:], b[64:])
	return s, nil
}
