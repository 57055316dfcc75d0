package catalog

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
)

// pendingBytes bounds the sealed rows that a transaction holds back.
const pendingBytes = 4 << 20

// Row keys are as good as random, so rows written as they come touch one page each, and a large transaction turns its pages over
// many times in a small cache. A transaction therefore holds its rows back, sealed, and writes them in the order of their keys.
type pending struct {
	rows map[pendingKey][]byte // sealed value; nil = delete
	size int
}

type pendingKey struct {
	table string
	key   [rowKeySize]byte
}

// hold takes a sealed value, or nil for a deletion.
func (t *Table) hold(ctx context.Context, k [rowKeySize]byte, sealed []byte) error {
	p := &t.tx.pending
	if p.rows == nil {
		p.rows = map[pendingKey][]byte{}
	}
	p.rows[pendingKey{t.name, k}] = sealed
	p.size += rowKeySize + len(sealed)
	if p.size < pendingBytes {
		return nil
	}
	return t.tx.flush(ctx)
}

// held returns what the transaction holds back for a row: its sealed value, nil for a deletion; ok is false if nothing.
func (t *Table) held(k [rowKeySize]byte) (sealed []byte, ok bool) {
	if t.tx == nil {
		return nil, false
	}
	sealed, ok = t.tx.pending.rows[pendingKey{t.name, k}]
	return sealed, ok
}

// flush writes what is held back. It comes before a commit and before statements that look at more than one row.
func (tx *Tx) flush(ctx context.Context) error {
	if len(tx.pending.rows) == 0 {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(tx.pending.rows), func(a, b pendingKey) int {
		return cmp.Or(cmp.Compare(a.table, b.table), bytes.Compare(a.key[:], b.key[:]))
	})
	args := make([]any, 0, 2*putsAtOnce)
	for len(keys) > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		v, n := verbDelete, 1
		if tx.pending.rows[keys[0]] != nil {
			v = verbPut
			if tx.putsFollow(keys) {
				v, n = verbPutMany, putsAtOnce
			}
		}
		args = args[:0]
		for i := range keys[:n] {
			args = append(args, keys[i].key[:])
			if v != verbDelete {
				args = append(args, tx.pending.rows[keys[i]])
			}
		}
		if err := tx.exec(ctx, keys[0].table, v, args...); err != nil {
			return err
		}
		keys = keys[n:]
	}
	clear(tx.pending.rows)
	tx.pending.size = 0
	return nil
}

// putsAtOnce is how many rows one statement puts where that many follow each other: most of its cost is not the row's.
const putsAtOnce = 32

// putsFollow tells whether the next rows, enough for one statement, are all to be put into one table.
func (tx *Tx) putsFollow(keys []pendingKey) bool {
	if len(keys) < putsAtOnce {
		return false
	}
	for _, k := range keys[:putsAtOnce] {
		if k.table != keys[0].table || tx.pending.rows[k] == nil {
			return false
		}
	}
	return true
}

func (tx *Tx) exec(ctx context.Context, table string, v verb, args ...any) error {
	s, err := tx.statement(ctx, table, v)
	if err != nil {
		return err
	}
	if _, err = s.ExecContext(context.Background(), args...); err != nil && ctx.Err() != nil {
		return ctx.Err() // the database's own error is then only the echo
	}
	return translate(fmt.Sprintf("write %s", table), err)
}
