package vault

import (
	"crypto/rand"
	"fmt"
)

// StartHead is what stands before a sealed local file whose secret comes from a passphrase: kdf || salt16.
type StartHead struct {
	KDF  KDF
	Salt [16]byte
}

// StartHeadLen is its encoded length.
const StartHeadLen = KDFLen + 16

// NewStartHead draws a salt.
func NewStartHead(k KDF) StartHead {
	h := StartHead{KDF: k}
	rand.Read(h.Salt[:])
	return h
}

// Encode makes kdf || salt16.
func (h StartHead) Encode() []byte { return append(h.KDF.Encode(), h.Salt[:]...) }

// SplitStart separates kdf || salt16 from the envelope behind it. A file that begins with an envelope has no head (ok false).
func SplitStart(file []byte) (h StartHead, rest []byte, ok bool, err error) {
	if len(file) >= 4 && string(file[:4]) == "LPE1" {
		return h, file, false, nil
	}
	if len(file) < StartHeadLen {
		return h, nil, false, fmt.Errorf("sealed file of %d bytes: %w", len(file), ErrMalformed)
	}
	if h.KDF, err = ParseKDF(file[:KDFLen]); err != nil {
		return h, nil, false, err
	}
	copy(h.Salt[:], file[KDFLen:])
	return h, file[StartHeadLen:], true, nil
}
