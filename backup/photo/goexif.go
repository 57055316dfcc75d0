package photo

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/rwcarlsen/goexif/exif"
	"github.com/rwcarlsen/goexif/tiff"
)

// errRefused says that goexif did not accept a canonical TIFF. It should never be seen; the entries are then left unread.
var errRefused = errors.New("photo: EXIF decoder refused the block")

// decodeCanonical gives a block made by canonical to goexif, under recover and the deadline of ctx. A decoder that hangs is left
// behind: it holds at most one small block.
func decodeCanonical(ctx context.Context, block []byte) (*exif.Exif, error) {
	type answer struct {
		x   *exif.Exif
		err error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if p := recover(); p != nil {
				a = answer{nil, fmt.Errorf("%w: %v", errRefused, p)}
			}
			done <- a
		}()
		a.x, a.err = exif.Decode(bytes.NewReader(block))
		if a.err != nil && exif.IsCriticalError(a.err) {
			a.x, a.err = nil, fmt.Errorf("%w: %v", errRefused, a.err)
		}
	}()
	select {
	case a := <-done:
		return a.x, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// tags reads single values out of a decoded block. goexif does not check indexes and panics on zero denominators, so every
// access is checked here first; Rat, LatLong, DateTime and JpegThumbnail are never called.
type tags struct{ x *exif.Exif }

func (t tags) get(name exif.FieldName) *tiff.Tag {
	if t.x == nil {
		return nil
	}
	tag, err := t.x.Get(name)
	if err != nil || tag == nil || tag.Count == 0 {
		return nil
	}
	return tag
}

// text is the bytes of an ASCII value; cameras also write text as BYTE or UNDEFINED.
func (t tags) text(name exif.FieldName) []byte {
	tag := t.get(name)
	if tag == nil || tag.Type != tiff.DTAscii && tag.Type != tiff.DTByte && tag.Type != 7 {
		return nil
	}
	return tag.Val
}

// integer is element i of a whole number value.
func (t tags) integer(name exif.FieldName, i int) (int64, bool) {
	tag := t.get(name)
	if tag == nil || i < 0 || i >= int(tag.Count) || tag.Format() != tiff.IntVal {
		return 0, false
	}
	v, err := tag.Int64(i)
	return v, err == nil
}

// fraction is element i of a rational value with a denominator other than 0.
func (t tags) fraction(name exif.FieldName, i int) (num, den int64, ok bool) {
	tag := t.get(name)
	if tag == nil || i < 0 || i >= int(tag.Count) || tag.Format() != tiff.RatVal {
		return 0, 0, false
	}
	num, den, err := tag.Rat2(i)
	return num, den, err == nil && den != 0
}

// number is element i of a value that may be a fraction or whole.
func (t tags) number(name exif.FieldName, i int) (float64, bool) {
	if n, d, ok := t.fraction(name, i); ok {
		return float64(n) / float64(d), true
	}
	n, ok := t.integer(name, i)
	return float64(n), ok
}
