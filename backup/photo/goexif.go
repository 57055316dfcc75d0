package photo

import (
	"bytes"
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

// numbers decodes an entry of numbers.
func (t tags) numbers(tag uint16) *tiff.Tag {
	e, ok := t.x.find(tag)
	if !ok || e.typ == 2 || int64(len(e.value)) != e.bytes() {
		return nil
	}
	v, err := t.x.decode(e)
	if err != nil {
		return nil
	}
	return v
}

// integer is the first element of a whole number value.
func (t tags) integer(tag uint16) (int64, bool) {
	if e, ok := t.x.find(tag); ok && e.typ == 3 && len(e.value) >= 2 { // most are a SHORT: it needs no decoder
		return int64(t.x.order.Uint16(e.value)), true
	}
	return integer(t.numbers(tag), 0)
}

func integer(v *tiff.Tag, i int) (int64, bool) {
	if v == nil || i < 0 || i >= int(v.Count) || v.Format() != tiff.IntVal {
		return 0, false
	}
	n, err := v.Int64(i)
	return n, err == nil
}

// fraction is the first element of a rational value with a denominator other than 0.
func (t tags) fraction(tag uint16) (num, den int64, ok bool) { return ratio(t.numbers(tag), 0) }

// ratio is element i of a rational value with a denominator other than 0.
func ratio(v *tiff.Tag, i int) (num, den int64, ok bool) {
	if v == nil || i < 0 || i >= int(v.Count) || v.Format() != tiff.RatVal {
		return 0, 0, false
	}
	num, den, err := v.Rat2(i)
	return num, den, err == nil && den != 0
}

// number is the first element of a value that may be a fraction or whole.
func (t tags) number(tag uint16) (float64, bool) {
	v := t.numbers(tag)
	if n, d, ok := ratio(v, 0); ok {
		return float64(n) / float64(d), true
	}
	n, ok := integer(v, 0)
	return float64(n), ok
}
