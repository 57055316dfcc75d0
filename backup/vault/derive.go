package vault

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"lightproof/keystore/secret"
)

// Exp is the format's labelled derivation: HKDF-Expand(k, "lp1/" || label || 0x00 || spaceID || u32 g, 32). k is a uniformly random
// key, so no extract step is needed (RFC 5869, section 3.3).
func Exp(k []byte, label string, space SpaceID, g uint32) [32]byte {
	info := make([]byte, 0, 4+len(label)+1+16+4)
	info = append(info, "lp1/"...)
	info = append(info, label...)
	info = append(info, 0)
	info = append(info, space[:]...)
	info = binary.BigEndian.AppendUint32(info, g)
	return [32]byte(expand(k, info, 32))
}

// expand is HKDF-Expand with SHA-256 (RFC 5869, section 2.3). The lengths used here are far below its limit, so it cannot fail.
func expand(prk, info []byte, n int) []byte {
	if sha256.Size+len(info)+1 <= shortMessage && n <= 255*sha256.Size {
		out := make([]byte, 0, n+sha256.Size-1)
		var last [sha256.Size]byte
		for i := byte(1); len(out) < n; i++ {
			before := last[:]
			if i == 1 {
				before = nil
			}
			last = mac(prk, before, info, []byte{i})
			out = append(out, last[:]...)
		}
		return out[:n]
	}
	out, err := hkdf.Expand(sha256.New, prk, string(info), n)
	if err != nil {
		panic("vault: hkdf: " + err.Error())
	}
	return out
}

// extract is HKDF-Extract with SHA-256.
func extract(salt, ikm []byte) []byte {
	out, err := hkdf.Extract(sha256.New, ikm, salt)
	if err != nil {
		panic("vault: hkdf: " + err.Error())
	}
	return out
}

// DeriveKey is whole HKDF with SHA-256: extract with salt (may be nil), expand with info, n bytes.
func DeriveKey(ikm, salt, info []byte, n int) []byte { return expand(extract(salt, ikm), info, n) }

// shortMessage is how long in bytes a message may be that mac gathers on the stack. All of the format's are.
const shortMessage = 192

// mac is HMAC-SHA-256 (RFC 2104) of the parts, one behind the other. Each small content needs three: for a short message it is two hashes over
// the stack, where crypto/hmac makes objects of 700 bytes that cost more than the hashing.
func mac(key []byte, parts ...[]byte) (out [32]byte) {
	var inner [sha256.BlockSize + shortMessage]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	n := sha256.BlockSize
	for _, p := range parts {
		if len(p) > len(inner)-n || len(key) > sha256.BlockSize {
			return longMAC(key, parts)
		}
		n += copy(inner[n:], p)
	}
	for i := range sha256.BlockSize {
		k := byte(0)
		if i < len(key) {
			k = key[i]
		}
		inner[i], outer[i] = k^0x36, k^0x5c
	}
	sum := sha256.Sum256(inner[:n])
	copy(outer[sha256.BlockSize:], sum[:])
	out = sha256.Sum256(outer[:])
	clear(inner[:])
	clear(outer[:])
	return out
}

func longMAC(key []byte, parts [][]byte) (out [32]byte) {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(out[:0])
	return out
}

// Generation holds the writer-level keys of one generation: all derive from W_g. It can deduplicate, seal chunks and open envelopes;
// it cannot open a chunk whose content its holder does not have.
type Generation struct {
	Space  SpaceID
	Number uint32
	writer secret.Secret // W_g
	cid    [32]byte
	conv   [32]byte
	env    [32]byte
	ctl    [32]byte
	avoid  func(CID) bool // names that Seal must not give, nil = none
}

// NewGeneration derives the keys of generation g from W_g, of which it keeps the reference.
func NewGeneration(space SpaceID, g uint32, w secret.Secret) *Generation {
	return &Generation{
		Space: space, Number: g, writer: w,
		cid:  Exp(w.Bytes(), "cid", space, g),
		conv: Exp(w.Bytes(), "conv", space, g),
		env:  Exp(w.Bytes(), "env", space, g),
		ctl:  Exp(w.Bytes(), "ctl", space, g),
	}
}

// Avoid makes Seal pass over the names that condemned reports (FORMAT.md, "Collection"): content goes to the next variant. condemned
// may be called by several goroutines at once; call Avoid before the first Seal.
func (k *Generation) Avoid(condemned func(CID) bool) { k.avoid = condemned }

// WriterKey is W_g itself, for sealed local files and rings.
func (k *Generation) WriterKey() secret.Secret { return k.writer }

// EnvelopeKey is ENV_g, the secret of commits and object lists.
func (k *Generation) EnvelopeKey() []byte { return k.env[:] }

// ControlKey is CTL_g, the secret of control entries.
func (k *Generation) ControlKey() []byte { return k.ctl[:] }

// RingKey is WRING_g, the secret of the writer-level ring in an epoch object.
func (k *Generation) RingKey() [32]byte { return Exp(k.writer.Bytes(), "ring", k.Space, k.Number) }

// Wipe clears the keys. The generation must not be used afterwards.
func (k *Generation) Wipe() {
	k.writer.Wipe()
	clear(k.cid[:])
	clear(k.conv[:])
	clear(k.env[:])
	clear(k.ctl[:])
}

// WriterFromReader is the one-way step from E_g to W_g.
func WriterFromReader(e []byte, space SpaceID, g uint32) [32]byte { return Exp(e, "writer", space, g) }

// MixKey is Exp(M, label): the secret of bootstrap objects, which must open before any generation is known.
func MixKey(m []byte, label string, space SpaceID) [32]byte { return Exp(m, label, space, 0) }
