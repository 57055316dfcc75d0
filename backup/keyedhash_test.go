package backup

import "testing"

func TestEveryByteTheLengthAndTheKeyCount(t *testing.T) {
	k := newHashKey()
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
	other := newHashKey()
	seen[other.sum(m)] = true
	if want := 2 * len(m); len(seen) != want {
		t.Errorf("%d hashes of %d messages", len(seen), want)
	}
}
