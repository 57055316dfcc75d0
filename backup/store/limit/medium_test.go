package limit

import (
	"context"
	"sync"
	"time"

	"lightproof/backup/store"
)

// medium is a Store that moves bytes at a speed of its own and writes down when they moved.
type medium struct {
	store.Store
	latency time.Duration
	speed   int64      // bytes a second, 0: at once
	size    func() int // of the next object that Get finds
	fail    error      // of Get
	mu      sync.Mutex
	moves   []move
}

type move struct {
	began time.Time
	n     int64
	name  string
}

func (m *medium) move(ctx context.Context, name string, n int) error {
	m.mu.Lock()
	m.moves = append(m.moves, move{time.Now(), int64(n), name})
	m.mu.Unlock()
	d := m.latency
	if m.speed > 0 {
		d += time.Duration(float64(n) / float64(m.speed) * float64(time.Second))
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *medium) PutNew(ctx context.Context, name string, data []byte) error {
	return m.move(ctx, name, len(data))
}
func (m *medium) Replace(ctx context.Context, name string, data []byte) error {
	return m.move(ctx, name, len(data))
}

func (m *medium) Get(ctx context.Context, name string, o store.GetOptions) ([]byte, error) {
	if m.fail != nil {
		return nil, m.fail
	}
	n := int(o.Length)
	if n == 0 {
		m.mu.Lock()
		n = m.size()
		m.mu.Unlock()
	}
	return make([]byte, n), m.move(ctx, name, n)
}

// burst is the most that moved in any stretch beyond what the rate allows for it.
func (m *medium) burst(rate int64) (most int64) {
	var least, sum int64 // least: of the excess before a move, so far
	for i, b := range m.moves {
		allowed := int64(b.began.Sub(m.moves[0].began).Seconds() * float64(rate))
		if i == 0 || sum-allowed < least {
			least = sum - allowed
		}
		sum += b.n
		most = max(most, sum-allowed-least)
	}
	return most
}

func (m *medium) total() (n int64) {
	for _, b := range m.moves {
		n += b.n
	}
	return n
}

const (
	kB = 1_000
	MB = 1_000_000
)

// cycle gives sizes over and over.
func cycle(sizes ...int) func() int {
	i := -1
	return func() int { i++; return sizes[i%len(sizes)] }
}
