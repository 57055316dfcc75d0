package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"filippo.io/mldsa"
	"golang.org/x/crypto/argon2"

	"lightproof/keystore/secret"
	"lightproof/keystore/words"
)

// The tests of this file hold FORMAT.md's worked example against two witnesses: a computation from the document's formulas with the
// standard library alone, and the package. A value printed there that neither can explain fails, as does one that is missing.

// example is what the document's example section prints.
type example struct {
	values map[string]string // name → lower-case hex
	order  []string
}

var (
	exampleLine = regexp.MustCompile(`^([a-z][a-z0-9.]*) =(?: ([0-9a-f]+))?$`)
	exampleMore = regexp.MustCompile(`^  ([0-9a-f]+)$`)
	padmeLine   = regexp.MustCompile(`^padme ([0-9]+) = ([0-9]+)$`)
	exampleText = regexp.MustCompile(`^([a-z][a-z0-9.]*) = "([^"]*)"$`)
)

// readExample reads every fenced block below the heading "Worked example". Any line there that is neither a value nor a comment is
// an error, so that nothing printed goes unchecked.
func readExample(t *testing.T) (e example, padme map[int]int, texts map[string]string) {
	t.Helper()
	b, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(b), "\n## Worked example\n")
	if !ok {
		t.Fatal("FORMAT.md has no worked example")
	}
	if i := strings.Index(part, "\n## "); i >= 0 {
		part = part[:i]
	}
	e.values, padme, texts = map[string]string{}, map[int]int{}, map[string]string{}
	inside, last := false, ""
	for n, line := range strings.Split(part, "\n") {
		if strings.HasPrefix(line, "```") {
			inside, last = !inside, ""
			continue
		}
		if !inside || line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		if m := exampleMore.FindStringSubmatch(line); m != nil && last != "" {
			e.values[last] += m[1]
			continue
		}
		if m := padmeLine.FindStringSubmatch(line); m != nil {
			from, _ := strconv.Atoi(m[1])
			padme[from], _ = strconv.Atoi(m[2])
			continue
		}
		if m := exampleText.FindStringSubmatch(line); m != nil {
			texts[m[1]] = m[2]
			continue
		}
		m := exampleLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("worked example, line %d is not a value: %q", n+1, line)
		}
		if _, twice := e.values[m[1]]; twice {
			t.Fatalf("worked example prints %s twice", m[1])
		}
		last = m[1]
		e.values[last], e.order = m[2], append(e.order, last)
	}
	return e, padme, texts
}

// counting is n bytes that count up from first: the example's stand-in for random ones.
func counting(first byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

// The formulas of FORMAT.md, written down a second time without this package.

// sure is for calls that fail only on wrong lengths, which are constant here.
func sure[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func plainExpand(prk, info []byte, n int) []byte {
	return sure(hkdf.Expand(sha256.New, prk, string(info), n))
}

func plainHKDF(ikm, salt, info []byte, n int) []byte {
	return sure(hkdf.Key(sha256.New, ikm, salt, string(info), n))
}

func plainExtract(salt, ikm []byte) []byte { return sure(hkdf.Extract(sha256.New, ikm, salt)) }

func plainMAC(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(slices.Concat(parts...))
	return h.Sum(nil)
}

func plainSum(parts ...[]byte) []byte {
	s := sha256.Sum256(slices.Concat(parts...))
	return s[:]
}

func plainGCM(key, nonce, plain, aad []byte) []byte {
	return sure(cipher.NewGCM(sure(aes.NewCipher(key)))).Seal(nil, nonce, plain, aad)
}

func u16(v int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
func u32(v int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(v)) }
func u64(v int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }

func field(tag int, value ...[]byte) []byte {
	v := slices.Concat(value...)
	return slices.Concat(u16(tag), u32(len(v)), v)
}

// The inputs of the example.
var (
	exSpace   = SpaceID(counting(0x00, 16))
	exDevice  = DeviceID(counting(0x10, 16))
	exTag     = DevTag(counting(0x20, 8))
	exMix     = counting(0x30, 32)
	exEpoch   = counting(0x50, 32) // E_1
	exSalt    = counting(0x70, 32) // of the bundle
	exEnvSalt = counting(0x90, 32) // of the envelopes
	exSigning = counting(0xb0, 64)
	exKEMSeed = counting(0x01, 32)
	exKit     = counting(0x00, 32)
	exKDFSalt = counting(0xa0, 16)
	exContent = []byte("Lightproof example, 1 of 2\n")
	exSmall   = []byte("Lightproof example, 2 of 2\n")
	exPass    = []byte("correct horse battery staple")
	exKDF     = KDF{Time: 1, Memory: 64 << 10, Threads: 1}
)

// explain computes every value of the example by the document's formulas. slot is the one value that is random by nature; it is
// taken from the document and opened by another test.
func explain() map[string][]byte {
	v := map[string][]byte{}
	exp := func(k []byte, label string, g int) []byte {
		return plainExpand(k, slices.Concat([]byte("lp1/"+label+"\x00"), exSpace[:], u32(g)), 32)
	}
	v["space"], v["device"], v["devtag"], v["m"], v["e1"] = exSpace[:], exDevice[:], exTag[:], exMix, exEpoch

	// Keys
	v["w1"] = exp(exEpoch, "writer", 1)
	for _, l := range []string{"cid", "conv", "env", "ctl"} {
		v[l+"1"] = exp(v["w1"], l, 1)
	}
	v["kemseed1"], v["ring1"], v["wring1"] = exp(exEpoch, "kem", 1), exp(exEpoch, "ring", 1), exp(v["w1"], "ring", 1)
	v["epochkey"] = exp(exMix, "epoch", 0)

	// Chunk
	v["content"] = exContent
	v["chunk.h"] = plainSum([]byte("lp1/chunk\x00"), u64(len(exContent)), plainSum(exContent))
	v["chunk.own.h"] = plainSum([]byte("lp1/chunk-own\x00"), counting(0x40, 16), u64(len(exContent)), plainSum(exContent))
	v["chunk.cid"] = plainMAC(v["cid1"], v["chunk.h"], []byte{0})
	v["chunk.ck"] = plainMAC(v["conv1"], v["chunk.h"], []byte{0})
	seal := func(content, cid, ck []byte) (okm, obj []byte) {
		hdr := slices.Concat([]byte("LPC1"), []byte{1, 1, 0, 0}, u32(1), cid)
		okm = plainExpand(ck, slices.Concat([]byte("lp1/chunk-key\x00"), exSpace[:], hdr), 76)
		plain := make([]byte, 8+MinChunkPad)
		copy(plain, u64(len(content)))
		copy(plain[8:], content)
		front := slices.Concat(hdr, okm[44:76])
		return okm, slices.Concat(front, plainGCM(okm[:32], okm[32:44], plain, slices.Concat(exSpace[:], front)))
	}
	var obj []byte
	v["chunk.okm"], obj = seal(exContent, v["chunk.cid"], v["chunk.ck"])
	v["chunk.head"] = obj[:76]
	v["chunk.first"], v["chunk.tag"] = obj[76:108], obj[len(obj)-16:]
	v["chunk.cth"] = plainSum(obj)
	v["chunk.cap"] = slices.Concat(v["chunk.cid"], v["chunk.ck"], v["chunk.cth"], u32(len(exContent)))

	// Bundle
	v["small"] = exSmall
	v["small.hr"] = plainSum([]byte("lp1/small\x00"), u64(len(exSmall)), plainSum(exSmall))
	v["small.rk"] = plainMAC(v["conv1"], []byte("lp1/record\x00"), exSalt, v["small.hr"])
	place := slices.Concat(u32(40), u32(len(exSmall)))
	okm := plainExpand(v["small.rk"], slices.Concat([]byte("lp1/record-key\x00"), exSpace[:], place), 44)
	v["small.okm"] = okm
	v["bundle"] = slices.Concat([]byte("LPB1"), []byte{1, 0, 0, 0}, exSalt,
		plainGCM(okm[:32], okm[32:], exSmall, slices.Concat(exSpace[:], []byte("LPB1"), place)))
	v["small.ref"] = slices.Concat(u16(0), place, v["small.rk"])
	bh := plainSum([]byte("lp1/chunk\x00"), u64(len(v["bundle"])), plainSum(v["bundle"]))
	bcid, bck := plainMAC(v["cid1"], bh, []byte{0}), plainMAC(v["conv1"], bh, []byte{0})
	_, obj = seal(v["bundle"], bcid, bck)
	v["bundle.cap"] = slices.Concat(bcid, bck, plainSum(obj), u32(len(v["bundle"])))

	// Page
	version := slices.Concat(field(1, counting(0xd0, 16)), field(2, u64(len(exSmall))), field(3, plainSum(exSmall)), field(4, []byte{0}),
		field(5, field(1, []byte("XMP"))), field(7, u32(1+42), []byte{1}, v["small.ref"]),
		field(9, u64(1_700_000_000_000_000_000)), field(10, u64(1_700_000_100)), field(11, []byte{0}))
	entry := slices.Concat(field(1, counting(0x40, 16)), field(2, counting(0xe0, 16)), field(3, []byte("2026/note.xmp")),
		field(4, u64(1_700_000_000_000_000_000)), field(6, u32(0o644)), field(7, []byte{0}), field(10, u32(len(version)), version))
	source := slices.Concat(field(1, counting(0xe0, 16)), field(2, []byte("/photos")), field(3))
	v["page"] = slices.Concat([]byte("LPP1"), field(1, u32(len(source)), source), field(2, v["bundle.cap"], exSalt), field(3, u32(len(entry)), entry))

	// Object list and its envelope
	v["list"] = field(1, bcid, plainSum(obj), u32(len(obj)), []byte{1})
	v["list.name"] = []byte("l/" + hex.EncodeToString(exTag[:]) + "/0000000/0000000001.0a0b0c0d")
	envelope := func(kind byte, g int, name, key, body []byte) (okm, obj []byte) {
		hdr := slices.Concat([]byte("LPE1"), []byte{1, 1, kind, 0}, u32(g), exEnvSalt)
		place := slices.Concat(exSpace[:], u16(len(name)), name)
		okm = plainExpand(plainExtract(exEnvSalt, key), slices.Concat([]byte("lp1/env\x00"), hdr, place), 76)
		padded := make([]byte, 4096)
		copy(padded, body)
		front := slices.Concat(hdr, okm[44:])
		return okm, slices.Concat(front, plainGCM(okm[:32], okm[32:44], padded, slices.Concat(front, place)))
	}
	v["list.okm"], obj = envelope(6, 1, v["list.name"], v["env1"], slices.Concat(u32(len(v["list"])), v["list"]))
	v["list.head"], v["list.tag"], v["list.sha256"] = obj[:76], obj[len(obj)-16:], plainSum(obj)

	// Signatures
	ed := ed25519.NewKeyFromSeed(exSigning[:32])
	ml := sure(mldsa.NewPrivateKey(mldsa.MLDSA65(), exSigning[32:]))
	v["sign.seed"], v["sign.ed25519.public"] = exSigning, ed.Public().(ed25519.PublicKey)
	v["sign.mldsa.public.sha256"] = plainSum(ml.PublicKey().Bytes())
	v["sign.message"] = []byte("signed")
	v["sign.ed25519.commit"] = ed25519.Sign(ed, []byte("lp1/sig/\x01\x00signed"))
	v["sign.ed25519.cosign.genesis"] = ed25519.Sign(ed, []byte("lp1/cosign/genesis\x00signed"))
	v["sign.mldsa.commit.sha256"] = plainSum(sure(ml.SignDeterministic(v["sign.message"], &mldsa.Options{Context: "lp1/sig/\x01"})))

	// Ring of generation 2, which holds E_1
	ring2 := exp(counting(0x60, 32), "ring", 2)
	okm = plainExpand(plainExtract(exEnvSalt, ring2), slices.Concat([]byte("lp1/ring\x00"), exSpace[:], u32(2)), 44)
	v["e2"], v["ring2"] = counting(0x60, 32), ring2
	v["ring2.sealed"] = slices.Concat(exEnvSalt, plainGCM(okm[:32], okm[32:], exEpoch, nil))

	// X-Wing
	v["kem.seed"] = exKEMSeed
	v["slot.info"] = slices.Concat([]byte("lp1/epoch\x00"), exSpace[:], u32(1))
	v["payload.info"] = slices.Concat([]byte("lp1/payload"), exSpace[:], exDevice[:], u64(1))

	// Kit
	v["kit"] = exKit
	v["kit.slotid"] = plainHKDF(exKit, exSpace[:], []byte("lp1/slot-id"), 16)
	kdf := slices.Concat([]byte{1}, u32(1), u32(64<<10), []byte{1})
	v["kit.kdf"], v["kit.salt"] = kdf, exKDFSalt
	v["kit.a"] = argon2.IDKey(exPass, exKDFSalt, 1, 64<<10, 1, 32)
	v["kit.ruk"] = plainHKDF(slices.Concat(exKit, v["kit.a"]), slices.Concat(exSpace[:], exKDFSalt),
		slices.Concat([]byte("lp1/recovery"), v["kit.slotid"], kdf), 32)
	return v
}

func TestWorkedExampleOfTheFormatIsRight(t *testing.T) {
	doc, padme, texts := readExample(t)
	want := explain()
	for name, b := range want {
		if got, ok := doc.values[name]; !ok {
			t.Errorf("FORMAT.md does not print %s = %x", name, b)
		} else if got != hex.EncodeToString(b) {
			t.Errorf("FORMAT.md prints %s = %s, the formulas give %x", name, got, b)
		}
	}
	random := []string{"slot", "kem.public.sha256"} // explained by the other tests
	for _, name := range doc.order {
		if _, ok := want[name]; !ok && !slices.Contains(random, name) {
			t.Errorf("FORMAT.md prints %s, which nothing explains", name)
		}
	}
	if len(padme) < 8 {
		t.Errorf("%d Padmé values", len(padme))
	}
	for from, to := range padme {
		if got := Padme(from); got != to {
			t.Errorf("FORMAT.md pads %d to %d, the code to %d", from, to, got)
		}
	}
	w, err := words.Encode(secret.New(slices.Clone(exKit)))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"kit.words": strings.Join(w, " "), "kit.passphrase": string(exPass),
		"slot.name": SlotName([16]byte(want["kit.slotid"])), "chunk.name": ChunkName(CID(want["chunk.cid"])), "commit.name": CommitName(exTag, 12345)} {
		if texts[name] != text {
			t.Errorf("FORMAT.md prints %s = %q, the code gives %q", name, texts[name], text)
		}
		delete(texts, name)
	}
	for name := range texts {
		t.Errorf("FORMAT.md prints %s, which nothing explains", name)
	}
}

// TestCodeAgreesWithWorkedExample makes or opens each object of the example with the package itself.
func TestCodeAgreesWithWorkedExample(t *testing.T) {
	v := explain()
	same := func(name string, got []byte) {
		t.Helper()
		if !bytes.Equal(got, v[name]) {
			t.Errorf("%s: the code gives %x, the formulas %x", name, got, v[name])
		}
	}
	w := WriterFromReader(exEpoch, exSpace, 1)
	same("w1", w[:])
	g := NewGeneration(exSpace, 1, secret.New(w[:]))
	same("env1", g.EnvelopeKey())
	same("ctl1", g.ControlKey())
	wring, mix := g.RingKey(), EpochEnvelopeKey(secret.New(exMix), exSpace)
	same("wring1", wring[:])
	same("epochkey", mix[:])

	buf := NewChunkBuffer()
	s, err := g.Seal(buf, copy(buf.Room(), exContent), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	same("chunk.cap", s.Cap.Append(nil))
	same("chunk.head", s.Object[:76])
	same("chunk.first", s.Object[76:108])
	same("chunk.tag", s.Object[len(s.Object)-16:])
	own := FileID(counting(0x40, 16))
	h := chunkHash(len(exContent), sha256.Sum256(exContent), &own)
	same("chunk.own.h", h[:])

	b := g.RebuildBundle(buf, [32]byte(exSalt))
	ref, _, err := b.Add(exSmall)
	if err != nil {
		t.Fatal(err)
	}
	same("small.ref", ref.Append(nil))
	same("bundle", buf.Room()[:b.Size()])
	if s, err = b.Close(); err != nil {
		t.Fatal(err)
	}
	same("bundle.cap", s.Cap.Append(nil))

	page, err := ParsePage(v["page"])
	if err != nil {
		t.Fatal(err)
	}
	same("page", page.Encode())
	if e := page.Entries[0]; e.Path != "2026/note.xmp" || e.Versions[0].Parts[0].Ref != ref || e.Versions[0].EXIF.Kind != "XMP" {
		t.Errorf("page: %+v", e)
	}
	same("list", ObjectList{Records: []ObjectRecord{{CID: s.Cap.CID, Object: s.Cap.Object, Size: uint32(len(s.Object)), Class: ClassBundle}}}.Encode())

	// The example's envelope, put together from the printed values, must open.
	name := ListName(exTag, 1, "0a0b0c0d")
	same("list.name", []byte(name))
	body := make([]byte, 4096)
	copy(body, slices.Concat(u32(len(v["list"])), v["list"]))
	place := slices.Concat(exSpace[:], u16(len(name)), []byte(name))
	obj := slices.Concat(v["list.head"], plainGCM(v["list.okm"][:32], v["list.okm"][32:44], body, slices.Concat(v["list.head"], place)))
	same("list.sha256", plainSum(obj))
	opened, err := OpenEnvelope(KindList, exSpace, name, g.EnvelopeKey(), obj)
	if err != nil {
		t.Fatal(err)
	}
	same("list", opened.Payload)

	key, err := NewSigningKey(secret.New(slices.Clone(exSigning)))
	if err != nil {
		t.Fatal(err)
	}
	public := key.Public()
	same("sign.ed25519.public", public[:32])
	same("sign.mldsa.public.sha256", plainSum(public[32:]))
	sigs, err := key.Sign(KindCommit, v["sign.message"])
	if err != nil {
		t.Fatal(err)
	}
	same("sign.ed25519.commit", sigs.Ed25519[:])
	if sigs, err = key.Cosign("genesis", v["sign.message"]); err != nil {
		t.Fatal(err)
	}
	same("sign.ed25519.cosign.genesis", sigs.Ed25519[:])

	ring2 := Exp(exE2(), "ring", exSpace, 2)
	same("ring2", ring2[:])
	same("ring2.sealed", SealRing(ring2, [32]byte(exEnvSalt), exSpace, 2, []secret.Secret{secret.New(exEpoch)}))
	same("payload.info", PayloadInfo(exSpace, exDevice, 1))
	same("slot.info", EpochInfo(LevelReader, exSpace, 1))
	same("kit.kdf", exKDF.Encode())
	a, err := exKDF.Stretch(exPass, [16]byte(exKDFSalt))
	if err != nil {
		t.Fatal(err)
	}
	same("kit.a", a.Bytes())
}

func exE2() []byte { return counting(0x60, 32) }

// TestPrintedEpochSlotOpens holds the one value that no computation repeats: a sealed slot is random, but it must open to E_1.
func TestPrintedEpochSlotOpens(t *testing.T) {
	doc, _, _ := readExample(t)
	kem, err := NewKEM(exKEMSeed)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", plainSum(kem.PublicKey().Bytes())); got != doc.values["kem.public.sha256"] {
		t.Errorf("kem.public.sha256: %s in FORMAT.md, %s", doc.values["kem.public.sha256"], got)
	}
	slot, err := hex.DecodeString(doc.values["slot"])
	if err != nil || len(slot) != SlotLen {
		t.Fatalf("slot of %d bytes: %v", len(slot), err)
	}
	e, err := OpenFrom(kem, EpochInfo(LevelReader, exSpace, 1), slot)
	if err != nil || !bytes.Equal(e, exEpoch) {
		t.Errorf("slot opens to %x, %v", e, err)
	}
	if _, err := OpenFrom(kem, EpochInfo(LevelWriter, exSpace, 1), slot); err == nil {
		t.Error("the slot opens at the other level too")
	}
}
