// Package passphrase brings passphrases into the one form that keys are made from, estimates how long one resists guessing, and
// suggests good ones.
package passphrase

import (
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"lightproof/keystore/secret"
	"lightproof/keystore/words"
)

// MaxBytes bounds a passphrase as typed, in UTF-8.
const MaxBytes = 1024

// SuggestedWords is how many words Suggest draws: 66 bits.
const SuggestedWords = 6

// What Normalize refuses.
var (
	ErrEmpty   = errors.New("the passphrase is empty")
	ErrTooLong = errors.New("the passphrase is longer than 1,024 bytes")
	ErrNotText = errors.New("the passphrase is not valid UTF-8")
)

// Normalize returns the Unicode normal form NFKC (UAX #15) of what was typed, so that one passphrase gives one key on every
// keyboard and system. Nothing is trimmed and case is kept. The caller wipes typed.
func Normalize(typed []byte) (secret.Secret, error) {
	switch {
	case len(typed) == 0:
		return secret.Secret{}, ErrEmpty
	case len(typed) > MaxBytes:
		return secret.Secret{}, ErrTooLong
	case !utf8.Valid(typed):
		return secret.Secret{}, ErrNotText
	}
	// Room for the usual case at once, since a buffer that grows leaves a copy behind.
	return secret.New(norm.NFKC.Append(make([]byte, 0, 4*len(typed)), typed...)), nil
}

// Suggest draws six words of the BIP-39 list, joined by spaces, from random (12 bytes of it).
func Suggest(random io.Reader) (secret.Secret, error) {
	return words.Suggest(random, SuggestedWords)
}
