package passphrase

import (
	"math"
	"unicode"
	"unicode/utf8"

	"lightproof/keystore/secret"
	"lightproof/keystore/words"
)

// Level is a strength in one of four steps.
type Level int

// The steps. With Argon2id at 256 MiB a guess costs about a second of one core, and who guesses must already hold the kit or the
// disk: at ten thousand guesses a second, 28 bits last hours, 40 bits years, 60 bits longer than it matters.
const (
	Weak   Level = iota // below 28 bits
	Fair                // from 28 bits
	Good                // from 40 bits
	Strong              // from 60 bits
)

// Strength is an estimate; what it cannot know, such as a name or a quotation, makes it too high.
type Strength struct {
	// Bits is the binary logarithm of the guesses needed.
	Bits  float64
	Level Level
}

// Bits by which the estimate counts what people write, after the idea of zxcvbn (Wheeler, USENIX Security 2016): the cheapest way
// to put the passphrase together from guessable pieces.
const (
	bitsLoose     = 3.32 // a character of no pattern: 10 guesses, zxcvbn's bruteforce cardinality
	bitsWord      = 11   // a word of the list
	bitsLetter    = 2    // each letter of any other word after the first three
	bitsYear      = 7    // 1900 to 2039
	bitsRunStart  = 4    // where a run such as abc, 4321, qwert or aaaa starts, plus its length
	bitsPiece     = 1    // each piece after the first: which kind comes next
	shortestRun   = 3
	longestPiece  = 64
	bitsUppercase = 1
)

// rows are the keys side by side on the common Latin keyboards.
var rows = []string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn", "1234567890"}

// Estimate tells how strong a normalised passphrase is. Its time grows with the length (MaxBytes at most) times a constant.
func Estimate(p secret.Secret) Strength {
	text := make([]rune, 0, p.Len())
	defer func() { clear(text[:cap(text)]) }()
	folded := make([]rune, 0, p.Len())
	defer func() { clear(folded[:cap(folded)]) }()
	for b := p.Bytes(); len(b) > 0 && len(text) < MaxBytes; {
		r, n := utf8.DecodeRune(b)
		b = b[n:]
		text, folded = append(text, r), append(folded, unicode.ToLower(r))
	}
	best := make([]float64, len(text)+1) // best[i]: the bits of the cheapest way to write the first i characters
	for i := 1; i <= len(text); i++ {
		best[i] = best[i-1] + loose(folded, i-1)
		for n := 2; n <= min(i, longestPiece); n++ {
			start := i - n
			bits, ok := piece(folded[start:i])
			if !ok {
				continue
			}
			if start > 0 {
				bits += bitsPiece
			}
			best[i] = min(best[i], best[start]+bits+capitals(text[start:i], folded[start:i]))
		}
		best[i] = min(best[i], repeated(best, folded, i))
	}
	bits := math.Round(best[len(text)]*10) / 10
	return Strength{Bits: bits, Level: level(bits)}
}

func level(bits float64) Level {
	switch {
	case bits >= 60:
		return Strong
	case bits >= 40:
		return Good
	case bits >= 28:
		return Fair
	}
	return Weak
}

// loose is what a character of no pattern adds. One that joins words (a space, a dash) adds next to nothing once it is known.
func loose(folded []rune, i int) float64 {
	if !joins(folded[i]) {
		return bitsLoose
	}
	for j := range i {
		if folded[j] == folded[i] {
			return 0
		}
	}
	return 1
}

func joins(r rune) bool { return r == ' ' || r == '-' || r == '_' || r == '.' || r == ',' }

// repeated prices a stretch that stands twice in a row: the second time costs one more piece.
func repeated(best []float64, folded []rune, i int) float64 {
	cheapest := math.Inf(1)
	for n := 2; n <= i/2; n++ {
		if equal(folded[i-n:i], folded[i-2*n:i-n]) {
			cheapest = min(cheapest, best[i-n]+bitsPiece)
		}
	}
	return cheapest
}

// piece prices a stretch that is guessable as a whole.
func piece(p []rune) (float64, bool) {
	if rank, ok := common(p); ok {
		return math.Log2(float64(rank + 1)), true
	}
	if run(p) {
		return bitsRunStart + math.Log2(float64(len(p))), true
	}
	if year(p) {
		return bitsYear, true
	}
	if len(p) >= 3 && len(p) <= words.MaxLetters {
		var spelt [words.MaxLetters]byte
		defer clear(spelt[:])
		for i, r := range p {
			spelt[i] = plainLetter(r)
		}
		if words.Has(spelt[:len(p)]) {
			return bitsWord, true
		}
	}
	if len(p) > 3 && letters(p) { // perhaps a word of a language that we have no list of
		return 3*bitsLoose + bitsLetter*float64(len(p)-3), true
	}
	return 0, false
}

func letters(p []rune) bool {
	for _, r := range p {
		if !unicode.IsLetter(r) {
			return false
		}
	}
	return true
}

// capitals is what upper case adds: one bit if only the first or all are, else one for each.
func capitals(text, folded []rune) float64 {
	n := 0
	for i := range text {
		if text[i] != folded[i] {
			n++
		}
	}
	switch {
	case n == 0:
		return 0
	case n == len(text), n == 1 && text[0] != folded[0]:
		return bitsUppercase
	}
	return float64(n) * bitsUppercase
}

// run: the same character, the alphabet or the digits up or down, or keys side by side, in either direction.
func run(p []rune) bool {
	if len(p) < shortestRun {
		return false
	}
	step := p[1] - p[0]
	if step >= -1 && step <= 1 {
		same := true
		for i := 2; i < len(p) && same; i++ {
			same = p[i]-p[i-1] == step
		}
		if same {
			return true
		}
	}
	for _, row := range rows {
		if within(p, row, 1) || within(p, row, -1) {
			return true
		}
	}
	return false
}

// within: p stands in row, read forwards (step 1) or backwards (step -1).
func within(p []rune, row string, step int) bool {
	for at := range len(row) {
		k := at
		i := 0
		for ; i < len(p) && k >= 0 && k < len(row) && p[i] == rune(row[k]); i++ {
			k += step
		}
		if i == len(p) {
			return true
		}
	}
	return false
}

func year(p []rune) bool {
	if len(p) != 4 {
		return false
	}
	n := 0
	for _, r := range p {
		if r < '0' || r > '9' {
			return false
		}
		n = n*10 + int(r-'0')
	}
	return n >= 1900 && n < 2040
}

// plainLetter undoes the usual disguises of letters; 0 for what cannot be a letter.
func plainLetter(r rune) byte {
	switch r {
	case '0':
		return 'o'
	case '1', '!', '|':
		return 'i'
	case '3':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '7':
		return 't'
	}
	if r >= 'a' && r <= 'z' {
		return byte(r)
	}
	return 0
}

func equal(a, b []rune) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
