package library

import (
	"context"
	"sync"

	"lightproof/backup/vault"
)

// bundle is one opened bundle that several lanes may take records out of.
type bundle struct {
	cap    vault.Cap
	uses   int           // lanes that hold it
	turn   uint64        // when it was last asked for
	ready  chan struct{} // closed once what follows is set
	plain  []byte
	err    error
	buffer []byte
}

// bundles keeps the last few opened bundles, so that versions whose records are near each other open each about once.
type bundles struct {
	mu    sync.Mutex
	slots []*bundle
	turn  uint64
}

// newBundles has one more slot than there are lanes: what a lane goes back to is still there when the next bundle is begun.
func newBundles(lanes int) *bundles {
	return &bundles{slots: make([]*bundle, lanes+1)}
}

// take gives the opened bundle of c, which open opens if it is not at hand. Whoever takes one gives it back, whatever its err is. A lane
// holds one at a time: with more slots than lanes there is always one to be had.
func (s *bundles) take(ctx context.Context, c vault.Cap, open func(context.Context, vault.Cap, *[]byte) ([]byte, error)) *bundle {
	s.mu.Lock()
	s.turn++
	oldest := -1
	for i, b := range s.slots {
		switch {
		case b != nil && b.cap == c: // the whole capability: another device may give another key for the same name
			b.uses++
			b.turn = s.turn
			s.mu.Unlock()
			<-b.ready
			return b
		case b == nil && (oldest < 0 || s.slots[oldest] != nil):
			oldest = i
		case b != nil && b.uses == 0 && (oldest < 0 || s.slots[oldest] != nil && b.turn < s.slots[oldest].turn):
			oldest = i
		}
	}
	b := &bundle{cap: c, uses: 1, turn: s.turn, ready: make(chan struct{})}
	if old := s.slots[oldest]; old != nil {
		b.buffer = old.buffer
	}
	s.slots[oldest] = b
	s.mu.Unlock()
	b.plain, b.err = open(ctx, c, &b.buffer)
	close(b.ready)
	return b
}

// give ends a take.
func (s *bundles) give(b *bundle) {
	s.mu.Lock()
	b.uses--
	s.mu.Unlock()
}
