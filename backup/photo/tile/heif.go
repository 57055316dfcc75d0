//go:build nodynamic

package tile

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/gen2brain/heic"

	"lightproof/backup/photo"
)

// Limits of the in-process HEIF way. A whole 12-megapixel HEIC takes up to 475 MB in this decoder and is never decoded here.
const (
	maxHEIFFile      = 64 << 20
	maxHEIFThumbnail = 2_500_000
)

// startHEIF compiles the decoder, once, about half a second. The decoder keeps the standard output of that moment and prints
// warnings to it; they belong to standard error.
var startHEIF = sync.OnceValue(func() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("tile: HEIF decoder: %v", p)
		}
	}()
	out := os.Stdout
	os.Stdout = os.Stderr
	defer func() { os.Stdout = out }()
	heic.Init()
	return nil
})

// hasHEIF says whether this build draws HEIF pictures from their thumbnail item.
const hasHEIF = true

// decodeHEIF decodes the thumbnail item of a HEIF picture: in a copy in memory the file is told that its thumbnail is the primary
// item (ISO 23008-12, 6.4.4; ISO 14496-12, 8.11.4), and the decoder draws that, turned as the container says.
func decodeHEIF(ctx context.Context, r io.ReaderAt, size int64, f *photo.Fields) (image.Image, error) {
	h := f.HEIF
	if h == nil || h.Thumbnail == 0 || !h.HEVC || h.ThumbnailWidth*h.ThumbnailHeight > maxHEIFThumbnail || h.ThumbnailWidth <= 0 {
		return nil, &PlaceholderError{Kind: f.Kind, Reason: "no thumbnail item that is decoded here"}
	}
	if size > maxHEIFFile || h.PrimaryAt < 0 || h.PrimaryAt+int64(h.PrimaryBytes) > size {
		return nil, errTooLarge
	}
	data, err := load(r, 0, size)
	if err != nil {
		return nil, err
	}
	if h.PrimaryBytes == 4 {
		binary.BigEndian.PutUint32(data[h.PrimaryAt:], h.Thumbnail)
	} else {
		binary.BigEndian.PutUint16(data[h.PrimaryAt:], uint16(h.Thumbnail))
	}
	return withAlone(ctx, func() (image.Image, error) {
		if err := startHEIF(); err != nil {
			return nil, err
		}
		return guarded(func() (image.Image, error) {
			img, err := heic.Decode(bytes.NewReader(data))
			if err != nil {
				return nil, err
			}
			return repaired(img)
		})
	})
}

// repaired copies the pixels out of the decoder's memory and mends the first 24 bytes of the first row, which the decoder has already
// given back and overwritten, from the row below.
func repaired(img image.Image) (image.Image, error) {
	const overwritten = 24
	switch m := img.(type) {
	case *image.YCbCr:
		m.Y, m.Cb, m.Cr = slices.Clone(m.Y), slices.Clone(m.Cb), slices.Clone(m.Cr)
		if len(m.Y) >= m.YStride+overwritten {
			copy(m.Y[:overwritten], m.Y[m.YStride:])
		}
	case *image.Gray:
		m.Pix = slices.Clone(m.Pix)
		if len(m.Pix) >= m.Stride+overwritten {
			copy(m.Pix[:overwritten], m.Pix[m.Stride:])
		}
	case *image.NRGBA:
		m.Pix = slices.Clone(m.Pix)
		if len(m.Pix) >= m.Stride+overwritten {
			copy(m.Pix[:overwritten], m.Pix[m.Stride:])
		}
	case *image.RGBA:
		m.Pix = slices.Clone(m.Pix)
		if len(m.Pix) >= m.Stride+overwritten {
			copy(m.Pix[:overwritten], m.Pix[m.Stride:])
		}
	default:
		return nil, fmt.Errorf("tile: unexpected picture %T", img)
	}
	return img, nil
}
