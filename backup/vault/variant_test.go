package vault

import (
	"bytes"
	"errors"
	"testing"

	"lightproof/keystore/secret"
)

// A content goes from variant to variant, each with a name and a key of its own that can be found again from the content; after the last
// there is none.
func TestAContentHasANextNameUpToTheLastVariant(t *testing.T) {
	g := NewGeneration(SpaceID{1}, 1, secret.New(bytes.Repeat([]byte{7}, 32)))
	content := bytes.Repeat([]byte("photo"), 5000)
	buf := NewChunkBuffer()
	n := copy(buf.Room(), content)
	s, err := g.Seal(buf, n, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	names, keys := map[CID]bool{}, map[[32]byte]bool{}
	for variant := 0; ; variant++ {
		names[s.Cap.CID], keys[s.Cap.Key] = true, true
		want := s.Cap
		if s, err = g.SealNext(buf, s, nil); err != nil {
			break
		}
		if variant%64 == 0 {
			other := NewChunkBuffer()
			copy(other.Room(), content)
			v, ok := g.Variant(other, n, func(c CID) bool { return c == want.CID })
			if again, err := g.Seal(other, n, v, nil); !ok || err != nil || int(v) != variant || again.Cap != want {
				t.Fatalf("variant %d is found as %d %v: %v", variant, v, ok, err)
			}
		}
	}
	if !errors.Is(err, ErrMalformed) || len(names) != 256 || len(keys) != 256 {
		t.Errorf("%d names and %d keys until %v", len(names), len(keys), err)
	}
	if _, ok := g.Variant(buf, n, func(CID) bool { return false }); ok {
		t.Error("a name that nobody asked for")
	}
	copy(buf.Room(), content)
	if s, err = g.Seal(buf, n, 3, nil); err != nil {
		t.Fatal(err)
	}
	s.Object[len(s.Object)-1] ^= 1
	if _, err := g.SealNext(buf, s, nil); !errors.Is(err, ErrTampered) {
		t.Errorf("altered in between: %v", err)
	}
	if _, err := g.SealNext(NewChunkBuffer(), s, nil); !errors.Is(err, ErrMalformed) {
		t.Errorf("sealed in another buffer: %v", err)
	}
}
