package reader

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"testing"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// hand writes control entries of a device in any order that its owner, or its thief, likes.
type hand struct {
	t    *testing.T
	o    objects
	c    *Created
	head vault.Head
	gen  *vault.Generation
}

func newHand(t *testing.T) *hand {
	c, err := Create(CreateOptions{DeviceName: "d", Passphrase: []byte("pass"), KDF: quickKDF, Now: 1})
	if err != nil {
		t.Fatal(err)
	}
	o := objects{}
	o.put(c.Objects...)
	return &hand{t: t, o: o, c: c, head: c.Genesis.Head(), gen: c.Writer.Current()}
}

func (h *hand) append(e *vault.Control) {
	h.t.Helper()
	e.Space, e.Author, e.Seq, e.Prev, e.Generation = h.c.Writer.Space, h.c.Writer.Device, h.head.Seq+1, h.head.Hash, h.gen.Number
	if err := e.Sign(h.c.Reader.Control); err != nil {
		h.t.Fatal(err)
	}
	name, obj, err := e.Seal(h.gen.ControlKey())
	if err != nil {
		h.t.Fatal(err)
	}
	h.o.put(writer.Built{Name: name, Object: obj})
	h.head = e.Head()
}

// member makes an epoch member; a nil key leaves its slot filled with noise.
func (h *hand) device() EpochMember {
	d := h.c.Genesis.Device
	return EpochMember{ID: d.ID, Reader: d.ReaderKEM, Writer: d.WriterKEM}
}

func (h *hand) rotate(members ...EpochMember) {
	h.t.Helper()
	e := secret.Random(32)
	keys := append(h.c.Reader.Generations, e)
	built, ref, err := BuildEpoch(h.c.Writer.Space, h.c.Writer.Mix, keys, members)
	if err != nil {
		h.t.Fatal(err)
	}
	h.o.put(built)
	h.append(&vault.Control{Type: vault.CtlEpoch, Epoch: ref})
	h.c.Reader.Generations = keys
	w := vault.WriterFromReader(e.Bytes(), h.c.Writer.Space, ref.Generation)
	h.gen = vault.NewGeneration(h.c.Writer.Space, ref.Generation, secret.New(w[:]))
}

func TestAKitThatReplacedAnotherRestoresWhateverItsPaperSaw(t *testing.T) {
	ctx := context.Background()
	h := newHand(t)
	space := h.c.Writer.Space
	rec, err := newRecoveryKeys()
	if err != nil {
		t.Fatal(err)
	}
	rec.Mix, rec.Genesis = h.c.Writer.Mix.Clone(), h.c.Writer.Genesis
	kit := secret.Random(32)
	record, err := rec.record(SlotID(kit, space))
	if err != nil {
		t.Fatal(err)
	}
	slot, err := rec.SealSlot(space, kit, []byte("new"), quickKDF)
	if err != nil {
		t.Fatal(err)
	}
	h.o.put(slot)
	old := h.c.Genesis.Recovery
	fresh := EpochMember{ID: record.ID, Reader: record.KEM}
	built, ref, err := BuildEpoch(space, h.c.Writer.Mix, h.c.Reader.Generations, []EpochMember{h.device(), {ID: old.ID, Reader: old.KEM}, fresh})
	if err != nil {
		t.Fatal(err)
	}
	h.o.put(built)
	h.append(&vault.Control{Type: vault.CtlRecoveryAdd, Recovery: record})
	h.append(&vault.Control{Type: vault.CtlEpochSlots, Epoch: ref})
	paper := &Checkpoint{Control: h.head}
	// From the first minute.
	r, err := Recover(ctx, h.o, space, kit, []byte("new"), paper)
	if err != nil || r.Chain.Generation() != 1 || r.ShutOut {
		t.Fatal(err)
	}
	// The old one is revoked; once that has matured on the computer that is now gone, a generation without it begins.
	h.append(&vault.Control{Type: vault.CtlRecoveryRevoke, Target: old.ID})
	h.rotate(h.device(), fresh)
	for name, p := range map[string]*Checkpoint{"paper from before": paper, "no paper": nil, "paper from after": {Control: h.head}} {
		r, err := Recover(ctx, h.o, space, kit, []byte("new"), p)
		if err != nil || r.Chain.Generation() != 2 || r.ShutOut {
			t.Errorf("%s: %v", name, err)
			continue
		}
		en, err := r.Enrol("new", map[vault.DeviceID]vault.Head{h.c.Writer.Device: {}}, 2)
		if err != nil {
			t.Fatal(name, err)
		}
		o := maps.Clone(h.o)
		o.put(en.Objects...)
		chain, found, _, err := writer.LoadChain(ctx, o, en.Writer, nil, r.Matured)
		if err != nil || len(found) > 0 || chain.Generation() != 3 {
			t.Errorf("%s, the new device: %v %v", name, err, found)
		}
	}
	// The revoked kit opens nothing of the new generation.
	r, err = Recover(ctx, h.o, space, h.c.Kit, []byte("pass"), nil)
	if err == nil && len(r.Reader.Generations) > 1 {
		t.Error("the revoked kit reads on")
	}
}

func TestAThiefCannotTakeTheKitsRestoreAway(t *testing.T) {
	ctx := context.Background()
	t.Run("by a generation without the kit", func(t *testing.T) {
		h := newHand(t)
		h.append(&vault.Control{Type: vault.CtlRecoveryRevoke, Target: h.c.Genesis.Recovery.ID})
		h.rotate(h.device())
		r, err := Recover(ctx, h.o, h.c.Writer.Space, h.c.Kit, []byte("pass"), nil)
		if err != nil || r.ShutOut || r.Chain.Generation() != 1 {
			t.Fatal(err)
		}
		if _, err := r.Enrol("new", map[vault.DeviceID]vault.Head{h.c.Writer.Device: {}}, 2); err != nil {
			t.Error(err)
		}
	})
	t.Run("by a generation that the kit opens and that does not name it", func(t *testing.T) {
		h := newHand(t)
		rec := h.c.Genesis.Recovery
		h.append(&vault.Control{Type: vault.CtlRecoveryRevoke, Target: rec.ID})
		keys := append(h.c.Reader.Generations, secret.Random(32))
		built, ref, err := BuildEpoch(h.c.Writer.Space, h.c.Writer.Mix, keys, []EpochMember{h.device(), {ID: rec.ID, Reader: rec.KEM}})
		if err != nil {
			t.Fatal(err)
		}
		ref.Principals = ref.Principals[:1]
		h.o.put(built)
		h.append(&vault.Control{Type: vault.CtlEpoch, Epoch: ref})
		r, err := Recover(ctx, h.o, h.c.Writer.Space, h.c.Kit, []byte("pass"), nil)
		if err != nil || r.ShutOut || r.Chain.Generation() != 1 || !r.Chain.Device(rec.ID).Active {
			t.Fatal(err)
		}
	})
	t.Run("by noise in the kit's slot", func(t *testing.T) {
		h := newHand(t)
		h.rotate(h.device(), EpochMember{ID: h.c.Genesis.Recovery.ID})
		r, err := Recover(ctx, h.o, h.c.Writer.Space, h.c.Kit, []byte("pass"), nil)
		if err != nil || !r.ShutOut || len(r.Reader.Generations) != 1 || len(r.Findings) == 0 {
			t.Fatalf("%v %+v", err, r)
		}
		// It goes on before the entry that shut it out, under a number that was never used.
		h.rotate(h.device(), EpochMember{ID: h.c.Genesis.Recovery.ID}) // the kit cannot see this one
		en, err := r.Enrol("new", map[vault.DeviceID]vault.Head{h.c.Writer.Device: {}}, 2)
		if err != nil || !en.Forks || len(en.Reader.Generations) != 3 || !en.Reader.Generations[1].IsZero() {
			t.Fatal(err)
		}
		for _, b := range en.Objects {
			if h.o[b.Name] != nil {
				t.Errorf("%s is taken", b.Name)
			}
		}
		h.o.put(en.Objects...)
		start := secret.New(bytes.Repeat([]byte{1}, 32))
		file, err := en.Writer.Seal(start)
		if err != nil {
			t.Fatal(err)
		}
		w, err := writer.Open(en.Writer.Space, en.Writer.Device, file, start)
		if err != nil || w.Generation(2) != nil || w.Current().Number != 3 {
			t.Fatal("the gap is lost on disk:", err)
		}
		rf, err := en.Reader.Seal(Lock{Start: start}, vault.KDF{})
		if err != nil {
			t.Fatal(err)
		}
		rd, err := Open(en.Reader.Space, en.Reader.Device, rf, Lock{Start: start})
		if err != nil {
			t.Fatal(err)
		}
		f, err := rd.Follow(ctx, h.o, nil, r.Matured)
		if err != nil || f.Grew || f.Chain.Generation() != 3 || f.Chain.Device(h.c.Writer.Device).Active {
			t.Fatal(err)
		}
		if _, err := rd.kem(2); !errors.Is(err, vault.ErrWrongKey) || f.View.Generation(2) != nil {
			t.Error("keys were derived from a secret that nobody gave:", err)
		}
		chain, _, _, err := writer.LoadChain(ctx, h.o, w, nil, 0)
		if err != nil || chain.Generation() != 3 {
			t.Fatal(err)
		}
		// The kit opens what it started, on the next machine.
		again, err := Recover(ctx, h.o, h.c.Writer.Space, h.c.Kit, []byte("pass"), nil)
		if err != nil || again.ShutOut || again.Chain.Generation() != 3 {
			t.Error("the kit after its own fork:", err)
		}
		// The one who was expelled sees that the chain went another way.
		lost, found, _, err := writer.LoadChain(ctx, h.o, h.c.Writer, nil, 0)
		if err != nil || lost.Generation() != 3 || len(found) == 0 {
			t.Error("the branch of the thief goes on:", err, found)
		}
	})
	t.Run("a device that cannot follow names the head before", func(t *testing.T) {
		h := newHand(t)
		before := h.head
		rec := h.c.Genesis.Recovery
		h.rotate(EpochMember{ID: h.c.Writer.Device}, EpochMember{ID: rec.ID, Reader: rec.KEM})
		chain, found, grew, err := writer.LoadChain(ctx, h.o, h.c.Writer, nil, 0)
		if err != nil || grew || len(found) == 0 || chain.HeadUnder(h.c.Writer.Current().Number) != before {
			t.Error(err, grew, found)
		}
	})
}

func TestLockedDevicesFollowGenerations(t *testing.T) {
	ctx := context.Background()
	h := newHand(t)
	rec := h.c.Genesis.Recovery
	kit := EpochMember{ID: rec.ID, Reader: rec.KEM}
	h.rotate(h.device(), kit)
	h.rotate(h.device(), kit)
	w := h.c.Writer
	chain, found, grew, err := writer.LoadChain(ctx, h.o, w, nil, 0)
	if err != nil || !grew || len(found) != 0 || w.Current().Number != 3 || chain.Generation() != 3 || string(w.EPK()) != string(chain.EPK(3)) {
		t.Fatal(err, grew, found)
	}
	// A ring that hands out another older key is refused.
	fresh := newHand(t)
	rec = fresh.c.Genesis.Recovery
	fresh.c.Reader.Generations[0] = secret.Random(32) // the ring will hold this in place of E_1
	fresh.rotate(fresh.device(), EpochMember{ID: rec.ID, Reader: rec.KEM})
	_, found, grew, err = writer.LoadChain(ctx, fresh.o, fresh.c.Writer, nil, 0)
	if err != nil || grew || len(found) == 0 || !errors.Is(found[0].Err, vault.ErrTampered) {
		t.Error(err, grew, found)
	}
	// A keyset that holds other keys for a generation than the chain names must not go on.
	w.EPKs[2] = make([]byte, 1216)
	if _, _, _, err := writer.LoadChain(ctx, h.o, w, nil, 0); !errors.Is(err, vault.ErrFork) {
		t.Error("another public key:", err)
	}
}

func TestAnUnknownControlTypeStopsAndAForeignHeadDoesNot(t *testing.T) {
	ctx := context.Background()
	h := newHand(t)
	load := func() error {
		_, _, _, err := writer.LoadChain(ctx, h.o, h.c.Writer, nil, 0)
		return err
	}
	name := vault.ControlName(2)
	junk := make([]byte, 8000)
	copy(junk, "LPE1\x02\x01\x02\x00")
	h.o[name], h.o[vault.Mirror(name)] = junk, junk
	if err := load(); err != nil {
		t.Error("bytes that anyone can write stopped the client:", err)
	}
	e := &vault.Control{Space: h.c.Writer.Space, Author: h.c.Writer.Device, Seq: 2, Prev: h.head.Hash, Generation: 1, Type: 16}
	if err := e.Sign(h.c.Reader.Control); err != nil {
		t.Fatal(err)
	}
	sealed, obj, err := e.Seal(h.gen.ControlKey())
	if err != nil {
		t.Fatal(err)
	}
	h.o.put(writer.Built{Name: sealed, Object: obj})
	if err := load(); !errors.Is(err, vault.ErrNewer) {
		t.Error("a sealed entry of an unknown type:", err)
	}
	// A Space whose very first entry a newer version wrote says so.
	first := vault.ControlName(1)
	for _, n := range both(first) {
		b := append([]byte(nil), h.o[n]...)
		b[4] = 2
		h.o[n] = b
	}
	delete(h.o, name)
	delete(h.o, vault.Mirror(name))
	if err := load(); !errors.Is(err, vault.ErrNewer) {
		t.Error("a newer genesis:", err)
	}
}
