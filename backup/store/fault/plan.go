// Package fault is a destination that fails where a test planned it, and fails the test if a planned fault never happened.
package fault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"lightproof/backup/store"
)

// ErrCrashed is what every call gets after the planned crash: the process that asked is taken to be dead.
var ErrCrashed = errors.New("planned crash")

// ErrLost is what a Barrier gets that was planned to lose its batch.
var ErrLost = errors.New("planned loss of what no Barrier had covered")

// Op is a set of the store's methods.
type Op uint16

// The methods that faults can be planned for, and two sets of them.
const (
	PutNew Op = 1 << iota
	Barrier
	Get
	Stat
	List
	Replace
	Delete
	Check
	Room

	Write = PutNew | Barrier | Replace | Delete
	Any   = Write | Get | Stat | List | Check | Room
)

// Mode says what a crash does to the objects that were put and not yet covered by a Barrier.
type Mode uint8

const (
	Lose      Mode = iota // none of them is there afterwards
	Keep                  // all of them are
	KeepOther             // every other one is, in the order they were put
)

// Plan is a list of faults for one wrapped Store. Calls are counted from 1 for each fault by itself, among the methods it names.
// Faults are planned before the first call; the methods return the plan so that they can be chained.
type Plan struct {
	mu       sync.Mutex
	faults   []*planned
	counts   map[Op]int
	bytes    int64 // put so far
	full     *planned
	capacity int64
	buffered bool // a crash or a loss is planned: puts wait in memory
	crashed  bool
	away     bool
}

type planned struct {
	what  string
	ops   Op
	at    int // which call
	after bool
	every bool // all calls from there on
	seen  int
	fired int
	do    func(ctx context.Context) error
	mode  Mode
	crash bool
	part  int // crash within a Barrier, when so many objects were moved
	lose  bool
}

// NewPlan makes a plan without faults: the wrapped Store then only counts.
func NewPlan() *Plan { return &Plan{counts: map[Op]int{}} }

func (p *Plan) add(f *planned) *Plan {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, f)
	if f.crash || f.lose {
		p.buffered = true
	}
	return p
}

// FailAt makes the n-th call return err without reaching the Store.
func (p *Plan) FailAt(ops Op, n int, err error) *Plan {
	return p.add(&planned{what: fmt.Sprintf("fail at %d", n), ops: ops, at: n, do: func(context.Context) error { return err }})
}

// FailFrom makes the n-th and every later call return err.
func (p *Plan) FailFrom(ops Op, n int, err error) *Plan {
	return p.add(&planned{what: fmt.Sprintf("fail from %d", n), ops: ops, at: n, every: true, do: func(context.Context) error { return err }})
}

// CrashAfter lets the n-th call take effect and then crashes: that call and every later one returns ErrCrashed. Close still closes
// the Store below, so that it can be opened again.
func (p *Plan) CrashAfter(ops Op, n int, mode Mode) *Plan {
	return p.add(&planned{what: fmt.Sprintf("crash after %d", n), ops: ops, at: n, after: true, crash: true, mode: mode})
}

// CrashWithin crashes inside the n-th Barrier, when the first part of the objects it covers are durable and the others lost.
func (p *Plan) CrashWithin(n, part int) *Plan {
	return p.add(&planned{what: fmt.Sprintf("crash within Barrier %d", n), ops: Barrier, at: n, crash: true, part: part})
}

// LoseAt makes the n-th Barrier lose everything that was put since the one before, and fail with ErrLost; the Store goes on. It is what
// a drive does whose cache lost power for a moment.
func (p *Plan) LoseAt(n int) *Plan {
	return p.add(&planned{what: fmt.Sprintf("lose at Barrier %d", n), ops: Barrier, at: n, lose: true})
}

// Slow delays the n-th and every later call by d, or until its context is done.
func (p *Plan) Slow(ops Op, n int, d time.Duration) *Plan {
	return p.add(&planned{what: "slow", ops: ops, at: n, every: true, do: func(ctx context.Context) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
}

// Hold stops the n-th call until release is called or its context is done; reached is closed once it waits there.
func (p *Plan) Hold(ops Op, n int) (reached <-chan struct{}, release func()) {
	in, out := make(chan struct{}), make(chan struct{})
	p.add(&planned{what: fmt.Sprintf("hold at %d", n), ops: ops, at: n, do: func(ctx context.Context) error {
		close(in)
		select {
		case <-out:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
	return in, sync.OnceFunc(func() { close(out) })
}

// Full makes every PutNew and Replace that would bring the bytes put through this Plan above capacity fail with store.ErrFull.
func (p *Plan) Full(capacity int64) *Plan {
	f := &planned{what: fmt.Sprintf("full after %d bytes", capacity), ops: PutNew | Replace}
	p.mu.Lock()
	p.full, p.capacity = f, capacity
	p.mu.Unlock()
	return p.add(f)
}

// Vanish makes the n-th and every later call fail with store.ErrAway, until Return.
func (p *Plan) Vanish(ops Op, n int) *Plan {
	return p.add(&planned{what: fmt.Sprintf("vanish at %d", n), ops: ops, at: n, do: func(context.Context) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.away = true
		return nil
	}})
}

// Return ends Vanish.
func (p *Plan) Return() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = false
}

// Count returns how many calls of the methods came so far, those that failed included.
func (p *Plan) Count(ops Op) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for op, c := range p.counts {
		if op&ops != 0 {
			n += c
		}
	}
	return n
}

// Crashed tells whether the planned crash happened.
func (p *Plan) Crashed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.crashed
}

// MustHaveFired fails the test for every planned fault that never happened: a test of it would prove nothing.
func (p *Plan) MustHaveFired(t testing.TB) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		if f.fired == 0 {
			t.Errorf("the planned fault %q did not happen: %d calls came", f.what, f.seen)
		}
	}
}

// enter counts a call that adds size bytes, runs what is planned before it, and returns the crash or loss that is planned for it, if any.
func (p *Plan) enter(ctx context.Context, op Op, size int64) (crash *planned, err error) {
	p.mu.Lock()
	if p.crashed {
		p.mu.Unlock()
		return nil, ErrCrashed
	}
	p.counts[op]++
	var due []*planned
	for _, f := range p.faults {
		if f.ops&op == 0 {
			continue
		}
		f.seen++
		if f.at == 0 || f.seen != f.at && !(f.every && f.seen > f.at) {
			continue
		}
		f.fired++
		if f.crash || f.lose {
			crash = f
		} else {
			due = append(due, f)
		}
	}
	if p.full != nil && p.full.ops&op != 0 && p.bytes+size > p.capacity {
		p.full.fired++
		err = fmt.Errorf("planned: %w", store.ErrFull)
	}
	p.mu.Unlock()
	for _, f := range due {
		if e := f.do(ctx); e != nil {
			return crash, e
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return crash, fmt.Errorf("planned: %w", store.ErrAway)
	}
	if err == nil {
		p.bytes += size
	}
	return crash, err
}
