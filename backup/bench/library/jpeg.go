package library

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"sync"
	"time"

	"lightproof/backup/photo/sample"
)

const (
	cameraMake  = "Lightproof"
	cameraModel = "Lightproof Bench 1"
	exifTime    = "2006:01:02 15:04:05"

	photoWidth, photoHeight = 6000, 4000

	tagRating        = 0x4746
	tagRatingPercent = 0x4749
	exifStart        = 12 // of the TIFF block in a JPEG: SOI, APP1 with its length, "Exif\0\0"
)

// frame is what stands between the metadata and the picture data of every baseline JPEG here: quantisation tables, the frame header
// for the given size, Huffman tables and the scan header, as the standard library's encoder writes them.
func frame(width, height int) []byte {
	made := tables()
	at := bytes.Index(made, []byte{0xFF, 0xC0})
	out := bytes.Clone(made)
	binary.BigEndian.PutUint16(out[at+5:], uint16(height))
	binary.BigEndian.PutUint16(out[at+7:], uint16(width))
	return out
}

// tables holds the segments of one tiny picture, from behind its SOI to the end of its scan header.
var tables = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 16, 16)), &jpeg.Options{Quality: 92}); err != nil {
		panic("bench: " + err.Error()) // a picture of 16 × 16 cannot be too large
	}
	data := b.Bytes()
	for at := 2; ; {
		end := at + 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if data[at+1] == 0xDA {
			return data[2:end]
		}
		at = end
	}
})

// thumbnails are a few small pictures that the photos share.
type thumbnails struct{ jpegs [][]byte }

func newThumbnails() *thumbnails {
	t := &thumbnails{}
	for n := range uint64(8) {
		t.jpegs = append(t.jpegs, sample.JPEG(n, sample.Options{Width: 160, Height: 120, Make: "-", Model: "-", Lens: "-"}))
	}
	return t
}

func (t *thumbnails) of(number uint64) []byte { return t.jpegs[number%uint64(len(t.jpegs))] }

// metadata is the EXIF block of a JPEG and the place of its rating, an offset into the block. A nil thumbnail leaves IFD1 out.
func metadata(taken time.Time, rating int, thumbnail []byte) (data []byte, ratingAt, percentAt uint32) {
	ifd0, exif := described(taken, rating), exposure(taken)
	ifd0.point(0x8769, &exif.at)
	dirs := []*directory{ifd0, exif}
	var thumbAt uint32
	if thumbnail != nil {
		ifd1 := &directory{}
		ifd1.short(0x0103, 6)
		ifd1.rational(0x011A, 72, 1)
		ifd1.rational(0x011B, 72, 1)
		ifd1.short(0x0128, 2)
		ifd1.point(0x0201, &thumbAt)
		ifd1.long(0x0202, uint32(len(thumbnail)))
		ifd0.next = ifd1
		dirs = append(dirs, ifd1)
	}
	thumbAt = place(dirs...)
	return append(encode(dirs...), thumbnail...), ifd0.valueAt(tagRating), ifd0.valueAt(tagRatingPercent)
}

// described is an IFD0 as cameras write it (Exif 2.32, 4.6.4), with the rating that viewers add.
func described(taken time.Time, rating int) *directory {
	d := &directory{}
	d.text(0x010F, cameraMake)
	d.text(0x0110, cameraModel)
	d.short(0x0112, 1)
	d.rational(0x011A, 300, 1)
	d.rational(0x011B, 300, 1)
	d.short(0x0128, 2)
	d.text(0x0132, taken.Format(exifTime))
	d.short(0x0213, 2)
	d.short(tagRating, uint16(rating))
	d.short(tagRatingPercent, uint16(rating*20))
	return d
}

// exposure is an Exif directory (Exif 2.32, 4.6.5).
func exposure(taken time.Time) *directory {
	d := &directory{}
	d.rational(0x829A, 1, 250)
	d.rational(0x829D, 56, 10)
	d.short(0x8827, 200)
	d.add(0x9000, tiffUndefined, 4, []byte("0232"))
	d.text(0x9003, taken.Format(exifTime))
	d.text(0x9004, taken.Format(exifTime))
	d.add(0x9101, tiffUndefined, 4, []byte{1, 2, 3, 0})
	d.text(0x9291, fmt.Sprintf("%03d", taken.Nanosecond()/1e6))
	d.rational(0x920A, 350, 10)
	d.add(0xA000, tiffUndefined, 4, []byte("0100"))
	d.short(0xA001, 1)
	d.long(0xA002, photoWidth)
	d.long(0xA003, photoHeight)
	return d
}

// photo writes a JPEG of exactly size bytes: SOI, APP1 with EXIF, tables, one scan of noise, EOI. Smaller than its own head it
// comes out as the head with one byte of scan.
func (m *maker) photo(w io.Writer, f File) error {
	var thumb []byte
	if f.Size >= thumbnailFrom {
		thumb = m.thumbs.of(f.number)
	}
	block, _, _ := metadata(f.taken, f.rating, thumb)
	app1 := append([]byte{0xFF, 0xE1}, binary.BigEndian.AppendUint16(nil, uint16(2+6+len(block)))...)
	app1 = append(append(app1, "Exif\x00\x00"...), block...)
	return m.picture(w, f.number, app1, f.Size)
}

// thumbnailFrom is the size in bytes from which a photo carries a thumbnail.
const thumbnailFrom = 256 << 10

// picture writes a JPEG of size bytes with the given segments behind its SOI.
func (m *maker) picture(w io.Writer, number uint64, segments []byte, size int64) error {
	head := append(append([]byte{0xFF, 0xD8}, segments...), frame(photoWidth, photoHeight)...)
	if _, err := w.Write(head); err != nil {
		return err
	}
	if err := m.entropy(w, chaCha(number), max(size-int64(len(head))-2, 1)); err != nil {
		return err
	}
	_, err := w.Write([]byte{0xFF, 0xD9})
	return err
}
