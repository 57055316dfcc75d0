package library

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"lightproof/backup/catalog"
	"lightproof/backup/photo/tile"
	"lightproof/backup/vault"
)

// tileRule is the version of the code that draws tiles: a new one draws them anew.
const tileRule = 1

// maxTileSource bounds what is fetched into memory to draw one tile, in bytes.
const maxTileSource = 256 << 20

// ErrNoPicture tells that there is nothing to draw: show a symbol of the kind.
var ErrNoPicture = errors.New("no picture to show")

// Tile returns a picture as JPEG whose longer side is at most px pixels, from the sealed cache or drawn from the stored bytes.
func (l *Library) Tile(ctx context.Context, id string, px int) ([]byte, error) {
	p := l.Photo(id)
	if p == nil {
		return nil, fmt.Errorf("photo: %w", vault.ErrMissing)
	}
	err := error(ErrNoPicture)
	for _, f := range p.Files {
		v := latestContent(f)
		if v == nil || v.EXIF == nil || v.Size > maxTileSource || kindOf(f).Sidecar() {
			continue
		}
		key := catalog.TileKey{Content: v.Sum, Pixels: uint16(min(px, 4096)), Rule: tileRule}
		if b, cerr := l.db.Tiles.Get(ctx, key); cerr == nil {
			return b, nil
		}
		var content []byte
		if err = l.content(ctx, f, v, func(b []byte) error { content = append(content, b...); return nil }); err != nil {
			continue
		}
		t, derr := tile.Make(ctx, bytes.NewReader(content), int64(len(content)), px)
		if derr != nil {
			err = fmt.Errorf("%w: %w", ErrNoPicture, derr)
			continue
		}
		if cerr := l.db.Tiles.Put(ctx, key, t.JPEG); cerr != nil && !errors.Is(cerr, catalog.ErrTooLarge) {
			return t.JPEG, cerr
		}
		return t.JPEG, nil
	}
	return nil, err
}
