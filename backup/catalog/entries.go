package catalog

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
)

// Entries keeps the vault's file entries as the vault encodes them. Many lie in one row, a block: a row for each would cost several times as
// much, and most of that would be the row's. An entry stays in its block, which is written anew with every change; new ones fill the last.
// Where each lies is found out by one pass over all blocks when it is first asked for, and is remembered until Forget.
//
// The database has no other writer (Reader).
type Entries struct {
	rows  *Table
	where *whereabouts
	open  *blocks // of the transaction, nil outside of one
}

// Bounds of a block: full from there on. Entries that grow later may exceed it many times.
const (
	blockBytes = 15 << 10 // with its frame about two pages of the file
	blockFiles = 64
)

// whereabouts says which block each entry is in.
type whereabouts struct {
	mu    sync.Mutex
	known bool
	of    map[[16]byte]uint32
	last  uint32 // the highest block there is, 0 where there are none
}

// blocks are those that a transaction has looked at or changed and not written yet.
type blocks struct {
	held map[uint32]*block
	size int
}

// block is one row, taken apart.
type block struct {
	ids     [][16]byte
	entries [][]byte
	size    int
	changed bool
}

func newEntries(db *DB) *Entries { return &Entries{rows: db.Table("entries"), where: &whereabouts{}} }

// in gives the same entries within a transaction. It has to be flushed before that is committed.
func (e *Entries) in(tx *Tx) *Entries {
	return &Entries{rows: e.rows.In(tx), where: e.where, open: &blocks{held: map[uint32]*block{}}}
}

// Put writes a file's entry (at most MaxValue/2 bytes, kept as they are) in place of what was there. Outside a transaction it is one.
func (e *Entries) Put(ctx context.Context, fileID [16]byte, entry []byte) error {
	if len(entry) > MaxValue/2 {
		return fmt.Errorf("put into entries: %w", ErrTooLarge)
	}
	if e.open == nil {
		return e.updateOf(ctx, 0, func(_ *Tx, e *Entries) error { return e.Put(ctx, fileID, entry) })
	}
	e.where.mu.Lock()
	defer e.where.mu.Unlock()
	if err := e.find(ctx); err != nil {
		return err
	}
	n, there := e.where.of[fileID]
	if !there {
		n = max(e.where.last, 1)
	}
	b, err := e.block(ctx, n)
	if err != nil {
		return err
	}
	if !there && (b.size+len(entry) > blockBytes && b.size > 0 || len(b.ids) == blockFiles) {
		n++
		b = &block{}
		e.open.held[n] = b
	}
	e.open.size += b.put(fileID, entry)
	e.where.of[fileID], e.where.last = n, max(e.where.last, n)
	if e.open.size > pendingBytes {
		return e.flush(ctx)
	}
	return nil
}

// updateOf runs fn in a transaction of up to n values. What was noted of one that is rolled back is forgotten.
func (e *Entries) updateOf(ctx context.Context, n int, fn func(tx *Tx, e *Entries) error) error {
	err := e.rows.db.UpdateOf(ctx, uint64(n), func(tx *Tx) error {
		in := e.in(tx)
		if err := fn(tx, in); err != nil {
			return err
		}
		return in.flush(ctx)
	})
	if err != nil {
		e.Forget()
	}
	return err
}

// flush writes the blocks that the transaction changed.
func (e *Entries) flush(ctx context.Context) error {
	for _, n := range slices.Sorted(maps.Keys(e.open.held)) {
		if b := e.open.held[n]; b.changed {
			if err := e.rows.Put(ctx, blockKey(n), b.encode()); err != nil {
				return err
			}
		}
	}
	clear(e.open.held)
	e.open.size = 0
	return nil
}

// block gives the transaction's own copy of a block, an empty one where there is none yet.
func (e *Entries) block(ctx context.Context, n uint32) (*block, error) {
	if b := e.open.held[n]; b != nil {
		return b, nil
	}
	b := &block{}
	row, err := e.rows.Get(ctx, blockKey(n))
	if err == nil {
		err = e.each(row, func(id [16]byte, entry []byte) error {
			b.ids, b.entries, b.size = append(b.ids, id), append(b.entries, entry), b.size+len(entry)
			return nil
		})
	} else if errors.Is(err, ErrNotFound) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	e.open.held[n] = b
	e.open.size += b.size
	return b, nil
}

// put takes an entry in and says by how many bytes the block grew.
func (b *block) put(id [16]byte, entry []byte) int {
	was := b.size
	if i := slices.Index(b.ids, id); i >= 0 {
		b.size -= len(b.entries[i])
		b.entries[i] = bytes.Clone(entry)
	} else {
		b.ids, b.entries = append(b.ids, id), append(b.entries, bytes.Clone(entry))
	}
	b.size += len(entry)
	b.changed = true
	return b.size - was
}

// encode makes the row: id(16) || u32|entry| || entry for each.
func (b *block) encode() []byte {
	out := make([]byte, 0, b.size+20*len(b.ids))
	for i, id := range b.ids {
		out = append(out, id[:]...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(b.entries[i])))
		out = append(out, b.entries[i]...)
	}
	return out
}

// each takes a row apart.
func (e *Entries) each(row []byte, fn func(id [16]byte, entry []byte) error) error {
	for len(row) > 0 {
		if len(row) < 20 || uint64(binary.BigEndian.Uint32(row[16:])) > uint64(len(row)-20) {
			return e.rows.damaged("read", errRecord)
		}
		end := 20 + int(binary.BigEndian.Uint32(row[16:]))
		if err := fn([16]byte(row), row[20:end:end]); err != nil {
			return err
		}
		row = row[end:]
	}
	return nil
}

func blockKey(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func (e *Entries) blockOf(key []byte) (uint32, error) {
	if len(key) != 4 {
		return 0, e.rows.damaged("read", errRecord)
	}
	return binary.BigEndian.Uint32(key), nil
}

// find finds out where each entry is, unless that is known. where.mu is held.
func (e *Entries) find(ctx context.Context) error {
	w := e.where
	if w.known {
		return nil
	}
	w.of, w.last = map[[16]byte]uint32{}, 0
	err := e.rows.Scan(ctx, func(key, row []byte) error {
		n, err := e.blockOf(key)
		if err != nil {
			return err
		}
		w.last = max(w.last, n)
		return e.each(row, func(id [16]byte, _ []byte) error {
			w.of[id] = n
			return nil
		})
	})
	if err == nil && w.last == math.MaxUint32 {
		err = e.rows.damaged("read", errRecord)
	}
	w.known = err == nil
	return err
}

// Forget gives up the memory that knowing where each entry is takes, about 50 bytes for each. It is found out again when it is needed.
func (e *Entries) Forget() {
	e.where.mu.Lock()
	defer e.where.mu.Unlock()
	e.where.known, e.where.of, e.where.last = false, nil, 0
}

// Get returns the entry's bytes, or ErrNotFound. Within a transaction it sees what that has put.
func (e *Entries) Get(ctx context.Context, fileID [16]byte) (entry []byte, err error) {
	e.where.mu.Lock()
	err = e.find(ctx)
	n, ok := e.where.of[fileID]
	e.where.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrNotFound
	}
	if e.open != nil {
		if err := e.flush(ctx); err != nil {
			return nil, err
		}
	}
	row, err := e.rows.Get(ctx, blockKey(n)) // ErrNotFound: it is put by a transaction that is not committed yet
	if err != nil {
		return nil, err
	}
	err = e.each(row, func(id [16]byte, b []byte) error {
		if id == fileID {
			entry = b
		}
		return nil
	})
	if err == nil && entry == nil {
		err = ErrNotFound
	}
	return bytes.Clone(entry), err
}

// Count is about the number of files, from a few of the blocks.
func (e *Entries) Count(ctx context.Context) (int, error) {
	blocks, err := e.rows.Count(ctx)
	if err != nil || blocks == 0 {
		return 0, err
	}
	const asked = 8
	found := 0
	for i := range asked {
		row, err := e.rows.Get(ctx, blockKey(uint32(1+i*(blocks-1)/asked)))
		if err != nil && !errors.Is(err, ErrNotFound) {
			return 0, err
		}
		if err := e.each(row, func([16]byte, []byte) error { found++; return nil }); err != nil {
			return 0, err
		}
	}
	return found * blocks / asked, nil
}

// EachPart gives every entry's bytes to fn, valid only during the call, in an order without meaning, by several goroutines: see Table.ScanParts.
func (e *Entries) EachPart(ctx context.Context, parts int, fn func(part int, fileID [16]byte, entry []byte) error) error {
	return e.rows.ScanParts(ctx, parts, func(part int, _, row []byte) error {
		return e.each(row, func(id [16]byte, entry []byte) error { return fn(part, id, entry) })
	})
}
