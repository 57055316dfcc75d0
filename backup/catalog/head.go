package catalog

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
)

// Bounds of one row key. Random 96-bit nonces allow 2^32 values under one key at a collision risk of 2^-33 (NIST SP 800-38D, 8.3);
// the limit here leaves two more bits.
const (
	rowKeyLimit = 1 << 30
	// MaxTxWrites is the largest number of Put calls in one transaction that asks for no more (DB.UpdateOf).
	MaxTxWrites = 1 << 18
)

const (
	headTable   = "head"
	headVersion = 1
	headSize    = 1 + saltSize + 1 + saltSize + 8
)

// head is the database's own record: which row key is in use and how many values it may have sealed. It is sealed under a key
// of its own.
type head struct {
	salt     [saltSize]byte // makes the row key
	rekeying bool           // rows under oldSalt are left
	oldSalt  [saltSize]byte
	reserved uint64 // upper bound of values sealed under salt, valid after a crash too
}

func newHead() head {
	var h head
	rand.Read(h.salt[:])
	return h
}

func (h head) encode() []byte {
	b := append(make([]byte, 0, headSize), headVersion)
	b = append(b, h.salt[:]...)
	if h.rekeying {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = append(b, h.oldSalt[:]...)
	return binary.BigEndian.AppendUint64(b, h.reserved)
}

func decodeHead(b []byte) (head, error) {
	var h head
	if len(b) != headSize || b[0] != headVersion || b[1+saltSize] > 1 {
		return h, errors.New("head row has another layout")
	}
	copy(h.salt[:], b[1:])
	h.rekeying = b[1+saltSize] == 1
	copy(h.oldSalt[:], b[2+saltSize:])
	h.reserved = binary.BigEndian.Uint64(b[2+2*saltSize:])
	return h, nil
}

// loadHead reads the head row. The row's name depends on the key, so a table with rows but without ours means another key.
func (db *DB) loadHead(ctx context.Context) error {
	k := db.seal.rowKey(headTable, nil)
	var v []byte
	err := db.writer.QueryRowContext(ctx, "SELECT v FROM t_head WHERE k = ?", k[:]).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		var n int
		if err := db.writer.QueryRowContext(ctx, "SELECT count(*) FROM t_head").Scan(&n); err != nil {
			return translate("read head", err)
		}
		if n > 0 {
			return fmt.Errorf("read head: %w", ErrWrongKey)
		}
		return fmt.Errorf("read head: %w (no head row)", ErrDamaged)
	}
	if err != nil {
		return translate("read head", err)
	}
	plain, err := db.seal.head.Open(nil, nil, v, db.seal.aad(nil, headTable, k[:]))
	if err != nil {
		return fmt.Errorf("read head: %w (%v)", ErrDamaged, errRow)
	}
	h, err := decodeHead(plain)
	if err != nil {
		return fmt.Errorf("read head: %w (%v)", ErrDamaged, err)
	}
	return db.useHead(h)
}

// useHead takes the keys of h into the ring.
func (db *DB) useHead(h head) error {
	if h.rekeying {
		if err := db.seal.pushRowKey(db.key.Bytes(), h.oldSalt[:]); err != nil {
			return err
		}
	}
	if err := db.seal.pushRowKey(db.key.Bytes(), h.salt[:]); err != nil {
		return err
	}
	db.head = h
	db.used.Store(h.reserved)
	db.unfinished.Store(h.rekeying)
	return nil
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func (db *DB) writeHead(ctx context.Context, e execer, h head) error {
	k := db.seal.rowKey(headTable, nil)
	v := db.seal.head.Seal(nil, nil, h.encode(), db.seal.aad(nil, headTable, k[:]))
	_, err := e.ExecContext(ctx, "INSERT INTO t_head(k, v) VALUES(?, ?) ON CONFLICT(k) DO UPDATE SET v = excluded.v", k[:], v)
	return translate("write head", err)
}

// reserve makes sure, durably and before any value is sealed, that the head counts the n values the next transaction may seal.
// The caller holds the write lock.
func (db *DB) reserve(ctx context.Context, n uint64) error {
	used := db.used.Load()
	if used+n > db.limit {
		return ErrRotate
	}
	if db.head.reserved >= used+n {
		return nil
	}
	h := db.head
	h.reserved = min(used+n+db.block, db.limit)
	if err := db.writeHead(ctx, db.writer, h); err != nil {
		return err
	}
	db.head = h
	return nil
}

// settle writes the exact count at a clean Close, so that only a crash costs a block.
func (db *DB) settle(ctx context.Context) error {
	if used := db.used.Load(); db.head.reserved != used {
		h := db.head
		h.reserved = used
		if err := db.writeHead(ctx, db.writer, h); err != nil {
			return err
		}
		db.head = h
	}
	return nil
}
