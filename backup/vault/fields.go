package vault

import (
	"encoding/binary"
	"fmt"
)

// The field encoding of FORMAT.md ("Fields"): u16 tag, u32 length, value; tags strictly ascending; unknown tags below 0x8000 refused.

// Fields builds one field record. Tags must be added in ascending order; a violation is a programming error and panics.
type Fields struct {
	b    []byte
	last int
}

// NewFields starts an empty record.
func NewFields() *Fields { return &Fields{last: -1} }

// Bytes adds a field whose value is v.
func (f *Fields) Bytes(tag uint16, v []byte) *Fields {
	if int(tag) <= f.last {
		panic(fmt.Sprintf("vault: field %#x after %#x", tag, f.last))
	}
	f.last = int(tag)
	f.b = binary.BigEndian.AppendUint16(f.b, tag)
	f.b = binary.BigEndian.AppendUint32(f.b, uint32(len(v)))
	f.b = append(f.b, v...)
	return f
}

// U8 adds a one-byte number.
func (f *Fields) U8(tag uint16, v uint8) *Fields { return f.Bytes(tag, []byte{v}) }

// U32 adds a four-byte number.
func (f *Fields) U32(tag uint16, v uint32) *Fields {
	return f.Bytes(tag, binary.BigEndian.AppendUint32(nil, v))
}

// U64 adds an eight-byte number.
func (f *Fields) U64(tag uint16, v uint64) *Fields {
	return f.Bytes(tag, binary.BigEndian.AppendUint64(nil, v))
}

// I64 adds a signed eight-byte number in two's complement.
func (f *Fields) I64(tag uint16, v int64) *Fields { return f.U64(tag, uint64(v)) }

// Str adds text.
func (f *Fields) Str(tag uint16, v string) *Fields { return f.Bytes(tag, []byte(v)) }

// List adds items as one field of u32 length || item.
func (f *Fields) List(tag uint16, items [][]byte) *Fields {
	var b []byte
	for _, it := range items {
		b = binary.BigEndian.AppendUint32(b, uint32(len(it)))
		b = append(b, it...)
	}
	return f.Bytes(tag, b)
}

// Encoded returns the record.
func (f *Fields) Encoded() []byte { return f.b }

// Record is a decoded field record: tag → value, aliasing the input.
type Record struct{ m map[uint16][]byte }

// ParseFields decodes b. known lists the tags the caller understands; an unknown tag below 0x8000 is refused, above is skipped.
func ParseFields(b []byte, known ...uint16) (Record, error) {
	r := Record{m: make(map[uint16][]byte, len(known))}
	ok := make(map[uint16]bool, len(known))
	for _, k := range known {
		ok[k] = true
	}
	last := -1
	for len(b) > 0 {
		if len(b) < 6 {
			return Record{}, fmt.Errorf("field header: %w", ErrMalformed)
		}
		tag := binary.BigEndian.Uint16(b)
		n := binary.BigEndian.Uint32(b[2:])
		if int(tag) <= last {
			return Record{}, fmt.Errorf("field %#x out of order: %w", tag, ErrMalformed)
		}
		if uint64(n) > uint64(len(b)-6) {
			return Record{}, fmt.Errorf("field %#x too long: %w", tag, ErrMalformed)
		}
		last = int(tag)
		switch {
		case ok[tag]:
			r.m[tag] = b[6 : 6+n]
		case tag < 0x8000:
			return Record{}, fmt.Errorf("field %#x: %w", tag, ErrNewer)
		}
		b = b[6+n:]
	}
	return r, nil
}

// Has tells whether the field is present.
func (r Record) Has(tag uint16) bool { _, ok := r.m[tag]; return ok }

// Bytes returns the value, nil where absent.
func (r Record) Bytes(tag uint16) []byte { return r.m[tag] }

// Fixed copies a value of exactly len(dst) bytes.
func (r Record) Fixed(tag uint16, dst []byte) error {
	v, ok := r.m[tag]
	if !ok || len(v) != len(dst) {
		return fmt.Errorf("field %#x: %w", tag, ErrMalformed)
	}
	copy(dst, v)
	return nil
}

// U8 reads a one-byte number.
func (r Record) U8(tag uint16) (uint8, error) {
	var b [1]byte
	err := r.Fixed(tag, b[:])
	return b[0], err
}

// U32 reads a four-byte number.
func (r Record) U32(tag uint16) (uint32, error) {
	var b [4]byte
	err := r.Fixed(tag, b[:])
	return binary.BigEndian.Uint32(b[:]), err
}

// U64 reads an eight-byte number.
func (r Record) U64(tag uint16) (uint64, error) {
	var b [8]byte
	err := r.Fixed(tag, b[:])
	return binary.BigEndian.Uint64(b[:]), err
}

// I64 reads a signed eight-byte number.
func (r Record) I64(tag uint16) (int64, error) {
	v, err := r.U64(tag)
	return int64(v), err
}

// List splits a list field into at most limit items.
func (r Record) List(tag uint16, limit int) ([][]byte, error) {
	b := r.m[tag]
	var out [][]byte
	for len(b) > 0 {
		if len(b) < 4 || uint64(binary.BigEndian.Uint32(b)) > uint64(len(b)-4) || len(out) == limit {
			return nil, fmt.Errorf("list %#x: %w", tag, ErrMalformed)
		}
		n := binary.BigEndian.Uint32(b)
		out = append(out, b[4:4+n])
		b = b[4+n:]
	}
	return out, nil
}

// withoutField cuts one field out of an encoded record: what a second party signs is the record as received, less its signatures.
func withoutField(b []byte, tag uint16) ([]byte, error) {
	for at := 0; at+6 <= len(b); {
		n := uint64(binary.BigEndian.Uint32(b[at+2:]))
		if n > uint64(len(b)-at-6) {
			break
		}
		end := at + 6 + int(n)
		if binary.BigEndian.Uint16(b[at:]) == tag {
			return append(append([]byte(nil), b[:at]...), b[end:]...), nil
		}
		at = end
	}
	return nil, fmt.Errorf("field %#x: %w", tag, ErrMalformed)
}
