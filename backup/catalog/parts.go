package catalog

import (
	"context"
	"math"
	"sync"
)

// ScanParts is Scan by several goroutines, each with a part of the rows, which are of about one size: fn is called concurrently, with
// the number of the part (0 to parts-1). Each part is a consistent state of its own; what is written meanwhile may be in one and
// not in another, and a row that is deleted and put again meanwhile may be seen in two. Inside a transaction there is one part. parts is at least 1, at most 8.
func (t *Table) ScanParts(ctx context.Context, parts int, fn func(part int, key, value []byte) error) error {
	if t.tx != nil || parts <= 1 {
		return t.Scan(ctx, func(key, value []byte) error { return fn(0, key, value) })
	}
	if err := t.ready(ctx, false); err != nil {
		return err
	}
	parts = min(parts, 8)
	newest, err := t.newest(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wait sync.WaitGroup
	for part := range parts {
		wait.Go(func() {
			from, to := newest/int64(parts)*int64(part), newest/int64(parts)*int64(part+1)
			if part == parts-1 {
				to = math.MaxInt64
			}
			err := t.scan(ctx, verbRange, func(key, value []byte) error { return fn(part, key, value) }, from, to)
			if err != nil {
				cancel(err) // the first cause stands
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// newest is the highest number of a row, 0 where there are none.
func (t *Table) newest(ctx context.Context) (n int64, err error) {
	s, qctx, err := t.reading(ctx, verbNewest)
	if err != nil {
		return 0, err
	}
	return n, t.failed(ctx, "scan", s.QueryRowContext(qctx).Scan(&n))
}

// EachPart is Each by several goroutines; see Table.ScanParts.
func (s *Store[K, V]) EachPart(ctx context.Context, parts int, fn func(part int, k K, v V) error) error {
	return s.rows.ScanParts(ctx, parts, func(part int, key, value []byte) error {
		k, v, err := s.parse(key, value)
		if err != nil {
			return err
		}
		return fn(part, k, v)
	})
}
