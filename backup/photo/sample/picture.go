package sample

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
)

// encode writes img as a baseline JPEG. The encoder fails only on pictures over 65,535 pixels a side, which Options here never
// reach in a working program; such a mistake in a test should stop it.
func encode(img image.Image, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		panic("sample: " + err.Error())
	}
	return b.Bytes()
}

// segment is one JPEG marker segment; its payload must stay below 65,534 bytes.
func segment(marker byte, payload []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xFF, marker}, uint16(len(payload)+2)), payload...)
}

// JPEG makes a baseline JPEG of the seeded scene with an EXIF APP1 segment.
func JPEG(seed uint64, o Options) []byte {
	o = o.filled()
	stored := turned(scene(seed, o.Width, o.Height), o.Orientation)
	var thumb []byte
	if o.Thumbnail {
		thumb = encode(shrink(stored, 160, 120), 75)
	}
	return jpegWith(encode(stored, 88), exifBlock(seed, o, stored.Rect.Dx(), stored.Rect.Dy(), thumb))
}

// jpegWith puts an EXIF segment behind the SOI of a JPEG.
func jpegWith(plain, exif []byte) []byte {
	out := append([]byte{0xFF, 0xD8}, segment(0xE1, append([]byte("Exif\x00\x00"), exif...))...)
	return append(out, plain[2:]...)
}

// PNG makes a PNG of the seeded scene with an eXIf chunk (PNG 3rd edition, 11.3.4.6).
func PNG(seed uint64, o Options) []byte {
	o = o.filled()
	stored := turned(scene(seed, o.Width, o.Height), o.Orientation)
	var b bytes.Buffer
	if err := png.Encode(&b, stored); err != nil {
		panic("sample: " + err.Error())
	}
	plain := b.Bytes()
	const afterIHDR = 8 + 25
	exif := append([]byte("eXIf"), exifBlock(seed, o, stored.Rect.Dx(), stored.Rect.Dy(), nil)...)
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(exif)-4)), exif...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(exif))
	return append(append(append([]byte(nil), plain[:afterIHDR]...), chunk...), plain[afterIHDR:]...)
}

// turned stores an upright picture so that EXIF orientation o shows it upright again (Exif 2.32, tag 0112: where row 0 and
// column 0 of the stored picture lie in the scene).
func turned(img *image.RGBA, o int) *image.RGBA {
	if o <= 1 || o > 8 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	sw, sh := w, h
	if o >= 5 {
		sw, sh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, sw, sh))
	for y := range sh {
		for x := range sw {
			var ux, uy int
			switch o {
			case 2:
				ux, uy = w-1-x, y
			case 3:
				ux, uy = w-1-x, h-1-y
			case 4:
				ux, uy = x, h-1-y
			case 5:
				ux, uy = y, x
			case 6:
				ux, uy = w-1-y, x
			case 7:
				ux, uy = w-1-y, h-1-x
			case 8:
				ux, uy = y, h-1-x
			}
			copy(out.Pix[out.PixOffset(x, y):][:4], img.Pix[img.PixOffset(ux, uy):][:4])
		}
	}
	return out
}

// shrink samples the nearest pixels into a w × h picture, with black bars where the shape differs, as cameras do.
func shrink(img *image.RGBA, w, h int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := 3; i < len(out.Pix); i += 4 {
		out.Pix[i] = 255
	}
	sw, sh := img.Rect.Dx(), img.Rect.Dy()
	scale := max(float64(sw)/float64(w), float64(sh)/float64(h))
	dx, dy := (w-int(float64(sw)/scale))/2, (h-int(float64(sh)/scale))/2
	for y := dy; y < h-dy; y++ {
		for x := dx; x < w-dx; x++ {
			ux, uy := min(int(float64(x-dx)*scale), sw-1), min(int(float64(y-dy)*scale), sh-1)
			copy(out.Pix[out.PixOffset(x, y):][:4], img.Pix[img.PixOffset(ux, uy):][:4])
		}
	}
	return out
}
