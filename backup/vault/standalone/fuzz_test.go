package standalone

import (
	"encoding/hex"
	"testing"

	"lightproof/keystore/words"
)

// Whatever stands at a destination, decoding it ends in a value or an error.
func FuzzDecoders(f *testing.F) {
	g := readGolden(f)
	tree := loadPlace(f)
	r := opened(f, g, tree)
	names, err := r.list("e", epochName)
	if err != nil || len(names) == 0 {
		f.Fatal(err)
	}
	if err := r.attempt(names[len(names)-1], false, false, func(error) {}); err != nil {
		f.Fatal(err)
	}
	for name, file := range tree {
		f.Add([]byte(file.Data[:min(len(file.Data), 6000)]))
		if name[:2] == "k/" || name[:2] == "l/" {
			key, kind := "ctl", byte(kindControl)
			if name[0] == 'l' {
				key, kind = "env", kindCommit
			}
			gen := num32(file.Data[8:])
			if b, err := openEnvelope(kind, r.keys.space, name, labelled(r.keys.w[gen-1], key, r.keys.space, gen), file.Data); err == nil {
				f.Add(b.signed)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range []shape{controlShape, deviceShape, recoveryShape, commitShape, payloadShape, pageShape, slotShape} {
			if r, err := s.parse(b); err == nil {
				for tag, v := range r {
					if n := s.find(tag).size; n > 0 && len(v) != n {
						t.Fatalf("field %#x of %d bytes", tag, len(v))
					}
				}
			}
		}
		for _, row := range [][]byte{b, append([]byte("LPP1"), b...)} {
			if p, err := parsePage(row); err == nil {
				c := newCatalogue(func(error) {})
				c.apply(p)
				c.apply(p)
				for _, x := range c.order {
					if x.live() {
						x.describe("")
					}
				}
			}
		}
		parsePartList(append([]byte("LPL1"), b...))
		parseDevice(b)
		parseRecovery(b)
		if len(b) >= 10 {
			parseKDF(b)
		}
		KitFromWords(string(b), words.List())
		r.keys.openControl("k/0000000002", b)
		r.keys.openCommit("l/0000000000000000/0000000/0000000001", b)
		if len(b) >= capSize {
			openChunk(r.keys.space, b[:capSize], b[capSize:])
		}
		if len(b) >= refSize {
			openRecord(r.keys.space, b[:refSize], append([]byte("LPB1\x01\x00\x00\x00"), b[refSize:]...))
		}
	})
}

func TestWordsAreReadOnlyWhole(t *testing.T) {
	g := readGolden(t)
	list := words.List()
	good := g.Kits[0].Words
	if kit, err := KitFromWords("  "+good+"\n", list); err != nil || hex.EncodeToString(kit) != g.Kits[0].Hex {
		t.Error(err)
	}
	for name, text := range map[string]string{"none": "", "23 words": good[:len(good)-1-len(lastWord(good))], "unknown word": "zzz" + good[3:],
		"another last word": good[:len(good)-len(lastWord(good))] + list[(wordIndex(list, lastWord(good))+1)%2048]} {
		if _, err := KitFromWords(text, list); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	// FORMAT.md, "Worked example".
	const example = "abandon amount liar amount expire adjust cage candy arch gather drum bullet absurd math era live bid rhythm alien crouch range attend journey unaware"
	if kit, err := KitFromWords(example, list); err != nil || hex.EncodeToString(kit) != "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" {
		t.Errorf("%x %v", kit, err)
	}
}

func lastWord(s string) string {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == ' ' {
			return s[i+1:]
		}
	}
	return s
}

func wordIndex(list []string, w string) int {
	for i, v := range list {
		if v == w {
			return i
		}
	}
	return -1
}

func TestCostOfThePassphraseIsBoundedBeforeItIsPaid(t *testing.T) {
	good := []byte{1, 0, 0, 0, 1, 0, 1, 0, 0, 1}
	if _, err := parseKDF(good); err != nil {
		t.Fatal(err)
	}
	for i, change := range [][]byte{{2, 0, 0, 0, 1, 0, 1, 0, 0, 1}, {1, 0, 0, 0, 0, 0, 1, 0, 0, 1}, {1, 0, 0, 0, 11, 0, 1, 0, 0, 1}, {1, 0, 0, 0, 1, 0, 0, 255, 255, 1},
		{1, 0, 0, 0, 1, 0, 32, 0, 1, 1}, {1, 0, 0, 0, 1, 0, 1, 0, 0, 0}, {1, 0, 0, 0, 1, 0, 1, 0, 0, 9}} {
		if _, err := parseKDF(change); err == nil {
			t.Errorf("case %d: taken", i)
		}
	}
}
