package vault_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/words"
)

// collectionDir is a golden vault in which a collection was announced and carried out by a program to come, and obeyed.
const collectionDir = "testdata/golden-collection"

// makeCollection tells the story: a chunk that nothing refers to is listed, condemned and deleted; later its content is backed up again
// and gets another name, while other content keeps its own.
func makeCollection(t *testing.T) (*golden, goldPlace) {
	c := try(reader.Create(reader.CreateOptions{DeviceName: "desk", Passphrase: []byte(goldenPass), KDF: goldenKDF, Now: 1_800_000_000}))
	o := goldPlace{}
	o.put(c.Objects...)
	o["space.json"] = fmt.Appendf(nil, "{\"format\":\"lightproof v1-beta\",\"space\":\"%s\"}\n", c.Writer.Space)
	d := &goldDevice{t: t, o: o, w: c.Writer, prev: vault.Head{Hash: c.Writer.Genesis}, control: c.Genesis.Head()}
	set := &writer.Condemned{}
	c.Writer.Obey(set)

	photo := goldVersion(1, goldPhoto, vault.Part{Cap: d.chunk(goldPhoto, vault.ClassContent, nil).Cap})
	left := d.chunk(goldOwn, vault.ClassContent, nil)
	page := vault.Page{Sources: []vault.Source{{ID: goldPhotos, Root: "/photos"}}, Entries: []vault.Entry{goldEntry(goldID(1, 1), "a.jpg", photo)}}
	d.commit(vault.Commit{}, &vault.Payload{Body: page.Encode()}, false, false)

	e := &vault.Control{Space: c.Writer.Space, Author: c.Writer.Device, Seq: 2, Prev: d.control.Hash, Generation: 1, Time: 1_800_000_010, Type: vault.CtlGCAuthorise}
	if err := e.Sign(c.Reader.Control); err != nil {
		t.Fatal(err)
	}
	name, obj, err := e.Seal(c.Writer.Current().ControlKey())
	if err != nil {
		t.Fatal(err)
	}
	o.put(writer.Built{Name: name, Object: obj})
	d.control = e.Head()

	intent := vault.Commit{Space: c.Writer.Space, Author: c.Writer.Device, Generation: 1, PayloadHash: vault.HeadOf(0, nil).Hash, Seq: 2, Prev: d.prev.Hash,
		Control: d.control, Time: 1_800_000_020, Type: vault.CommitGCIntent, Condemned: []vault.CID{left.Cap.CID}}
	intent.Cosign = try(c.Reader.Control.Cosign(vault.GCIntentName, intent.Encode())).Encode()
	b := try(c.Writer.SealCommit(intent, nil))
	o.put(b.Built)
	d.prev = b.Head
	set.Learn(writer.Intent{Tag: c.Writer.Tag, At: b.Head, Names: intent.Condemned})
	delete(o, left.Name())

	again := goldVersion(2, goldOwn, vault.Part{Cap: d.chunk(goldOwn, vault.ClassContent, nil).Cap})
	copied := goldVersion(3, goldPhoto, vault.Part{Cap: d.chunk(goldPhoto, vault.ClassContent, nil).Cap})
	page = vault.Page{Entries: []vault.Entry{goldEntry(goldID(3, 1), "again.raw", again), goldEntry(goldID(3, 2), "copied.jpg", copied)}}
	d.commit(vault.Commit{}, &vault.Payload{Body: page.Encode()}, false, false)
	goldFold(t, d, c.Reader, false)

	file := func(path string, v vault.Version) goldenFile {
		return goldenFile{Root: []byte("/photos"), Path: []byte(path), Size: v.Size, SHA256: v.Sum.String(), Mode: 0o644, Modified: v.ModTime, Versions: 1}
	}
	return &golden{Made: "2026-11-23 by format v1-beta", Space: c.Writer.Space.String(), Genesis: c.Writer.Genesis.String(), Device: c.Writer.Device.String(),
		Passphrase: goldenPass, Kits: []goldenKit{{strings.Join(try(words.Encode(c.Kit)), " "), hex.EncodeToString(c.Kit.Bytes())}},
		Files: []goldenFile{file("a.jpg", photo), file("again.raw", again), file("copied.jpg", copied)}}, o
}

// The golden collection holds what it is there for: an intent that counts, and content under its second name.
func TestGoldenCollectionIsObeyed(t *testing.T) {
	g, o, _ := readGolden(t, collectionDir)
	r := try(reader.Recover(t.Context(), o, g.space(), g.kit(0), []byte(g.Passphrase), nil))
	r.View.Obey(r.Reader.Condemned())
	intents, variants := 0, map[uint8]int{}
	var devices []*vault.Principal
	for _, p := range r.Chain.Principals() { // in no order: kits are among them
		if p.Device != nil {
			devices = append(devices, p)
		}
	}
	if len(devices) != 1 {
		t.Fatalf("%d devices, want 1", len(devices))
	}
	_, found, err := writer.WalkLog(t.Context(), o, r.View, r.Chain, devices[0].Device.Tag, vault.Head{}, func(c writer.LogCommit) error {
		if c.Intent != nil {
			intents += len(c.Intent.Names)
		}
		for _, x := range c.List.Records {
			if obj, ok := o[vault.ChunkName(x.CID)]; ok {
				variants[try(vault.ParseChunkHeader(obj)).Variant]++
			}
		}
		return nil
	})
	if err != nil || len(found) > 0 || intents != 1 || variants[1] != 1 || r.Reader.Condemned().Len() != 1 {
		t.Error(intents, variants, found, err)
	}
}
