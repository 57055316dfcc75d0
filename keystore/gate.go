package keystore

import (
	"context"
	"fmt"
	"sync"
)

// maxLate bounds the calls that the system never answered and that are still waiting inside the keychain library (it offers no way
// to break one off). Beyond it calls fail at once, until one of them returns.
const maxLate = 32

// gate lets one keychain call run at a time and abandons it at the deadline, so that a silent keychain holds up neither its caller
// nor the next call. Two calls at once confuse the library (it takes the first signal on the shared bus connection for its own).
type gate struct {
	slot chan struct{} // holds one token while a call that is not abandoned runs

	mu     sync.Mutex
	late   int                      // abandoned calls still running
	writes map[Item]<-chan struct{} // newest abandoned write of each item; closed when it returns
}

func newGate() *gate {
	return &gate{slot: make(chan struct{}, 1), writes: map[Item]<-chan struct{}{}}
}

// theGate is one for the whole process, since the library's bus connection is too.
var theGate = newGate()

// run calls f in a goroutine of its own and waits for it, at most until ctx ends. A write waits until an abandoned earlier write of
// the same item has returned: else the old value could land on top of the new one.
func (g *gate) run(ctx context.Context, item Item, write bool, f func() error) error {
	select {
	case g.slot <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-g.slot }()

	if err := g.ready(ctx, item, write); err != nil {
		return err
	}
	done := make(chan struct{})
	result := make(chan error, 1)
	go func() {
		defer close(done)
		result <- guarded(f)
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		g.abandon(item, write, done)
		return ctx.Err()
	}
}

func (g *gate) ready(ctx context.Context, item Item, write bool) error {
	g.mu.Lock()
	full, earlier := g.late >= maxLate, g.writes[item]
	g.mu.Unlock()
	if full {
		return ErrTimeout
	}
	if write && earlier != nil {
		select {
		case <-earlier:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

func (g *gate) abandon(item Item, write bool, done <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.late++
	if write {
		g.writes[item] = done
	}
	go func() {
		<-done
		g.mu.Lock()
		defer g.mu.Unlock()
		g.late--
		if g.writes[item] == done {
			delete(g.writes, item)
		}
	}()
}

// guarded turns a panic of the library into an error: it follows a nil signal when the bus goes away during a question.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the keychain library failed: %T", p)
		}
	}()
	return f()
}
