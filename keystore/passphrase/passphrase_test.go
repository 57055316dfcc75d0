package passphrase

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"lightproof/keystore/secret"
)

func TestNormalizeGivesOneFormForOnePassphrase(t *testing.T) {
	for name, same := range map[string][2]string{
		"composed and decomposed": {"Zo\u00eb", "Zoe\u0308"},
		"ligature":                {"\ufb01sch", "fisch"},
		"full-width":              {"ａｂｃ１", "abc1"},
		"no-break space":          {"a\u00a0b", "a b"},
	} {
		a, errA := Normalize([]byte(same[0]))
		b, errB := Normalize([]byte(same[1]))
		if errA != nil || errB != nil || !a.Equal(b) {
			t.Errorf("%s: %q and %q, %v, %v", name, a.Bytes(), b.Bytes(), errA, errB)
		}
	}
	for _, kept := range []string{" a ", "A", "a  b", "pa\tss"} {
		if s, err := Normalize([]byte(kept)); err != nil || string(s.Bytes()) != kept {
			t.Errorf("%q became %q, %v", kept, s.Bytes(), err)
		}
	}
}

func TestNormalizeRefuses(t *testing.T) {
	for _, c := range []struct {
		typed string
		want  error
	}{{"", ErrEmpty}, {strings.Repeat("a", MaxBytes+1), ErrTooLong}, {"a\xff", ErrNotText}} {
		if _, err := Normalize([]byte(c.typed)); !errors.Is(err, c.want) {
			t.Errorf("%d bytes: %v, want %v", len(c.typed), err, c.want)
		}
	}
}

func TestStrengthLevels(t *testing.T) {
	for p, want := range map[string]Level{
		"":                                      Weak,
		"password":                              Weak,
		"P@ssw0rd":                              Weak,
		"Passw0rd2024!":                         Weak,
		"qwertyuiop":                            Weak,
		"123456789012345678901234567890":        Weak,
		strings.Repeat("a", 1000):               Weak,
		strings.Repeat("abandon ", 100):         Weak,
		strings.Repeat("xk9", 300):              Weak,
		"abcdefghijklmnopqrstuvwxyz":            Weak,
		"correct horse battery staple":          Weak, // famous
		"lightproof photos 2026":                Weak,
		"kettle river":                          Fair,
		"abandon fjord sunday river":            Good,
		"xK9#pQ2!vL7w":                          Fair,
		"xK9#pQ2!vL7wm4R%":                      Good,
		"vivid cargo lunar fabric wedding crop": Strong,
		"xK9#pQ2!vL7wm4R%tZ8&":                  Strong,
	} {
		got := Estimate(secret.New([]byte(p)))
		if got.Level != want {
			t.Errorf("%.30q: %.1f bits, level %d, want %d", p, got.Bits, got.Level, want)
		}
	}
}

func TestEverySuggestionIsStrong(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		s, err := Suggest(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if e := Estimate(s); e.Level < Good {
			t.Errorf("%q has %.1f bits", s.Bytes(), e.Bits)
		}
		if n := len(bytes.Fields(s.Bytes())); n != SuggestedWords || seen[string(s.Bytes())] {
			t.Fatalf("%q: %d words, seen before: %v", s.Bytes(), n, seen[string(s.Bytes())])
		}
		seen[string(s.Bytes())] = true
		if n, err := Normalize(s.Bytes()); err != nil || !n.Equal(s) {
			t.Fatalf("%q is not in normal form", s.Bytes())
		}
	}
}

func TestLongerIsNeverMuchWeaker(t *testing.T) {
	base := []byte("vivid cargo 1987 lunar fabric")
	last := 0.0
	for i := range base {
		bits := Estimate(secret.New(append([]byte(nil), base[:i+1]...))).Bits
		if bits < last-bitsWord {
			t.Errorf("%q: %.1f bits after %.1f", base[:i+1], bits, last)
		}
		last = bits
	}
}

func FuzzNormalizeAndEstimate(f *testing.F) {
	f.Add([]byte("Zoe\u0308 \ufdfa"))
	f.Add([]byte("aaa1234qwerabandon2019"))
	f.Fuzz(func(t *testing.T, typed []byte) {
		s, err := Normalize(typed)
		if err != nil {
			return
		}
		if !norm.NFKC.IsNormal(s.Bytes()) || !utf8.Valid(s.Bytes()) {
			t.Fatalf("%q is not in normal form", s.Bytes())
		}
		if e := Estimate(s); e.Bits < 0 || e.Bits > 8*MaxBytes {
			t.Fatalf("%q: %f bits", typed, e.Bits)
		}
	})
}

func BenchmarkEstimate(b *testing.B) {
	p := secret.New(bytes.Repeat([]byte("vivid Cargo 1987 x"), MaxBytes/18))
	b.ReportAllocs()
	for b.Loop() {
		Estimate(p)
	}
}
