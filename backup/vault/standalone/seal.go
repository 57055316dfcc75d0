package standalone

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"math/bits"

	"filippo.io/mldsa"
)

// Sizes of FORMAT.md, "Chunk", "Envelopes", "Signatures" and "Epoch object".
const (
	capSize     = 100
	rowSize     = capSize + 32 // row of a table of bundles
	refSize     = 42
	headSize    = 44 // open head of chunk and envelope
	sealSize    = headSize + 32
	publicSize  = 32 + 1952
	sigSize     = 64 + 3309
	kemSize     = 1216
	slotSize    = 1168
	maxChunk    = 8 << 20
	maxObject   = maxChunk + 100
	maxEnvelope = 5 << 20
	maxSeq      = 9_999_999_999
	maxGen      = 65_536
)

// The kinds of envelopes that a restore opens.
const (
	kindCommit  = 1
	kindControl = 2
	kindEpoch   = 3
	kindSlot    = 4
)

func sum(b []byte) string { s := sha256.Sum256(b); return string(s[:]) }

// expand and derive are HKDF with SHA-256 (RFC 5869); they fail only for lengths that nothing here asks for.
func expand(prk []byte, info string, n int) []byte {
	b, err := hkdf.Expand(sha256.New, prk, info, n)
	if err != nil {
		panic(err)
	}
	return b
}

func extract(salt, ikm []byte) []byte {
	b, err := hkdf.Extract(sha256.New, ikm, salt)
	if err != nil {
		panic(err)
	}
	return b
}

func derive(ikm []byte, salt, info string, n int) []byte {
	return expand(extract([]byte(salt), ikm), info, n)
}

// labelled is Exp of FORMAT.md, "Keys".
func labelled(k []byte, label, space string, g uint32) []byte {
	return expand(k, "lp1/"+label+"\x00"+space+be32(g), 32)
}

func gcmOpen(key, nonce, sealed []byte, aad string) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	g, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	b, err := g.Open(nil, nonce, sealed, []byte(aad))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", ErrAltered)
	}
	return b, nil
}

// padme rounds a length up (FORMAT.md, "Chunk").
func padme(n int) int {
	if n < 2 {
		return n
	}
	e := bits.Len(uint(n)) - 1
	s := bits.Len(uint(e))
	if s >= e {
		return n
	}
	unit := 1 << (e - s)
	return (n + unit - 1) / unit * unit
}

func zeros(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// body is what an envelope holds; unsigned kinds have a payload alone.
type body struct {
	generation uint32
	signed     []byte
	signatures []byte // Ed25519 64, ML-DSA-65 3309
	payload    []byte
}

// envelopeGeneration reads the generation in an envelope's open head; nothing vouches for it before the envelope opened.
func envelopeGeneration(obj []byte) (uint32, error) {
	if len(obj) < headSize {
		return 0, fmt.Errorf("envelope cut short: %w", ErrAltered)
	}
	return num32(obj[8:]), nil
}

// openEnvelope opens obj as what kind demands under name (FORMAT.md, "Envelopes"). Signatures are for the caller to check.
func openEnvelope(kind byte, space, name string, key, obj []byte) (b body, err error) {
	if len(obj) < 4188 || len(obj) > maxEnvelope || string(obj[:4]) != "LPE1" {
		return b, fmt.Errorf("not an envelope: %w", ErrAltered)
	}
	if obj[4] != 1 || obj[5] != 1 {
		return b, fmt.Errorf("envelope version %d, suite %d: %w", obj[4], obj[5], ErrNewer)
	}
	if obj[6] != kind || obj[7] != 0 {
		return b, fmt.Errorf("envelope of another kind: %w", ErrAltered)
	}
	b.generation = num32(obj[8:])
	if (b.generation == 0) != (kind == kindSlot) {
		return b, fmt.Errorf("generation %d: %w", b.generation, ErrAltered)
	}
	bind := space + be16(len(name)) + name
	okm := expand(extract(obj[12:headSize], key), "lp1/env\x00"+string(obj[:headSize])+bind, 76)
	if subtle.ConstantTimeCompare(okm[44:], obj[headSize:sealSize]) != 1 {
		return b, ErrKey
	}
	plain, err := gcmOpen(okm[:32], okm[32:44], obj[sealSize:], string(obj[:sealSize])+bind)
	if err != nil {
		return b, err
	}
	rest := plain
	if kind != kindEpoch {
		if b.signed, rest, err = cut(rest); err != nil {
			return b, err
		}
		if len(rest) < sigSize {
			return b, fmt.Errorf("signatures cut short: %w", ErrMalformed)
		}
		b.signatures, rest = rest[:sigSize], rest[sigSize:]
	}
	if b.payload, rest, err = cut(rest); err != nil {
		return b, err
	}
	if len(plain) != max(4096, padme(len(plain)-len(rest))) || !zeros(rest) {
		return b, fmt.Errorf("padding: %w", ErrMalformed)
	}
	return b, nil
}

// verify checks both signatures of label over the bytes as received (FORMAT.md, "Signatures").
func verify(public []byte, label string, message, signatures []byte) error {
	if len(public) != publicSize || len(signatures) != sigSize {
		return fmt.Errorf("signature: %w", ErrMalformed)
	}
	if !ed25519.Verify(public[:32], []byte(label+"\x00"+string(message)), signatures[:64]) {
		return fmt.Errorf("Ed25519 signature: %w", ErrAltered)
	}
	key, err := mldsa.NewPublicKey(mldsa.MLDSA65(), public[32:])
	if err != nil {
		return fmt.Errorf("ML-DSA-65 key: %w", ErrMalformed)
	}
	if mldsa.Verify(key, message, signatures[64:], &mldsa.Options{Context: label}) != nil {
		return fmt.Errorf("ML-DSA-65 signature: %w", ErrAltered)
	}
	return nil
}

func signatureOf(kind byte) string { return "lp1/sig/" + string(rune(kind)) }

// openBox opens what was sealed to the X-Wing key of a seed (FORMAT.md, "X-Wing and HPKE").
func openBox(seed []byte, info string, sealed []byte) ([]byte, error) {
	key, err := hpke.MLKEM768X25519().NewPrivateKey(seed)
	if err != nil {
		return nil, err
	}
	b, err := hpke.Open(key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info), sealed)
	if err != nil {
		return nil, ErrKey
	}
	return b, nil
}

// kemPublic is the public key of an X-Wing seed.
func kemPublic(seed []byte) ([]byte, error) {
	key, err := hpke.MLKEM768X25519().NewPrivateKey(seed)
	if err != nil {
		return nil, err
	}
	return key.PublicKey().Bytes(), nil
}
