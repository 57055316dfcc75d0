package reader

import (
	"bytes"
	"errors"
	"testing"

	"lightproof/backup/vault"
	"lightproof/keystore/secret"
)

func benchKeys() *vault.Generation {
	return vault.NewGeneration(vault.SpaceID{1}, 1, secret.Random(32))
}

// Opened in place or not, the content is the same, and so is what is refused.
func TestAChunkOpenedInPlaceIsTheSame(t *testing.T) {
	k := benchKeys()
	buf := vault.NewChunkBuffer()
	for _, n := range []int{1, 4000, 5000, 1 << 20, vault.MaxChunk} {
		want := bytes.Repeat([]byte{byte(n), 7, 9}, n/3+1)[:n]
		s, err := k.Seal(buf, copy(buf.Room(), want), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		apart, err := OpenChunk(k.Space, s.Cap, s.Object)
		if err != nil || !bytes.Equal(apart, want) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		for _, at := range []int{0, 6, 50, len(s.Object) - 1} {
			bad := bytes.Clone(s.Object)
			bad[at] ^= 1
			if _, err := OpenChunkInPlace(k.Space, s.Cap, bad); !errors.Is(err, vault.ErrTampered) {
				t.Errorf("%d bytes, byte %d is another one: %v", n, at, err)
			}
		}
		obj := bytes.Clone(s.Object)
		p, err := OpenChunkInPlace(k.Space, s.Cap, obj)
		if err != nil || !bytes.Equal(p, want) || &p[0] != &obj[84] {
			t.Errorf("%d bytes in place: %v", n, err)
		}
	}
}

// The largest chunk, opened where it lies: one hash pass over the object, one decryption, and the copy that this needs.
func BenchmarkOpenChunk(b *testing.B) {
	k := benchKeys()
	buf := vault.NewChunkBuffer()
	s, err := k.Seal(buf, vault.MaxChunk, 0, nil)
	if err != nil {
		b.Fatal(err)
	}
	obj := make([]byte, len(s.Object))
	b.SetBytes(vault.MaxChunk)
	b.ReportAllocs()
	for b.Loop() {
		copy(obj, s.Object)
		if _, err := OpenChunkInPlace(k.Space, s.Cap, obj); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenRecord(b *testing.B) {
	k := benchKeys()
	bundle := k.NewBundle(vault.NewChunkBuffer())
	ref, _, err := bundle.Add(make([]byte, 9_000))
	if err != nil {
		b.Fatal(err)
	}
	s, err := bundle.Close()
	if err != nil {
		b.Fatal(err)
	}
	plain, err := OpenChunk(k.Space, s.Cap, s.Object)
	if err != nil {
		b.Fatal(err)
	}
	room := make([]byte, 0, vault.MaxSmall)
	b.SetBytes(9_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AppendRecord(room, k.Space, ref, plain); err != nil {
			b.Fatal(err)
		}
	}
}
