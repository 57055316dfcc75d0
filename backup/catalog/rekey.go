package catalog

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"slices"
)

// rekeyBytes bounds one step of Rekey, so that neither memory nor the write-ahead log grows with the table.
const rekeyBytes = 4 << 20

// RekeyDue tells that Rekey should be called at a quiet moment: seven eighths of the row key's writes are spent, or an earlier
// Rekey was cut short. Reading and writing go on until ErrRotate.
func (db *DB) RekeyDue() bool {
	return db.unfinished.Load() || db.used.Load() >= db.limit-db.limit/8
}

// Spent tells that nothing is written any more before a Rekey: every Update answers ErrRotate.
func (db *DB) Spent() bool { return db.used.Load()+db.block > db.limit }

// Spend counts n values as sealed that were not, durably and up to the bound of the row key. By it tests come to where a key is nearly used up.
func (db *DB) Spend(ctx context.Context, n uint64) error {
	if err := db.acquire(ctx); err != nil {
		return err
	}
	defer db.release()
	h := db.head
	used := min(db.used.Load()+n, db.limit)
	h.reserved = max(h.reserved, used)
	if err := db.writeHead(ctx, db.writer, h); err != nil {
		return err
	}
	db.head = h
	db.used.Store(used)
	return nil
}

// Rekey draws a new row key and seals every row anew, in steps between which other writers get their turn. Cut short (context,
// crash), everything stays readable and the next Rekey goes on.
func (db *DB) Rekey(ctx context.Context) error {
	if err := db.beginRekey(ctx); err != nil {
		return err
	}
	for name := range db.tables {
		var last int64
		for done := false; !done; {
			err := db.Update(ctx, func(tx *Tx) error {
				var err error
				last, done, err = tx.Table(name).reseal(ctx, last)
				return err
			})
			if err != nil {
				return fmt.Errorf("seal %s anew: %w", name, err)
			}
		}
	}
	return db.endRekey(ctx)
}

func (db *DB) beginRekey(ctx context.Context) error {
	if err := db.acquire(ctx); err != nil {
		return err
	}
	defer db.release()
	if db.head.rekeying {
		return nil
	}
	h := head{rekeying: true, oldSalt: db.head.salt}
	rand.Read(h.salt[:])
	if err := db.writeHead(ctx, db.writer, h); err != nil {
		return err
	}
	if err := db.seal.pushRowKey(db.key.Bytes(), h.salt[:]); err != nil {
		return err
	}
	db.head = h
	db.used.Store(0)
	db.unfinished.Store(true)
	return nil
}

func (db *DB) endRekey(ctx context.Context) error {
	if err := db.acquire(ctx); err != nil {
		return err
	}
	defer db.release()
	h := db.head
	h.rekeying, h.oldSalt = false, [saltSize]byte{}
	if err := db.writeHead(ctx, db.writer, h); err != nil {
		return err
	}
	db.head = h
	db.unfinished.Store(false)
	return nil
}

// reseal works on rows after last, up to rekeyBytes, and returns the number of the last row seen and whether the table is at its end.
func (t *Table) reseal(ctx context.Context, last int64) (int64, bool, error) {
	type row struct{ k, v []byte }
	var batch []row
	size, done := 0, true
	s, err := t.tx.statement(ctx, t.name, verbAfter)
	if err != nil {
		return 0, false, err
	}
	rows, err := s.QueryContext(context.Background(), last)
	if err != nil {
		return 0, false, t.failed(ctx, "scan", err)
	}
	defer rows.Close()
	var k, v sql.RawBytes
	for rows.Next() {
		if size >= rekeyBytes || uint64(len(batch)) >= t.db.block {
			done = false
			break
		}
		if err := rows.Scan(&last, &k, &v); err != nil {
			return 0, false, t.failed(ctx, "scan", err)
		}
		size += len(v)
		natural, value, _, old, err := t.db.seal.open(nil, t.name, k, v)
		if err != nil {
			return 0, false, t.damaged("seal anew", err)
		}
		if !old {
			continue
		}
		if err := t.tx.count(); err != nil {
			return 0, false, err
		}
		batch = append(batch, row{slices.Clone(k), t.db.seal.seal(t.name, k, natural, value)})
	}
	if err := rows.Err(); err != nil {
		return 0, false, t.failed(ctx, "scan", err)
	}
	rows.Close()
	for _, r := range batch {
		if err := t.tx.exec(ctx, t.name, verbReplace, r.v, r.k); err != nil {
			return 0, false, err
		}
	}
	return last, done, nil
}
