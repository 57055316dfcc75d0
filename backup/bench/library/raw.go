package library

import (
	"io"
	"strings"
)

const (
	rawWidth      = 4096 // pixels of two bytes
	rowsPerStrip  = 256
	rowBytes      = 2 * rawWidth
	thumbWidth    = 160
	thumbHeight   = 120
	previewShare  = 20 // one twentieth of the file is its embedded JPEG
	insertedBytes = 4096
)

// rawLayout is a digital negative (DNG 1.4): IFD0 with a small uncompressed picture and an XMP packet, its two SubIFDs with the mosaic in
// strips and a full-size JPEG preview, an Exif directory; then the data in the order thumbnail, preview, strips.
type rawLayout struct {
	head    []byte
	preview int64 // bytes
	strips  []int64
}

// layOut plans a RAW of about f.Size bytes; f.inserted more bytes stand in the XMP packet, and every offset behind it moves along.
func layOut(f File) rawLayout {
	l := rawLayout{preview: max(f.Size/previewShare, 4096) &^ 1}
	rows := max((f.Size-l.preview)/rowBytes, 1)
	ifd0, raw, preview, exif := described(f.taken, f.rating), &directory{}, &directory{}, exposure(f.taken)

	var thumbAt, previewAt uint32
	var offsets []*uint32
	var counts []uint32
	for left := rows; left > 0; left -= rowsPerStrip {
		n := min(left, rowsPerStrip) * rowBytes
		l.strips, counts, offsets = append(l.strips, n), append(counts, uint32(n)), append(offsets, new(uint32))
	}

	ifd0.long(0x00FE, 1)
	ifd0.long(0x0100, thumbWidth)
	ifd0.long(0x0101, thumbHeight)
	ifd0.short(0x0102, 8, 8, 8)
	ifd0.short(0x0103, 1)
	ifd0.short(0x0106, 2)
	ifd0.point(0x0111, &thumbAt)
	ifd0.short(0x0115, 3)
	ifd0.long(0x0116, thumbHeight)
	ifd0.long(0x0117, thumbWidth*thumbHeight*3)
	packet := xmpPacket(f.rating, f.inserted)
	ifd0.add(0x02BC, tiffByte, len(packet), packet)
	ifd0.point(0x014A, &raw.at, &preview.at)
	ifd0.point(0x8769, &exif.at)
	ifd0.add(0xC612, tiffByte, 4, []byte{1, 4, 0, 0})
	ifd0.text(0xC614, cameraModel)

	raw.long(0x00FE, 0)
	raw.long(0x0100, rawWidth)
	raw.long(0x0101, uint32(rows))
	raw.short(0x0102, 16)
	raw.short(0x0103, 1)
	raw.short(0x0106, 32803) // colour filter array (TIFF/EP)
	raw.point(0x0111, offsets...)
	raw.short(0x0115, 1)
	raw.long(0x0116, rowsPerStrip)
	raw.long(0x0117, counts...)
	raw.short(0x828D, 2, 2)
	raw.add(0x828E, tiffByte, 4, []byte{0, 1, 1, 2})

	preview.long(0x00FE, 1)
	preview.long(0x0100, photoWidth)
	preview.long(0x0101, photoHeight)
	preview.short(0x0102, 8, 8, 8)
	preview.short(0x0103, 7)
	preview.short(0x0106, 6)
	preview.point(0x0111, &previewAt)
	preview.short(0x0115, 3)
	preview.long(0x0116, photoHeight)
	preview.long(0x0117, uint32(l.preview))

	dirs := []*directory{ifd0, exif, raw, preview}
	thumbAt = place(dirs...)
	previewAt = thumbAt + thumbWidth*thumbHeight*3
	at := previewAt + uint32(l.preview)
	for i, n := range l.strips {
		*offsets[i] = at
		at += uint32(n)
	}
	l.head = encode(dirs...)
	return l
}

// negative writes the RAW. What follows its head is a function of the number alone, whatever was inserted before.
func (m *maker) negative(w io.Writer, f File) error {
	l := layOut(f)
	if _, err := w.Write(l.head); err != nil {
		return err
	}
	stream := chaCha(f.number)
	if err := m.noise(w, stream, thumbWidth*thumbHeight*3); err != nil {
		return err
	}
	if err := m.picture(w, f.number+1<<62, nil, l.preview); err != nil {
		return err
	}
	for _, n := range l.strips {
		if err := m.noise(w, stream, n); err != nil {
			return err
		}
	}
	return nil
}

// xmpPacket is an XMP packet (ISO 16684-1, 7.3) with the two kilobytes of padding that editors leave, and extra bytes.
func xmpPacket(rating, extra int) []byte {
	const padding = 2048
	return []byte("<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" + xmpBody(rating, 0) +
		strings.Repeat(" ", padding+extra) + "\n<?xpacket end=\"w\"?>")
}
