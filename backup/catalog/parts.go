package catalog

import (
	"bytes"
	"context"
	"sync"
)

// ScanParts is Scan by several goroutines, each with a part of the rows, which are of about one size: fn is called concurrently, with
// the number of the part (0 to parts-1). Each part is a consistent state of its own; what is written meanwhile may be in one and
// not in another. Inside a transaction there is one part. parts is at least 1, at most 8.
func (t *Table) ScanParts(ctx context.Context, parts int, fn func(part int, key, value []byte) error) error {
	if t.tx != nil || parts <= 1 {
		return t.Scan(ctx, func(key, value []byte) error { return fn(0, key, value) })
	}
	if err := t.ready(ctx, false); err != nil {
		return err
	}
	parts = min(parts, 8)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wait sync.WaitGroup
	for part := range parts {
		wait.Go(func() {
			// Row keys are as good as random: equal parts of their range hold about equally many.
			from, to := []byte{byte(part * 256 / parts)}, []byte{byte((part + 1) * 256 / parts)}
			if part == parts-1 {
				to = bytes.Repeat([]byte{0xff}, rowKeySize+1)
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
