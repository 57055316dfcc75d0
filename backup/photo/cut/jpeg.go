package cut

import "encoding/binary"

// jpeg finds the first marker that is neither APPn nor COM. Fill bytes (FF before a marker; ITU-T T.81, B.1.1.2) are left to the part
// before it, because editors drop them.
func (f *reader) jpeg() []int64 {
	off := int64(2)
	for range maxSegments {
		b := f.at(off, 4)
		if b == nil || b[0] != 0xFF {
			return nil
		}
		switch marker := b[1]; {
		case marker == 0xFF:
			off++
		case marker >= 0xE0 && marker <= 0xEF, marker == 0xFE:
			length := int64(binary.BigEndian.Uint16(b[2:])) // itself included
			if length < 2 {
				return nil
			}
			off += 2 + length
		case beginsPicture(marker):
			return []int64{off}
		default:
			return nil
		}
	}
	return nil
}

// beginsPicture tells whether a marker may stand first behind the metadata: a table, a frame, a scan or one of the later extensions. SOI
// and EOI, restart markers and reserved ones may not.
func beginsPicture(marker byte) bool {
	return marker >= 0xC0 && marker <= 0xCF || marker >= 0xDA && marker <= 0xDF || marker >= 0xF0 && marker <= 0xFD
}
