// Package words turns secret bytes into the English words of BIP-39 and back: 32 bytes are 24 words (the recovery kit), 16 bytes
// are 12 words (pairing codes, invites). The words end with a checksum of one bit for each four bytes.
//
// The word list is that of BIP-39 (Bitcoin Improvement Proposal 39, english.txt, 2,048 words, the first four letters of each being
// unique); a test pins its SHA-256. The coding is done here, on bytes that can be wiped: the Go libraries for BIP-39 pass the whole
// secret through a string and a big.Int that stay in memory. The tests check every result against one of them and against the
// vectors published with the proposal.
package words

import (
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"

	"lightproof/keystore/secret"
)

// Count is a number of words that can be coded.
type Count int

// The counts in use.
const (
	Code Count = 12 // 16 bytes: pairing code, invite
	Kit  Count = 24 // 32 bytes: recovery kit
)

// Bytes is the length of the secret behind so many words.
func (c Count) Bytes() int { return int(c) / 3 * 4 }

// MaxLetters is the length of the longest word of the list.
const MaxLetters = 8

const (
	listLen = 2048
	bits    = 11 // a word stands for 11 bits
)

//go:embed english.txt
var english string

// list is the word list, sorted; its entries share the memory of the embedded text.
var list = sync.OnceValue(func() []string {
	l := strings.Fields(english)
	if len(l) != listLen {
		panic("words: the embedded list is damaged")
	}
	return l
})

// List returns the 2,048 words in alphabetical order; the caller must not change it.
func List() []string { return list() }

// Index returns the place of a word (lower case) in the list, 0 to 2,047.
func Index(word string) (int, bool) {
	i := sort.SearchStrings(list(), word)
	return i, i < listLen && list()[i] == word
}

// ErrLength: Encode takes 16 or 32 bytes.
var ErrLength = errors.New("words stand for 16 or 32 bytes")

// Encode returns the 12 or 24 words of a 16- or 32-byte secret. The words are entries of the constant list, not copies: clear the
// slice to forget them.
func Encode(s secret.Secret) ([]string, error) {
	b := s.Bytes()
	if len(b) != Code.Bytes() && len(b) != Kit.Bytes() {
		return nil, ErrLength
	}
	sum := sha256.Sum256(b)
	defer clear(sum[:])
	out := make([]string, 0, len(b)*3/4)
	var acc, have uint32
	for i := 0; i <= len(b); i++ {
		next := sum[0] // more bits than the checksum has; those past the last word are never reached
		if i < len(b) {
			next = b[i]
		}
		acc, have = acc<<8|uint32(next), have+8
		for have >= bits && len(out) < cap(out) {
			have -= bits
			out = append(out, list()[acc>>have&(listLen-1)])
		}
	}
	if len(out) < cap(out) { // 16 bytes: 128 bits + 4 of checksum make 12 words, all reached above
		panic("words: wrong number of words")
	}
	return out, nil
}

// decode is the opposite of Encode for as many indices as want says. False: the checksum does not fit.
func decode(indices []uint16, want Count) (secret.Secret, bool) {
	b := make([]byte, 0, want.Bytes()+1)
	var acc, have uint32
	for _, i := range indices {
		acc, have = acc<<bits|uint32(i), have+bits
		for have >= 8 {
			have -= 8
			b = append(b, byte(acc>>have))
		}
	}
	n := want.Bytes()
	checkBits := uint(n / 4)
	var check byte
	if len(b) > n { // 24 words: the checksum is a whole byte
		check = b[n]
	} else { // 12 words: the four bits that are left
		check = byte(acc & (1<<have - 1))
	}
	sum := sha256.Sum256(b[:n])
	defer clear(sum[:])
	if sum[0]>>(8-checkBits) != check {
		clear(b)
		return secret.Secret{}, false
	}
	clear(b[n:])
	return secret.New(b[:n:n]), true
}

// Suggest returns n words of the list drawn from random, joined by spaces: a passphrase of 11 bits a word. It reads two bytes a
// word. n is 1 to 24; six words (66 bits) are the suggestion shown to people.
func Suggest(random io.Reader, n int) (secret.Secret, error) {
	if n < 1 || n > int(Kit) {
		return secret.Secret{}, fmt.Errorf("a suggestion has 1 to %d words, not %d", Kit, n)
	}
	out := make([]byte, 0, n*(MaxLetters+1))
	var two [2]byte
	defer clear(two[:])
	for i := range n {
		if _, err := io.ReadFull(random, two[:]); err != nil {
			clear(out)
			return secret.Secret{}, fmt.Errorf("drawing words: %w", err)
		}
		if i > 0 {
			out = append(out, ' ')
		}
		// 2,048 divides 65,536: every word is as likely as any other
		out = append(out, list()[(int(two[0])<<8|int(two[1]))%listLen]...)
	}
	return secret.New(out), nil
}
