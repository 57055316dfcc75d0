package words

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tyler-smith/go-bip39"

	"lightproof/keystore/secret"
)

func TestListIsThatOfTheProposal(t *testing.T) {
	const published = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
	if got := hex.EncodeToString(func() []byte { h := sha256.Sum256([]byte(english)); return h[:] }()); got != published {
		t.Fatalf("SHA-256 of the list: %s, want %s", got, published)
	}
	for i, w := range List() {
		if len(w) > MaxLetters {
			t.Errorf("%q is longer than MaxLetters", w)
		}
		if i > 0 && w <= List()[i-1] {
			t.Errorf("%q is out of order", w)
		}
		if j, ok := Index(w); !ok || j != i {
			t.Errorf("Index(%q) = %d, %v", w, j, ok)
		}
	}
}

// The vectors published with BIP-39 (reference implementation, vectors.json, English), those of 16 and 32 bytes.
var vectors = []struct{ entropy, words string }{
	{strings.Repeat("00", 16), strings.Repeat("abandon ", 11) + "about"},
	{strings.Repeat("7f", 16), "legal winner thank year wave sausage worth useful legal winner thank yellow"},
	{strings.Repeat("80", 16), "letter advice cage absurd amount doctor acoustic avoid letter advice cage above"},
	{strings.Repeat("ff", 16), strings.Repeat("zoo ", 11) + "wrong"},
	{strings.Repeat("00", 32), strings.Repeat("abandon ", 23) + "art"},
	{strings.Repeat("7f", 32), "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title"},
	{strings.Repeat("80", 32), "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless"},
	{strings.Repeat("ff", 32), strings.Repeat("zoo ", 23) + "vote"},
	{"68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c", "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis maple dilemma loan word shrug inflict delay length"},
}

func TestPublishedVectors(t *testing.T) {
	for _, v := range vectors {
		b, err := hex.DecodeString(v.entropy)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Encode(secret.New(b))
		if err != nil || strings.Join(got, " ") != v.words {
			t.Errorf("%s: %v, %v", v.entropy, got, err)
		}
		s, err := Parse([]byte(v.words), Count(len(got)))
		if err != nil || !bytes.Equal(s.Bytes(), b) {
			t.Errorf("back from %q: %v", v.words, err)
		}
	}
}

func TestAgreesWithASecondImplementation(t *testing.T) {
	for _, c := range []Count{Code, Kit} {
		for range 500 {
			s := secret.Random(c.Bytes())
			ours, err := Encode(s)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := bip39.NewMnemonic(s.Bytes())
			if err != nil || theirs != strings.Join(ours, " ") {
				t.Fatalf("we say %v, they say %q, %v", ours, theirs, err)
			}
		}
	}
}

func TestOnlySixteenAndThirtyTwoBytesHaveWords(t *testing.T) {
	for _, n := range []int{0, 15, 17, 20, 24, 28, 31, 33} {
		if _, err := Encode(secret.Random(n)); !errors.Is(err, ErrLength) {
			t.Errorf("%d bytes: %v, want ErrLength", n, err)
		}
	}
}

func TestParseForgivesForm(t *testing.T) {
	plain := "legal winner thank year wave sausage worth useful legal winner thank yellow"
	numbered := ""
	for i, w := range strings.Fields(plain) {
		numbered += strings.Repeat(" ", i%3) + string(rune('1'+i%9)) + ". " + w + "\r\n"
	}
	for name, text := range map[string]string{
		"plain": plain, "numbered lines": numbered,
		"upper case":       strings.ToUpper(plain),
		"commas":           strings.ReplaceAll(plain, " ", ", "),
		"dashes":           strings.ReplaceAll(plain, " ", "-"),
		"tabs, new lines":  "\t\n" + strings.ReplaceAll(plain, " ", "\t\n ") + "\n",
		"glued numbers":    "1" + strings.ReplaceAll(plain, " ", " 2)"),
		"no-break spaces":  strings.ReplaceAll(plain, " ", "\u00a0"),
		"byte order mark":  "\ufeff" + plain,
		"full-width":       strings.ReplaceAll(plain, "l", "ｌ"),
		"table":            "| 1 | " + strings.ReplaceAll(plain, " ", " | 2 | ") + " |",
		"ideographic wide": strings.ReplaceAll(plain, " ", "\u3000"),
	} {
		s, err := Parse([]byte(text), Code)
		if err != nil || !bytes.Equal(s.Bytes(), bytes.Repeat([]byte{0x7f}, 16)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseTellsFaultsApart(t *testing.T) {
	good := strings.Fields("legal winner thank year wave sausage worth useful legal winner thank yellow")
	with := func(i int, w string) []byte {
		c := append([]string(nil), good...)
		c[i] = w
		return []byte(strings.Join(c, " "))
	}
	for _, c := range []struct {
		typed string
		want  string
	}{{"winer", "winner"}, {"winnre", "winner"}, {"sausige", "sausage"}, {"winners", "winner"}, {"yelow", "yellow"}} {
		_, err := Parse(with(1, c.typed), Code)
		var unknown *UnknownWordError
		if !errors.As(err, &unknown) || unknown.Position != 2 || !slices.Contains(unknown.Nearest, c.want) {
			t.Errorf("%q: %v, %+v", c.typed, err, unknown)
		} else if strings.Contains(err.Error(), c.typed) {
			t.Errorf("the error shows what was typed: %v", err)
		}
	}
	var unknown *UnknownWordError
	if _, err := Parse(with(11, strings.Repeat("x", 5000)), Code); !errors.As(err, &unknown) || len(unknown.Nearest) != 0 {
		t.Errorf("endless word: %v", err)
	}
	if _, err := Parse(with(4, "zoo"), Code); !errors.Is(err, ErrChecksum) {
		t.Errorf("wrong word of the list: %v, want ErrChecksum", err)
	}
	var count *CountError
	if _, err := Parse([]byte(strings.Join(good[:11], " ")), Code); !errors.As(err, &count) || count.Got != 11 || count.Want != 12 {
		t.Errorf("11 words: %v", err)
	}
	if _, err := Parse([]byte(strings.Join(good, " ")), Kit); !errors.As(err, &count) || count.Want != 24 {
		t.Errorf("12 words instead of 24: %v", err)
	}
	if _, err := Parse(nil, Kit); !errors.As(err, &count) || count.Got != 0 {
		t.Errorf("nothing: %v", err)
	}
	if _, err := Parse(make([]byte, MaxText+1), Kit); !errors.Is(err, ErrTooLong) {
		t.Errorf("too long: %v", err)
	}
}

// One wrong word passes a checksum of 8 bits once in 256: the exact number for a fixed secret is a property of the code.
func TestChecksumFindsMostWrongWords(t *testing.T) {
	good, err := Encode(secret.New(bytes.Repeat([]byte{0x5a}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for _, w := range List() {
		bad := append([]string(nil), good...)
		bad[6] = w
		if _, err := Parse([]byte(strings.Join(bad, " ")), Kit); err == nil {
			passed++
		}
	}
	if passed < 1 || passed > 24 {
		t.Fatalf("%d of 2,048 words pass in one place, expected about 8", passed)
	}
}

func TestSuggestionTakesItsWordsFromTheGivenRandomness(t *testing.T) {
	s, err := Suggest(bytes.NewReader([]byte{0, 0, 0xff, 0xff, 8, 0, 0, 1, 7, 0xff, 0, 2}), 6)
	if err != nil || string(s.Bytes()) != "abandon zoo abandon ability zoo able" {
		t.Fatalf("%q, %v", s.Bytes(), err)
	}
	if _, err := Suggest(bytes.NewReader([]byte{1}), 6); err == nil {
		t.Fatal("randomness that ends gave a suggestion")
	}
	for _, n := range []int{0, 25} {
		if _, err := Suggest(bytes.NewReader(make([]byte, 100)), n); err == nil {
			t.Errorf("%d words were suggested", n)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, v := range vectors {
		f.Add([]byte(v.words))
	}
	f.Add([]byte("1. zoo 2) \xff\xfe Zoo ﷺ"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, c := range []Count{Code, Kit} {
			s, err := Parse(text, c)
			if err != nil {
				continue
			}
			w, err := Encode(s)
			if err != nil || s.Len() != c.Bytes() {
				t.Fatalf("parsed to %d bytes, %v", s.Len(), err)
			}
			again, err := Parse([]byte(strings.Join(w, "\n")), c)
			if err != nil || !again.Equal(s) {
				t.Fatalf("%v does not come back: %v", w, err)
			}
		}
	})
}

func BenchmarkNearest(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		nearest([]byte("winnre"))
	}
}
