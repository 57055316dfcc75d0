package cut

import (
	"context"
	"io"
	"slices"
)

// The splitter ids of FORMAT.md, as they stand in each version.
const (
	Fixed uint8 = 0 // no structural cuts
	JPEG  uint8 = 1
	TIFF  uint8 = 2
	Media uint8 = 3 // ISO base media
)

const (
	// MaxPoints is how many cuts a file has at most; a file that would have more has none.
	MaxPoints = 64

	// small is the size in bytes below which a piece does not stand alone beside another such piece. A file of up to this size is one
	// record of a bundle anyway.
	small = 64 << 10
)

// Points says at which offsets the parts of a file begin that follow its first one: ascending, all above 0 and below size, at most
// MaxPoints, and the id of the splitter that found them. Where there are none the id is Fixed. It reads headers and tables only, at most
// 1 MiB in 1,024 reads, and from a usual photo a few hundred bytes in a handful of reads. It never fails: a file that cannot be understood, a
// read that fails and a ctx that ended give (Fixed, nil); after the last of these the caller knows from ctx that the result means nothing.
func Points(ctx context.Context, r io.ReaderAt, size int64) (splitter uint8, cuts []int64) {
	if size <= small {
		return Fixed, nil
	}
	f := newReader(ctx, r, size)
	defer f.release()
	switch splitter = detect(f.at(0, 12)); splitter {
	case JPEG:
		cuts = f.jpeg()
	case TIFF:
		cuts = f.tiff()
	case Media:
		cuts = f.media()
	}
	if f.doubt {
		return Fixed, nil
	}
	if cuts = join(cuts, size); len(cuts) == 0 || len(cuts) > MaxPoints {
		return Fixed, nil
	}
	return splitter, cuts
}

// detect tells the container from the first twelve bytes.
func detect(head []byte) uint8 {
	if len(head) < 12 {
		return Fixed
	}
	if head[0] == 0xFF && head[1] == 0xD8 && head[2] == 0xFF {
		return JPEG
	}
	switch string(head[:4]) {
	case "II*\x00", "MM\x00*", "II+\x00", "MM\x00+", "IIRO", "IIRS", "MMOR", "IIU\x00":
		return TIFF
	}
	switch string(head[4:8]) {
	case "ftyp", "moov", "mdat", "wide", "free", "skip": // the last five begin films of before ISO 14496-12
		return Media
	}
	return Fixed
}

// join orders the cuts, drops what lies outside of the file or is there twice, and then each cut with a small piece on both sides.
func join(cuts []int64, size int64) []int64 {
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	cuts = slices.DeleteFunc(cuts, func(at int64) bool { return at <= 0 || at >= size })
	kept, before := cuts[:0], int64(0)
	for i, at := range cuts {
		after := size
		if i+1 < len(cuts) {
			after = cuts[i+1]
		}
		if at-before >= small || after-at >= small {
			kept = append(kept, at)
		}
		before = at
	}
	return kept
}
