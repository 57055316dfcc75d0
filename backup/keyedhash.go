package backup

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
)

// hashKey is a secret key of a hash that can be kept: who does not know it cannot make two inputs of one hash.
type hashKey [16]byte

func newHashKey() (k hashKey) {
	rand.Read(k[:])
	return k
}

// sum is the first 64 bits of SHA-256 over key and message. It makes nothing on the heap for messages of up to 240 bytes.
func (k *hashKey) sum(message []byte) uint64 {
	var room [256]byte
	sum := sha256.Sum256(append(append(room[:0], k[:]...), message...))
	return binary.BigEndian.Uint64(sum[:])
}
