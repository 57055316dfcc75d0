package photo

import (
	"context"
	"io"
	"time"
)

// Canonical is a TIFF block of what Read collected, nil where there is none; bytes and calls are what Read cost.
func Canonical(r io.ReaderAt, size int64) (block []byte, bytes, calls int) {
	p := read(context.Background(), r, size, "", time.Time{})
	if !p.exif.empty() {
		block = p.exif.canonical()
	}
	return block, p.w.bytes, p.w.calls
}

// Compose is the orientation of one turning after another.
func Compose(a, b int) int { return compose(a, b) }
