package standalone

import (
	"crypto/subtle"
	"encoding/hex"
	"fmt"
)

// chunkName is where the chunk of a capability is stored.
func chunkName(c []byte) string {
	h := hex.EncodeToString(c[:32])
	return "c/" + h[:2] + "/" + h[2:]
}

// openChunk opens a stored chunk with its capability (FORMAT.md, "Chunk"): its hash before anything else.
func openChunk(space string, c, obj []byte) ([]byte, error) {
	if len(c) != capSize {
		return nil, fmt.Errorf("capability: %w", ErrMalformed)
	}
	if sum(obj) != string(c[64:96]) {
		return nil, fmt.Errorf("hash of the chunk: %w", ErrAltered)
	}
	n := int(num32(c[96:]))
	if n < 1 || n > maxChunk || len(obj) != max(16384, padme(n))+100 {
		return nil, fmt.Errorf("size of the chunk: %w", ErrMalformed)
	}
	if string(obj[:4]) != "LPC1" {
		return nil, fmt.Errorf("not a chunk: %w", ErrMalformed)
	}
	if obj[4] != 1 || obj[5] != 1 || obj[7] != 0 {
		return nil, fmt.Errorf("chunk version %d, suite %d, flags %d: %w", obj[4], obj[5], obj[7], ErrNewer)
	}
	if string(obj[12:headSize]) != string(c[:32]) {
		return nil, fmt.Errorf("chunk of another name: %w", ErrAltered)
	}
	okm := expand(c[32:64], "lp1/chunk-key\x00"+space+string(obj[:headSize]), 76)
	if subtle.ConstantTimeCompare(okm[44:], obj[headSize:sealSize]) != 1 {
		return nil, ErrKey
	}
	p, err := gcmOpen(okm[:32], okm[32:44], obj[sealSize:], space+string(obj[:sealSize]))
	if err != nil {
		return nil, err
	}
	if num64(p) != uint64(n) || !zeros(p[8+n:]) {
		return nil, fmt.Errorf("length or padding of the chunk: %w", ErrMalformed)
	}
	return p[8 : 8+n], nil
}

// openRecord opens one small content of an opened bundle (FORMAT.md, "Bundles").
func openRecord(space string, ref, bundle []byte) ([]byte, error) {
	if len(bundle) < 40 || string(bundle[:8]) != "LPB1\x01\x00\x00\x00" {
		return nil, fmt.Errorf("not a bundle: %w", ErrMalformed)
	}
	off, n := num32(ref[2:]), num32(ref[6:])
	if off < 40 || n < 1 || n > 65536 || uint64(off)+uint64(n)+16 > uint64(len(bundle)) {
		return nil, fmt.Errorf("place in the bundle: %w", ErrMalformed)
	}
	where := be32(off) + be32(n)
	okm := expand(ref[10:], "lp1/record-key\x00"+space+where, 44)
	return gcmOpen(okm[:32], okm[32:], bundle[off:off+n+16], space+"LPB1"+where)
}

// part is one stretch of a file's content: a chunk of its own, or a record in a bundle whose capability was looked up already.
type part struct {
	cap []byte // of the chunk, or of the bundle
	ref []byte // nil for a chunk
}

// size is the length of the content in bytes.
func (p part) size() uint64 {
	if p.ref != nil {
		return uint64(num32(p.ref[6:]))
	}
	return uint64(num32(p.cap[96:]))
}

// parsePart decodes a part; table holds the rows of bundles beside it.
func parsePart(b []byte, table [][]byte) (part, error) {
	switch {
	case len(b) == 1+capSize && b[0] == 0:
		return part{cap: b[1:]}, nil
	case len(b) == 1+refSize && b[0] == 1:
		if i := num16(b[1:]); i < len(table) {
			return part{cap: table[i][:capSize], ref: b[1:]}, nil
		}
	}
	return part{}, fmt.Errorf("part of a file: %w", ErrMalformed)
}

func parseParts(list []byte, limit int, table [][]byte) (out []part, err error) {
	rows, err := items(list, limit)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		p, err := parsePart(row, table)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
