package place

import (
	"errors"
	"strings"
	"testing"
)

func FuzzMarkers(f *testing.F) {
	f.Add(EncodeSpace([16]byte{1, 2, 3}))
	f.Add(EncodePlace([16]byte{1, 2, 3}))
	f.Add([]byte(`{"format":"lightproof v2","space":1}`))
	f.Add([]byte(`{"Format":"lightproof v1-beta","space":"AB000000000000000000000000000000"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if id, err := DecodeSpace(b); err == nil {
			if strings.TrimSpace(string(b)) != strings.TrimSpace(string(EncodeSpace(id))) {
				t.Fatalf("accepted %q for %x", b, id)
			}
		} else if fe, ok := errors.AsType[*FormatError](err); ok && len([]rune(fe.Format)) > 64 {
			t.Fatalf("a format of %d characters is shown", len(fe.Format))
		}
		if id, err := DecodePlace(b); err == nil && strings.TrimSpace(string(b)) != strings.TrimSpace(string(EncodePlace(id))) {
			t.Fatalf("accepted %q for %x", b, id)
		}
	})
}
