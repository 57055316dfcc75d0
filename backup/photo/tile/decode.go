package tile

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/gen2brain/jpegn"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"lightproof/backup/photo"
)

// alone admits one large or progressive picture at a time: a 24-megapixel progressive JPEG takes 150 MB while it is decoded.
var alone = make(chan struct{}, 1)

// withAlone runs f as the only large decoding, or gives ctx's error.
func withAlone(ctx context.Context, f func() (image.Image, error)) (image.Image, error) {
	select {
	case alone <- struct{}{}:
		defer func() { <-alone }()
		return f()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// guarded runs a decoder of foreign bytes; its panics become errors.
func guarded(f func() (image.Image, error)) (img image.Image, err error) {
	defer func() {
		if p := recover(); p != nil {
			img, err = nil, fmt.Errorf("tile: decoder panicked: %v", p)
		}
	}()
	return f()
}

// decodePicture decodes the picture of a file itself and says how it must be turned.
func decodePicture(ctx context.Context, r io.ReaderAt, size int64, f *photo.Fields, px int) (img image.Image, turn int, source string, err error) {
	turn, source = f.Turn, "picture"
	switch f.Kind {
	case photo.JPEG:
		var data []byte
		if data, err = load(r, 0, size); err == nil {
			img, err = decodeJPEG(ctx, data, px)
		}
	case photo.PNG:
		img, err = decodeOther(ctx, r, size, png.DecodeConfig, png.Decode)
	case photo.WebP:
		img, err = decodeOther(ctx, r, size, webp.DecodeConfig, webp.Decode)
	case photo.TIFF:
		img, err = decodeOther(ctx, r, size, tiff.DecodeConfig, tiff.Decode)
	case photo.HEIF:
		turn, source = 1, "thumbnail item" // the decoder turns what it gives
		img, err = decodeHEIF(ctx, r, size, f)
	default:
		err = &PlaceholderError{Kind: f.Kind, Reason: "no embedded picture, and this kind is not decoded here"}
	}
	return img, turn, source, err
}

// decodeJPEG decodes and shrinks by the largest of 8, 4, 2 and 1 that keeps px pixels on the longer side. jpegn takes about half the time of
// the standard library; where it gives up or panics, image/jpeg has the last word.
func decodeJPEG(ctx context.Context, data []byte, px int) (image.Image, error) {
	head, ok := frameOf(data)
	if !ok {
		return nil, fmt.Errorf("tile: no JPEG frame")
	}
	if int64(head.width)*int64(head.height) > MaxJPEGPixels {
		return nil, errTooLarge
	}
	denominator := 1
	for _, d := range []int{2, 4, 8} {
		if max(head.width, head.height)/d >= px {
			denominator = d
		}
	}
	decode := func() (image.Image, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		img, err := guarded(func() (image.Image, error) {
			return jpegn.Decode(bytes.NewReader(data))
		})
		if err != nil || img == nil || img.Bounds().Empty() {
			img, err = guarded(func() (image.Image, error) { return jpeg.Decode(bytes.NewReader(data)) })
		}
		if err != nil {
			return nil, err
		}
		return guarded(func() (image.Image, error) { return shrink(img, denominator), nil })
	}
	if head.progressive || head.width*head.height > alonePixels {
		return withAlone(ctx, decode)
	}
	return decode()
}

type frame struct {
	width, height int
	progressive   bool
}

// frameOf finds the frame header of a JPEG (ITU-T T.81, B.2.2): its size is known before a decoder allocates anything.
func frameOf(data []byte) (f frame, ok bool) {
	for at := 2; at+4 <= len(data); {
		if data[at] != 0xFF {
			return f, false
		}
		marker := data[at+1]
		switch {
		case marker == 0xFF:
			at++
			continue
		case marker == 0x01 || marker >= 0xD0 && marker <= 0xD7:
			at += 2
			continue
		case marker == 0xD9 || marker == 0xDA:
			return f, false
		}
		n := int(data[at+2])<<8 | int(data[at+3])
		if marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC {
			if at+9 > len(data) {
				return f, false
			}
			f.height, f.width = int(data[at+5])<<8|int(data[at+6]), int(data[at+7])<<8|int(data[at+8])
			f.progressive = marker == 0xC2
			return f, f.width > 0 && f.height > 0
		}
		at += 2 + max(n, 2)
	}
	return f, false
}

// decodeOther decodes a format of the standard or the extended library, with its size read first.
func decodeOther(ctx context.Context, r io.ReaderAt, size int64, config func(io.Reader) (image.Config, error), decode func(io.Reader) (image.Image, error)) (image.Image, error) {
	if size > maxFile {
		return nil, errTooLarge
	}
	var pixels int64
	_, err := guarded(func() (image.Image, error) {
		c, err := config(io.NewSectionReader(r, 0, size))
		if c.Width < 0 || c.Height < 0 || c.Width > 1<<24 || c.Height > 1<<24 {
			return nil, errTooLarge
		}
		pixels = int64(c.Width) * int64(c.Height)
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	if pixels > MaxOtherPixels {
		return nil, errTooLarge
	}
	run := func() (image.Image, error) {
		return guarded(func() (image.Image, error) { return decode(io.NewSectionReader(r, 0, size)) })
	}
	if pixels > alonePixels {
		return withAlone(ctx, run)
	}
	return run()
}
