package vault

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"testing"
)

// TestShortAndLongMessagesHaveTheLibrarysMAC goes over both sides of every length at which the computation changes.
func TestShortAndLongMessagesHaveTheLibrarysMAC(t *testing.T) {
	random := make([]byte, 400)
	rand.Read(random)
	for _, k := range []int{0, 1, 31, 32, 63, 64, 65, 200} {
		for n := range shortMessage + 70 {
			key, message := random[:k], random[100:100+n]
			h := hmac.New(sha256.New, key)
			h.Write(message)
			want := [32]byte(h.Sum(nil))
			if mac(key, message) != want || mac(key, message[:n/3], nil, message[n/3:]) != want {
				t.Fatalf("key of %d bytes, message of %d", k, n)
			}
		}
	}
}

func TestExpandIsTheLibrarys(t *testing.T) {
	random := make([]byte, 300)
	rand.Read(random)
	for info := range shortMessage + 2 {
		for _, n := range []int{0, 1, 31, 32, 33, 44, 76, 255, 8160} {
			want, err := hkdf.Expand(sha256.New, random[:32], string(random[40:40+info]), n)
			if err != nil {
				t.Fatal(err)
			}
			if got := expand(random[:32], random[40:40+info], n); !bytes.Equal(got, want) {
				t.Fatalf("info of %d bytes, %d bytes out", info, n)
			}
		}
	}
}

// TestAMACLeavesItsKeyAlone guards the callers' keys, which are parts of longer-lived ones.
func TestAMACLeavesItsKeyAlone(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	mac(key, []byte("x"))
	if !bytes.Equal(key, bytes.Repeat([]byte{7}, 32)) {
		t.Error("the key was changed")
	}
}

func TestAPageBuilderThatIsUsedAgainMakesTheSamePage(t *testing.T) {
	page := func(b *PageBuilder, from, to int) []byte {
		for i := from; i < to; i++ {
			if !b.Add(benchFile(i)) {
				t.Fatal(i)
			}
		}
		return b.Encode()
	}
	b := NewPageBuilder()
	b.Sources = []Source{{ID: [16]byte{1}, Root: "/photos"}}
	first := page(b, 0, 300)
	kept := bytes.Clone(first)
	b.Reset()
	if b.Files() != 0 {
		t.Errorf("%d files in an empty page", b.Files())
	}
	if again := page(b, 250, 500); !bytes.Equal(again, page(NewPageBuilder(), 250, 500)) {
		t.Error("another page than a new builder makes")
	}
	if !bytes.Equal(first, kept) {
		t.Error("the first page changed")
	}
}
