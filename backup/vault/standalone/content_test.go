package standalone

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"testing"
)

// Each check of content is needed by itself: here only one of them can notice (V6, V30).
func TestContentIsHeldAgainstEveryHash(t *testing.T) {
	tree := loadPlace(t)
	r := opened(t, readGolden(t), tree)
	if err := r.open(context.Background()); err != nil {
		t.Fatal(err)
	}
	c, err := r.catalogue(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, f := range c.order {
		v := f.newest()
		if !f.live() || len(v.parts) == 0 {
			continue
		}
		tried++
		if _, err := r.content(v); err != nil {
			t.Fatal(err)
		}
		for _, tag := range []uint16{2, 3} { // size, SHA-256 of the whole
			w := &version{record: record{}, parts: v.parts}
			for k, b := range v.record {
				w.record[k] = slices.Clone(b)
			}
			w.record[tag][len(w.record[tag])-1] ^= 1
			if _, err := r.content(w); !errors.Is(err, ErrAltered) {
				t.Errorf("%q with field %d altered: %v", f.record[3], tag, err)
			}
		}
		cap := v.parts[0].cap
		obj, err := fs.ReadFile(tree, chunkName(cap))
		if err != nil {
			t.Fatal(err)
		}
		for at, want := range map[int]error{0: ErrAltered, 40: ErrKey, 64: ErrAltered, 99: ErrMalformed} { // cid, key, hash, length
			bad := bytes.Clone(cap)
			bad[at] ^= 1
			if _, err := openChunk(r.keys.space, bad, obj); !errors.Is(err, want) {
				t.Errorf("capability with byte %d altered: %v", at, err)
			}
		}
	}
	if tried < 5 {
		t.Fatalf("%d files only", tried)
	}
}

func TestAListOfNoPartsIsMalformed(t *testing.T) {
	for _, list := range []string{"LPL1", "LPL1\x00\x01\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00"} {
		if _, err := parsePartList([]byte(list)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v", list, err)
		}
	}
}
