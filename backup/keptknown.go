package backup

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"lightproof/backup/catalog"
)

// keptKnown is known as it is kept between runs: a count reads every row anyhow, and what it makes of them spares the next run doing so
// again. It holds for as long as no record changes (Mark). Its keys are drawn anew each time, so that two originals whose hashes should ever
// meet do so until the records change next, and no longer.
type keptKnown struct {
	kn     known    // for its keys and numbers; it has no slots
	pieces [][]byte // of slots: u64 path || u64 value, big-endian
}

const (
	knownSlotBytes = 16
	knownPiece     = knownSlotBytes << 16 // bytes of a full piece
	maxKnownPieces = 1 << 12              // 268 million originals
	keptVersion    = 1
)

func newKeptKnown() *keptKnown {
	return &keptKnown{kn: known{paths: newHashKey(), values: newHashKey(), files: map[[16]byte]int64{}}}
}

// add takes a row.
func (k *keptKnown) add(key catalog.FileKey, f *catalog.File) {
	last := len(k.pieces) - 1
	if last < 0 || len(k.pieces[last]) == knownPiece {
		k.pieces = append(k.pieces, make([]byte, 0, min(knownPiece, max(knownSlotBytes<<8, knownPiece*(last+1)))))
		last++
	}
	path := k.kn.path(key.Folder, key.Path)
	b := binary.BigEndian.AppendUint64(k.pieces[last], path)
	k.pieces[last] = binary.BigEndian.AppendUint64(b, k.kn.recorded(path, f))
	k.kn.files[key.Folder]++
}

// head is the row that the pieces belong to: u8 1 || mark(16) || keys(16, 16) || u32 pieces || folder(16) || u64 rows ….
func (k *keptKnown) head(mark []byte) []byte {
	b := append([]byte{keptVersion}, mark...)
	b = append(append(b, k.kn.paths[:]...), k.kn.values[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(k.pieces)))
	for id, n := range k.kn.files {
		b = binary.BigEndian.AppendUint64(append(b, id[:]...), uint64(n))
	}
	return b
}

// knownHead is a decoded head.
type knownHead struct {
	kn     *known
	mark   []byte
	pieces uint32
	rows   int64
}

var errKnownHead = errors.New("head of what is known")

func parseKnownHead(b []byte) (h knownHead, err error) {
	const fixed = 1 + catalog.MarkSize + 16 + 16 + 4
	if len(b) < fixed || b[0] != keptVersion || (len(b)-fixed)%24 != 0 {
		return h, errKnownHead
	}
	h.kn = &known{files: map[[16]byte]int64{}}
	h.mark, b = b[1:1+catalog.MarkSize], b[1+catalog.MarkSize:]
	copy(h.kn.paths[:], b)
	copy(h.kn.values[:], b[16:])
	h.pieces = binary.BigEndian.Uint32(b[32:])
	most := int64(h.pieces) * (knownPiece / knownSlotBytes)
	for b = b[36:]; len(b) > 0; b = b[24:] {
		n := binary.BigEndian.Uint64(b[16:])
		if n > uint64(most-h.rows) || h.pieces > maxKnownPieces {
			return h, errKnownHead
		}
		h.kn.files[[16]byte(b)] += int64(n)
		h.rows += int64(n)
	}
	return h, nil
}

func knownPieceRow(n uint32) []byte { return fmt.Appendf(nil, "%s%08x", catalog.KnownRows, n) }

// keepKnown writes what the last count made of the rows, unless they have changed since or it is written.
func (e *Engine) keepKnown(ctx context.Context) error {
	e.mu.Lock()
	f := e.facts.counted
	if f == nil || f.known == nil {
		e.mu.Unlock()
		return nil
	}
	kept := f.known
	e.mu.Unlock()
	err := e.db.Update(ctx, func(w *catalog.Writer) error {
		mark, err := w.Mark(ctx)
		if err != nil || len(mark) != catalog.MarkSize || !bytes.Equal(mark, f.Mark) {
			return err
		}
		old, err := w.State.Get(ctx, []byte(catalog.KnownRows))
		if err != nil && !errors.Is(err, catalog.ErrNotFound) {
			return err
		}
		if h, err := parseKnownHead(old); err == nil {
			for n := uint32(len(kept.pieces)); n < h.pieces; n++ {
				if err := w.State.Delete(ctx, knownPieceRow(n)); err != nil {
					return err
				}
			}
		}
		for n, piece := range kept.pieces {
			if err := w.State.Put(ctx, knownPieceRow(uint32(n)), piece); err != nil {
				return err
			}
		}
		return w.State.Put(ctx, []byte(catalog.KnownRows), kept.head(mark))
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	f.known = nil
	e.mu.Unlock()
	return nil
}

// loadKnown loads what the last count made of the rows; nil if that does not hold any more.
func (e *Engine) loadKnown(ctx context.Context) (kn *known, err error) {
	err = e.db.View(ctx, func(w *catalog.Writer) error {
		b, err := w.State.Get(ctx, []byte(catalog.KnownRows))
		if errors.Is(err, catalog.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		mark, err := w.Mark(ctx)
		if err != nil {
			return err
		}
		h, err := parseKnownHead(b)
		if err != nil || !bytes.Equal(h.mark, mark) {
			return nil // of another program, or of other rows: all are read
		}
		h.kn.resize(1 << bits.Len64(uint64(max(h.rows, 1<<9)/3*4+1)))
		left := h.rows
		for n := range h.pieces {
			piece, err := w.State.Get(ctx, knownPieceRow(n))
			if err != nil && !errors.Is(err, catalog.ErrNotFound) {
				return err
			}
			for ; len(piece) >= knownSlotBytes; piece = piece[knownSlotBytes:] {
				h.kn.enter(knownSlot{binary.BigEndian.Uint64(piece), binary.BigEndian.Uint64(piece[8:])})
				left--
			}
		}
		if left == 0 {
			kn = h.kn
		}
		return nil
	})
	return kn, err
}
