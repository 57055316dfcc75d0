package sample

import (
	"encoding/binary"
	"image"
)

// DNG makes a small digital negative (DNG 1.4): IFD0 is a JPEG preview in one strip, its SubIFD an uncompressed 16-bit RGGB mosaic of
// half the width and height. It is shaped like a RAW for readers and backups; developing it gives a plain picture.
func DNG(seed uint64, o Options) []byte {
	o = o.filled()
	var order byteOrder = binary.LittleEndian
	if o.BigEndian {
		order = binary.BigEndian
	}
	stored := turned(scene(seed, o.Width, o.Height), o.Orientation)
	preview := encode(stored, 80)
	w, h := stored.Rect.Dx()/2&^1, stored.Rect.Dy()/2&^1
	mosaic := bayer(stored, order, w, h)

	ifd0, exif, gps := describe(seed, o, order, stored.Rect.Dx(), stored.Rect.Dy())
	raw := &directory{}
	ifd0.long(order, 0x00FE, 1)
	ifd0.long(order, 0x0100, stored.Rect.Dx())
	ifd0.long(order, 0x0101, stored.Rect.Dy())
	ifd0.short(order, 0x0102, 8, 8, 8)
	ifd0.short(order, 0x0103, 7)
	ifd0.short(order, 0x0106, 6)
	ifd0.long(order, 0x0111, 0)
	ifd0.short(order, 0x0115, 3)
	ifd0.long(order, 0x0116, stored.Rect.Dy())
	ifd0.long(order, 0x0117, len(preview))
	ifd0.link(0x014A, raw)
	ifd0.add(0xC612, 1, 4, []byte{1, 4, 0, 0})
	ifd0.text(0xC614, o.Model)
	raw.long(order, 0x00FE, 0)
	raw.long(order, 0x0100, w)
	raw.long(order, 0x0101, h)
	raw.short(order, 0x0102, 16)
	raw.short(order, 0x0103, 1)
	raw.short(order, 0x0106, 32803)
	raw.long(order, 0x0111, 0)
	raw.short(order, 0x0115, 1)
	raw.long(order, 0x0116, h)
	raw.long(order, 0x0117, len(mosaic))
	raw.short(order, 0x828D, 2, 2)
	raw.add(0x828E, 1, 4, []byte{0, 1, 1, 2})

	dirs := []*directory{ifd0, exif, raw}
	if gps != nil {
		dirs = append(dirs, gps)
	}
	at := len(block(order, dirs...)) // strip offsets are only known once the directories have their size
	setStrip(order, ifd0, at)
	setStrip(order, raw, at+len(preview))
	return append(append(block(order, dirs...), preview...), mosaic...)
}

func setStrip(order byteOrder, d *directory, at int) {
	for _, f := range d.fields {
		if f.tag == 0x0111 {
			order.PutUint32(f.value, uint32(at))
		}
	}
}

// bayer samples every second pixel into an RGGB mosaic of 12-bit values.
func bayer(img *image.RGBA, order byteOrder, w, h int) []byte {
	out := make([]byte, 0, w*h*2)
	for y := range h {
		for x := range w {
			out = order.AppendUint16(out, uint16(img.Pix[img.PixOffset(x*2, y*2)+x&1+y&1])<<4)
		}
	}
	return out
}
