package sample

import (
	"encoding/binary"
	"math"
	"slices"
)

// field is one TIFF entry with its value already in bytes. link names a directory whose offset replaces the value.
type field struct {
	tag, typ uint16
	count    uint32
	value    []byte
	link     *directory
}

// directory is a TIFF image file directory (TIFF 6.0, section 2) to be laid out by block.
type directory struct {
	fields []field
	next   *directory
	at     uint32
}

func (d *directory) add(tag, typ uint16, count int, value []byte) {
	d.fields = append(d.fields, field{tag: tag, typ: typ, count: uint32(count), value: value})
}

func (d *directory) text(tag uint16, s string) {
	if s != "" {
		d.add(tag, 2, len(s)+1, append([]byte(s), 0))
	}
}

func (d *directory) short(o binary.AppendByteOrder, tag uint16, v ...int) {
	var b []byte
	for _, n := range v {
		b = o.AppendUint16(b, uint16(n))
	}
	d.add(tag, 3, len(v), b)
}

func (d *directory) long(o binary.AppendByteOrder, tag uint16, v ...int) {
	var b []byte
	for _, n := range v {
		b = o.AppendUint32(b, uint32(n))
	}
	d.add(tag, 4, len(v), b)
}

// rational writes fractions with the given denominator; rounding stays below half of 1/denominator.
func (d *directory) rational(o binary.AppendByteOrder, tag uint16, denominator uint32, v ...float64) {
	var b []byte
	for _, n := range v {
		b = o.AppendUint32(o.AppendUint32(b, uint32(math.Round(n*float64(denominator)))), denominator)
	}
	d.add(tag, 5, len(v), b)
}

func (d *directory) link(tag uint16, to *directory) {
	d.fields = append(d.fields, field{tag: tag, typ: 4, count: 1, link: to})
}

func (d *directory) size() uint32 {
	n := uint32(2 + 12*len(d.fields) + 4)
	for _, f := range d.fields {
		if len(f.value) > 4 {
			n += uint32(len(f.value)+1) &^ 1
		}
	}
	return n
}

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// block lays out directories in the given order, first one first, behind a TIFF header. Values wider than four bytes follow
// their directory. Every linked or next directory must be in dirs.
func block(o byteOrder, dirs ...*directory) []byte {
	at := uint32(8)
	for _, d := range dirs {
		slices.SortStableFunc(d.fields, func(a, b field) int { return int(a.tag) - int(b.tag) })
		d.at = at
		at += d.size()
	}
	out := []byte("MM")
	if o == byteOrder(binary.LittleEndian) {
		out = []byte("II")
	}
	out = o.AppendUint32(o.AppendUint16(out, 42), 8)
	for _, d := range dirs {
		out = d.append(o, out)
	}
	return out
}

func (d *directory) append(o byteOrder, out []byte) []byte {
	out = o.AppendUint16(out, uint16(len(d.fields)))
	values := d.at + uint32(2+12*len(d.fields)+4)
	var tail []byte
	for _, f := range d.fields {
		out = o.AppendUint32(o.AppendUint16(o.AppendUint16(out, f.tag), f.typ), f.count)
		switch {
		case f.link != nil:
			out = o.AppendUint32(out, f.link.at)
		case len(f.value) <= 4:
			out = append(out, append(slices.Clone(f.value), 0, 0, 0, 0)[:4]...)
		default:
			out = o.AppendUint32(out, values+uint32(len(tail)))
			tail = append(tail, f.value...)
			if len(tail)&1 == 1 {
				tail = append(tail, 0)
			}
		}
	}
	next := uint32(0)
	if d.next != nil {
		next = d.next.at
	}
	return append(o.AppendUint32(out, next), tail...)
}
