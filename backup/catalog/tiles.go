package catalog

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"sync"
)

// DefaultTileCap bounds the stored pictures: 512 MiB, some 25,000 tiles of 20 KiB.
const DefaultTileCap = 512 << 20

// maxTouched bounds how many uses are remembered before they are written.
const maxTouched = 1024

// TileKey names one small picture: what it was made from, how large, and by which version of the rules.
type TileKey struct {
	Content [32]byte // SHA-256 of the file's content
	Pixels  uint16   // longer edge
	Rule    uint16   // version of the code that made it: a new one makes the old pictures unreachable, and they age out
}

// Tiles keeps small pictures, dropping the least recently used ones beyond a number of bytes. It is safe for concurrent use.
type Tiles struct {
	db  *DB
	cap int64

	mu      sync.Mutex
	known   bool // total and clock are loaded
	total   int64
	clock   uint64 // counts uses: recency needs an order, not a time
	touched map[TileKey]use
}

// use says how large a tile is and when, on the counter, it was last used.
type use struct {
	size uint32
	last uint64
}

func newTiles(db *DB, limit int64) *Tiles {
	if limit <= 0 {
		limit = DefaultTileCap
	}
	return &Tiles{db: db, cap: limit, touched: map[TileKey]use{}}
}

// Get returns the picture's JPEG bytes, or ErrNotFound.
func (t *Tiles) Get(ctx context.Context, k TileKey) ([]byte, error) {
	v, err := t.db.Table("tiles").Get(ctx, appendTileKey(nil, k))
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(ctx); err != nil {
		return nil, err
	}
	// A use that does not fit is forgotten until the next write: better than a write for each look.
	if _, ok := t.touched[k]; ok || len(t.touched) < maxTouched {
		t.clock++
		t.touched[k] = use{uint32(len(v)), t.clock}
	}
	return v, nil
}

// Put keeps a picture and drops the least recently used ones if the bound is passed. One larger than an eighth of the bound is
// ErrTooLarge.
func (t *Tiles) Put(ctx context.Context, k TileKey, jpeg []byte) error {
	if int64(len(jpeg)) > t.cap/8 {
		return ErrTooLarge
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.load(ctx); err != nil {
		return err
	}
	t.clock++
	total := t.total
	err := t.db.Update(ctx, func(tx *Tx) error {
		if old, err := tileStore(tx.Table).Get(ctx, k); err == nil {
			total -= int64(old.size)
		}
		if err := tx.Table("tiles").Put(ctx, appendTileKey(nil, k), jpeg); err != nil {
			return err
		}
		t.touched[k] = use{uint32(len(jpeg)), t.clock}
		total += int64(len(jpeg))
		if err := t.write(ctx, tx); err != nil {
			return err
		}
		if total <= t.cap {
			return nil
		}
		var err error
		total, err = t.drop(ctx, tx, total)
		return err
	})
	if err != nil {
		delete(t.touched, k)
		return err
	}
	t.total = total
	clear(t.touched)
	return nil
}

// Flush writes which pictures were used.
func (t *Tiles) Flush(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.touched) == 0 {
		return nil
	}
	if err := t.db.Update(ctx, func(tx *Tx) error { return t.write(ctx, tx) }); err != nil {
		return err
	}
	clear(t.touched)
	return nil
}

// Bytes is the sum of the stored pictures.
func (t *Tiles) Bytes(ctx context.Context) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.load(ctx)
	return t.total, err
}

// load sums the small use records once; t.mu is held.
func (t *Tiles) load(ctx context.Context) error {
	if t.known {
		return nil
	}
	t.total = 0
	err := tileStore(t.db.Table).Each(ctx, func(_ TileKey, u use) error {
		t.total += int64(u.size)
		t.clock = max(t.clock, u.last)
		return nil
	})
	t.known = err == nil
	return err
}

func (t *Tiles) write(ctx context.Context, tx *Tx) error {
	uses, pictures := tileStore(tx.Table), tx.Table("tiles")
	for k, u := range t.touched {
		has, err := pictures.Has(ctx, appendTileKey(nil, k)) // it may have been dropped since
		if err != nil {
			return err
		}
		if !has {
			continue
		}
		if err := uses.Put(ctx, k, u); err != nil {
			return err
		}
	}
	return nil
}

// drop removes the least recently used pictures until an eighth of the bound is free, so that it does not run at each Put.
func (t *Tiles) drop(ctx context.Context, tx *Tx, total int64) (int64, error) {
	type aged struct {
		key TileKey
		use
	}
	uses := tileStore(tx.Table)
	var all []aged
	if err := uses.Each(ctx, func(k TileKey, u use) error {
		all = append(all, aged{k, u})
		return nil
	}); err != nil {
		return 0, err
	}
	slices.SortFunc(all, func(a, b aged) int { return cmp.Compare(a.last, b.last) })
	for _, a := range all {
		if total <= t.cap-t.cap/8 {
			break
		}
		if err := tx.Table("tiles").Delete(ctx, appendTileKey(nil, a.key)); err != nil {
			return 0, err
		}
		if err := uses.Delete(ctx, a.key); err != nil {
			return 0, err
		}
		total -= int64(a.size)
	}
	return total, nil
}

func tileStore(rows func(string) *Table) *Store[TileKey, use] { return newStore(rows, useCodec) }

func appendTileKey(b []byte, k TileKey) []byte {
	b = append(b, k.Content[:]...)
	b = binary.BigEndian.AppendUint16(b, k.Pixels)
	return binary.BigEndian.AppendUint16(b, k.Rule)
}

var useCodec = codec[TileKey, use]{
	table: "tileuse", appendKey: appendTileKey,
	parseKey: func(b []byte) (TileKey, error) {
		if len(b) != 36 {
			return TileKey{}, errRecord
		}
		return TileKey{[32]byte(b), binary.BigEndian.Uint16(b[32:]), binary.BigEndian.Uint16(b[34:])}, nil
	},
	appendValue: func(b []byte, u use) []byte {
		b = binary.AppendUvarint(append(b, recordVersion), uint64(u.size))
		return binary.AppendUvarint(b, u.last)
	},
	parseValue: func(b []byte) (use, error) {
		d := newDecoder(b)
		u := use{size: d.u32(), last: d.uvarint()}
		return u, d.done()
	},
}
