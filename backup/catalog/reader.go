package catalog

import (
	"context"
	"encoding/hex"

	"lightproof/keystore/secret"
)

// ReaderSchema is the schema version of the reader's records.
const ReaderSchema = 3

// Reader is the database of the side that may read: catalogue and small pictures, for the timeline.
type Reader struct {
	db      *DB
	Entries *Entries
	Tiles   *Tiles
	State   *Table // the window's own small values, by name
}

// OpenReader opens or creates the reader's database of one vault. key is the reader keyset's cache key; tileCap bounds the
// stored pictures in bytes (0 = DefaultTileCap). Errors as for Open. If Created reports true the content is to be rebuilt.
//
// Its transactions are not flushed one by one (Options.Relaxed): everything in it can be read from a destination again.
func OpenReader(path string, key secret.Secret, spaceID [16]byte, tileCap int64) (*Reader, error) {
	db, err := Open(path, key, Options{
		DatabaseID:    "reader/" + hex.EncodeToString(spaceID[:]),
		SchemaVersion: ReaderSchema,
		Tables:        []string{"entries", "tiles", "tileuse", "state"},
		Relaxed:       true,
	})
	if err != nil {
		return nil, err
	}
	return &Reader{db: db, Entries: newEntries(db), Tiles: newTiles(db, tileCap), State: db.Table("state")}, nil
}

// Update runs fn in one writing transaction; only the Reader given to fn takes part in it. Its Tiles is nil: pictures manage
// their own transactions.
func (r *Reader) Update(ctx context.Context, fn func(r *Reader) error) error {
	return r.UpdateOf(ctx, 0, fn)
}

// UpdateOf is Update for a transaction of up to n values.
func (r *Reader) UpdateOf(ctx context.Context, n int, fn func(r *Reader) error) error {
	return r.Entries.updateOf(ctx, n, func(tx *Tx, e *Entries) error {
		return fn(&Reader{db: r.db, Entries: e, State: tx.Table("state")})
	})
}

// DB is the database beneath: Created, RekeyDue, Rekey, Check.
func (r *Reader) DB() *DB { return r.db }

// Close keeps which pictures were looked at, closes the database and wipes its keys.
func (r *Reader) Close() error {
	// Losing the order in which pictures were used costs nothing but a worse choice of what to drop.
	_ = r.Tiles.Flush(context.Background())
	return r.db.Close()
}
