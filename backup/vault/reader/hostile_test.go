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

// fillPlaces adds kits that a thief made, with this key for their slots, until all places are taken.
func (h *hand) fillPlaces(kem []byte) {
	h.t.Helper()
	for range vault.EpochSlots - 2 {
		keys, err := newRecoveryKeys()
		if err != nil {
			h.t.Fatal(err)
		}
		rec, err := keys.record([16]byte(secret.Random(16).Bytes()))
		if err != nil {
			h.t.Fatal(err)
		}
		if kem != nil {
			rec.KEM = kem
		}
		h.append(&vault.Control{Type: vault.CtlRecoveryAdd, Recovery: rec})
	}
}

// Whoever had the computer unlocked cannot keep the kit from going on, by taking all places or by keys that are none.
func TestAKitGoesOnWhateverAThiefAdded(t *testing.T) {
	for name, kem := range map[string][]byte{"kits": nil, "kits with keys that are none": bytes.Repeat([]byte{0xff}, vault.KEMPublicLen)} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			h := newHand(t)
			h.fillPlaces(kem)
			r, err := Recover(ctx, h.o, h.c.Writer.Space, h.c.Kit, []byte("pass"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Chain.ActiveIDs()) != vault.EpochSlots {
				t.Fatal(len(r.Chain.ActiveIDs()), "active")
			}
			for what, lost := range map[string]map[vault.DeviceID]vault.Head{"with the thief's": {h.c.Writer.Device: {}}, "with nobody": nil} {
				en, err := r.Enrol("new", lost, 2)
				if err != nil {
					t.Fatal(what, err)
				}
				o := maps.Clone(h.o)
				o.put(en.Objects...)
				chain, found, _, err := writer.LoadChain(ctx, o, en.Writer, nil, r.Matured)
				if err != nil || len(found) > 0 || chain.Generation() != 2 || chain.Device(en.Writer.Device) == nil {
					t.Errorf("%s revoked: %v %v", what, err, found)
				}
			}
		})
	}
}

// A wrong passphrase, a damaged file and one of a newer program are told apart, and a file under no secret is never opened.
func TestFilesThatDoNotOpenSayWhy(t *testing.T) {
	h := newHand(t)
	space, device := h.c.Writer.Space, h.c.Writer.Device
	lock := Lock{Start: secret.Random(32), Passphrase: []byte("app")}
	file, err := h.c.Reader.Seal(lock, quickKDF)
	if err != nil {
		t.Fatal(err)
	}
	slotName := vault.SlotName(SlotID(h.c.Kit, space))
	change := func(b []byte, at int, to byte) []byte {
		c := bytes.Clone(b)
		c[at] = to
		return c
	}
	for name, x := range map[string]struct {
		at   int
		to   byte
		want error
	}{
		"damaged seal": {at: 700, want: vault.ErrTampered}, "newer envelope": {at: vault.StartHeadLen + 4, to: 9, want: vault.ErrNewer},
		"newer derivation": {at: 0, to: 9, want: vault.ErrNewer}, "other salt": {at: vault.KDFLen, want: vault.ErrWrongKey},
	} {
		_, err := Open(space, device, change(file, x.at, x.to), lock)
		_, err2 := OpenSlot(space, h.c.Kit, []byte("pass"), change(h.o[slotName], x.at, x.to))
		for what, err := range map[string]error{"reader.bin": err, "slot": err2} {
			if !errors.Is(err, x.want) || x.want != vault.ErrWrongKey && errors.Is(err, vault.ErrWrongKey) {
				t.Errorf("%s, %s: %v", what, name, err)
			}
		}
	}
	if _, err := Open(space, device, file, Lock{Start: lock.Start, Passphrase: []byte("wrong")}); !errors.Is(err, vault.ErrWrongKey) {
		t.Error("wrong passphrase:", err)
	}
	// The stranger's own keyset, sealed under what everybody knows, in the place of one that only a passphrase opens.
	foreign, err := vault.SealEnvelope(vault.KindLocalReader, 0, space, FileName,
		vault.DeriveKey(nil, nil, append([]byte("lp1/local-reader"), device[:]...), 32), vault.Body{Payload: []byte{0}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(space, device, foreign, Lock{Passphrase: []byte("app")}); !errors.Is(err, vault.ErrTampered) || errors.Is(err, vault.ErrMalformed) {
		t.Error("a file under no secret:", err)
	}
}
