package catalog

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"
)

// Run is one row of the activity log: what happened in numbers and codes, never in names or paths.
type Run struct {
	At      int64 // Unix nanoseconds; with Code it names the row
	Code    string
	Numbers []int64
}

type runKey struct {
	at   int64
	code string
}

// Runs is the activity log.
type Runs struct{ rows *Store[runKey, []int64] }

var runCodec = codec[runKey, []int64]{
	table: "runs",
	appendKey: func(b []byte, k runKey) []byte {
		return append(binary.BigEndian.AppendUint64(b, uint64(k.at)), k.code...)
	},
	parseKey: func(b []byte) (runKey, error) {
		if len(b) < 8 {
			return runKey{}, errRecord
		}
		return runKey{int64(binary.BigEndian.Uint64(b)), string(b[8:])}, nil
	},
	appendValue: func(b []byte, numbers []int64) []byte {
		b = binary.AppendUvarint(append(b, recordVersion), uint64(len(numbers)))
		for _, n := range numbers {
			b = binary.AppendVarint(b, n)
		}
		return b
	},
	parseValue: func(b []byte) ([]int64, error) {
		d := newDecoder(b)
		var numbers []int64
		for n := d.count(1); n > 0 && !d.bad; n-- {
			numbers = append(numbers, d.varint())
		}
		return numbers, d.done()
	},
}

// Append adds a row. A row of the same time and code is replaced, so repeating one is harmless.
func (r *Runs) Append(ctx context.Context, run Run) error {
	return r.rows.Put(ctx, runKey{run.At, run.Code}, run.Numbers)
}

// List returns the rows from newest to oldest, at most limit (0 = all).
func (r *Runs) List(ctx context.Context, limit int) ([]Run, error) {
	out, err := LoadIndex(ctx, r.rows.rows, func(key, value []byte) (Run, bool, error) {
		k, err := runCodec.parseKey(key)
		if err != nil {
			return Run{}, false, r.rows.rows.damaged("list", err)
		}
		numbers, err := runCodec.parseValue(value)
		if err != nil {
			return Run{}, false, r.rows.rows.damaged("list", err)
		}
		return Run{k.at, k.code, numbers}, true, nil
	}, func(a, b Run) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.Code, b.Code)) })
	if limit > 0 && len(out) > limit {
		out = slices.Clip(out[:limit])
	}
	return out, err
}

// Trim removes all but the newest keep rows. Call it inside Update, else each removal is a transaction of its own.
func (r *Runs) Trim(ctx context.Context, keep int) error {
	all, err := r.List(ctx, 0)
	if err != nil || len(all) <= keep {
		return err
	}
	for _, run := range all[keep:] {
		if err := r.rows.Delete(ctx, runKey{run.At, run.Code}); err != nil {
			return err
		}
	}
	return nil
}
