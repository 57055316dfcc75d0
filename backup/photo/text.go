package photo

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cleanText makes a text value fit to be shown: cut at the first NUL, valid UTF-8 kept and anything else read as Latin-1, control
// characters removed, trimmed, at most 256 runes. Spelling is kept as the camera wrote it.
func cleanText(b []byte) string {
	plain := true // printable ASCII, nothing of which changes
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
		plain = plain && c >= ' ' && c <= '~'
	}
	if plain && len(b) <= maxShown {
		return string(bytes.TrimSpace(b))
	}
	s := string(b)
	if !utf8.ValidString(s) {
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		s = string(runes)
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	n := 0
	for i := range s {
		if n == maxShown {
			return strings.TrimSpace(s[:i])
		}
		n++
	}
	return s
}
