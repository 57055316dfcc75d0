package vault

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// The field encoding of FORMAT.md ("Fields"): u16 tag, u32 length, value; tags strictly ascending; unknown tags below 0x8000 refused.

// Fields builds one field record. Tags must be added in ascending order; a violation is a programming error and panics. A field may hold
// a record or a list in turn, built in place between Begin and End.
type Fields struct {
	b    []byte
	last int
	open []nested
	room [8]nested // for open, which is rarely deeper
}

// nested is a field that is being filled: where its length stands, and the last tag beside it.
type nested struct{ at, last int }

// NewFields starts an empty record.
func NewFields() *Fields { return AppendFields(nil) }

// AppendFields starts a record behind b, which Encoded then returns too.
func AppendFields(b []byte) *Fields {
	f := &Fields{b: b, last: -1}
	f.open = f.room[:0]
	return f
}

// head begins a field of n bytes.
func (f *Fields) head(tag uint16, n int) {
	if int(tag) <= f.last {
		panic(fmt.Sprintf("vault: field %#x after %#x", tag, f.last))
	}
	f.last = int(tag)
	f.b = binary.BigEndian.AppendUint16(f.b, tag)
	f.b = binary.BigEndian.AppendUint32(f.b, uint32(n))
}

// Bytes adds a field whose value is v.
func (f *Fields) Bytes(tag uint16, v []byte) *Fields {
	f.head(tag, len(v))
	f.b = append(f.b, v...)
	return f
}

// U8 adds a one-byte number.
func (f *Fields) U8(tag uint16, v uint8) *Fields {
	f.head(tag, 1)
	f.b = append(f.b, v)
	return f
}

// U32 adds a four-byte number.
func (f *Fields) U32(tag uint16, v uint32) *Fields {
	f.head(tag, 4)
	f.b = binary.BigEndian.AppendUint32(f.b, v)
	return f
}

// U64 adds an eight-byte number.
func (f *Fields) U64(tag uint16, v uint64) *Fields {
	f.head(tag, 8)
	f.b = binary.BigEndian.AppendUint64(f.b, v)
	return f
}

// I64 adds a signed eight-byte number in two's complement.
func (f *Fields) I64(tag uint16, v int64) *Fields { return f.U64(tag, uint64(v)) }

// Str adds text.
func (f *Fields) Str(tag uint16, v string) *Fields {
	f.head(tag, len(v))
	f.b = append(f.b, v...)
	return f
}

// List adds items as one field of u32 length || item.
func (f *Fields) List(tag uint16, items [][]byte) *Fields {
	f.Begin(tag)
	for _, it := range items {
		f.b = binary.BigEndian.AppendUint32(f.b, uint32(len(it)))
		f.b = append(f.b, it...)
	}
	return f.End()
}

// Begin opens a field: what is added until End is its value, with tags of its own.
func (f *Fields) Begin(tag uint16) {
	f.head(tag, 0)
	f.open = append(f.open, nested{len(f.b), f.last})
	f.last = -1
}

// BeginItem opens an item of the list that was begun last.
func (f *Fields) BeginItem() {
	f.b = binary.BigEndian.AppendUint32(f.b, 0)
	f.open = append(f.open, nested{len(f.b), f.last})
	f.last = -1
}

// Raw adds bytes to the field or item that was begun last.
func (f *Fields) Raw(add func([]byte) []byte) { f.b = add(f.b) }

// End closes what was begun last.
func (f *Fields) End() *Fields {
	n := f.open[len(f.open)-1]
	f.open = f.open[:len(f.open)-1]
	binary.BigEndian.PutUint32(f.b[n.at-4:], uint32(len(f.b)-n.at))
	f.last = n.last
	return f
}

// Encoded returns the record.
func (f *Fields) Encoded() []byte { return f.b }

// Record is a decoded field record, aliasing the input.
type Record struct {
	b      []byte
	fields []recordField
}

// recordField is where a value lies. Without a pointer it is nothing that the garbage collector has to look at.
type recordField struct {
	tag      uint16
	from, to uint32
}

// ParseFields decodes b, which is shorter than 4 GiB. known lists the tags the caller understands; an unknown tag below 0x8000 is refused, above is skipped.
func ParseFields(b []byte, known ...uint16) (Record, error) {
	if uint64(len(b)) > math.MaxUint32 {
		return Record{}, fmt.Errorf("record of %d bytes: %w", len(b), ErrMalformed)
	}
	r := Record{b: b, fields: make([]recordField, 0, min(countFields(b), len(known)))}
	last := -1
	for at := 0; at < len(b); {
		if len(b)-at < 6 {
			return Record{}, fmt.Errorf("field header: %w", ErrMalformed)
		}
		tag := binary.BigEndian.Uint16(b[at:])
		n := binary.BigEndian.Uint32(b[at+2:])
		at += 6
		if int(tag) <= last {
			return Record{}, fmt.Errorf("field %#x out of order: %w", tag, ErrMalformed)
		}
		if uint64(n) > uint64(len(b)-at) {
			return Record{}, fmt.Errorf("field %#x too long: %w", tag, ErrMalformed)
		}
		last = int(tag)
		switch {
		case slices.Contains(known, tag):
			r.fields = append(r.fields, recordField{tag, uint32(at), uint32(at) + n})
		case tag < 0x8000:
			return Record{}, fmt.Errorf("field %#x: %w", tag, ErrNewer)
		}
		at += int(n)
	}
	return r, nil
}

// countFields is how many fields b has up to the first that is malformed.
func countFields(b []byte) (n int) {
	for len(b) >= 6 {
		size := uint64(binary.BigEndian.Uint32(b[2:]))
		if size > uint64(len(b)-6) {
			break
		}
		b = b[6+size:]
		n++
	}
	return n
}

func (r Record) find(tag uint16) ([]byte, bool) {
	for _, f := range r.fields {
		if f.tag == tag {
			return r.b[f.from:f.to:f.to], true
		}
	}
	return nil, false
}

// Has tells whether the field is present.
func (r Record) Has(tag uint16) bool { _, ok := r.find(tag); return ok }

// Bytes returns the value, nil where absent.
func (r Record) Bytes(tag uint16) []byte { v, _ := r.find(tag); return v }

// Fixed copies a value of exactly len(dst) bytes.
func (r Record) Fixed(tag uint16, dst []byte) error {
	v, ok := r.find(tag)
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
	b := r.Bytes(tag)
	if len(b) == 0 {
		return nil, nil
	}
	out := make([][]byte, 0, min(countItems(b), limit))
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

// countItems is how many items a list has up to the first that is malformed.
func countItems(b []byte) (n int) {
	for len(b) >= 4 {
		size := uint64(binary.BigEndian.Uint32(b))
		if size > uint64(len(b)-4) {
			break
		}
		b = b[4+size:]
		n++
	}
	return n
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
