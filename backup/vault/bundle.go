package vault

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

const bundleHeadLen = 40 // "LPB1", version, three zeros, salt32

// Ref points at one small content inside a bundle. Bundle is the index into the table of bundles beside it.
type Ref struct {
	Bundle uint16
	Off    uint32   // of the sealed record in the bundle's plaintext
	Len    uint32   // of the content in bytes
	Key    [32]byte // rk, the content's own key
}

// RefLen is the length of an encoded reference.
const RefLen = 42

// Append encodes the reference.
func (r Ref) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, r.Bundle)
	b = binary.BigEndian.AppendUint32(b, r.Off)
	b = binary.BigEndian.AppendUint32(b, r.Len)
	return append(b, r.Key[:]...)
}

// ParseRef decodes a reference.
func ParseRef(b []byte) (r Ref, err error) {
	if len(b) != RefLen {
		return r, fmt.Errorf("reference of %d bytes: %w", len(b), ErrMalformed)
	}
	r.Bundle = binary.BigEndian.Uint16(b)
	r.Off = binary.BigEndian.Uint32(b[2:])
	r.Len = binary.BigEndian.Uint32(b[6:])
	copy(r.Key[:], b[10:])
	if r.Len == 0 || r.Len > MaxSmall || r.Off < bundleHeadLen || uint64(r.Off)+uint64(r.Len)+16 > MaxChunk {
		return r, fmt.Errorf("reference range: %w", ErrMalformed)
	}
	return r, nil
}

// Bundle collects small contents, each under a key of its own, until it is sealed as one chunk. Not for concurrent use.
type Bundle struct {
	k       *Generation
	buf     *ChunkBuffer
	n       int
	records int
	salt    [32]byte
}

// NewBundle starts a bundle in buf with a random salt.
func (k *Generation) NewBundle(buf *ChunkBuffer) *Bundle {
	b := &Bundle{k: k, buf: buf}
	rand.Read(b.salt[:])
	b.start()
	return b
}

// RebuildBundle starts a bundle with a recorded salt, to heal a lost one from its unchanged sources.
func (k *Generation) RebuildBundle(buf *ChunkBuffer, salt [32]byte) *Bundle {
	b := &Bundle{k: k, buf: buf, salt: salt}
	b.start()
	return b
}

func (b *Bundle) start() {
	p := b.buf.Room()
	copy(p, "LPB1")
	p[4], p[5], p[6], p[7] = 1, 0, 0, 0
	copy(p[8:], b.salt[:])
	b.n = bundleHeadLen
}

// Salt is stored beside the bundle's capability.
func (b *Bundle) Salt() [32]byte { return b.salt }

// Records is the number of contents so far.
func (b *Bundle) Records() int { return b.records }

// Size is the length in bytes of the plaintext so far.
func (b *Bundle) Size() int { return b.n }

// Fits tells whether a content of n bytes can still be added.
func (b *Bundle) Fits(n int) bool {
	return b.records < MaxBundleRecord && b.n+n+16 <= min(MaxChunk, len(b.buf.Room()))
}

// Add seals one content of 1 to MaxSmall bytes and returns its reference (bundle index 0) and its SHA-256.
func (b *Bundle) Add(content []byte) (Ref, Hash, error) {
	if len(content) < 1 || len(content) > MaxSmall || !b.Fits(len(content)) {
		return Ref{}, Hash{}, fmt.Errorf("bundle record of %d bytes: %w", len(content), ErrMalformed)
	}
	sum := Hash(sha256.Sum256(content))
	named := binary.BigEndian.AppendUint64(append(make([]byte, 0, 64), "lp1/small\x00"...), uint64(len(content)))
	hr := sha256.Sum256(append(named, sum[:]...))
	r := Ref{Off: uint32(b.n), Len: uint32(len(content))}
	r.Key = mac(b.k.conv[:], []byte("lp1/record\x00"), b.salt[:], hr[:])
	aead, nonce, aad := RecordKeys(r, b.k.Space)
	p := b.buf.Room()
	aead.Seal(p[b.n:b.n], nonce, content, aad)
	b.n += len(content) + 16
	b.records++
	return r, sum, nil
}

// Close seals the bundle as a chunk. The bundle must not be used afterwards.
func (b *Bundle) Close() (Sealed, error) { return b.k.Seal(b.buf, b.n, 0, nil) }
