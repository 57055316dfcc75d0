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

// Bounds of a block.
const (
	blockBytes = 15 << 10        // full from there on; with its frame about two pages of the file
	blockFiles = 64              // full, too
	blockMost  = 16 * blockBytes // where entries grew to more, the next one that changes gets a block of its own
)

// whereabouts says which block each entry is in, as far as transactions are committed.
type whereabouts struct {
	mu    sync.Mutex
	known bool
	of    map[[16]byte]uint32
	last  uint32 // the highest block there is, 0 where there are none
}

// blocks are those that a transaction has looked at or changed and not written yet, and where it has put entries.
type blocks struct {
	held map[uint32]*block
	size int
	of   map[[16]byte]uint32
	last uint32
	was  map[[16]byte]uint32 // where all were when the transaction first asked; nobody writes to it before its end
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
	return &Entries{rows: e.rows.In(tx), where: e.where, open: &blocks{held: map[uint32]*block{}, of: map[[16]byte]uint32{}}}
}

// Put writes a file's entry (at most MaxValue/2 bytes, kept as they are) in place of what was there. Outside a transaction it is one.
func (e *Entries) Put(ctx context.Context, fileID [16]byte, entry []byte) error {
	if len(entry) > MaxValue/2 {
		return fmt.Errorf("put into entries: %w", ErrTooLarge)
	}
	if e.open == nil {
		return e.updateOf(ctx, 1, func(_ *Tx, e *Entries) error { return e.Put(ctx, fileID, entry) })
	}
	n, last, there, err := e.locate(ctx, fileID)
	if err != nil {
		return err
	}
	if !there {
		n = max(last, 1)
	}
	b, err := e.block(ctx, n)
	if err != nil {
		return err
	}
	full := b.size+len(entry) > blockBytes && b.size > 0 || len(b.ids) == blockFiles
	if there {
		full = b.size+len(entry) > blockMost && len(b.ids) > 1
	}
	if full {
		e.open.size -= b.remove(fileID)
		n = last + 1
		b = &block{}
		e.open.held[n] = b
	}
	e.open.size += b.put(fileID, entry)
	e.open.of[fileID], e.open.last = n, max(last, n)
	if e.open.size > pendingBytes {
		return e.flush(ctx)
	}
	return nil
}

// locate tells which block an entry is in, and the highest that there is, for the transaction.
func (e *Entries) locate(ctx context.Context, fileID [16]byte) (n, last uint32, there bool, err error) {
	o := e.open
	if o.was == nil { // nothing was put yet, so that all others may know what is found out now
		e.where.mu.Lock()
		err := e.find(ctx)
		o.was, o.last = e.where.of, e.where.last
		e.where.mu.Unlock()
		if err != nil {
			o.was = nil
			return 0, 0, false, err
		}
	}
	if n, there = o.of[fileID]; !there {
		n, there = o.was[fileID]
	}
	return n, o.last, there, nil
}

// updateOf runs fn in a transaction of up to n entries and other values. Where its entries are is known to others from the commit on, and
// nobody asks between the two.
func (e *Entries) updateOf(ctx context.Context, n int, fn func(tx *Tx, e *Entries) error) error {
	var in *Entries
	err := e.rows.db.UpdateOf(ctx, 2*uint64(n), func(tx *Tx) error { // an entry that moves changes two blocks
		now := e.in(tx)
		if err := fn(tx, now); err != nil {
			return err
		}
		if err := now.flush(ctx); err != nil {
			return err
		}
		in = now
		e.where.mu.Lock()
		return nil
	})
	if in == nil {
		return err
	}
	defer e.where.mu.Unlock()
	switch {
	case err != nil: // nobody can tell what became of it
		e.where.known, e.where.of, e.where.last = false, nil, 0
	case e.where.known:
		maps.Copy(e.where.of, in.open.of)
		e.where.last = max(e.where.last, in.open.last)
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

// remove takes an entry out, if it is there, and says by how many bytes the block shrank.
func (b *block) remove(id [16]byte) int {
	i := slices.Index(b.ids, id)
	if i < 0 {
		return 0
	}
	n := len(b.entries[i])
	b.ids, b.entries = slices.Delete(b.ids, i, i+1), slices.Delete(b.entries, i, i+1)
	b.size -= n
	b.changed = true
	return n
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

// find finds out where each entry is, unless that is known. where.mu is held, and a transaction has put nothing yet.
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
	if e.open != nil {
		return e.getHere(ctx, fileID)
	}
	for before := uint32(0); ; {
		e.where.mu.Lock()
		err = e.find(ctx)
		n, ok := e.where.of[fileID]
		e.where.mu.Unlock()
		if err != nil {
			return nil, err
		}
		if !ok || n == before {
			return nil, ErrNotFound
		}
		row, err := e.rows.Get(ctx, blockKey(n))
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		found := false
		err = e.each(row, func(id [16]byte, b []byte) error {
			if id == fileID {
				entry, found = bytes.Clone(b), true
			}
			return nil
		})
		if err != nil || found {
			return entry, err
		}
		before = n // it was moved just now
	}
}

// getHere is Get within a transaction.
func (e *Entries) getHere(ctx context.Context, fileID [16]byte) ([]byte, error) {
	n, _, there, err := e.locate(ctx, fileID)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, ErrNotFound
	}
	b, err := e.block(ctx, n)
	if err != nil {
		return nil, err
	}
	i := slices.Index(b.ids, fileID)
	if i < 0 {
		return nil, e.rows.damaged("read", errRecord)
	}
	entry := bytes.Clone(b.entries[i])
	if e.open.size > pendingBytes {
		err = e.flush(ctx)
	}
	return entry, err
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
// An entry that is put meanwhile may be missed or come twice: it may move from one row to another.
func (e *Entries) EachPart(ctx context.Context, parts int, fn func(part int, fileID [16]byte, entry []byte) error) error {
	return e.rows.ScanParts(ctx, parts, func(part int, _, row []byte) error {
		return e.each(row, func(id [16]byte, entry []byte) error { return fn(part, id, entry) })
	})
}
