package catalog

import (
	"bytes"
	"testing"
)

// again checks that bytes which decode encode to the same bytes: one record has one encoding, and nothing is read past its end.
func again[K, V any](t *testing.T, c codec[K, V], b []byte) {
	t.Helper()
	if v, err := c.parseValue(bytes.Clone(b)); err == nil {
		if got := c.appendValue(nil, v); !bytes.Equal(got, b) {
			t.Errorf("%s: value %x became %x", c.table, b, got)
		}
	}
	if k, err := c.parseKey(bytes.Clone(b)); err == nil {
		if got := c.appendKey(nil, k); !bytes.Equal(got, b) {
			t.Errorf("%s: key %x became %x", c.table, b, got)
		}
	}
}

func FuzzRecord(f *testing.F) {
	for _, seed := range [][]byte{
		nil, {recordVersion}, bytes.Repeat([]byte{recordVersion}, 36), bytes.Repeat([]byte{recordVersion, 0x80}, 60),
		objectCodec.appendValue(nil, Object{Size: 5, FirstSeq: 300}),
		bundleCodec.appendValue(nil, Bundle{Contents: []BundleContent{{Offset: 1, Len: 300}}}),
		copyCodec.appendValue(nil, Copy{Level: LevelChecked, CheckedAt: 1 << 31}),
		copyCodec.appendKey(nil, CopyKey{Name: "k/0000000001"}),
		copyCodec.appendKey(nil, CopyKey{}),
		fileCodec.appendValue(nil, sampleFile()),
		versionCodec.appendValue(nil, Version{Removed: true, Objects: [][32]byte{{1}}}),
		runCodec.appendValue(nil, []int64{-1, 1 << 40}),
		useCodec.appendValue(nil, use{1, 300}),
		newHead().encode(),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		again(t, objectCodec, b)
		again(t, bundleCodec, b)
		again(t, copyCodec, b)
		again(t, fileCodec, b)
		again(t, versionCodec, b)
		again(t, runCodec, b)
		again(t, useCodec, b)
		if h, err := decodeHead(b); err == nil && !bytes.Equal(h.encode(), b) {
			t.Errorf("head %x became %x", b, h.encode())
		}
	})
}

// FuzzSealedRow gives the row opener arbitrary values, and sealed ones with arbitrary insides.
func FuzzSealedRow(f *testing.F) {
	s, err := newSealer(testKey(1).Bytes(), "test", 1)
	must(f, err)
	must(f, s.pushRowKey(testKey(1).Bytes(), make([]byte, saltSize)))
	k := s.rowKey("files", []byte("a"))
	f.Add(s.seal("files", k[:], []byte("a"), []byte("value")))
	f.Add([]byte{0, 0, 0, 5, 1, 2})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _, _, _ = s.open(nil, "files", k[:], b)
		inside := (*s.rows.Load())[0].Seal(nil, nil, b, s.aad(nil, "files", k[:]))
		if natural, value, _, _, err := s.open(nil, "files", k[:], inside); err == nil && 4+len(natural)+len(value) != len(b) {
			t.Errorf("%d + %d of %d bytes", len(natural), len(value), len(b))
		}
	})
}
