package standalone

import (
	"encoding/binary"
	"fmt"
)

// be16, be32 and be64 are a number as big-endian bytes (FORMAT.md, "Conventions").
func be16(v int) string    { return string(binary.BigEndian.AppendUint16(nil, uint16(v))) }
func be32(v uint32) string { return string(binary.BigEndian.AppendUint32(nil, v)) }
func be64(v uint64) string { return string(binary.BigEndian.AppendUint64(nil, v)) }

func num16(b []byte) int    { return int(binary.BigEndian.Uint16(b)) }
func num32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func num64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// cut takes what stands behind a u32 length off the front of b.
func cut(b []byte) (item, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, fmt.Errorf("length cut short: %w", ErrMalformed)
	}
	n := num32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, fmt.Errorf("length beyond the end: %w", ErrMalformed)
	}
	return b[4 : 4+n], b[4+n:], nil
}

// field says what a record may hold under a tag.
type field struct {
	tag  uint16
	size int // exact length in bytes, 0 for any
	must bool
}

// record is a decoded sequence of fields (FORMAT.md, "Fields").
type record map[uint16][]byte

// shape is the table of one kind of record.
type shape []field

func (s shape) find(tag uint16) *field {
	for i := range s {
		if s[i].tag == tag {
			return &s[i]
		}
	}
	return nil
}

// parse decodes b: tags ascend strictly, one that the table lacks is refused below 0x8000 and skipped from there on.
func (s shape) parse(b []byte) (record, error) {
	r := record{}
	last := -1
	for len(b) > 0 {
		if len(b) < 6 {
			return nil, fmt.Errorf("field cut short: %w", ErrMalformed)
		}
		tag := binary.BigEndian.Uint16(b)
		if int(tag) <= last {
			return nil, fmt.Errorf("field %#x out of order: %w", tag, ErrMalformed)
		}
		last = int(tag)
		v, rest, err := cut(b[2:])
		if err != nil {
			return nil, err
		}
		b = rest
		f := s.find(tag)
		switch {
		case f == nil && tag < 0x8000:
			return nil, fmt.Errorf("unknown field %#x: %w", tag, ErrNewer)
		case f == nil:
			continue
		case f.size > 0 && len(v) != f.size:
			return nil, fmt.Errorf("field %#x of %d bytes: %w", tag, len(v), ErrMalformed)
		}
		r[tag] = v
	}
	for _, f := range s {
		if _, ok := r[f.tag]; f.must && !ok {
			return nil, fmt.Errorf("field %#x is missing: %w", f.tag, ErrMalformed)
		}
	}
	return r, nil
}

// items splits a list field; limit is the most that the format allows.
func items(b []byte, limit int) (out [][]byte, err error) {
	for len(b) > 0 {
		var v []byte
		if v, b, err = cut(b); err != nil {
			return nil, err
		}
		if len(out) == limit {
			return nil, fmt.Errorf("more than %d items: %w", limit, ErrMalformed)
		}
		out = append(out, v)
	}
	return out, nil
}

// bare splits a field of items of one size that follow one another.
func bare(b []byte, size, limit int) (out [][]byte, err error) {
	if len(b)%size != 0 || len(b)/size > limit {
		return nil, fmt.Errorf("row cut short, or too many: %w", ErrMalformed)
	}
	for ; len(b) > 0; b = b[size:] {
		out = append(out, b[:size])
	}
	return out, nil
}
