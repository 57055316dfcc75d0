package words

import (
	"errors"
	"fmt"
	"sort"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"lightproof/keystore/secret"
)

// MaxText bounds what Parse reads, in bytes: 24 words with numbers, tables and much white space stay far below it.
const MaxText = 8 << 10

// ErrChecksum: all words are in the list, but they do not belong together: one is wrong, or two stand in each other's place.
var ErrChecksum = errors.New("these words do not belong together: one of them is wrong, or their order is")

// ErrTooLong: more than MaxText bytes.
var ErrTooLong = errors.New("this is too long to be recovery words")

// CountError: there are too few or too many words.
type CountError struct {
	Got  int
	Want Count
}

// Error names both numbers.
func (e *CountError) Error() string { return fmt.Sprintf("%d words instead of %d", e.Got, e.Want) }

// UnknownWordError: a word is not in the list. The text of the error never holds what was typed, which is nearly a secret; nor do
// the fields.
type UnknownWordError struct {
	// Position counts from 1.
	Position int
	// Nearest holds up to three words of the list that are spelt most like it, nearest first; it may be empty. They are as secret
	// as the word: for the screen, not for a log.
	Nearest []string
}

// Error names the position only.
func (e *UnknownWordError) Error() string {
	return fmt.Sprintf("word %d is not one of the list", e.Position)
}

// Parse reads want words, as typed, scanned or pasted: any case, any white space, numbers and the marks that go with numbers or
// lists ("1.", "2)", "3:", commas, dashes, bars). Full-width and other compatible letters count as the plain ones (NFKC). The caller
// wipes text. Errors: ErrTooLong, *CountError, *UnknownWordError (the first unknown word), ErrChecksum. An unknown word is
// reported before a wrong count, for it may be why the count is wrong.
func Parse(text []byte, want Count) (secret.Secret, error) {
	if want != Code && want != Kit {
		return secret.Secret{}, ErrLength
	}
	if len(text) > MaxText {
		return secret.Secret{}, ErrTooLong
	}
	indices := make([]uint16, 0, want)
	defer func() { clear(indices[:cap(indices)]) }()
	got := 0
	err := eachWord(text, func(word []byte) error {
		got++
		i, ok := indexOf(word)
		if !ok {
			return &UnknownWordError{Position: got, Nearest: nearest(word)}
		}
		if got <= int(want) {
			indices = append(indices, uint16(i))
		}
		return nil
	})
	if err != nil {
		return secret.Secret{}, err
	}
	if got != int(want) {
		return secret.Secret{}, &CountError{Got: got, Want: want}
	}
	s, ok := decode(indices, want)
	if !ok {
		return secret.Secret{}, ErrChecksum
	}
	return s, nil
}

// eachWord calls f with each word of text in its plain form; f must not keep it.
func eachWord(text []byte, f func([]byte) error) error {
	plain := norm.NFKC.Append(make([]byte, 0, len(text)+utf8.UTFMax), text...)
	defer func() { clear(plain[:cap(plain)]) }()
	word := make([]byte, 0, 64)
	defer func() { clear(word[:cap(word)]) }()
	flush := func() error {
		if len(word) == 0 {
			return nil
		}
		err := f(word)
		word = word[:0]
		return err
	}
	for rest := plain; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		rest = rest[n:]
		if separates(r) {
			if err := flush(); err != nil {
				return err
			}
			continue
		}
		if len(word)+utf8.UTFMax <= cap(word) { // what is cut off makes no known word
			word = utf8.AppendRune(word, unicode.ToLower(r))
		}
	}
	return flush()
}

func separates(r rune) bool {
	switch r {
	case '.', ',', ';', ':', ')', '(', '-', '|', '/', '#', '*', '"', '\'', 0xFEFF, 0x200B, 0x200E, 0x200F, '–', '—', '•', '·':
		return true
	}
	return unicode.IsSpace(r) || unicode.IsDigit(r) || unicode.IsControl(r)
}

// indexOf is Index for bytes; no string of the word is made.
func indexOf(word []byte) (int, bool) {
	l := list()
	i := sort.Search(len(l), func(i int) bool { return l[i] >= string(word) })
	return i, i < len(l) && l[i] == string(word)
}

// Plain returns the one word in text as Parse would read it, at most MaxLetters bytes. False: text has no word, or several, or
// one that is longer than any of the list. The caller wipes the result.
func Plain(text []byte) ([]byte, bool) {
	if len(text) > MaxText {
		return nil, false
	}
	var out []byte
	n := 0
	_ = eachWord(text, func(word []byte) error {
		n++
		if n == 1 && len(word) <= MaxLetters {
			out = append(make([]byte, 0, MaxLetters), word...)
		}
		return nil
	})
	if n != 1 || out == nil {
		clear(out)
		return nil, false
	}
	return out, true
}

// Has tells whether word, in lower case, is in the list. It makes no copy of word.
func Has(word []byte) bool {
	_, ok := indexOf(word)
	return ok
}
