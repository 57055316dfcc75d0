package reader

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// Everything that the writer keyset holds is tried on everything that is stored: what it gets to see are commit headers, object lists
// and the control chain, never a name, a page or a picture.
func TestTheWriterKeysetOpensNoContent(t *testing.T) {
	s := newScene(t)
	w := s.second.Writer
	kem, err := w.KEM()
	if err != nil {
		t.Fatal(err)
	}
	var keys [][32]byte // all it holds, and all that derives from it
	add := func(b []byte) {
		var k [32]byte
		copy(k[:], b)
		keys = append(keys, k)
	}
	for _, g := range w.Generations {
		add(g.WriterKey().Bytes())
		add(g.EnvelopeKey())
		add(g.ControlKey())
		ring := g.RingKey()
		add(ring[:])
		for _, label := range []string{"cid", "conv", "env", "ctl", "ring", "kem", "writer"} {
			k := vault.Exp(g.WriterKey().Bytes(), label, w.Space, g.Number)
			add(k[:])
		}
	}
	mix := vault.EpochEnvelopeKey(w.Mix, w.Space)
	add(mix[:])
	add(w.Mix.Bytes())
	add(w.KEMSeed.Bytes())
	add(w.CacheKey.Bytes())
	add(w.Log.Seed().Bytes()[:32])
	add(w.Log.Seed().Bytes()[32:])

	secretText := [][]byte{[]byte("a.jpg"), []byte("a.xmp"), []byte("b.jpg"), []byte("c.jpg"), []byte("LPP1"), []byte("LPB1")}
	for _, c := range s.contents {
		secretText = append(secretText, c[:min(len(c), 14)])
	}
	leak := func(where string, plain []byte) {
		t.Helper()
		for _, x := range secretText {
			if bytes.Contains(plain, x) {
				t.Errorf("%s shows %q to the writer keyset", where, x)
			}
		}
	}
	commits, chunks, epochs := 0, 0, 0
	for _, name := range s.place.Names() {
		obj := s.place.Bytes(name)
		logical := strings.TrimPrefix(name, "m2/")
		leak(name, obj)
		switch {
		case strings.HasPrefix(logical, "c/"):
			chunks++
			h, err := vault.ParseChunkHeader(obj)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range keys {
				for _, n := range []int{1, 100, 16384} {
					if _, err := OpenChunk(w.Space, vault.Cap{CID: h.CID, Key: k, Object: vault.HeadOf(0, obj).Hash, Len: uint32(n)}, obj); err == nil {
						t.Errorf("%s opens", name)
					}
				}
			}
		case strings.HasPrefix(logical, "e/"):
			epochs++
			g, _, _ := vault.ParseEpochName(logical)
			body, err := vault.OpenEnvelope(vault.KindEpoch, w.Space, logical, mix[:], obj)
			if err != nil {
				t.Fatal(err)
			}
			parts, err := vault.ParseEpoch(body.Payload, g)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parts.OpenSlot(vault.LevelReader, kem, w.Space, g); err == nil {
				t.Errorf("%s: E_%d opens with the writer's key", name, g)
			}
			for _, k := range keys {
				if _, err := vault.OpenRing(k, parts.Rings[vault.LevelReader], w.Space, g); err == nil {
					t.Errorf("%s: the reader ring opens", name)
				}
			}
		case strings.HasPrefix(logical, "l/") && !vault.IsListName(logical):
			commits++
			oc, err := w.OpenCommit(logical, obj)
			if err != nil {
				t.Fatal(err)
			}
			leak(name+" (signed record)", oc.Body.Signed)
			leak(name+" (payload)", oc.Body.Payload)
			for _, k := range keys {
				sk, err := vault.NewKEM(k[:])
				if err != nil {
					t.Fatal(err)
				}
				if _, err := vault.OpenFrom(sk, vault.PayloadInfo(w.Space, oc.Header.Author, oc.Header.Seq), oc.Body.Payload); err == nil {
					t.Errorf("%s: the payload opens", name)
				}
			}
		}
	}
	if commits != 8 || chunks == 0 || epochs != 4 {
		t.Errorf("%d commits, %d chunks, %d epoch objects looked at", commits, chunks, epochs)
	}
	// Nor does what it keeps on disk hold a key to read with.
	start := secret.Random(32)
	file, err := w.Seal(start)
	if err != nil {
		t.Fatal(err)
	}
	body, err := vault.OpenEnvelope(vault.KindLocalWriter, w.Space, writer.FileName, vault.DeriveKey(start.Bytes(), nil, append([]byte("lp1/local-writer"), w.Device[:]...), 32), file)
	if err != nil {
		t.Fatal(err)
	}
	for g, e := range s.second.Reader.Generations {
		if bytes.Contains(body.Payload, e.Bytes()) {
			t.Errorf("writer.bin holds E_%d", g+1)
		}
	}
	if bytes.Contains(body.Payload, s.second.Reader.Control.Seed().Bytes()) || bytes.Contains(body.Payload, s.second.Reader.KEMSeed.Bytes()) {
		t.Error("writer.bin holds a reader seed")
	}
}

// A capability that vouches for a forgery must still not get past commitment, tag, length and padding.
func TestAChunkIsCheckedBehindItsHash(t *testing.T) {
	k := fuzzGeneration()
	seal := func(change func(plain []byte), forge func(obj []byte)) (vault.Cap, []byte) {
		buf := vault.NewChunkBufferFor(100)
		s, err := k.Seal(buf, copy(buf.Room(), "content"), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		obj := bytes.Clone(s.Object)
		aead, nonce, _ := vault.ChunkKeys(s.Cap.Key, k.Space, obj)
		aad := append(bytes.Clone(k.Space[:]), obj[:76]...)
		plain, err := aead.Open(nil, nonce, obj[76:], aad)
		if err != nil {
			t.Fatal(err)
		}
		change(plain)
		forge(obj)
		obj = aead.Seal(obj[:76:76], nonce, plain, append(bytes.Clone(k.Space[:]), obj[:76]...))
		s.Cap.Object = vault.HeadOf(0, obj).Hash
		return s.Cap, obj
	}
	none := func([]byte) {}
	if c, obj := seal(none, none); true {
		if p, err := OpenChunk(k.Space, c, obj); err != nil || string(p) != "content" {
			t.Fatal(err)
		}
	}
	for name, f := range map[string]struct{ plain, obj func([]byte) }{
		"padding not zero":     {func(p []byte) { p[len(p)-1] = 1 }, none},
		"padding at its start": {func(p []byte) { p[8+7] = 1 }, none},
		"length one more":      {func(p []byte) { binary.BigEndian.PutUint64(p, 8) }, none},
		"length absurd":        {func(p []byte) { binary.BigEndian.PutUint64(p, 1<<63) }, none},
		"wrong commitment":     {none, func(o []byte) { o[50] ^= 1 }},
	} {
		c, obj := seal(f.plain, f.obj)
		if _, err := OpenChunk(k.Space, c, obj); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}
