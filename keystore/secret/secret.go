// Package secret holds the one type that carries key material in memory. It prints as "[secret]" in every format, is never
// encoded by accident and can be wiped.
package secret

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
)

// Secret is a byte string that must not reach logs, error texts, JSON or argv. The zero value is empty. Copies share the bytes;
// Wipe clears them for all copies.
type Secret struct{ b []byte }

// New takes ownership of b; the caller must not use b afterwards.
func New(b []byte) Secret { return Secret{b: b} }

// Random returns n bytes of the operating system's random source.
func Random(n int) Secret {
	b := make([]byte, n)
	rand.Read(b) // never fails since Go 1.24
	return Secret{b: b}
}

// Bytes gives the bytes themselves, not a copy: do not keep, print or change them.
func (s Secret) Bytes() []byte { return s.b }

// Len is the number of bytes.
func (s Secret) Len() int { return len(s.b) }

// IsZero tells whether there is no secret (empty or wiped).
func (s Secret) IsZero() bool {
	var acc byte
	for _, c := range s.b {
		acc |= c
	}
	return acc == 0
}

// Clone returns an independent copy.
func (s Secret) Clone() Secret { return Secret{b: append([]byte(nil), s.b...)} }

// Equal compares in constant time.
func (s Secret) Equal(t Secret) bool { return subtle.ConstantTimeCompare(s.b, t.b) == 1 }

// Wipe overwrites the bytes with zeros.
func (s Secret) Wipe() { clear(s.b) }

const shown = "[secret]"

// String never shows the bytes.
func (s Secret) String() string { return shown }

// GoString never shows the bytes.
func (s Secret) GoString() string { return shown }

// Format never shows the bytes, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(shown)) }

var errEncode = errors.New("a secret is not encoded")

// MarshalText refuses, so that no encoder writes a secret by accident.
func (s Secret) MarshalText() ([]byte, error) { return nil, errEncode }

// MarshalBinary refuses, see MarshalText.
func (s Secret) MarshalBinary() ([]byte, error) { return nil, errEncode }
