package vault

import (
	"errors"
	"math"
	"testing"
)

// The size of a long file is bounded by what its part lists can stand for, as that of a short one by its parts: nobody is made to take room
// for more.
func TestTheSizeOfAVersionIsBoundedByItsPartLists(t *testing.T) {
	for _, c := range []struct {
		lists int
		size  uint64
		ok    bool
	}{
		{1, 0, true},
		{1, 256 << 30, true},
		{1, 256<<30 + 1, false},
		{3, 3 * 256 << 30, true},
		{3, 3*256<<30 + 1, false},
		{3, 1 << 63, false},
		{3, math.MaxUint64, false},
	} {
		v := Version{ID: VersionID{1}, Size: c.size}
		for range c.lists {
			v.Lists = append(v.Lists, fuzzCap())
		}
		got, err := ParseVersion(v.Encode())
		if c.ok && (err != nil || got.Size != c.size) || !c.ok && !errors.Is(err, ErrMalformed) {
			t.Errorf("%d lists, %d bytes: %v", c.lists, c.size, err)
		}
	}
}
