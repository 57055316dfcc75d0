package secret

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// betrays tells whether text shows b in any usual form.
func betrays(text string, b []byte) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, string(b)) || strings.Contains(text, hex.EncodeToString(b)) ||
		strings.Contains(text, strings.Trim(fmt.Sprint(b), "[]"))
}

func TestSecretNeverShowsItself(t *testing.T) {
	raw := []byte("swordfish")
	s := New(raw)
	type holder struct {
		Name string
		Key  Secret
		Ptr  *Secret
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%08b", "%T %v"} {
		args := []any{s}
		if verb == "%T %v" {
			args = []any{s, s}
		}
		if got := fmt.Sprintf(verb, args...); betrays(got, raw) {
			t.Errorf("%s shows %s", verb, got)
		}
		if strings.Contains(verb, "T") {
			continue
		}
		if got := fmt.Sprintf(verb, holder{"k", s, &s}); betrays(got, raw) {
			t.Errorf("%s of a struct shows %s", verb, got)
		}
		if got := fmt.Sprintf(verb, []Secret{s}); betrays(got, raw) {
			t.Errorf("%s of a slice shows %s", verb, got)
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", s, "in", holder{"k", s, &s})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", s, "in", holder{"k", s, &s})
	if betrays(log.String(), raw) {
		t.Errorf("the log shows %s", log.String())
	}
}

func TestSecretIsNotEncoded(t *testing.T) {
	s := New([]byte("swordfish"))
	for name, encode := range map[string]func() ([]byte, error){
		"json":   func() ([]byte, error) { return json.Marshal(struct{ K Secret }{s}) },
		"xml":    func() ([]byte, error) { return xml.Marshal(struct{ K Secret }{s}) },
		"gob":    func() ([]byte, error) { var b bytes.Buffer; err := gob.NewEncoder(&b).Encode(s); return b.Bytes(), err },
		"text":   s.MarshalText,
		"binary": s.MarshalBinary,
	} {
		if b, err := encode(); err == nil || bytes.Contains(b, s.Bytes()) {
			t.Errorf("%s gave %d bytes, %v", name, len(b), err)
		}
	}
}

func TestWipeClearsAllCopiesButNotClones(t *testing.T) {
	s := New([]byte{1, 2, 3})
	copied, clone := s, s.Clone()
	s.Wipe()
	if !s.IsZero() || !copied.IsZero() || clone.IsZero() || s.Len() != 3 {
		t.Errorf("after Wipe: %v, copy %v, clone %v", s.IsZero(), copied.IsZero(), clone.IsZero())
	}
	clone.Bytes()[0] = 9
	if !s.IsZero() {
		t.Error("a clone shares memory")
	}
}

func TestEqualComparesContentAndLength(t *testing.T) {
	a := New([]byte{1, 2, 3})
	for _, c := range []struct {
		b    Secret
		want bool
	}{{New([]byte{1, 2, 3}), true}, {New([]byte{1, 2, 4}), false}, {New([]byte{1, 2}), false}, {Secret{}, false}} {
		if a.Equal(c.b) != c.want {
			t.Errorf("Equal with %d bytes: want %v", c.b.Len(), c.want)
		}
	}
	if !(Secret{}).Equal(New(nil)) {
		t.Error("two empty secrets differ")
	}
}

func TestRandomSecretsDiffer(t *testing.T) {
	a, b := Random(32), Random(32)
	if a.Len() != 32 || a.IsZero() || a.Equal(b) {
		t.Error("Random repeats or is empty")
	}
}

func TestZeroSecretIsHarmless(t *testing.T) {
	var s Secret
	s.Wipe()
	if !s.IsZero() || s.Len() != 0 || s.Clone().Len() != 0 || s.KeepInMemory() != nil {
		t.Error("the zero Secret is not empty")
	}
}
