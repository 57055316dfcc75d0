// Package tile draws small upright pictures of photos: the embedded preview where there is a good one, else the picture itself. It is
// the only part of the photo reader that decodes pixels and is kept apart so that a process which reads only metadata links no decoder.
//
// The decoders are given foreign bytes, so each runs under recover, and none before the pixels it will allocate were read from the
// header and compared with a limit. A failed tile says nothing about the file: decoders are lenient and must not be used as a check.
package tile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math"
	"slices"
	"time"

	"lightproof/backup/photo"
)

// Limits checked before any decoding.
const (
	MaxJPEGPixels  = 200_000_000
	MaxOtherPixels = 64_000_000
	maxFile        = 256 << 20 // bytes of a picture taken into memory
	maxSide        = 4096      // of a tile
	quality        = 80
	// alonePixels is from where pictures are decoded one at a time, so that several at once do not add up.
	alonePixels = 24_000_000
)

// Tile is a baseline JPEG, upright, its longer side at most the one asked for.
type Tile struct {
	JPEG          []byte
	Width, Height int
	// Source says what was drawn: the name of an embedded preview, "picture", or "thumbnail item".
	Source string
}

// PlaceholderError says that there is nothing this package draws: show a symbol of the kind instead. Reason is short English
// without values from the file.
type PlaceholderError struct {
	Kind   photo.Kind
	Reason string
}

// Error implements error.
func (e *PlaceholderError) Error() string {
	return fmt.Sprintf("tile: no picture for a %s: %s", e.Kind, e.Reason)
}

// errTooLarge says that a picture has more pixels than the limit for its kind.
var errTooLarge = errors.New("more pixels than are decoded here")

// Make reads a file and draws its tile with px pixels on the longer side; see Draw.
func Make(ctx context.Context, r io.ReaderAt, size int64, px int) (Tile, error) {
	f, _ := photo.Read(ctx, r, size, "", time.Time{})
	return Draw(ctx, r, size, &f, px)
}

// Draw draws the tile of a file whose fields are known. It takes the smallest embedded preview that is large enough and has the picture's
// shape, else the picture, else the best preview there is. Pictures are never enlarged. The error is ctx's, a *PlaceholderError, or
// one of reading.
func Draw(ctx context.Context, r io.ReaderAt, size int64, f *photo.Fields, px int) (Tile, error) {
	px = min(max(px, 16), maxSide)
	rest := slices.Clone(f.Previews)
	for _, p := range f.Previews { // ascending by area
		if max(p.Width, p.Height) >= px && sameShape(p, f) {
			if t, err := drawPreview(ctx, r, p, px); err == nil {
				return t, nil
			}
			rest = slices.DeleteFunc(rest, func(q photo.Preview) bool { return q == p })
		}
	}
	img, turn, source, err := decodePicture(ctx, r, size, f, px)
	if err == nil {
		return finish(ctx, img, turn, px, source)
	}
	slices.Reverse(rest)
	for _, p := range rest {
		if t, err := drawPreview(ctx, r, p, px); err == nil {
			return t, nil
		}
	}
	if ctx.Err() != nil {
		return Tile{}, ctx.Err()
	}
	if none := (*PlaceholderError)(nil); errors.As(err, &none) {
		return Tile{}, err
	}
	return Tile{}, &PlaceholderError{Kind: f.Kind, Reason: reason(err)}
}

func reason(err error) string {
	if errors.Is(err, errTooLarge) {
		return errTooLarge.Error()
	}
	return "it could not be decoded"
}

// First gives the smallest embedded JPEG for a first paint, before a tile is ready. It may have black bars or be older than an edit
// and must not be kept. ok is false where there is none.
func First(ctx context.Context, r io.ReaderAt, f *photo.Fields, px int) (t Tile, ok bool) {
	for _, p := range f.Previews {
		if t, err := drawPreview(ctx, r, p, px); err == nil {
			return t, true
		}
	}
	return Tile{}, false
}

// sameShape reports whether a preview shows the whole picture: within 2 % of its proportions, black bars excluded.
func sameShape(p photo.Preview, f *photo.Fields) bool {
	w, h := f.Upright()
	if w <= 0 || h <= 0 {
		return true
	}
	pw, ph := p.Width, p.Height
	if p.Turn >= 5 {
		pw, ph = ph, pw
	}
	a, b := float64(pw)/float64(ph), float64(w)/float64(h)
	return math.Abs(a/b-1) <= 0.02
}

func drawPreview(ctx context.Context, r io.ReaderAt, p photo.Preview, px int) (Tile, error) {
	data, err := load(r, p.Offset, p.Length)
	if err != nil {
		return Tile{}, err
	}
	img, err := decodeJPEG(ctx, data, px)
	if err != nil {
		return Tile{}, err
	}
	return finish(ctx, img, p.Turn, px, p.Source)
}

// load takes a run of the file into memory.
func load(r io.ReaderAt, off, n int64) ([]byte, error) {
	if n <= 0 || n > maxFile {
		return nil, errTooLarge
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(r, off, n), data); err != nil {
		return nil, fmt.Errorf("tile: reading the picture: %w", err)
	}
	return data, nil
}

// finish scales, turns and encodes.
func finish(ctx context.Context, img image.Image, turn, px int, source string) (Tile, error) {
	if err := ctx.Err(); err != nil {
		return Tile{}, err
	}
	small := upright(scale(img, px), turn)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: quality}); err != nil {
		return Tile{}, fmt.Errorf("tile: encoding: %w", err)
	}
	return Tile{JPEG: b.Bytes(), Width: small.Rect.Dx(), Height: small.Rect.Dy(), Source: source}, nil
}
