package photo

import (
	"encoding/binary"
	"testing"
)

// TestCommonNumbersAreWhatTheDecoderSays compares what is taken from an entry as it stands with goexif's answer.
func TestCommonNumbersAreWhatTheDecoderSays(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, typ := range []uint16{typeShort, typeLong, typeRational} {
			for _, fill := range []byte{0, 1, 0x7F, 0x80, 0xFF} {
				for count := range uint32(5) {
					e := entry{tag: tagISO, typ: typ, count: count}
					e.value = make([]byte, e.bytes())
					for i := range e.value {
						e.value[i] = fill + byte(i*7)
					}
					if count > 1 && typ == typeRational {
						clear(e.value[12:16]) // a denominator of 0
					}
					x := exifEntries{order: order, ifd0: []entry{e}}
					n := tags{&x}.numbers(tagISO)
					var want numbers
					if tag, err := x.decode(e); err == nil {
						want = numbers{entry: e, order: order, tag: tag}
					}
					for i := -1; i < int(count)+1; i++ {
						got, ok := n.integer(i)
						other, okOther := want.integer(i)
						num, den, okRatio := n.ratio(i)
						numOther, denOther, okRatioOther := want.ratio(i)
						if got != other || ok != okOther || okRatio != okRatioOther || okRatio && (num != numOther || den != denOther) {
							t.Errorf("%v type %d element %d of %d: %d %v, %d/%d %v; decoder: %d %v, %d/%d %v", order, typ, i, count,
								got, ok, num, den, okRatio, other, okOther, numOther, denOther, okRatioOther)
						}
					}
				}
			}
		}
	}
}
