package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Tx is one transaction: all of it is kept or nothing. It is used by one goroutine and not after its function returned.
type Tx struct {
	db       *DB
	sql      *sql.Tx
	readOnly bool
	writes   uint64
	most     uint64 // writes that were reserved
	marked   bool   // a new mark was drawn
	bound    map[statementID]*sql.Stmt
	pending  pending
}

// Update runs fn in a writing transaction and commits when it returns nil; any error rolls back and is returned. Writers wait
// for each other; calling Update inside Update waits for ever. Errors: ErrRotate, ErrBusy, ErrFull, ErrDamaged, those of fn.
func (db *DB) Update(ctx context.Context, fn func(tx *Tx) error) error {
	return db.UpdateOf(ctx, 0, fn)
}

// UpdateOf is Update for a transaction of up to n values, where that may be more than MaxTxWrites.
func (db *DB) UpdateOf(ctx context.Context, n uint64, fn func(tx *Tx) error) error {
	if err := db.acquire(ctx); err != nil {
		return err
	}
	defer db.release()
	n = max(n, db.block)
	if err := db.reserve(ctx, n); err != nil {
		return err
	}
	return db.run(ctx, db.writer, &Tx{db: db, most: n}, nil, fn)
}

// View runs fn on one consistent state of the database, beside a writer. Calling Update inside View works, but View does not
// see it.
func (db *DB) View(ctx context.Context, fn func(tx *Tx) error) error {
	if err := db.alive(); err != nil {
		return err
	}
	return db.run(ctx, db.readers, &Tx{db: db, readOnly: true}, &sql.TxOptions{ReadOnly: true}, fn)
}

func (db *DB) run(ctx context.Context, pool *sql.DB, tx *Tx, o *sql.TxOptions, fn func(tx *Tx) error) error {
	t, err := pool.BeginTx(ctx, o)
	if err != nil {
		return translate("begin transaction", err)
	}
	defer t.Rollback() // after a commit it does nothing
	tx.sql, tx.bound = t, map[statementID]*sql.Stmt{}
	if err = fn(tx); err == nil {
		err = tx.flush(ctx)
	}
	for _, s := range tx.bound {
		s.Close()
	}
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return translate("commit transaction", t.Commit())
}

func (db *DB) acquire(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	select {
	case db.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := db.alive(); err != nil {
		<-db.lock
		return err
	}
	return nil
}

func (db *DB) release() { <-db.lock }

func (db *DB) alive() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return ErrClosed
	}
	return nil
}

// verb is one of the statements on a table.
type verb byte

const (
	verbGet verb = iota
	verbHas
	verbPut
	verbDelete
	verbScan
	verbRange
	verbCount
	verbClear
	verbAfter
	verbNewest
	verbReplace
	verbPutMany
)

var verbs = map[verb]string{
	verbGet:     "SELECT v FROM t_%s WHERE k = ?",
	verbHas:     "SELECT 1 FROM t_%s WHERE k = ?",
	verbPut:     "INSERT INTO t_%s(k, v) VALUES(?, ?) ON CONFLICT(k) DO UPDATE SET v = excluded.v",
	verbPutMany: "INSERT INTO t_%s(k, v) VALUES(?, ?)" + strings.Repeat(",(?, ?)", putsAtOnce-1) + " ON CONFLICT(k) DO UPDATE SET v = excluded.v",
	verbDelete:  "DELETE FROM t_%s WHERE k = ?",
	verbScan:    "SELECT k, v FROM t_%s",
	verbRange:   "SELECT k, v FROM t_%s WHERE n > ? AND n <= ?",
	verbCount:   "SELECT count(*) FROM t_%s",
	verbClear:   "DELETE FROM t_%s",
	verbAfter:   "SELECT n, k, v FROM t_%s WHERE n > ? ORDER BY n",
	verbNewest:  "SELECT coalesce(max(n), 0) FROM t_%s",
	verbReplace: "UPDATE t_%s SET v = ? WHERE k = ?",
}

type statementID struct {
	table string
	verb  verb
}

// statement prepares a reading statement once per database handle.
func (db *DB) statement(ctx context.Context, id statementID) (*sql.Stmt, error) {
	db.mu.Lock()
	s, ok := db.statements[id]
	db.mu.Unlock()
	if ok {
		return s, nil
	}
	s, err := db.readers.PrepareContext(ctx, fmt.Sprintf(verbs[id.verb], id.table))
	if err != nil {
		return nil, translate("prepare statement", err)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if first, ok := db.statements[id]; ok { // another goroutine was faster
		s.Close()
		return first, nil
	}
	db.statements[id] = s
	return s, nil
}

// statement binds a statement to the transaction's connection. It is prepared there: the writing connection is taken by this
// transaction, so the pool could not give it out.
func (tx *Tx) statement(ctx context.Context, table string, v verb) (*sql.Stmt, error) {
	id := statementID{table, v}
	if s, ok := tx.bound[id]; ok {
		return s, nil
	}
	s, err := tx.sql.PrepareContext(ctx, fmt.Sprintf(verbs[v], table))
	if err != nil {
		return nil, translate("prepare statement", err)
	}
	tx.bound[id] = s
	return s, nil
}
