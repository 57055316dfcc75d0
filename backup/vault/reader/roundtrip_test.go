package reader

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

type objects map[string][]byte

func (o objects) Get(_ context.Context, name string) ([]byte, error) {
	b, ok := o[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, vault.ErrMissing)
	}
	return b, nil
}

func (o objects) List(_ context.Context, prefix string, fn func(string, int64) error) error {
	for n, b := range o {
		if strings.HasPrefix(n, prefix) {
			if err := fn(n, int64(len(b))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o objects) put(b ...writer.Built) {
	for _, x := range b {
		o[x.Name] = x.Object
		if !strings.HasPrefix(x.Name, "c/") && !strings.HasPrefix(x.Name, "m2/") {
			o[vault.Mirror(x.Name)] = x.Object
		}
	}
}

// quickKDF is the weakest that the format allows: tests need the path, not the cost.
var quickKDF = vault.KDF{Time: 1, Memory: 64 << 10, Threads: 1}

func TestKitAndPassphraseAloneBringEverythingBack(t *testing.T) {
	ctx := context.Background()
	o := objects{}
	c, err := Create(CreateOptions{DeviceName: "desk", Passphrase: []byte("correct horse"), KDF: quickKDF, Now: 1})
	if err != nil {
		t.Fatal(err)
	}
	o.put(c.Objects...)
	big, small := bytes.Repeat([]byte("big picture "), 100_000), []byte("a small sidecar")
	gen := c.Writer.Current()
	buf := vault.NewChunkBuffer()
	s, err := gen.Seal(buf, copy(buf.Room(), big), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	o[s.Name()] = bytes.Clone(s.Object)
	bb := gen.NewBundle(vault.NewChunkBuffer())
	ref, sum, err := bb.Add(small)
	if err != nil {
		t.Fatal(err)
	}
	bs, err := bb.Close()
	if err != nil {
		t.Fatal(err)
	}
	o[bs.Name()] = bytes.Clone(bs.Object)
	page := vault.Page{Sources: []vault.Source{{Root: "/photos"}}, Bundles: []vault.BundleRef{{Cap: bs.Cap, Salt: bb.Salt()}}}
	page.Entries = []vault.Entry{
		{ID: vault.FileID{5: 1, 15: 1}, Path: "a.jpg", Mode: 0o644, Versions: []vault.Version{{ID: vault.NewVersionID(), Size: uint64(len(big)), Sum: s.Sum, Parts: []vault.Part{{Cap: s.Cap}}, Recorded: 10, EXIF: &vault.EXIF{Make: "Cam", HasPosition: true, Latitude: 48.1}}}},
		{ID: vault.FileID{5: 1, 15: 2}, Path: "a.xmp", Mode: 0o600, Versions: []vault.Version{{ID: vault.NewVersionID(), Size: uint64(len(small)), Sum: sum, Parts: []vault.Part{{Small: true, Ref: ref}}, Recorded: 10}}},
	}
	payload, err := c.Writer.SealPayload(1, vault.Payload{Body: page.Encode()}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	list := vault.ObjectList{Records: []vault.ObjectRecord{{CID: s.Cap.CID, Object: s.Cap.Object, Size: uint32(len(s.Object))}, {CID: bs.Cap.CID, Object: bs.Cap.Object, Size: uint32(len(bs.Object)), Class: vault.ClassBundle}}}
	bc, err := c.Writer.SealCommit(vault.Commit{Seq: 1, Prev: c.Writer.Genesis, Control: c.Genesis.Head(), Type: vault.CommitDelta, Inline: list.Encode()}, payload)
	if err != nil {
		t.Fatal(err)
	}
	o.put(bc.Built)

	for _, mirrorOnly := range []bool{false, true} {
		if mirrorOnly {
			for n := range o {
				if _, ok := o[vault.Mirror(n)]; ok && !strings.HasPrefix(n, "m2/") {
					delete(o, n)
				}
			}
		}
		r, err := Recover(ctx, o, c.Writer.Space, c.Kit, []byte("correct horse"), &Checkpoint{Control: c.Genesis.Head()})
		if err != nil {
			t.Fatal(err)
		}
		cat := NewCatalogue()
		heads, _, err := r.Reader.Rebuild(ctx, o, r.View, r.Chain, cat, nil)
		if err != nil {
			t.Fatal(err)
		}
		if heads[c.Writer.Tag] != bc.Head || len(cat.Files) != 2 {
			t.Fatalf("heads %v files %d", heads, len(cat.Files))
		}
		for id, want := range map[vault.FileID][]byte{page.Entries[0].ID: big, page.Entries[1].ID: small} {
			f := cat.Files[id]
			v := f.Latest()
			var got []byte
			for _, p := range v.Parts {
				if p.Small {
					b, err := OpenChunk(c.Writer.Space, f.Bundles[p.Ref.Bundle].Cap, o[vault.ChunkName(f.Bundles[p.Ref.Bundle].Cap.CID)])
					if err != nil {
						t.Fatal(err)
					}
					rec, err := OpenRecord(c.Writer.Space, p.Ref, b)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, rec...)
					continue
				}
				b, err := OpenChunk(c.Writer.Space, p.Cap, o[vault.ChunkName(p.Cap.CID)])
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, b...)
			}
			if !bytes.Equal(got, want) || sha256.Sum256(got) != v.Sum {
				t.Fatal("content differs")
			}
		}
		if mirrorOnly {
			continue
		}
		// A fold of what was read gives the same catalogue again.
		fold, err := BuildFold(cat, gen)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range fold.Objects() {
			o[b.Name] = b.Object
		}
		fp, err := c.Writer.SealPayload(2, fold.Payload)
		if err != nil {
			t.Fatal(err)
		}
		full, err := c.Writer.SealCommit(vault.Commit{Seq: 2, Prev: bc.Head.Hash, Control: c.Genesis.Head(), Type: vault.CommitFull, FoldedTo: 1, Inline: vault.ObjectList{Records: fold.Records()}.Encode()}, fp)
		if err != nil {
			t.Fatal(err)
		}
		o.put(full.Built)
		bc = full
	}
	if _, err := Recover(ctx, o, c.Writer.Space, c.Kit, []byte("wrong horse"), nil); !errors.Is(err, vault.ErrWrongKey) {
		t.Fatalf("wrong passphrase: %v", err)
	}
	if _, err := Recover(ctx, o, c.Writer.Space, secret.Random(32), []byte("correct horse"), nil); !errors.Is(err, vault.ErrMissing) {
		t.Fatalf("other kit: %v", err)
	}
}

func TestRecoveredSpaceTakesANewDeviceAndShutsOutTheLostOne(t *testing.T) {
	ctx := context.Background()
	o := objects{}
	c, err := Create(CreateOptions{DeviceName: "lost", Passphrase: []byte("pass"), KDF: quickKDF, Now: 1})
	if err != nil {
		t.Fatal(err)
	}
	o.put(c.Objects...)
	r, err := Recover(ctx, o, c.Writer.Space, c.Kit, []byte("pass"), nil)
	if err != nil {
		t.Fatal(err)
	}
	en, err := r.Enrol("new", map[vault.DeviceID]vault.Head{c.Writer.Device: {}}, 2)
	if err != nil {
		t.Fatal(err)
	}
	o.put(en.Objects...)
	chain, found, _, err := writer.LoadChain(ctx, o, en.Writer, nil, 0)
	if err != nil || len(found) != 0 {
		t.Fatal(err, found)
	}
	for i, e := range chain.Effects {
		if !e.Effective {
			t.Errorf("entry %d: %s", i+1, e.Reason)
		}
	}
	if chain.Generation() != 2 || chain.Device(c.Writer.Device).Active || !chain.Device(en.Writer.Device).Active {
		t.Fatal("the chain does not say what enrolment meant")
	}
	// The kit still opens the new generation.
	again, err := Recover(ctx, o, c.Writer.Space, c.Kit, []byte("pass"), nil)
	if err != nil || again.Chain.Generation() != 2 {
		t.Fatal(err)
	}
	// The lost device cannot follow: it has no slot.
	_, found, grew, err := writer.LoadChain(ctx, o, c.Writer, nil, 0)
	if err != nil || grew || len(found) == 0 {
		t.Fatalf("the lost device followed: %v %v %v", err, grew, found)
	}
	// Its commits of the old generation are no longer accepted.
	payload, _ := c.Writer.SealPayload(1, vault.Payload{Body: vault.Page{}.Encode()}.Encode())
	bc, err := c.Writer.SealCommit(vault.Commit{Seq: 1, Prev: c.Writer.Genesis, Control: c.Genesis.Head()}, payload)
	if err != nil {
		t.Fatal(err)
	}
	oc, err := en.Writer.OpenCommit(bc.Name, bc.Object)
	if err != nil {
		t.Fatal(err)
	}
	if err := chain.CheckCommit(oc.Header, oc.Body.Signed, oc.Body.Sigs, 0); !errors.Is(err, vault.ErrTampered) {
		t.Fatalf("commit beyond the cap: %v", err)
	}
}

func TestSealedKeysetsOpenOnlyWithTheirSecrets(t *testing.T) {
	c, err := Create(CreateOptions{DeviceName: "d", Passphrase: []byte("p"), KDF: quickKDF})
	if err != nil {
		t.Fatal(err)
	}
	start := secret.Random(32)
	wf, err := c.Writer.Seal(start)
	if err != nil {
		t.Fatal(err)
	}
	w, err := writer.Open(c.Writer.Space, c.Writer.Device, wf, start)
	if err != nil || w.Tag != c.Writer.Tag || !w.Mix.Equal(c.Writer.Mix) {
		t.Fatal(err)
	}
	if _, err := writer.Open(c.Writer.Space, c.Writer.Device, wf, secret.Random(32)); !errors.Is(err, vault.ErrWrongKey) {
		t.Fatal(err)
	}
	for _, l := range []Lock{{Start: start, Passphrase: []byte("p")}, {Start: start}, {Passphrase: []byte("p")}} {
		rf, err := c.Reader.Seal(l, quickKDF)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(c.Writer.Space, c.Writer.Device, rf, l); err != nil {
			t.Fatal(err)
		}
		bad := Lock{Start: secret.Random(32), Passphrase: []byte("q")}
		if _, err := Open(c.Writer.Space, c.Writer.Device, rf, bad); !errors.Is(err, vault.ErrWrongKey) {
			t.Fatal(err)
		}
	}
	pin := writer.Pin{Control: vault.Head{Seq: 3}, Tag: w.Tag, Log: vault.Head{Seq: 9}}
	item := pin.Encode(start, w.Device)
	if len(item) != 164 {
		t.Fatalf("pin of %d characters", len(item))
	}
	if got, err := writer.ParsePin(item, start, w.Device); err != nil || got != pin {
		t.Fatal(err, got)
	}
	if _, err := writer.ParsePin(item, secret.Random(32), w.Device); !errors.Is(err, vault.ErrTampered) {
		t.Fatal(err)
	}
}
