package library

import (
	"encoding/binary"
	"slices"
)

// The field types of TIFF 6.0, section 2, that the files here use.
const (
	tiffByte      = 1
	tiffASCII     = 2
	tiffShort     = 3
	tiffLong      = 4
	tiffRational  = 5
	tiffUndefined = 7
)

// directory is one image file directory (TIFF 6.0, section 2). at is its offset, known after place.
type directory struct {
	entries []entry
	next    *directory
	at      uint32
}

// entry is one field. Where refs are given, its value is the offsets that they hold when the block is encoded.
type entry struct {
	tag, kind uint16
	count     uint32
	value     []byte
	refs      []*uint32
}

func (e entry) size() uint32 {
	if e.refs != nil {
		return uint32(4 * len(e.refs))
	}
	return uint32(len(e.value))
}

func (d *directory) add(tag, kind uint16, count int, value []byte) {
	d.entries = append(d.entries, entry{tag: tag, kind: kind, count: uint32(count), value: value})
}

func (d *directory) text(tag uint16, s string) { d.add(tag, tiffASCII, len(s)+1, append([]byte(s), 0)) }

func (d *directory) short(tag uint16, v ...uint16) {
	var b []byte
	for _, n := range v {
		b = binary.LittleEndian.AppendUint16(b, n)
	}
	d.add(tag, tiffShort, len(v), b)
}

func (d *directory) long(tag uint16, v ...uint32) {
	var b []byte
	for _, n := range v {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	d.add(tag, tiffLong, len(v), b)
}

func (d *directory) rational(tag uint16, numerator, denominator uint32) {
	b := binary.LittleEndian.AppendUint32(nil, numerator)
	d.add(tag, tiffRational, 1, binary.LittleEndian.AppendUint32(b, denominator))
}

// point writes offsets that are known only once everything has its place.
func (d *directory) point(tag uint16, at ...*uint32) {
	d.entries = append(d.entries, entry{tag: tag, kind: tiffLong, count: uint32(len(at)), refs: at})
}

// valueAt is the offset of the value of a field that fits into the entry itself; place must have run. 0: no such field.
func (d *directory) valueAt(tag uint16) uint32 {
	i := slices.IndexFunc(d.entries, func(e entry) bool { return e.tag == tag && e.size() <= 4 })
	if i < 0 {
		return 0
	}
	return d.at + 2 + 12*uint32(i) + 8
}

// place puts the directories one after another behind the eight bytes of the header, each followed by its longer values, and
// returns where the last one ends.
func place(dirs ...*directory) uint32 {
	at := uint32(8)
	for _, d := range dirs {
		slices.SortStableFunc(d.entries, func(a, b entry) int { return int(a.tag) - int(b.tag) })
		d.at = at
		at += uint32(2 + 12*len(d.entries) + 4)
		for _, e := range d.entries {
			if n := e.size(); n > 4 {
				at += (n + 1) &^ 1
			}
		}
	}
	return at
}

// encode writes the header and the directories as place has put them, little-endian.
func encode(dirs ...*directory) []byte {
	le := binary.LittleEndian
	out := le.AppendUint32([]byte{'I', 'I', 42, 0}, 8)
	for _, d := range dirs {
		out = le.AppendUint16(out, uint16(len(d.entries)))
		longer := d.at + uint32(2+12*len(d.entries)+4)
		var tail []byte
		for _, e := range d.entries {
			value := e.value
			for _, ref := range e.refs {
				value = le.AppendUint32(value, *ref)
			}
			out = le.AppendUint32(le.AppendUint16(le.AppendUint16(out, e.tag), e.kind), e.count)
			if len(value) <= 4 {
				out = append(out, append(slices.Clone(value), 0, 0, 0, 0)[:4]...)
				continue
			}
			out = le.AppendUint32(out, longer+uint32(len(tail)))
			tail = append(tail, value...)
			if len(tail)&1 == 1 {
				tail = append(tail, 0)
			}
		}
		var next uint32
		if d.next != nil {
			next = d.next.at
		}
		out = append(le.AppendUint32(out, next), tail...)
	}
	return out
}
