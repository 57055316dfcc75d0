package kit

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"sort"

	"lightproof/keystore/words"
)

// Asked is how many words a check asks for.
const Asked = 3

// Check asks for three words of a kit after it was printed. It keeps these three only; Wipe it when it is over.
type Check struct {
	positions [Asked]int
	want      [Asked][words.MaxLetters]byte
}

// NewCheck draws three different places among the words (1 to 256 of them, 24 in a kit) from random, each set of places as likely as
// any other.
func NewCheck(kitWords []string, random io.Reader) (*Check, error) {
	n := len(kitWords)
	if n < Asked || n > 256 {
		return nil, errors.New("a check needs the words of a kit")
	}
	c := &Check{}
	var one [1]byte
	for drawn := 0; drawn < Asked; {
		if _, err := io.ReadFull(random, one[:]); err != nil {
			return nil, fmt.Errorf("drawing the words to ask: %w", err)
		}
		// values past the last multiple of n would favour the first places
		if int(one[0]) >= 256/n*n {
			continue
		}
		at := int(one[0])%n + 1
		taken := false
		for _, p := range c.positions[:drawn] {
			taken = taken || p == at
		}
		if !taken {
			c.positions[drawn] = at
			drawn++
		}
	}
	sort.Ints(c.positions[:])
	for i, p := range c.positions {
		copy(c.want[i][:], kitWords[p-1])
	}
	return c, nil
}

// Positions are the places of the words to ask for, from 1, in ascending order.
func (c *Check) Positions() [Asked]int { return c.positions }

// Verify tells which of the answers are right, in the order of Positions. Case, white space and a number before the word do not
// matter. Each answer is compared, in constant time; the caller wipes them.
func (c *Check) Verify(answers [Asked][]byte) (right [Asked]bool) {
	for i, a := range answers {
		var got [words.MaxLetters]byte
		plain, ok := words.Plain(a)
		copy(got[:], plain)
		same := subtle.ConstantTimeCompare(got[:], c.want[i][:]) == 1
		right[i] = ok && same && c.want[i] != [words.MaxLetters]byte{}
		clear(plain)
		clear(got[:])
	}
	return right
}

// Wipe forgets the words; all answers are wrong from then on.
func (c *Check) Wipe() { c.want = [Asked][words.MaxLetters]byte{} }
