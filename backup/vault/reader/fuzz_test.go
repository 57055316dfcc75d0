package reader

import (
	"bytes"
	"encoding/binary"
	"testing"

	"lightproof/backup/vault"
	"lightproof/keystore/secret"
)

func fuzzGeneration() *vault.Generation {
	return vault.NewGeneration(vault.SpaceID{1}, 1, secret.New(bytes.Repeat([]byte{7}, 32)))
}

// FuzzOpenChunk: only the very bytes that were stored open, whatever hash the capability names.
func FuzzOpenChunk(f *testing.F) {
	k := fuzzGeneration()
	buf := vault.NewChunkBufferFor(100)
	content := []byte("what was stored")
	s, err := k.Seal(buf, copy(buf.Room(), content), 0, nil)
	if err != nil {
		f.Fatal(err)
	}
	good := bytes.Clone(s.Object)
	f.Add(good, uint32(len(content)))
	f.Add(good[:len(good)-1], uint32(len(content)))
	f.Add(append(bytes.Clone(good), 0), uint32(1))
	f.Add(good[:80], uint32(vault.MaxChunk))
	f.Add([]byte{}, uint32(0))
	f.Fuzz(func(t *testing.T, obj []byte, n uint32) {
		c := s.Cap
		c.Len = n
		for _, hash := range []vault.Hash{s.Cap.Object, vault.HeadOf(0, obj).Hash} { // also a capability that vouches for the forgery
			c.Object = hash
			p, err := OpenChunk(k.Space, c, obj)
			if err == nil && (!bytes.Equal(obj, good) || !bytes.Equal(p, content)) {
				t.Fatal("a forged chunk opened")
			}
		}
	})
}

func FuzzOpenRecord(f *testing.F) {
	k := fuzzGeneration()
	content := []byte("a small content")
	bundle := k.NewBundle(vault.NewChunkBufferFor(4096))
	ref, _, err := bundle.Add(content)
	if err != nil {
		f.Fatal(err)
	}
	s, err := bundle.Close()
	if err != nil {
		f.Fatal(err)
	}
	plain, err := OpenChunk(k.Space, s.Cap, s.Object)
	if err != nil {
		f.Fatal(err)
	}
	for _, off := range []uint32{ref.Off, 0, 41, 1 << 31, ^uint32(0)} {
		f.Add(plain, off, ref.Len)
		f.Add(plain[:len(plain)-1], off, ^uint32(0))
		f.Add(plain[:39], off, uint32(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, off, n uint32) {
		r := ref
		r.Off, r.Len = off, n
		if p, err := OpenRecord(k.Space, r, b); err == nil && !bytes.Equal(p, content) {
			t.Fatal("a forged record opened")
		}
	})
}

// FuzzSealedFiles feeds reader.bin and the recovery slot. Heads whose parameters would be accepted are left out: they cost a second each.
func FuzzSealedFiles(f *testing.F) {
	start := secret.New(bytes.Repeat([]byte{3}, 32))
	signing, err := vault.NewSigningKey(secret.New(bytes.Repeat([]byte{1}, vault.SigningSeedLen)))
	if err != nil {
		f.Fatal(err)
	}
	k := &Keyset{Space: vault.SpaceID{1}, Device: vault.DeviceID{2}, Control: signing, KEMSeed: start.Clone(), CacheKey: start.Clone(), Generations: []secret.Secret{start.Clone()}}
	good, err := k.Seal(Lock{Start: start}, vault.KDF{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(append(binary.BigEndian.AppendUint32([]byte{1, 0, 0, 0, 9}, 1<<31), good...))
	f.Add([]byte("LPE1"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, ok, err := vault.SplitStart(b); err == nil && ok {
			return
		}
		got, err := Open(k.Space, k.Device, b, Lock{Start: start})
		if err == nil && (!bytes.Equal(b, good) || got.Space != k.Space || len(got.Generations) != 1) {
			t.Fatal("a forged keyset opened")
		}
		if _, err := OpenSlot(k.Space, start, []byte("p"), b); err == nil {
			t.Fatal("a forged slot opened")
		}
		NeedsPassphrase(b)
	})
}

// FuzzCatalogue applies pages that decode: whatever a device signed, applying and folding it must be safe.
func FuzzCatalogue(f *testing.F) {
	id := vault.FileID{1}
	page := vault.Page{Bundles: []vault.BundleRef{{Cap: vault.Cap{Len: 1}}}, Entries: []vault.Entry{
		{ID: id, Path: "a", Versions: []vault.Version{{ID: vault.VersionID{1}, Size: 3, Parts: []vault.Part{{Small: true, Ref: vault.Ref{Off: 40, Len: 3}}}, Recorded: -1 << 63}}},
		{ID: vault.FileID{2}, Path: "a", Continues: &id, Versions: []vault.Version{{ID: vault.VersionID{2}, Removed: true, Recorded: 1<<63 - 1}}}}}
	f.Add(page.Encode(), page.Encode())
	f.Add(vault.Page{}.Encode(), page.Encode())
	f.Fuzz(func(t *testing.T, a, b []byte) {
		c := NewCatalogue()
		for _, in := range [][]byte{a, b, a} {
			p, err := vault.ParsePage(in)
			if err != nil {
				continue
			}
			c.Apply(p)
		}
		for _, x := range c.Files {
			x.At(0)
			x.Latest()
			if _, err := vault.FileOfPage(x.Page()); err != nil {
				t.Fatal(err)
			}
			for _, v := range x.Versions {
				for _, p := range v.Parts {
					if p.Small && int(p.Ref.Bundle) >= len(x.Bundles) {
						t.Fatal("a reference outside its table")
					}
				}
			}
		}
		c.TakeChanged()
	})
}
