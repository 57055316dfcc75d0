package catalog

import "context"

// codec says how the keys and values of one table are written. Parsers must not keep the bytes they are given.
type codec[K, V any] struct {
	table       string
	appendKey   func(dst []byte, k K) []byte
	parseKey    func(b []byte) (K, error)
	appendValue func(dst []byte, v V) []byte
	parseValue  func(b []byte) (V, error)
}

// Store is a table of typed records. Reached through Writer or Reader each call is its own transaction; inside their Update or
// View all calls share one. Errors are those of Table; a record that does not decode is ErrDamaged.
type Store[K, V any] struct {
	rows  *Table
	codec codec[K, V]
}

func newStore[K, V any](rows func(string) *Table, c codec[K, V]) *Store[K, V] {
	return &Store[K, V]{rows: rows(c.table), codec: c}
}

// Get returns the record under k, or ErrNotFound.
func (s *Store[K, V]) Get(ctx context.Context, k K) (V, error) {
	var v V
	b, err := s.rows.Get(ctx, s.codec.appendKey(nil, k))
	if err != nil {
		return v, err
	}
	if v, err = s.codec.parseValue(b); err != nil {
		return v, s.rows.damaged("get", err)
	}
	return v, nil
}

// Has tells whether there is a record under k.
func (s *Store[K, V]) Has(ctx context.Context, k K) (bool, error) {
	return s.rows.Has(ctx, s.codec.appendKey(nil, k))
}

// Put writes the record under k, replacing what was there.
func (s *Store[K, V]) Put(ctx context.Context, k K, v V) error {
	return s.rows.Put(ctx, s.codec.appendKey(nil, k), s.codec.appendValue(nil, v))
}

// Delete removes the record under k; a missing one is no error.
func (s *Store[K, V]) Delete(ctx context.Context, k K) error {
	return s.rows.Delete(ctx, s.codec.appendKey(nil, k))
}

// Each gives every record to fn, in an order without meaning; see Table.Scan for what fn may do.
func (s *Store[K, V]) Each(ctx context.Context, fn func(k K, v V) error) error {
	return s.rows.Scan(ctx, func(key, value []byte) error {
		k, v, err := s.parse(key, value)
		if err != nil {
			return err
		}
		return fn(k, v)
	})
}

func (s *Store[K, V]) parse(key, value []byte) (k K, v V, err error) {
	if k, err = s.codec.parseKey(key); err == nil {
		v, err = s.codec.parseValue(value)
	}
	if err != nil {
		err = s.rows.damaged("scan", err)
	}
	return k, v, err
}

// Count is the number of records.
func (s *Store[K, V]) Count(ctx context.Context) (int, error) { return s.rows.Count(ctx) }

// Clear removes all records.
func (s *Store[K, V]) Clear(ctx context.Context) error { return s.rows.Clear(ctx) }

func appendID(dst []byte, k [16]byte) []byte { return append(dst, k[:]...) }

func appendDigest(dst []byte, k [32]byte) []byte { return append(dst, k[:]...) }
