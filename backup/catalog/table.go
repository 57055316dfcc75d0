package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// Table is one table of sealed rows, seen either through the database (each call its own transaction) or through a Tx.
type Table struct {
	db   *DB
	tx   *Tx
	name string
}

// Table gives access to a table named in Options.Tables; another name makes every call fail.
func (db *DB) Table(name string) *Table { return &Table{db: db, name: name} }

// Table gives access to a table within the transaction.
func (tx *Tx) Table(name string) *Table { return &Table{db: tx.db, tx: tx, name: name} }

// In gives the same table within a transaction.
func (t *Table) In(tx *Tx) *Table { return tx.Table(t.name) }

func (t *Table) ready(ctx context.Context, write bool) error {
	switch {
	case !t.db.tables[t.name]:
		return fmt.Errorf("table %q was not declared at Open", t.name)
	case t.tx != nil && write && t.tx.readOnly:
		return ErrReadOnly
	case ctx.Err() != nil:
		return ctx.Err()
	case t.tx == nil:
		return t.db.alive()
	}
	return nil
}

// reading gives the statement and the context to run it under. Inside a transaction the context was given to its begin, which
// ends it when done; passing it again for each row would cost a goroutine a row.
func (t *Table) reading(ctx context.Context, v verb) (*sql.Stmt, context.Context, error) {
	if t.tx != nil {
		if v == verbScan || v == verbCount {
			if err := t.tx.flush(ctx); err != nil {
				return nil, nil, err
			}
		}
		s, err := t.tx.statement(ctx, t.name, v)
		return s, context.Background(), err
	}
	s, err := t.db.statement(ctx, statementID{table: t.name, verb: v})
	return s, ctx, err
}

// Get returns the value under key, the caller's own copy, or ErrNotFound.
func (t *Table) Get(ctx context.Context, key []byte) ([]byte, error) {
	if err := t.ready(ctx, false); err != nil {
		return nil, err
	}
	k := t.db.seal.rowKey(t.name, key)
	v, ok := t.held(k)
	if !ok {
		var err error
		if v, err = t.stored(ctx, k); err != nil {
			return nil, err
		}
	}
	if v == nil {
		return nil, ErrNotFound
	}
	_, value, _, _, err := t.db.seal.open(nil, t.name, k[:], v)
	if err != nil {
		return nil, t.damaged("get", err)
	}
	return value, nil
}

// stored returns the sealed value of a row, nil if there is none.
func (t *Table) stored(ctx context.Context, k [rowKeySize]byte) ([]byte, error) {
	s, qctx, err := t.reading(ctx, verbGet)
	if err != nil {
		return nil, err
	}
	v := []byte{}
	if err := s.QueryRowContext(qctx, k[:]).Scan(&v); errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	} else if err != nil {
		return nil, t.failed(ctx, "get", err)
	}
	if v == nil { // the driver's answer for an empty value, which no row of ours has
		return nil, t.damaged("get", errRow)
	}
	return v, nil
}

// Has tells whether a row stands under key, without opening it.
func (t *Table) Has(ctx context.Context, key []byte) (bool, error) {
	if err := t.ready(ctx, false); err != nil {
		return false, err
	}
	k := t.db.seal.rowKey(t.name, key)
	if v, ok := t.held(k); ok {
		return v != nil, nil
	}
	s, qctx, err := t.reading(ctx, verbHas)
	if err != nil {
		return false, err
	}
	var one int
	switch err := s.QueryRowContext(qctx, k[:]).Scan(&one); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, t.failed(ctx, "has", err)
	}
	return true, nil
}

// Put seals value under key, replacing what was there. Outside a transaction each call is one, flushed to the disk: use Update
// for more than a few. Errors besides those of Update: ErrTooLarge, ErrReadOnly.
func (t *Table) Put(ctx context.Context, key, value []byte) error {
	if err := t.ready(ctx, true); err != nil {
		return err
	}
	if len(key) > MaxKey || len(value) > MaxValue {
		return fmt.Errorf("put into %s: %w", t.name, ErrTooLarge)
	}
	if t.tx == nil {
		return t.db.Update(ctx, func(tx *Tx) error { return t.In(tx).Put(ctx, key, value) })
	}
	if err := t.mark(ctx, key); err != nil {
		return err
	}
	if err := t.tx.count(); err != nil {
		return err
	}
	k := t.db.seal.rowKey(t.name, key)
	return t.hold(ctx, k, t.db.seal.seal(t.name, k[:], key, value))
}

// count keeps the sealed values within what was reserved before the transaction began.
func (tx *Tx) count() error {
	if tx.writes >= tx.most {
		return fmt.Errorf("more than %d values in one transaction: %w", tx.most, ErrTooLarge)
	}
	tx.writes++
	tx.db.used.Add(1)
	return nil
}

// Delete removes the row under key; a missing one is no error.
func (t *Table) Delete(ctx context.Context, key []byte) error {
	if err := t.ready(ctx, true); err != nil {
		return err
	}
	if t.tx == nil {
		return t.db.Update(ctx, func(tx *Tx) error { return t.In(tx).Delete(ctx, key) })
	}
	if err := t.mark(ctx, key); err != nil {
		return err
	}
	return t.hold(ctx, t.db.seal.rowKey(t.name, key), nil)
}

// Clear removes all rows of the table.
func (t *Table) Clear(ctx context.Context) error {
	if err := t.ready(ctx, true); err != nil {
		return err
	}
	if t.tx == nil {
		return t.db.Update(ctx, func(tx *Tx) error { return t.In(tx).Clear(ctx) })
	}
	if err := t.tx.flush(ctx); err != nil {
		return err
	}
	if err := t.tx.exec(ctx, t.name, verbClear); err != nil {
		return err
	}
	return t.mark(ctx, nil)
}

// Count is the number of rows. It reads the whole table, without opening rows.
func (t *Table) Count(ctx context.Context) (int, error) {
	if err := t.ready(ctx, false); err != nil {
		return 0, err
	}
	s, qctx, err := t.reading(ctx, verbCount)
	if err != nil {
		return 0, err
	}
	var n int
	return n, t.failed(ctx, "count", s.QueryRowContext(qctx).Scan(&n))
}

// Scan opens every row and gives it to fn, in an order without meaning. key and value are valid only during the call. An error
// of fn ends the scan and is returned. fn may read; it may write through DB.Update unless the scan itself runs inside Update, and the
// scan does not see it. Inside Update, fn must not write to the table that is scanned.
func (t *Table) Scan(ctx context.Context, fn func(key, value []byte) error) error {
	if err := t.ready(ctx, false); err != nil {
		return err
	}
	return t.scan(ctx, verbScan, fn)
}

func (t *Table) scan(ctx context.Context, v verb, fn func(key, value []byte) error, args ...any) error {
	s, qctx, err := t.reading(ctx, v)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(qctx, args...)
	if err != nil {
		return t.failed(ctx, "scan", err)
	}
	defer rows.Close()
	var k, sealed sql.RawBytes
	var buf []byte
	for rows.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := rows.Scan(&k, &sealed); err != nil {
			return t.failed(ctx, "scan", err)
		}
		natural, value, grown, _, err := t.db.seal.open(buf, t.name, k, sealed)
		if err != nil {
			return t.damaged("scan", err)
		}
		buf = grown
		if err := fn(natural, value); err != nil {
			return err
		}
	}
	return t.failed(ctx, "scan", rows.Err())
}

// LoadIndex opens every row of a table once and returns what decode makes of it, sorted by compare: the way to an order, since
// the file itself must not reveal one. decode must copy what it keeps; rows for which it returns false are left out.
func LoadIndex[T any](ctx context.Context, t *Table, decode func(key, value []byte) (T, bool, error), compare func(a, b T) int) ([]T, error) {
	var out []T
	err := t.Scan(ctx, func(key, value []byte) error {
		item, keep, err := decode(key, value)
		if keep && err == nil {
			out = append(out, item)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, compare)
	return out, nil
}

func (t *Table) failed(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil { // the database's own error is then only the echo
		return ctx.Err()
	}
	return translate(doing+" "+t.name, err)
}

func (t *Table) damaged(doing string, cause error) error {
	return fmt.Errorf("%s %s: %w (%v)", doing, t.name, ErrDamaged, cause)
}
