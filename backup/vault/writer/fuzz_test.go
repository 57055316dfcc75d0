package writer

import (
	"bytes"
	"testing"

	"lightproof/backup/vault"
	"lightproof/keystore/secret"
)

// testKeyset is a writer keyset with fixed secrets.
func testKeyset(t testing.TB) *Keyset {
	fixed := func(n int, b byte) secret.Secret { return secret.New(bytes.Repeat([]byte{b}, n)) }
	log, err := vault.NewSigningKey(fixed(vault.SigningSeedLen, 1))
	if err != nil {
		t.Fatal(err)
	}
	space := vault.SpaceID{1}
	return &Keyset{Space: space, Device: vault.DeviceID{2}, Tag: vault.DevTag{3}, Name: "d", Genesis: vault.Hash{4}, Mix: fixed(32, 2), Log: log,
		KEMSeed: fixed(32, 3), CacheKey: fixed(32, 4), Generations: []*vault.Generation{vault.NewGeneration(space, 1, fixed(32, 5)), vault.NewGeneration(space, 2, fixed(32, 6))},
		EPKs: [][]byte{bytes.Repeat([]byte{7}, 1216), bytes.Repeat([]byte{8}, 1216)}, Credentials: map[string]string{"b": "2", "a": "1", "c": ""}}
}

func payloadOf(t testing.TB, k *Keyset, start secret.Secret) []byte {
	obj, err := k.Seal(start)
	if err != nil {
		t.Fatal(err)
	}
	b, err := vault.OpenEnvelope(vault.KindLocalWriter, k.Space, FileName, fileKey(start, k.Device), obj)
	if err != nil {
		t.Fatal(err)
	}
	return b.Payload
}

func FuzzWriterKeyset(f *testing.F) {
	start := secret.New(bytes.Repeat([]byte{9}, 32))
	good := payloadOf(f, testKeyset(f), start)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(append(bytes.Clone(good), 0, 99, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := parse(bytes.Clone(b))
		if err != nil {
			return
		}
		if len(k.Generations) != len(k.EPKs) || k.Current() == nil {
			t.Fatal("a keyset without keys")
		}
		again, err := parse(payloadOf(t, k, start))
		if err != nil || again.Space != k.Space || len(again.Generations) != len(k.Generations) || !again.Mix.Equal(k.Mix) {
			t.Fatal(err)
		}
		if _, err := Open(k.Space, k.Device, b, start); err == nil {
			t.Fatal("a keyset opened without its seal")
		}
	})
}

func FuzzPin(f *testing.F) {
	start, dev := secret.New(bytes.Repeat([]byte{9}, 32)), vault.DeviceID{1}
	p := Pin{Control: vault.Head{Seq: 1, Hash: vault.Hash{1}}, Tag: vault.DevTag{2}, Log: vault.Head{Seq: 1 << 63}}
	good := p.Encode(start, dev)
	for _, s := range []string{"", good, good[:80], good + "=", "A" + good[1:], Pin{}.Encode(start, dev), good[:60] + "\n" + good[60:]} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePin(s, start, dev)
		if err == nil && p.Encode(start, dev) != s {
			t.Fatal("two items for one pin")
		}
	})
}

// FuzzOpenCommitAndList feeds what stands at a destination; the seal holds, so nothing forged may open.
func FuzzOpenCommitAndList(f *testing.F) {
	k := testKeyset(f)
	b, err := k.SealCommit(vault.Commit{Seq: 1, Prev: k.Genesis, Control: vault.Head{Seq: 1}}, []byte("payload"))
	if err != nil {
		f.Fatal(err)
	}
	l, part, err := k.SealList(1, vault.ObjectList{}.Encode())
	if err != nil {
		f.Fatal(err)
	}
	for _, o := range [][]byte{b.Object, l.Object} {
		f.Add(o)
		f.Add(o[:len(o)-1])
	}
	f.Fuzz(func(t *testing.T, o []byte) {
		// The seeds come from another process, which drew its own salt: what opens must say the same.
		if oc, err := k.OpenCommit(b.Name, o); err == nil && (oc.Head != b.Head || string(oc.Body.Payload) != "payload") {
			t.Fatal("a forged commit opened")
		}
		if _, err := k.OpenList(part, o); err == nil && !bytes.Equal(o, l.Object) {
			t.Fatal("a forged list opened")
		}
	})
}

func FuzzKeptIntent(f *testing.F) {
	f.Add(Intent{Tag: vault.DevTag{1}, At: vault.Head{Seq: 2, Hash: vault.Hash{3}}, Names: []vault.CID{{4}, {5}}}.Encode())
	f.Add(make([]byte, 48))
	f.Add(make([]byte, 81))
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := ParseIntent(b)
		if err != nil {
			return
		}
		if len(i.Names) == 0 || !bytes.Equal(i.Encode(), b) {
			t.Fatalf("%+v", i)
		}
		var set Condemned
		set.Learn(i)
		if !set.Has(i.Names[0]) || len(set.Intents()) != 1 {
			t.Fatal("learnt nothing")
		}
	})
}
