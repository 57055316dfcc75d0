package backup

import (
	"context"
	"io"

	"lightproof/backup/photo/cut"
	"lightproof/backup/vault"
)

// span is one piece of an original: what becomes one chunk, or one record of a bundle.
type span struct {
	at    int64
	n     int
	small bool
}

// spansOf cuts size bytes by the rule of FORMAT.md ("Chunk", cutting): parts end at the cuts, ascending offsets within the file; a part of
// up to 64 KiB is small, a longer one is cut every 8 MiB from its own start. Nothing of an empty file.
func spansOf(size int64, cuts []int64) (out []span) {
	from := int64(0)
	for i := 0; i <= len(cuts); i++ {
		to := size
		if i < len(cuts) {
			to = cuts[i]
		}
		if length := to - from; length > 0 && length <= vault.MaxSmall {
			out = append(out, span{from, int(length), true})
		} else {
			for at := from; at < to; at += vault.MaxChunk {
				out = append(out, span{at, int(min(to-at, vault.MaxChunk)), false})
			}
		}
		from = to
	}
	return out
}

// cutPoints says where the parts of an original begin, and by which splitter's rule.
func cutPoints(ctx context.Context, r io.ReaderAt, size int64) (splitter uint8, cuts []int64) {
	return cut.Points(ctx, r, size)
}
