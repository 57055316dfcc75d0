//go:build !nodynamic

package tile

import (
	"context"
	"image"
	"io"

	"lightproof/backup/photo"
)

// hasHEIF says whether this build draws HEIF pictures from their thumbnail item.
const hasHEIF = false

// decodeHEIF is left out of builds without the tag nodynamic: there the decoder would load whatever codec library the machine
// has, which may be any age and is foreign code in this process.
func decodeHEIF(_ context.Context, _ io.ReaderAt, _ int64, f *photo.Fields) (image.Image, error) {
	return nil, &PlaceholderError{Kind: f.Kind, Reason: "this build has no HEIF decoder"}
}
