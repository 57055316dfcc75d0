package vault_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"testing"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
)

// The contents of the golden vault.
var (
	goldNotes  = []byte("notes of a summer\n")
	goldPhoto  = goldBytes(1, 20001)
	goldOwn    = goldBytes(2, 17000)
	goldThree  = [][]byte{goldBytes(3, 9000), goldBytes(4, 1), goldBytes(5, 12345)}
	goldLong   = goldBytes(6, 70*10+3000)
	goldOld    = []byte("first words")
	goldNew    = []byte("second words, longer")
	goldLater  = []byte("written under generation 2")
	goldLinked = "../elsewhere/\xff"
	goldEXIF   = vault.EXIF{Kind: "JPEG", Taken: "2023-11-14T22:13:20.5", TakenSource: "DateTimeOriginal", ZoneKnown: true, ZoneMinutes: -210,
		ZoneSource: "tag", Make: "Maker", Model: "Model 1", Lens: "50 mm", HasPosition: true, Latitude: 48.137, Longitude: -11.575, Altitude: 519.5,
		HasAltitude: true, Orientation: 6, Width: 4000, Height: 3000, Aperture: 2.8, Exposure: 0.004, ISO: 400, FocalLength: 50,
		DurationMS: 1500, ContentID: "0F0E", BurstID: "B1"}
)

// goldFirst writes the first two deltas.
func goldFirst(d *goldDevice) {
	tile := d.small(goldBytes(9, 700))
	photo := goldVersion(1, goldPhoto, vault.Part{Cap: d.chunk(goldPhoto, vault.ClassContent, nil).Cap})
	photo.EXIF, photo.Tile = &goldEXIF, &tile
	notes := goldEntry(goldID(1, 2), "notes.txt", goldVersion(2, goldNotes, d.small(goldNotes)))
	notes.Mode, notes.BirthTime = 0o600, 1_600_000_000_000_000_001
	notes.Xattrs = []vault.Xattr{{Name: "user.tag", Value: []byte("red\x00")}, {Name: "user.empty"}}
	weird := goldEntry(goldID(1, 3), "caf\xe9/ \xff\nB\u0308.xmp", goldVersion(3, goldOld, d.small(goldOld)))
	empty := goldEntry(goldID(1, 4), "empty", goldVersion(4, nil))
	link := goldEntry(goldID(1, 5), "a link", goldVersion(5, nil))
	link.Type, link.Target, link.Mode = vault.TypeSymlink, goldLinked, 0o777
	ownID := goldID(1, 6)
	own := goldEntry(ownID, "own.raw", goldVersion(6, goldOwn, vault.Part{Cap: d.chunk(goldOwn, vault.ClassContent, &ownID).Cap}))
	own.Source, own.Mode = goldPrivate, 0o4750
	gone := goldVersion(7, goldOld, d.small(goldOld))
	page := vault.Page{Sources: []vault.Source{{ID: goldPhotos, Root: "/photos\xfe", Rule: "-*.tmp\n+*"}, {ID: goldPrivate, Root: `C:\private`}}, Bundles: d.close(),
		Entries: []vault.Entry{goldEntry(goldID(1, 1), "2023/IMG_0001.JPG", photo), notes, weird, empty, link, own, goldEntry(goldID(1, 7), "deleted.txt", gone)}}
	d.commit(vault.Commit{}, &vault.Payload{Body: page.Encode()}, false, false)

	var three []vault.Part
	for _, b := range goldThree {
		three = append(three, vault.Part{Cap: d.chunk(b, vault.ClassContent, nil).Cap})
	}
	p1 := vault.Page{Entries: []vault.Entry{goldEntry(goldID(2, 1), "three.tif", goldVersion(10, bytes.Join(goldThree, nil), three...))}}
	var listed vault.PartList
	for i := range 70 {
		listed.Parts = append(listed.Parts, d.small(goldLong[i*10:][:10]))
	}
	listed.Bundles = d.close()
	rest := vault.PartList{Parts: []vault.Part{{Cap: d.chunk(goldLong[700:], vault.ClassContent, nil).Cap}}}
	long := goldVersion(11, goldLong)
	for _, l := range []vault.PartList{listed, rest} {
		long.Lists = append(long.Lists, d.chunk(l.Encode(), vault.ClassPage, nil).Cap)
	}
	p2 := vault.Page{Entries: []vault.Entry{goldEntry(goldID(2, 2), "long.mov", long)}}
	var pages []vault.Cap
	for _, p := range []vault.Page{p1, p2} {
		pages = append(pages, d.chunk(p.Encode(), vault.ClassPage, nil).Cap)
	}
	d.commit(vault.Commit{}, &vault.Payload{Pages: pages}, true, false)
}

// goldControl writes entries that change nothing for a restore: a freeze by the log key, a note, and a policy whose delay runs.
func goldControl(t *testing.T, o goldPlace, c *reader.Created) vault.Head {
	head := c.Genesis.Head()
	for _, e := range []*vault.Control{{Type: vault.CtlFreeze, ByLogKey: true},
		{Type: vault.CtlCheckpoint, Heads: []vault.SeenHead{{Tag: c.Writer.Tag, Head: vault.Head{Seq: 1, Hash: vault.Hash{1}}}}},
		{Type: vault.CtlPolicy, Policy: vault.NewFields().U8(1, 7).Encoded()}} {
		e.Space, e.Author, e.Seq, e.Prev, e.Generation, e.Time = c.Writer.Space, c.Writer.Device, head.Seq+1, head.Hash, 1, 1_800_000_010
		key := c.Reader.Control
		if e.ByLogKey {
			key = c.Writer.Log
		}
		if err := e.Sign(key); err != nil {
			t.Fatal(err)
		}
		name, obj, err := e.Seal(c.Writer.Current().ControlKey())
		if err != nil {
			t.Fatal(err)
		}
		o.put(writer.Built{Name: name, Object: obj})
		head = e.Head()
	}
	return head
}

// goldFold writes a full commit of all that is there.
func goldFold(t *testing.T, d *goldDevice, k *reader.Keyset, apart bool, seen ...vault.SeenHead) {
	cat := reader.NewCatalogue()
	_, found, err := k.Rebuild(context.Background(), d.o, d.w, goldChain(t, d.o, d.w), cat, nil)
	if err != nil || len(found) > 0 {
		t.Fatal(err, found)
	}
	fold := try(reader.BuildFold(cat, d.w.Current()))
	for _, b := range fold.Objects() {
		d.o[b.Name] = b.Object
	}
	d.records = append(d.records, fold.Records()...)
	p := try(vault.ParsePayload(fold.Payload))
	d.commit(vault.Commit{Type: vault.CommitFull, FoldedTo: d.prev.Seq, Seen: seen}, &p, apart, false)
}

// goldRepair stores a small file anew and a path that another fileID holds, as a locked computer does.
func goldRepair(d *goldDevice) {
	v := goldVersion(2, goldNotes, d.small(goldNotes))
	notes := goldEntry(goldID(1, 2), "notes.txt", v)
	notes.Mode, notes.BirthTime = 0o600, 1_600_000_000_000_000_001
	notes.Xattrs = []vault.Xattr{{Name: "user.tag", Value: []byte("red\x00")}, {Name: "user.empty"}}
	photo := goldVersion(1, goldPhoto, vault.Part{Cap: d.chunk(goldPhoto, vault.ClassContent, nil).Cap}) // keeps EXIF and tile
	page := vault.Page{Bundles: d.close(), Entries: []vault.Entry{goldEntry(goldID(1, 1), "2023/IMG_0001.JPG", photo), notes}}
	d.commit(vault.Commit{Type: vault.CommitRepair}, &vault.Payload{Body: page.Encode()}, false, false)
	weird := goldEntry(goldID(6, 1), "caf\xe9/ \xff\nB\u0308.xmp", goldVersion(12, goldNew, d.small(goldNew)))
	weird.Mode = 0o640
	d.commit(vault.Commit{}, &vault.Payload{Body: vault.Page{Bundles: d.close(), Entries: []vault.Entry{weird}}.Encode()}, false, false)
}

// goldSecond is the second device: a delta with a removal, a fold, and a commit beside a taken name that continues a file.
func goldSecond(t *testing.T, n *goldDevice, k *reader.Keyset, seen vault.SeenHead) {
	removed := goldVersion(20, nil)
	removed.Removed = true
	later := goldEntry(goldID(1, 0x41), "later.txt", goldVersion(21, goldLater, n.small(goldLater)))
	page := vault.Page{Bundles: n.close(), Entries: []vault.Entry{goldEntry(goldID(1, 7), "deleted.txt", removed), later}}
	n.commit(vault.Commit{Seen: []vault.SeenHead{seen}}, &vault.Payload{Body: page.Encode()}, false, false)
	goldFold(t, n, k, true, seen)
	more := goldVersion(22, goldNew, n.small(goldNew))
	more.Damaged = true
	first := later.ID
	cont := goldEntry(goldID(1, 0x42), "later.txt", more)
	cont.Continues = &first
	n.commit(vault.Commit{Seen: []vault.SeenHead{seen}}, &vault.Payload{Body: vault.Page{Bundles: n.close(), Entries: []vault.Entry{cont}}.Encode()}, true, true)
}

// goldTree is what a restore must give, worked out from the story and not from a reader.
func goldTree() []goldenFile {
	photos, private := "/photos\xfe", `C:\private`
	f := func(root, path string, v byte, content []byte, mode uint32, versions int) goldenFile {
		x := goldVersion(v, content)
		return goldenFile{Root: []byte(root), Path: []byte(path), Size: x.Size, SHA256: x.Sum.String(), Mode: mode, Modified: x.ModTime, Versions: versions}
	}
	photo := f(photos, "2023/IMG_0001.JPG", 1, goldPhoto, 0o644, 1)
	photo.EXIF = hex.EncodeToString(goldEXIF.Encode())
	notes := f(photos, "notes.txt", 2, goldNotes, 0o600, 1)
	notes.Born, notes.Xattrs = 1_600_000_000_000_000_001, fmt.Sprintf("user.tag=%x;user.empty=", "red\x00")
	link := f(photos, "a link", 5, nil, 0o777, 1)
	link.Link = []byte(goldLinked)
	later := f(photos, "later.txt", 22, goldNew, 0o644, 2)
	return []goldenFile{photo, notes, link, later,
		f(photos, "caf\xe9/ \xff\nB\u0308.xmp", 12, goldNew, 0o640, 2),
		f(photos, "empty", 4, nil, 0o644, 1),
		f(private, "own.raw", 6, goldOwn, 0o4750, 1),
		f(photos, "three.tif", 10, bytes.Join(goldThree, nil), 0o644, 1),
		f(photos, "long.mov", 11, goldLong, 0o644, 1),
	}
}
