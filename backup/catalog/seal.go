package catalog

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"sync"
	"sync/atomic"
)

// Key derivation labels (HKDF-SHA-256, RFC 5869; DESIGN.md, "Keys").
const (
	labelIndex = "lp1/cache-index"
	labelHead  = "lp1/cache-head"
	labelRow   = "lp1/cache-row"
)

const (
	rowKeySize = sha256.Size
	saltSize   = 32
	overhead   = 12 + 16 // nonce and tag of one sealed value
)

// sealer names and seals rows. It is safe for concurrent use.
type sealer struct {
	databaseID string
	schema     uint32
	index      []byte    // key of the row names
	macs       sync.Pool // of hash.Hash keyed with index
	head       cipher.AEAD
	// rows holds the row keys of this session, the one for new values first. Old ones stay until Close, because a reader's
	// snapshot may be older than the end of a rekeying.
	rows atomic.Pointer[[]cipher.AEAD]
}

func newSealer(key []byte, databaseID string, schema uint32) (*sealer, error) {
	index, err := hkdf.Key(sha256.New, key, nil, labelIndex, 32)
	if err != nil {
		return nil, err
	}
	head, err := deriveAEAD(key, nil, labelHead)
	if err != nil {
		return nil, err
	}
	s := &sealer{databaseID: databaseID, schema: schema, index: index, head: head}
	s.macs.New = func() any { return hmac.New(sha256.New, s.index) }
	s.rows.Store(&[]cipher.AEAD{})
	return s, nil
}

func deriveAEAD(key, salt []byte, label string) (cipher.AEAD, error) {
	k, err := hkdf.Key(sha256.New, key, salt, label, 32)
	if err != nil {
		return nil, err
	}
	defer clear(k)
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	// Random 12-byte nonce in front of the ciphertext, drawn by the standard library itself.
	return cipher.NewGCMWithRandomNonce(block)
}

// pushRowKey makes the key of salt the one for new values; older ones still open.
func (s *sealer) pushRowKey(key, salt []byte) error {
	a, err := deriveAEAD(key, salt, labelRow)
	if err != nil {
		return err
	}
	ring := append([]cipher.AEAD{a}, *s.rows.Load()...)
	s.rows.Store(&ring)
	return nil
}

// rowKey is HMAC-SHA-256(index key, table || 0x00 || natural key). Table names hold no zero byte.
func (s *sealer) rowKey(table string, natural []byte) [rowKeySize]byte {
	m := s.macs.Get().(hash.Hash)
	m.Reset()
	var buf [64]byte
	m.Write(append(append(buf[:0], table...), 0))
	m.Write(natural)
	var k [rowKeySize]byte
	m.Sum(k[:0])
	s.macs.Put(m)
	return k
}

// aad binds a value to its place: u16|database id| || u16|table| || u16|row key| || u32 schema version, lengths included.
func (s *sealer) aad(dst []byte, table string, k []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(s.databaseID)))
	dst = append(dst, s.databaseID...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(table)))
	dst = append(dst, table...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(k)))
	dst = append(dst, k...)
	return binary.BigEndian.AppendUint32(dst, s.schema)
}

// seal returns nonce || AES-256-GCM(u32|natural key| || natural key || value).
func (s *sealer) seal(table string, k, natural, value []byte) []byte {
	buf := make([]byte, 0, 4+len(natural)+len(value)+overhead)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(natural)))
	buf = append(buf, natural...)
	buf = append(buf, value...)
	var a [192]byte
	return (*s.rows.Load())[0].Seal(buf[:0], nil, buf, s.aad(a[:0], table, k))
}

// errRow is the cause inside ErrDamaged for a row that does not open at its place.
var errRow = errors.New("a row does not open at its place")

// open returns natural key and value as parts of buf, which it may grow, and whether a key other than the newest opened it.
func (s *sealer) open(buf []byte, table string, k, sealed []byte) (natural, value, grown []byte, old bool, err error) {
	var a [192]byte
	aad := s.aad(a[:0], table, k)
	for i, aead := range *s.rows.Load() {
		plain, err := aead.Open(buf[:0], nil, sealed, aad)
		if err != nil {
			continue
		}
		if len(plain) < 4 || uint64(binary.BigEndian.Uint32(plain)) > uint64(len(plain)-4) {
			break
		}
		n := 4 + int(binary.BigEndian.Uint32(plain))
		return plain[4:n:n], plain[n:], plain, i > 0, nil
	}
	return nil, nil, buf, false, errRow
}

// wipe clears what can be cleared; the expanded AES keys go with the garbage collector.
func (s *sealer) wipe() {
	clear(s.index)
	s.rows.Store(&[]cipher.AEAD{})
}
