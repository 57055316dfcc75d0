package vault

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// bounded fails if decoding n bytes allocated out of proportion.
func bounded(t *testing.T, n int, f func()) {
	t.Helper()
	if got := testing.AllocsPerRun(1, f); got > float64(4096+n) {
		t.Errorf("%d bytes made %.0f allocations", n, got)
	}
}

// same holds a decoder to its encoder: what decodes must encode again to something that decodes to the same value; where the format has
// one encoding only (exact), to the input itself.
func same[T any](t *testing.T, in []byte, decode func([]byte) (T, error), encode func(T) []byte, exact bool) {
	t.Helper()
	v, err := decode(bytes.Clone(in))
	if err != nil {
		return
	}
	out := encode(v)
	if exact && !bytes.Equal(out, in) {
		t.Fatalf("decoded and encoded again:\n%x\n%x", in, out)
	}
	again, err := decode(bytes.Clone(out))
	if err != nil {
		t.Fatalf("its own encoding does not decode: %v\n%x", err, out)
	}
	if !reflect.DeepEqual(again, v) {
		t.Fatalf("decoded twice:\n%+v\n%+v", v, again)
	}
	bounded(t, len(in), func() { decode(in) })
}

func seeds(f *testing.F, in ...[]byte) {
	f.Add([]byte{})
	for _, b := range in {
		f.Add(b)
		if len(b) > 8 {
			f.Add(b[:len(b)/2])
			f.Add(append(slices.Clone(b), 0x80, 1, 0, 0, 0, 1, 9)) // an optional field behind
			x := slices.Clone(b)
			x[len(x)/3] ^= 0x10
			f.Add(x)
		}
	}
}

func FuzzFields(f *testing.F) {
	seeds(f, NewFields().U8(1, 3).U32(2, 5).U64(3, 7).Str(4, "x").List(5, [][]byte{{1}, {}, {2, 3}}).Encoded())
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseFields(b, 1, 2, 3, 4, 5)
		if err != nil {
			return
		}
		out := NewFields()
		extra := false
		for tag := uint16(1); tag <= 5; tag++ {
			if r.Has(tag) {
				out.Bytes(tag, r.Bytes(tag))
			}
		}
		if len(out.Encoded()) != len(b) {
			extra = true // optional fields were skipped
		}
		if !extra && !bytes.Equal(out.Encoded(), b) {
			t.Fatal("two encodings of one record")
		}
		items, err := r.List(5, 100)
		if err == nil && len(items) > 0 && !bytes.Equal(NewFields().List(5, items).Encoded()[6:], r.Bytes(5)) {
			t.Fatal("two encodings of one list")
		}
		if cut, err := withoutField(b, 3); err == nil && r.Has(3) && len(cut) != len(b)-6-len(r.Bytes(3)) {
			t.Fatal("cut too much")
		}
		r.U8(1)
		r.U32(2)
		r.I64(3)
		bounded(t, len(b), func() { ParseFields(b, 1, 2, 3, 4, 5) })
	})
}

func fuzzVersion() Version {
	return Version{ID: VersionID{1}, Size: 30, Sum: Hash{2}, EXIF: fuzzEXIF(), Tile: &Part{Small: true, Ref: fuzzRef()},
		Parts: []Part{{Cap: fuzzCap()}, {Small: true, Ref: fuzzRef()}}, ModTime: -5, Recorded: 7}
}

func fuzzEXIF() *EXIF {
	return &EXIF{Kind: "JPEG", Taken: "2026-01-02T03:04:05", ZoneKnown: true, ZoneMinutes: -90, Make: "M", HasPosition: true, Latitude: 1.5, Longitude: -2,
		HasAltitude: true, Altitude: 3, Orientation: 6, Width: 40, Height: 30, Aperture: 2.8, Exposure: .01, ISO: 100, FocalLength: 50, DurationMS: 9, ContentID: "c", BurstID: "b"}
}
func fuzzCap() Cap { return Cap{CID: CID{1}, Key: [32]byte{2}, Object: Hash{3}, Len: 10} }
func fuzzRef() Ref { return Ref{Bundle: 0, Off: 40, Len: 20, Key: [32]byte{4}} }
func fuzzEntry() Entry {
	id := FileID{9}
	return Entry{ID: FileID{5: 1}, Source: [16]byte{1}, Path: "dir/a\xff.jpg", ModTime: 1, BirthTime: 2, Mode: 0o644, Xattrs: []Xattr{{"user.x", []byte{1, 2}}},
		Versions: []Version{fuzzVersion(), {ID: VersionID{2}, Removed: true}}, Continues: &id}
}
func fuzzPage() Page {
	return Page{Sources: []Source{{ID: [16]byte{1}, Root: "/p", Rule: "*.tmp"}}, Bundles: []BundleRef{{Cap: fuzzCap(), Salt: [32]byte{5}}}, Entries: []Entry{fuzzEntry()}}
}

func FuzzCapRefPart(f *testing.F) {
	seeds(f, fuzzCap().Append(nil), fuzzRef().Append(nil), Part{Cap: fuzzCap()}.Append(nil), Part{Small: true, Ref: fuzzRef()}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		same(t, b, ParseCap, func(c Cap) []byte { return c.Append(nil) }, true)
		same(t, b, ParseRef, func(r Ref) []byte { return r.Append(nil) }, true)
		same(t, b, ParsePart, func(p Part) []byte { return p.Append(nil) }, true)
		if p, err := ParsePart(b); err == nil && (p.Len() < 1 || p.Len() > MaxChunk) {
			t.Fatal(p.Len())
		}
	})
}

func FuzzVersionEntryEXIF(f *testing.F) {
	link := Entry{ID: FileID{1}, Path: "l", Type: TypeSymlink, Target: "a"}
	seeds(f, fuzzVersion().Encode(), fuzzEntry().Encode(), fuzzEXIF().Encode(), link.Encode(), Version{Lists: []Cap{fuzzCap()}, Size: math.MaxUint64}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		same(t, b, ParseVersion, Version.Encode, false)
		same(t, b, ParseEntry, Entry.Encode, false)
		same(t, b, ParseEXIF, (*EXIF).Encode, false)
	})
}

func FuzzPage(f *testing.F) {
	root := Page{Children: []Child{{First: FileID{1}, Cap: fuzzCap()}, {First: FileID{2}, Cap: fuzzCap()}}}
	seeds(f, fuzzPage().Encode(), root.Encode(), Page{}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		same(t, b, ParsePage, Page.Encode, false)
		p, err := ParsePage(b)
		if err != nil {
			return
		}
		for _, e := range p.Entries { // what decodes must be safe to fold
			if page := (&File{Entry: e, Bundles: p.Bundles}); true {
				pb := NewPageBuilder()
				pb.Add(page)
			}
		}
	})
}

func FuzzPayloadAndPartList(f *testing.F) {
	c := fuzzCap()
	list := PartList{Bundles: fuzzPage().Bundles, Parts: fuzzVersion().Parts}
	seeds(f, Payload{Body: fuzzPage().Encode()}.Encode(), Payload{Pages: []Cap{c, c}}.Encode(), Payload{Root: &c}.Encode(), list.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		same(t, b, ParsePayload, Payload.Encode, false)
		same(t, b, ParsePartList, PartList.Encode, false)
	})
}

func FuzzObjectList(f *testing.F) {
	l := ObjectList{Records: []ObjectRecord{{CID: CID{1}, Object: Hash{2}, Size: 20000, Class: ClassPage}, {CID: CID{3}, Size: 20000}}, Dropped: []CID{{1}, {2}}}
	seeds(f, l.Encode(), ObjectList{}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) { same(t, b, ParseObjectList, ObjectList.Encode, false) })
}

func FuzzCommit(f *testing.F) {
	name := ListName(DevTag{1}, 3, "00ff00ff")
	c := Commit{Space: SpaceID{1}, Author: DeviceID{2}, Seq: 3, Generation: 1, Control: Head{Seq: 1}, Seen: []SeenHead{{Tag: DevTag{4}, Head: Head{Seq: 9}}},
		Suspect: true, Counters: Counters{Files: 5, LastVerify: -1}, Lists: []ListPart{{Name: name, Hash: Hash{7}}}, Inline: ObjectList{}.Encode()}
	full := c
	full.Type, full.FoldedTo = CommitFull, 2
	intent := c
	intent.Type, intent.Cosign, intent.Condemned = CommitGCIntent, Signatures{}.Encode(), []CID{{1}, {2}}
	big := c
	big.Seq = 1 << 63
	seeds(f, c.Encode(), full.Encode(), big.Encode(), intent.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		same(t, b, ParseCommit, Commit.Encode, false)
		if v, err := ParseCommit(b); err == nil && (v.Seq == 0 || v.Seq > MaxSeq || len(v.Inline) > MaxInlineList || v.FoldedTo >= v.Seq) {
			t.Fatalf("%+v", v)
		}
	})
}

func FuzzControlDeviceRecoveryEpoch(f *testing.F) {
	d := &Device{ID: DeviceID{1}, Tag: DevTag{2}, Role: RoleAdmin, WriterKEM: theKEM, ReaderKEM: theKEM, Name: "n", Credential: "c"}
	up := &Device{ID: DeviceID{1}, WriterKEM: theKEM}
	rec := &Recovery{ID: DeviceID{3}, KEM: theKEM}
	ep := &EpochRef{Generation: 1, Name: EpochName(1, "01234567"), EPK: theKEM, Principals: []DeviceID{{1}, {3}}}
	base := Control{Space: SpaceID{1}, Author: DeviceID{1}, Seq: 1, Generation: 1, Type: CtlGenesis, Device: d, Recovery: rec, Epoch: ep, Cosign: Signatures{}.Encode()}
	in := [][]byte{base.Encode(true), d.Encode(), up.Encode(), rec.Encode()}
	for _, change := range []func(*Control){
		func(c *Control) { c.Type, c.Device, c.Cosign = CtlDeviceAdd, up, make([]byte, 64+3309) },
		func(c *Control) { c.Type, c.Target, c.Cap = CtlDeviceRevoke, DeviceID{4}, &Head{Seq: 1 << 63} },
		func(c *Control) { c.Type, c.VoidFrom, c.VoidTo = CtlVoid, 2, math.MaxUint64 },
		func(c *Control) { c.Type, c.Heads = CtlCheckpoint, []SeenHead{{Head: Head{Seq: 2}}} },
		func(c *Control) { c.Type, c.ByLogKey = CtlFreeze, true },
		func(c *Control) { c.Type, c.Policy = CtlPolicy, []byte{1} },
		func(c *Control) { c.Type, c.Epoch = CtlEpoch, ep },
	} {
		c := Control{Space: SpaceID{1}, Author: DeviceID{1}, Seq: 2, Generation: 1}
		change(&c)
		in = append(in, c.Encode(true))
	}
	seeds(f, in...)
	f.Fuzz(func(t *testing.T, b []byte) {
		same(t, b, parseDevice, Device.Encode, false)
		same(t, b, parseRecovery, Recovery.Encode, false)
		c, err := ParseControl(bytes.Clone(b))
		if err != nil {
			return
		}
		again, err := ParseControl(c.Encode(true))
		if err != nil {
			t.Fatal(err)
		}
		again.Signed, c.Signed, again.device, c.device = nil, nil, nil, nil
		if !reflect.DeepEqual(c, again) {
			t.Fatalf("%+v\n%+v", c, again)
		}
		// A decoded entry must be safe to judge, at the end of any chain.
		EvaluateChain(c.Space, c.Head().Hash, []*Control{c}, nil, 0)
		c.delayProbe(t)
	})
}

// delayProbe judges an entry against a state that knows only its author.
func (c *Control) delayProbe(t *testing.T) {
	st := &chainState{generation: 1, epk: map[uint32][]byte{}, epochs: map[uint32]*EpochRef{}, who: map[DeviceID]*Principal{c.Author: {Device: &Device{}, Active: true, rank: 1}}}
	ch := &Chain{credit: func(Hash) time.Duration { return 0 }, states: []*chainState{st}, Entries: []*Control{c}, undoneBy: map[uint64][]uint64{}, cosigned: map[Hash]bool{},
		taken: taken{map[uint32]uint64{}, map[DeviceID]uint64{}, map[DevTag]uint64{}}}
	ch.step(st.clone(), c, 1, nil)
}

func FuzzEpoch(f *testing.F) {
	var p EpochParts
	for l := range p.Slots {
		for i := range p.Slots[l] {
			p.Slots[l][i] = bytes.Repeat([]byte{byte(i)}, SlotLen)
		}
		p.Rings[l] = make([]byte, 48+32)
	}
	f.Add(p.Encode(), uint32(2))
	f.Add(p.Encode(), uint32(0))
	f.Add(p.Encode(), uint32(math.MaxUint32))
	f.Fuzz(func(t *testing.T, b []byte, g uint32) {
		same(t, b, func(b []byte) (EpochParts, error) { return ParseEpoch(b, g) }, EpochParts.Encode, true)
		if _, err := OpenRing([32]byte{1}, b, SpaceID{}, g); err == nil {
			t.Fatal("a ring opened under a key it was never sealed for")
		}
	})
}

func FuzzEnvelope(f *testing.F) {
	key, space := bytes.Repeat([]byte{3}, 32), SpaceID{1}
	for _, k := range []Kind{KindCommit, KindList, KindSlot, KindLocalWriter} {
		g := uint32(1)
		if k.outsideGenerations() {
			g = 0
		}
		obj, err := SealEnvelope(k, g, space, "name", key, Body{Signed: []byte("signed"), Payload: []byte("payload")})
		if err != nil {
			f.Fatal(err)
		}
		seeds(f, obj)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, k := range []Kind{KindCommit, KindList, KindSlot, KindLocalWriter} {
			OpenEnvelope(k, space, "name", key, b)
			// The body behind the seal, as a holder of the key might write it.
			v, err := decodeBody(k, b)
			if err == nil && !bytes.Equal(encodeBody(k, v), b) {
				t.Fatal("two bodies for one content")
			}
		}
		if _, _, err := EnvelopeHead(b); err == nil && (len(b) > MaxEnvelope || string(b[:4]) != "LPE1") {
			t.Fatal("head")
		}
		SplitStart(b)
		bounded(t, len(b), func() { decodeBody(KindCommit, b) })
	})
}

func FuzzChunkHeader(f *testing.F) {
	k := testGeneration()
	s := sealed(f, k, []byte("content"), 0, nil)
	seeds(f, s.Object)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseChunkHeader(b)
		if err == nil && (b[4] != 1 || b[5] != 1 || b[7] != 0 || h.Variant != b[6] || len(b) > MaxChunkObject) {
			t.Fatal("head")
		}
	})
}

func FuzzKDFAndStart(f *testing.F) {
	seeds(f, DefaultKDF.Encode(), append(DefaultKDF.Encode(), make([]byte, 40)...), Signatures{}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		same(t, b, ParseKDF, KDF.Encode, true)
		if k, err := ParseKDF(b); err == nil && (k.Time > 10 || k.Memory > 2<<20 || k.Memory < 64<<10 || k.Threads > 8 || k.Time*k.Memory*uint32(k.Threads) == 0) {
			t.Fatalf("%+v", k)
		}
		if h, rest, ok, err := SplitStart(b); err == nil && ok && !bytes.Equal(append(h.Encode(), rest...), b) {
			t.Fatal("start")
		}
		same(t, b, ParseSignatures, Signatures.Encode, true)
	})
}

func FuzzNames(f *testing.F) {
	for _, n := range []string{ChunkName(CID{1}), CommitName(DevTag{2}, 7), CommitName(DevTag{2}, 7) + "-00112233", ListName(DevTag{2}, 12345678, "aabbccdd"), ControlName(3),
		EpochName(4, "00000000"), "e/4294967296.00000000", SlotName([16]byte{5}), "k/0000000000", "l/0000000000000000/0000001/0000000001", Mirror(ControlName(9)), "x/" + strings.Repeat("a", 32) + "/1", "C/00", "../k/0000000001"} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n string) {
		if c, ok := ParseChunkName(n); ok && (ChunkName(c) != n || !ValidName(n)) {
			t.Fatal(n)
		}
		if d, seq, suffix, ok := ParseCommitName(n); ok {
			want := CommitName(d, seq)
			if suffix != "" {
				want += "-" + suffix
			}
			if want != n || !ValidName(n) || seq == 0 || seq > MaxSeq {
				t.Fatal(n)
			}
		}
		if seq, suffix, ok := ParseControlName(n); ok && (!strings.HasPrefix(n, ControlName(seq)) || !ValidName(n) || suffix != "" && n != ControlName(seq)+"-"+suffix) {
			t.Fatal(n)
		}
		if g, x, ok := ParseEpochName(n); ok && (EpochName(g, x) != n || !ValidName(n)) {
			t.Fatal(n)
		}
		if IsListName(n) && !ValidName(n) {
			t.Fatal(n)
		}
		if ValidName(n) && (strings.Contains(n, "..") || strings.HasPrefix(n, "/") || len(n) > 128) {
			t.Fatal(n)
		}
		if id, err := ParseSpaceID(n); err == nil && id.String() != strings.ToLower(n) {
			t.Fatal(n)
		}
	})
}

func TestAParsedPageKeepsNothingOfItsBytes(t *testing.T) {
	b := fuzzPage().Encode()
	p, err := ParsePage(slices.Clone(b))
	if err != nil {
		t.Fatal(err)
	}
	room := slices.Clone(b)
	q, err := ParsePage(room)
	if err != nil {
		t.Fatal(err)
	}
	clear(room)
	if !reflect.DeepEqual(p, q) || !bytes.Equal(q.Encode(), b) {
		t.Error("it changed with them")
	}
}
