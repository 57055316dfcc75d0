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
	for _, k := range keys {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		v, args, sealed := verbDelete, []any{k.key[:]}, tx.pending.rows[k]
		if sealed != nil {
			v, args = verbPut, append(args, sealed)
		}
		if err := tx.exec(ctx, k.table, v, args...); err != nil {
			return err
		}
	}
	clear(tx.pending.rows)
	tx.pending.size = 0
	return nil
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
