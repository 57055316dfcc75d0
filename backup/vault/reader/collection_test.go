package reader

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"lightproof/backup/store/memory"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// twoAdmins is a Space of two admin devices, of which the first announces collections.
type twoAdmins struct {
	t      *testing.T
	s      *scene
	c      *Created
	first  *device
	second *device
	keys   *Keyset // of the second
	head   vault.Head
}

func newTwoAdmins(t *testing.T) *twoAdmins {
	c, err := Create(CreateOptions{DeviceName: "first", Passphrase: []byte("pass"), KDF: quickKDF, Now: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t, place: memory.NewPlace(), created: c, contents: map[string][]byte{}}
	s.put(c.Objects...)
	x := &twoAdmins{t: t, s: s, c: c, head: c.Genesis.Head()}
	dev, w, r, err := newDevice(c.Writer.Space, "second", c.Writer.Mix.Clone())
	if err != nil {
		t.Fatal(err)
	}
	w.Genesis, r.Genesis = c.Writer.Genesis, c.Writer.Genesis
	g := c.Writer.Current()
	w.Generations, w.EPKs = []*vault.Generation{vault.NewGeneration(w.Space, 1, g.WriterKey().Clone())}, c.Writer.EPKs
	r.Generations = []secret.Secret{c.Reader.Generations[0].Clone()}
	x.keys = r
	cos, err := r.Control.Cosign(vault.CtlDeviceAdd.String(), append(append([]byte(nil), c.Writer.Genesis[:]...), dev.Encode()...))
	if err != nil {
		t.Fatal(err)
	}
	x.control(&vault.Control{Type: vault.CtlDeviceAdd, Device: dev, Cosign: cos.Encode()})
	c.Writer.Obey(&writer.Condemned{})
	w.Obey(&writer.Condemned{})
	x.first = &device{s: s, w: c.Writer, prev: vault.Head{Hash: c.Writer.Genesis}, control: x.head}
	x.second = &device{s: s, w: w, prev: vault.Head{Hash: c.Writer.Genesis}, control: x.head}
	return x
}

// control appends an entry signed by the first device.
func (x *twoAdmins) control(e *vault.Control) {
	x.t.Helper()
	e.Space, e.Author, e.Seq, e.Prev, e.Generation = x.c.Writer.Space, x.c.Writer.Device, x.head.Seq+1, x.head.Hash, 1
	if err := e.Sign(x.c.Reader.Control); err != nil {
		x.t.Fatal(err)
	}
	name, obj, err := e.Seal(x.c.Writer.Current().ControlKey())
	if err != nil {
		x.t.Fatal(err)
	}
	x.s.put(writer.Built{Name: name, Object: obj})
	x.head = e.Head()
	if x.first != nil {
		x.first.control = x.head
	}
}

// intent announces a collection in a device's log, co-signed by the key given.
func (x *twoAdmins) intent(d *device, key *vault.SigningKey, names ...vault.CID) writer.Built {
	x.t.Helper()
	slices.SortFunc(names, func(a, b vault.CID) int { return bytes.Compare(a[:], b[:]) })
	c := vault.Commit{Space: d.w.Space, Author: d.w.Device, Generation: 1, PayloadHash: vault.HeadOf(0, nil).Hash, Seq: d.prev.Seq + 1, Prev: d.prev.Hash,
		Control: d.control, Type: vault.CommitGCIntent, Condemned: names}
	if key != nil {
		cos, err := key.Cosign(vault.GCIntentName, c.Encode())
		if err != nil {
			x.t.Fatal(err)
		}
		c.Cosign = cos.Encode()
	}
	b, err := d.w.SealCommit(c, nil)
	if err != nil {
		x.t.Fatal(err)
	}
	x.s.put(b.Built)
	d.prev = b.Head
	return b.Built
}

func (x *twoAdmins) chain() *vault.Chain {
	x.t.Helper()
	chain, found, _, err := writer.LoadChain(context.Background(), placed{x.s.place.Open()}, x.c.Writer, nil, 0)
	if err != nil || len(found) > 0 {
		x.t.Fatal(err, found)
	}
	return chain
}

// learn lets a device read another's log from its beginning, and says how far it got.
func (x *twoAdmins) learn(by, of *device) (vault.SeenHead, []writer.Finding) {
	x.t.Helper()
	head, found, err := writer.WalkLog(context.Background(), placed{x.s.place.Open()}, by.w, x.chain(), of.w.Tag, vault.Head{}, func(writer.LogCommit) error { return nil })
	if err != nil {
		x.t.Fatal(err)
	}
	return vault.SeenHead{Tag: of.w.Tag, Head: head}, found
}

var gone = bytes.Repeat([]byte("a picture that nothing needs "), 3000)

// What a collection claims is stored under another name by every device that has seen it, itself included, and is found there again.
func TestCondemnedNamesAreNeitherWrittenNorReferredTo(t *testing.T) {
	x := newTwoAdmins(t)
	_, rec := x.first.chunk(gone, vault.ClassContent)
	x.first.commit(vault.CommitDelta, 0, vault.Payload{Body: vault.Page{}.Encode()}, []vault.ObjectRecord{rec}, false)
	x.control(&vault.Control{Type: vault.CtlGCAuthorise})
	x.intent(x.first, x.c.Reader.Control, rec.CID)
	seen, found := x.learn(x.second, x.first)
	if len(found) > 0 || seen.Seq != 2 {
		t.Fatal(seen, found)
	}
	again, rec2 := x.second.chunk(gone, vault.ClassContent)
	if h, err := vault.ParseChunkHeader(again.Object); err != nil || h.Variant != 1 || rec2.CID == rec.CID {
		t.Errorf("sealed under variant %d, %v", h.Variant, err)
	}
	if other, _ := x.second.chunk(gone, vault.ClassContent); other.Cap != again.Cap {
		t.Error("the same content is stored twice")
	}
	if plain, err := OpenChunk(x.c.Writer.Space, again.Cap, again.Object); err != nil || !bytes.Equal(plain, gone) {
		t.Error(err)
	}
	for what, list := range map[string]vault.ObjectList{"condemned": {Records: []vault.ObjectRecord{rec}}, "free": {Records: []vault.ObjectRecord{rec2}}} {
		c := vault.Commit{Seq: 1, Prev: x.second.prev.Hash, Control: x.second.control, Inline: list.Encode()}
		_, err := x.second.w.SealCommit(c, nil)
		_, _, err2 := x.second.w.SealList(1, list.Encode())
		if errors.Is(err, vault.ErrCondemned) != (what == "condemned") || errors.Is(err2, vault.ErrCondemned) != (what == "condemned") {
			t.Errorf("%s: %v, %v", what, err, err2)
		}
	}
	// The author has its own intent in mind only once it has read it, as after a restart.
	x.learn(x.first, x.first)
	if own, _ := x.first.chunk(gone, vault.ClassContent); own.Cap != again.Cap {
		t.Error("the author uses another name than the others")
	}
	for _, i := range x.second.w.Generations { // kept on disk and taken up again
		set := &writer.Condemned{}
		got, err := writer.ParseIntent(writer.Intent{Tag: seen.Tag, At: seen.Head, Names: []vault.CID{rec.CID}}.Encode())
		if err != nil || got.Tag != seen.Tag || got.At != seen.Head {
			t.Fatal(got, err)
		}
		set.Learn(got)
		i.Avoid(set.Has)
	}
	if kept, _ := x.second.chunk(gone, vault.ClassContent); kept.Cap != again.Cap {
		t.Error("forgotten after a restart")
	}
}

func TestAnIntentWithoutAuthorityIsIgnored(t *testing.T) {
	for name, try := range map[string]func(x *twoAdmins, cid vault.CID){
		"no gc-authorise": func(x *twoAdmins, cid vault.CID) { x.intent(x.first, x.c.Reader.Control, cid) },
		"gc-authorise after its head": func(x *twoAdmins, cid vault.CID) {
			d := *x.first
			x.control(&vault.Control{Type: vault.CtlGCAuthorise})
			x.intent(&d, x.c.Reader.Control, cid)
		},
		"no co-signature": func(x *twoAdmins, cid vault.CID) {
			x.control(&vault.Control{Type: vault.CtlGCAuthorise})
			x.intent(x.first, nil, cid)
		},
		"co-signed by the log key": func(x *twoAdmins, cid vault.CID) {
			x.control(&vault.Control{Type: vault.CtlGCAuthorise})
			x.intent(x.first, x.c.Writer.Log, cid)
		},
		"co-signed by another device": func(x *twoAdmins, cid vault.CID) {
			x.control(&vault.Control{Type: vault.CtlGCAuthorise})
			x.intent(x.first, x.keys.Control, cid)
		},
		"in force, for the comparison": func(x *twoAdmins, cid vault.CID) {
			x.control(&vault.Control{Type: vault.CtlGCAuthorise})
			x.intent(x.first, x.c.Reader.Control, cid)
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTwoAdmins(t)
			_, rec := x.first.chunk(gone, vault.ClassContent)
			try(x, rec.CID)
			seen, found := x.learn(x.second, x.first)
			counts := name == "in force, for the comparison"
			if seen.Seq != 1 || len(found) > 0 == counts {
				t.Errorf("the commit itself: %v, %v", seen, found)
			}
			if after, _ := x.second.chunk(gone, vault.ClassContent); (after.Cap.CID != rec.CID) != counts {
				t.Errorf("obeyed: %v", !counts)
			}
		})
	}
}

// A listing made in spite of an intent that its log had seen is no evidence, before or after a restart of the reader; one made before is.
func TestListingsInSpiteOfAnIntentAreRefused(t *testing.T) {
	x := newTwoAdmins(t)
	_, rec := x.first.chunk(gone, vault.ClassContent)
	x.second.w.Obey(&writer.Condemned{}) // never learns: a faulty program
	before := x.second.commit(vault.CommitDelta, 0, vault.Payload{Body: vault.Page{}.Encode()}, []vault.ObjectRecord{rec}, false)
	x.control(&vault.Control{Type: vault.CtlGCAuthorise})
	x.intent(x.first, x.c.Reader.Control, rec.CID)
	seen := vault.SeenHead{Tag: x.first.w.Tag, Head: x.first.prev}
	after := x.second.commit(vault.CommitDelta, 0, vault.Payload{Body: vault.Page{}.Encode()}, []vault.ObjectRecord{rec}, false, seen)
	later := x.second.commit(vault.CommitDelta, 0, vault.Payload{Body: vault.Page{}.Encode()}, []vault.ObjectRecord{rec}, true)
	x.learn(x.first, x.first)
	for what, from := range map[string]vault.Head{"whole": {}, "from before": before.Head, "from after": after.Head} {
		listed := map[uint64]int{}
		_, found, err := writer.WalkLog(context.Background(), placed{x.s.place.Open()}, x.first.w, x.chain(), x.second.w.Tag, from, func(c writer.LogCommit) error {
			listed[c.Header.Seq] = len(c.List.Records)
			return nil
		})
		want := int(later.Head.Seq - max(before.Head.Seq, from.Seq))
		if err != nil || len(found) != want || !errors.Is(found[0].Err, vault.ErrCondemned) {
			t.Errorf("%s: %v %v", what, found, err)
		}
		if from.Seq == 0 && listed[1] != 1 || listed[2] != 0 || listed[3] != 0 {
			t.Errorf("%s: listed %v", what, listed)
		}
	}
	// The reader comes to the same, whatever order it meets the logs in; restoring goes on.
	o := placed{x.s.place.Open()}
	heads, found, err := x.c.Reader.Rebuild(context.Background(), o, x.c.Reader.View(), x.chain(), NewCatalogue(), nil)
	if err != nil || len(found) != 2 || !errors.Is(found[0].Err, vault.ErrCondemned) || heads[x.second.w.Tag] != later.Head {
		t.Errorf("%v %v %v", found, heads, err)
	}
	if v := x.c.Reader.View(); !x.c.Reader.Condemned().Has(rec.CID) || v == nil {
		t.Error("the reader does not know what is condemned")
	}
}
