package backup

import "testing"

// TestSipHashIsThePublishedOne is the example of the paper's appendix A.
func TestSipHashIsThePublishedOne(t *testing.T) {
	var k sipKey
	var m [15]byte
	for i := range k {
		k[i] = byte(i)
	}
	for i := range m {
		m[i] = byte(i)
	}
	if got := k.sum(m[:]); got != 0xa129ca6149be45e5 {
		t.Errorf("%#x", got)
	}
}

func TestEveryByteAndTheLengthCount(t *testing.T) {
	k := newSipKey()
	seen := map[uint64]bool{}
	m := make([]byte, 40)
	for n := range len(m) {
		seen[k.sum(m[:n])] = true
		if n > 0 {
			m[n-1] ^= 0x80
			seen[k.sum(m[:n])] = true
			m[n-1] ^= 0x80
		}
	}
	if want := 2*len(m) - 1; len(seen) != want {
		t.Errorf("%d hashes of %d messages", len(seen), want)
	}
}
