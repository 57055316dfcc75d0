package reader

import (
	"context"
	"errors"
	"testing"
	"time"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

func (h *hand) kit() EpochMember {
	r := h.c.Genesis.Recovery
	return EpochMember{ID: r.ID, Reader: r.KEM}
}

// keys is a reader keyset of the first device as it was at the beginning.
func (h *hand) keys() *Keyset {
	c := h.c.Reader
	return &Keyset{Space: c.Space, Device: c.Device, Control: c.Control, KEMSeed: c.KEMSeed, Genesis: c.Genesis, Mix: c.Mix, Generations: []secret.Secret{c.Generations[0]}}
}

func TestAnUnlockedReaderFollowsGenerations(t *testing.T) {
	ctx := context.Background()
	h := newHand(t)
	k := h.keys()
	h.rotate(h.device(), h.kit())
	h.rotate(h.device(), h.kit())
	f, err := k.Follow(ctx, h.o, nil, 0)
	if err != nil || !f.Grew || len(f.Findings) != 0 || f.Chain.Generation() != 3 || len(k.Generations) != 3 || f.View.Current().Number != 3 {
		t.Fatal(err, f)
	}
	for i, e := range h.c.Reader.Generations {
		if !e.Equal(k.Generations[i]) {
			t.Errorf("generation %d is another one", i+1)
		}
	}
	if f, err = k.Follow(ctx, h.o, nil, 0); err != nil || f.Grew {
		t.Error("once is enough:", err)
	}
	k.Generations[2] = secret.Random(32)
	if _, err := k.Follow(ctx, h.o, nil, 0); !errors.Is(err, vault.ErrFork) {
		t.Error("a key that is not the one of the chain:", err)
	}
}

func TestAReaderThatIsShutOutSaysSoAndReadsWhatIsOlder(t *testing.T) {
	ctx := context.Background()
	for name, rotate := range map[string]func(h *hand){
		"no slot": func(h *hand) { h.rotate(EpochMember{ID: h.c.Writer.Device}, h.kit()) },
		"another older key in the ring": func(h *hand) {
			h.c.Reader.Generations = []secret.Secret{secret.Random(32)}
			h.rotate(h.device(), h.kit())
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHand(t)
			k, before := h.keys(), h.head
			rotate(h)
			f, err := k.Follow(ctx, h.o, nil, 0)
			if !errors.Is(err, ErrShutOut) || f == nil || f.Grew || len(k.Generations) != 1 || len(f.Findings) == 0 {
				t.Fatal(err, f)
			}
			if head, err := f.View.Follows(f.Chain); err != nil || head != before || f.View.Current().Number != 1 {
				t.Error("what is older can be read no more:", err)
			}
		})
	}
}

// Commits after a voided epoch are written under the generation that is current again, though newer keys are held.
func TestAVoidedGenerationIsNotWrittenUnder(t *testing.T) {
	ctx := context.Background()
	h := newHand(t)
	w := h.c.Writer
	h.rotate(h.device(), h.kit())
	if _, _, grew, err := writer.LoadChain(ctx, h.o, w, nil, 0); err != nil || !grew || w.Current().Number != 2 {
		t.Fatal(err)
	}
	r, err := Recover(ctx, h.o, w.Space, h.c.Kit, []byte("pass"), nil)
	if err != nil {
		t.Fatal(err)
	}
	void := &vault.Control{Space: w.Space, Author: r.Keys.ID, Seq: h.head.Seq + 1, Prev: h.head.Hash, Generation: 2, Type: vault.CtlVoid, VoidFrom: 2, VoidTo: 2}
	if err := void.Sign(r.Keys.Signing); err != nil {
		t.Fatal(err)
	}
	name, obj, err := void.Seal(h.gen.ControlKey())
	if err != nil {
		t.Fatal(err)
	}
	h.o.put(writer.Built{Name: name, Object: obj})
	chain, found, _, err := writer.LoadChain(ctx, h.o, w, nil, 0)
	if err != nil || len(found) > 0 || chain.Generation() != 1 || w.Current().Number != 1 || string(w.EPK()) != string(chain.EPK(1)) {
		t.Fatal(err, found, chain.Generation(), w.Current().Number)
	}
	head, err := w.Follows(chain)
	if err != nil || head != void.Head() {
		t.Fatal(head, err)
	}
	b, err := w.SealCommit(vault.Commit{Seq: 1, Prev: w.Genesis, Control: head}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.o.put(b.Built)
	if at, found, err := writer.WalkLog(ctx, h.o, w, chain, w.Tag, vault.Head{}, func(writer.LogCommit) error { return nil }); err != nil || len(found) > 0 || at != b.Head {
		t.Error("a commit after the void:", at, found, err)
	}
	// The next generation has a number of its own, and a ring with both older ones.
	k := h.keys()
	if f, err := k.Follow(ctx, h.o, nil, 0); err != nil || f.Chain.Generation() != 1 || f.View.Current().Number != 1 {
		t.Fatal(err)
	}
	next, err := k.Rotate(chain, 5)
	if err != nil {
		t.Fatal(err)
	}
	h.o.put(next...)
	f, err := k.Follow(ctx, h.o, nil, 0)
	if err != nil || f.Chain.Generation() != 3 || len(k.Generations) != 3 {
		t.Fatal(err)
	}
	if chain, found, grew, err := writer.LoadChain(ctx, h.o, w, nil, 0); err != nil || !grew || len(found) > 0 || chain.Generation() != 3 || w.Current().Number != 3 {
		t.Error(err, found)
	}
}

// A kit that is replaced is revoked, and after the delay shut out of what is written; the new one opens everything throughout.
func TestAnOldKitIsRevokedWhenANewOneWasMade(t *testing.T) {
	ctx := context.Background()
	h := newHand(t)
	k := h.keys()
	var waited time.Duration
	follow := func() *vault.Chain {
		t.Helper()
		f, err := k.Follow(ctx, h.o, func(vault.Hash) time.Duration { return waited }, 0)
		if err != nil || len(f.Findings) > 0 {
			t.Fatal(err, f)
		}
		return f.Chain
	}
	if none, err := k.RevokeOlderKits(follow(), 1); err != nil || len(none) != 0 {
		t.Fatal("the only kit would be revoked:", err)
	}
	kit, objects, err := k.NewKit(ctx, follow(), []byte("new pass"), quickKDF, 2)
	if err != nil {
		t.Fatal(err)
	}
	h.o.put(objects...)
	revoke, err := k.RevokeOlderKits(follow(), 3)
	if err != nil || len(revoke) != 1 {
		t.Fatal(err, len(revoke))
	}
	h.o.put(revoke...)
	chain := follow()
	old := h.c.Genesis.Recovery.ID
	if !chain.Device(old).Active || chain.RotationDue() {
		t.Error("it took effect before its delay")
	}
	if twice, err := k.RevokeOlderKits(chain, 4); err != nil || len(twice) != 0 {
		t.Error("it is under way already:", err, len(twice))
	}
	waited = vault.LongDelay
	chain = follow()
	if chain.Device(old).Active || !chain.RotationDue() {
		t.Fatal("it never takes effect")
	}
	rotate, err := k.Rotate(chain, 5)
	if err != nil {
		t.Fatal(err)
	}
	h.o.put(rotate...)
	chain = follow()
	if chain.Generation() != 2 || chain.RotationDue() {
		t.Error("the new generation is not in force")
	}
	if r, err := Recover(ctx, h.o, k.Space, kit, []byte("new pass"), nil); err != nil || r.ShutOut || r.Chain.Generation() != 2 {
		t.Error("the new kit:", err)
	}
	if r, err := Recover(ctx, h.o, k.Space, h.c.Kit, []byte("pass"), nil); err == nil && len(r.Reader.Generations) > 1 {
		t.Error("the old kit opens what is new")
	}
}

// A keyset from a file can be sealed again as it was locked, with what it took in since; where the file is another by now, it is left alone.
func TestAKeysetIsSealedAgainUnderTheSameLock(t *testing.T) {
	ctx := context.Background()
	start := secret.Random(32)
	for name, lock := range map[string]Lock{
		"strict": {Start: start, Passphrase: []byte("pass")}, "convenient": {Start: start}, "passphrase at start": {Passphrase: []byte("pass")},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHand(t)
			c := h.c.Reader
			file, err := c.Seal(lock, quickKDF)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok, err := c.Reseal(file); ok || err != nil {
				t.Error("a keyset that came from no file:", ok, err)
			}
			k, err := Open(c.Space, c.Device, file, lock)
			if err != nil {
				t.Fatal(err)
			}
			h.rotate(h.device(), h.kit())
			if f, err := k.Follow(ctx, h.o, nil, 0); err != nil || !f.Grew {
				t.Fatal(err)
			}
			again, ok, err := k.Reseal(file)
			if err != nil || !ok || string(again) == string(file) {
				t.Fatal(ok, err)
			}
			n, err := Open(c.Space, c.Device, again, lock)
			if err != nil || len(n.Generations) != 2 || !n.Generations[1].Equal(k.Generations[1]) || !n.CacheKey.Equal(c.CacheKey) {
				t.Fatal("what was sealed again opens to something else:", err)
			}
			if f, err := n.Follow(ctx, h.o, nil, 0); err != nil || f.Grew {
				t.Error("the generation has to be taken in once more:", err)
			}
			other, err := c.Seal(Lock{Start: start, Passphrase: []byte("another")}, quickKDF)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok, err := k.Reseal(other); ok || err != nil {
				t.Error("a file under another passphrase would be replaced:", ok, err)
			}
			k.Wipe()
			if _, ok, _ := k.Reseal(file); ok {
				t.Error("sealed by a keyset that was wiped")
			}
		})
	}
}
