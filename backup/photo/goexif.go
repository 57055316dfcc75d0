package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/rwcarlsen/goexif/tiff"
)

// errRefused says that goexif did not accept an entry that the walk had checked. It should never be seen; the entry then counts as absent.
var errRefused = errors.New("photo: EXIF decoder refused an entry")

// decode gives one checked entry to goexif, as a directory entry of its own: its value inside, or right behind it. A value has at most
// maxElements numbers, so there is nothing to loop over for long; a panic is caught. (Whole blocks go nowhere near goexif: nine tenths of its
// time went into tags that nobody asks for, and into texts that are bytes already.)
func (x *exifEntries) decode(e entry) (tag *tiff.Tag, err error) {
	defer func() {
		if p := recover(); p != nil {
			tag, err = nil, fmt.Errorf("%w: %v", errRefused, p)
		}
	}()
	const head = 12
	block := make([]byte, head, head+len(e.value))
	x.order.PutUint16(block, e.tag)
	x.order.PutUint16(block[2:], e.typ)
	x.order.PutUint32(block[4:], e.count)
	if len(e.value) <= 4 {
		copy(block[8:], e.value)
	} else {
		x.order.PutUint32(block[8:], head)
		block = append(block, e.value...)
	}
	tag, err = tiff.DecodeTag(bytes.NewReader(block), x.order)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRefused, err)
	}
	return tag, nil
}

// tags reads single values. goexif does not check indexes and panics on zero denominators, so every access is checked here first; Rat is
// never called.
type tags struct{ x *exifEntries }

// text is the bytes of an ASCII value; cameras also write text as BYTE or UNDEFINED.
func (t tags) text(tag uint16) []byte {
	e, ok := t.x.find(tag)
	if !ok || e.typ != 2 && e.typ != 1 && e.typ != 7 {
		return nil
	}
	return e.value
}

// numbers are the elements of one entry. Nearly all that cameras write are SHORT, LONG and RATIONAL (TIFF 6.0, section 2), which are taken
// from the entry as they stand: for them nothing is allocated. The others are goexif's.
type numbers struct {
	entry
	order binary.ByteOrder
	tag   *tiff.Tag // nil: the entry is of a common kind, or there is none
}

// The common kinds.
const (
	typeShort    = 3
	typeLong     = 4
	typeRational = 5
)

// numbers finds an entry of numbers; where there is none, it has no elements.
func (t tags) numbers(tag uint16) numbers {
	e, ok := t.x.find(tag)
	if !ok || e.typ == 2 || int64(len(e.value)) != e.bytes() {
		return numbers{}
	}
	switch e.typ {
	case typeShort, typeLong, typeRational:
		return numbers{entry: e, order: t.x.order}
	}
	v, err := t.x.decode(e)
	if err != nil {
		return numbers{}
	}
	return numbers{entry: e, order: t.x.order, tag: v}
}

// len is how many elements there are.
func (n *numbers) len() int { return int(n.count) }

// integer is element i of whole numbers.
func (n *numbers) integer(i int) (int64, bool) {
	switch {
	case i < 0 || i >= n.len():
	case n.tag != nil:
		if n.tag.Format() == tiff.IntVal && i < int(n.tag.Count) {
			v, err := n.tag.Int64(i)
			return v, err == nil
		}
	case n.typ == typeShort:
		return int64(n.order.Uint16(n.value[2*i:])), true
	case n.typ == typeLong:
		return int64(n.order.Uint32(n.value[4*i:])), true
	}
	return 0, false
}

// ratio is element i of fractions, with a denominator other than 0.
func (n *numbers) ratio(i int) (num, den int64, ok bool) {
	switch {
	case i < 0 || i >= n.len():
	case n.tag != nil:
		if n.tag.Format() == tiff.RatVal && i < int(n.tag.Count) {
			num, den, err := n.tag.Rat2(i)
			return num, den, err == nil && den != 0
		}
	case n.typ == typeRational:
		num, den = int64(n.order.Uint32(n.value[8*i:])), int64(n.order.Uint32(n.value[8*i+4:]))
		return num, den, den != 0
	}
	return 0, 0, false
}

// integer is the first element of a whole number value.
func (t tags) integer(tag uint16) (int64, bool) {
	n := t.numbers(tag)
	return n.integer(0)
}

// fraction is the first element of a rational value with a denominator other than 0.
func (t tags) fraction(tag uint16) (num, den int64, ok bool) {
	n := t.numbers(tag)
	return n.ratio(0)
}

// number is the first element of a value that may be a fraction or whole.
func (t tags) number(tag uint16) (float64, bool) {
	n := t.numbers(tag)
	if num, den, ok := n.ratio(0); ok {
		return float64(num) / float64(den), true
	}
	v, ok := n.integer(0)
	return float64(v), ok
}
