package catalog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
)

// Summary is what the timeline and its search need of one file at hand, without opening its entry.
type Summary struct {
	Taken         int64    // wall-clock time of the picture as Unix seconds, as if its zone were UTC: months are those of the place
	Kind          uint8    // kind of file, the caller's numbers
	Flags         uint32   // the caller's bits (deleted at the source, date guessed, …)
	Width, Height uint32   // pixels, upright
	Color         [3]uint8 // mean colour, the placeholder
	Group         [16]byte // files shown as one photo share it
	Size          int64    // bytes of the newest version
	Path          string   // the operating system's own bytes
	Camera, Lens  string
	Extra         []byte // the caller's own
}

// TimelineItem is one file of the timeline.
type TimelineItem struct {
	FileID [16]byte
	Summary
}

// Entries keeps the vault's file entries as the vault encodes them, and a Summary of each in a table of its own, so that the
// timeline loads without opening the entries.
type Entries struct {
	db        *DB // nil inside a transaction
	encoded   *Table
	summaries *Store[[16]byte, Summary]
}

func newEntries(db *DB, rows func(string) *Table) *Entries {
	return &Entries{db: db, encoded: rows("entries"), summaries: newStore(rows, summaryCodec)}
}

// both runs fn in one transaction: the running one, or one of its own.
func (e *Entries) both(ctx context.Context, fn func(e *Entries) error) error {
	if e.db == nil {
		return fn(e)
	}
	return e.db.Update(ctx, func(tx *Tx) error { return fn(newEntries(nil, tx.Table)) })
}

// Put writes a file's entry (at most MaxValue bytes, kept as they are) with its summary.
func (e *Entries) Put(ctx context.Context, fileID [16]byte, entry []byte, s Summary) error {
	return e.both(ctx, func(e *Entries) error {
		if err := e.encoded.Put(ctx, fileID[:], entry); err != nil {
			return err
		}
		return e.summaries.Put(ctx, fileID, s)
	})
}

// Get returns the entry's bytes, or ErrNotFound.
func (e *Entries) Get(ctx context.Context, fileID [16]byte) ([]byte, error) {
	return e.encoded.Get(ctx, fileID[:])
}

// Summary returns the file's summary, or ErrNotFound.
func (e *Entries) Summary(ctx context.Context, fileID [16]byte) (Summary, error) {
	return e.summaries.Get(ctx, fileID)
}

// Delete removes entry and summary; missing ones are no error.
func (e *Entries) Delete(ctx context.Context, fileID [16]byte) error {
	return e.both(ctx, func(e *Entries) error {
		if err := e.encoded.Delete(ctx, fileID[:]); err != nil {
			return err
		}
		return e.summaries.Delete(ctx, fileID)
	})
}

// Clear removes all entries and summaries.
func (e *Entries) Clear(ctx context.Context) error {
	return e.both(ctx, func(e *Entries) error {
		if err := e.encoded.Clear(ctx); err != nil {
			return err
		}
		return e.summaries.Clear(ctx)
	})
}

// Count is the number of files.
func (e *Entries) Count(ctx context.Context) (int, error) { return e.summaries.Count(ctx) }

// Each gives every entry's bytes to fn, valid only during the call, in an order without meaning.
func (e *Entries) Each(ctx context.Context, fn func(fileID [16]byte, entry []byte) error) error {
	return e.encoded.Scan(ctx, func(key, value []byte) error {
		id, err := fixedKey16(key)
		if err != nil {
			return e.encoded.damaged("scan", err)
		}
		return fn(id, value)
	})
}

// EachPart is Each by several goroutines; see Table.ScanParts.
func (e *Entries) EachPart(ctx context.Context, parts int, fn func(part int, fileID [16]byte, entry []byte) error) error {
	return e.encoded.ScanParts(ctx, parts, func(part int, key, value []byte) error {
		id, err := fixedKey16(key)
		if err != nil {
			return e.encoded.damaged("scan", err)
		}
		return fn(part, id, value)
	})
}

// Timeline loads all summaries, newest first, files of one second by id. Equal camera and lens names share their memory.
func (e *Entries) Timeline(ctx context.Context) ([]TimelineItem, error) {
	names := map[string]string{}
	share := func(s string) string {
		if first, ok := names[s]; ok {
			return first
		}
		names[s] = s
		return s
	}
	rows := e.summaries.rows
	return LoadIndex(ctx, rows, func(key, value []byte) (item TimelineItem, keep bool, err error) {
		if item.FileID, err = fixedKey16(key); err == nil {
			item.Summary, err = summaryCodec.parseValue(value)
		}
		if err != nil {
			return item, false, rows.damaged("load timeline", err)
		}
		item.Camera, item.Lens = share(item.Camera), share(item.Lens)
		return item, true, nil
	}, func(a, b TimelineItem) int {
		return cmp.Or(cmp.Compare(b.Taken, a.Taken), bytes.Compare(a.FileID[:], b.FileID[:]))
	})
}

var summaryCodec = codec[[16]byte, Summary]{
	table: "timeline", appendKey: appendID, parseKey: fixedKey16,
	appendValue: func(b []byte, s Summary) []byte {
		b = binary.AppendVarint(append(b, recordVersion), s.Taken)
		b = append(b, s.Kind)
		b = binary.AppendUvarint(b, uint64(s.Flags))
		b = binary.AppendUvarint(b, uint64(s.Width))
		b = binary.AppendUvarint(b, uint64(s.Height))
		b = append(append(b, s.Color[:]...), s.Group[:]...)
		b = binary.AppendVarint(b, s.Size)
		b = appendBytes(b, s.Path)
		b = appendBytes(b, s.Camera)
		b = appendBytes(b, s.Lens)
		return appendBytes(b, s.Extra)
	},
	parseValue: func(b []byte) (Summary, error) {
		d := newDecoder(b)
		s := Summary{Taken: d.varint(), Kind: d.u8(), Flags: d.u32(), Width: d.u32(), Height: d.u32(),
			Color: [3]uint8{d.u8(), d.u8(), d.u8()}, Group: d.id(), Size: d.varint(), Path: d.text(), Camera: d.text(), Lens: d.text(),
			Extra: bytes.Clone(d.bytes())}
		if len(s.Extra) == 0 {
			s.Extra = nil
		}
		return s, d.done()
	},
}
