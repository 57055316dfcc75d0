package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
)

// chunkHeader is magic, version, suite, variant, flags, generation, cid.
const (
	chunkHeaderLen = 44
	chunkSealedAt  = chunkHeaderLen + 32 // header and commitment stand before the ciphertext
	chunkPlainAt   = chunkSealedAt + 8   // the sealed length stands before the content
	chunkInfo      = "lp1/chunk-key\x00"
)

// Class says what a chunk holds; it stands in object lists.
type Class uint8

// The classes of object-list records.
const (
	ClassContent Class = iota // a part of a file
	ClassBundle               // many small contents
	ClassPage                 // page, root page or part list
)

// Cap is the capability to read one chunk: whoever holds it can open the chunk, and only that one.
type Cap struct {
	CID    CID
	Key    [32]byte // ck, the content's own key
	Object Hash     // cth, SHA-256 of the stored object
	Len    uint32   // length of the content in bytes
}

// CapLen is the length of an encoded capability.
const CapLen = 100

// Append encodes the capability: cid || ck || cth || u32 length.
func (c Cap) Append(b []byte) []byte {
	b = append(b, c.CID[:]...)
	b = append(b, c.Key[:]...)
	b = append(b, c.Object[:]...)
	return binary.BigEndian.AppendUint32(b, c.Len)
}

// ParseCap decodes a capability.
func ParseCap(b []byte) (c Cap, err error) {
	if len(b) != CapLen {
		return c, fmt.Errorf("capability of %d bytes: %w", len(b), ErrMalformed)
	}
	copy(c.CID[:], b)
	copy(c.Key[:], b[32:])
	copy(c.Object[:], b[64:])
	c.Len = binary.BigEndian.Uint32(b[96:])
	if c.Len == 0 || c.Len > MaxChunk {
		return c, fmt.Errorf("capability length %d: %w", c.Len, ErrMalformed)
	}
	return c, nil
}

// ChunkBuffer is the one buffer that a chunk is read into, hashed in and sealed in. Reuse it between chunks.
type ChunkBuffer struct{ b []byte }

// NewChunkBuffer allocates room for the longest chunk.
func NewChunkBuffer() *ChunkBuffer { return &ChunkBuffer{b: make([]byte, MaxChunkObject)} }

// NewChunkBufferFor allocates room for content of at most n bytes.
func NewChunkBufferFor(n int) *ChunkBuffer {
	return &ChunkBuffer{b: make([]byte, max(MinChunkPad, Padme(min(n, MaxChunk)))+ChunkOverhead)}
}

// Room is where the content is read to: up to MaxChunk bytes.
func (c *ChunkBuffer) Room() []byte { return c.b[chunkPlainAt : len(c.b)-16] }

// Sealed is the outcome of sealing one chunk.
type Sealed struct {
	Cap    Cap
	Sum    Hash   // SHA-256 of the plain content: of a one-part file it is the whole-file hash
	Object []byte // the stored bytes; aliases the buffer, valid until its next use
}

// Name is where the object is stored.
func (s Sealed) Name() string { return ChunkName(s.Cap.CID) }

// Seal hashes and encrypts the first n bytes of buf's Room, in place: the bytes hashed are the bytes encrypted. It is the only
// function that seals chunks. With own not nil the content is not deduplicated against other files (dedup=off). The variant used is
// the one given or, where a collection condemns its name (Avoid), the next that is free; ErrCondemned: none is.
func (k *Generation) Seal(buf *ChunkBuffer, n int, variant uint8, own *FileID) (Sealed, error) {
	if n < 1 || n > MaxChunk || n > len(buf.Room()) {
		return Sealed{}, fmt.Errorf("chunk of %d bytes: %w", n, ErrMalformed)
	}
	padded := max(MinChunkPad, Padme(n))
	obj := buf.b[:padded+ChunkOverhead]
	content := obj[chunkPlainAt : chunkPlainAt+n]
	clear(obj[chunkPlainAt+n : chunkPlainAt+padded])
	s := Sealed{Sum: sha256.Sum256(content)}
	s.Cap.Len = uint32(n)
	h := chunkHash(n, s.Sum, own)
	defer clear(h[:])
	for s.Cap.CID = k.chunkName(h, variant); k.avoid != nil && k.avoid(s.Cap.CID); s.Cap.CID = k.chunkName(h, variant) {
		if variant++; variant == 0 {
			return Sealed{}, fmt.Errorf("all names of a chunk: %w", ErrCondemned)
		}
	}
	s.Cap.Key = mac(k.conv[:], h[:], []byte{variant})

	hdr := obj[:chunkHeaderLen]
	copy(hdr, "LPC1")
	hdr[4], hdr[5], hdr[6], hdr[7] = 1, 1, variant, 0
	binary.BigEndian.PutUint32(hdr[8:], k.Number)
	copy(hdr[12:], s.Cap.CID[:])
	aead, nonce, commit := ChunkKeys(s.Cap.Key, k.Space, obj)
	copy(obj[chunkHeaderLen:], commit)
	binary.BigEndian.PutUint64(obj[chunkSealedAt:], uint64(n))
	aad := append(append(make([]byte, 0, 16+chunkSealedAt), k.Space[:]...), obj[:chunkSealedAt]...)
	aead.Seal(obj[chunkSealedAt:chunkSealedAt], nonce, obj[chunkSealedAt:chunkPlainAt+padded], aad)
	s.Object = obj
	s.Cap.Object = sha256.Sum256(obj)
	return s, nil
}

// SealNext seals what Seal has just sealed in buf once more, under the next variant: other bytes stand under its name. No new key meets the
// old ones' message: each variant has a key of its own.
func (k *Generation) SealNext(buf *ChunkBuffer, s Sealed, own *FileID) (Sealed, error) {
	obj := s.Object
	if len(obj) < chunkPlainAt+16 || &obj[0] != &buf.b[0] || obj[6] == math.MaxUint8 {
		return Sealed{}, fmt.Errorf("next name of a chunk: %w", ErrMalformed)
	}
	variant := obj[6] + 1
	aead, nonce, _ := ChunkKeys(s.Cap.Key, k.Space, obj)
	aad := append(append(make([]byte, 0, 16+chunkSealedAt), k.Space[:]...), obj[:chunkSealedAt]...)
	if _, err := aead.Open(obj[chunkSealedAt:chunkSealedAt], nonce, obj[chunkSealedAt:], aad); err != nil {
		return Sealed{}, fmt.Errorf("next name of a chunk: %w", ErrTampered)
	}
	return k.Seal(buf, int(s.Cap.Len), variant, own)
}

// Variant finds the variant under which the first n bytes of buf's Room have a name that is accepts.
func (k *Generation) Variant(buf *ChunkBuffer, n int, is func(CID) bool) (variant uint8, ok bool) {
	h := chunkHash(n, sha256.Sum256(buf.Room()[:n]), nil)
	defer clear(h[:])
	for v := range math.MaxUint8 + 1 {
		if is(k.chunkName(h, uint8(v))) {
			return uint8(v), true
		}
	}
	return 0, false
}

func (k *Generation) chunkName(h [32]byte, variant uint8) CID {
	return mac(k.cid[:], h[:], []byte{variant})
}

func chunkHash(n int, sum Hash, own *FileID) [32]byte {
	h := sha256.New()
	if own == nil {
		h.Write([]byte("lp1/chunk\x00"))
	} else {
		h.Write([]byte("lp1/chunk-own\x00"))
		h.Write(own[:])
	}
	var l [8]byte
	binary.BigEndian.PutUint64(l[:], uint64(n))
	h.Write(l[:])
	h.Write(sum[:])
	return [32]byte(h.Sum(nil))
}

// ChunkKeys derives the single-use AEAD, its nonce and the key commitment of the chunk with this header.
func ChunkKeys(ck [32]byte, space SpaceID, obj []byte) (aead cipher.AEAD, nonce, commit []byte) {
	info := make([]byte, 0, len(chunkInfo)+16+chunkHeaderLen)
	info = append(append(append(info, chunkInfo...), space[:]...), obj[:chunkHeaderLen]...)
	okm := expand(ck[:], info, 76)
	return newGCM(okm[:32]), okm[32:44], okm[44:76]
}

func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("vault: aes: " + err.Error()) // the key length is fixed
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("vault: gcm: " + err.Error())
	}
	return aead
}

// ChunkHeader is the public head of a chunk object.
type ChunkHeader struct {
	Variant    uint8
	Generation uint32
	CID        CID
}

// ParseChunkHeader checks magic, version, suite, flags and size of a stored chunk without any key.
func ParseChunkHeader(obj []byte) (h ChunkHeader, err error) {
	if len(obj) < MinChunkPad+ChunkOverhead || len(obj) > MaxChunkObject || string(obj[:4]) != "LPC1" {
		return h, fmt.Errorf("chunk head: %w", ErrTampered)
	}
	if obj[4] != 1 || obj[5] != 1 || obj[7] != 0 {
		return h, fmt.Errorf("chunk version %d suite %d flags %d: %w", obj[4], obj[5], obj[7], ErrNewer)
	}
	h.Variant = obj[6]
	h.Generation = binary.BigEndian.Uint32(obj[8:])
	copy(h.CID[:], obj[12:])
	return h, nil
}

// PaddedObjectSize is the stored size of a chunk whose content has n bytes.
func PaddedObjectSize(n int) int { return max(MinChunkPad, Padme(n)) + ChunkOverhead }
