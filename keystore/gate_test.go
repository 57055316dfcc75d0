package keystore

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

var (
	itemA = KeyItem([16]byte{1}, [16]byte{1})
	itemB = KeyItem([16]byte{1}, [16]byte{2})
)

// soon is a context that has ended by the time a hung call is looked at.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestHungCallIsAbandonedAndHoldsNobodyUp(t *testing.T) {
	g, hang := newGate(), make(chan struct{})
	defer close(hang)
	if err := g.run(soon(t), itemA, true, func() error { <-hang; return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("hung write: %v", err)
	}
	ran := false
	if err := g.run(t.Context(), itemA, false, func() error { ran = true; return nil }); err != nil || !ran {
		t.Errorf("read of the same item: ran %v, %v", ran, err)
	}
	if err := g.run(t.Context(), itemB, true, func() error { return nil }); err != nil {
		t.Errorf("write of another item: %v", err)
	}
}

func TestWriteWaitsForAnAbandonedWriteOfTheSameItem(t *testing.T) {
	g, hang := newGate(), make(chan struct{})
	var order atomic.Int32
	if err := g.run(soon(t), itemA, true, func() error { <-hang; order.CompareAndSwap(0, 1); return nil }); err == nil {
		t.Fatal("the hung write returned")
	}
	if err := g.run(soon(t), itemA, true, func() error { order.Store(2); return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a write overtook an abandoned one: %v", err)
	}
	close(hang)
	if err := g.run(t.Context(), itemA, true, func() error { return nil }); err != nil || order.Load() != 1 {
		t.Fatalf("after it returned: %v, order %d", err, order.Load())
	}
}

func TestCallsRunOneAtATime(t *testing.T) {
	g := newGate()
	var running, most atomic.Int32
	done := make(chan error)
	for range 20 {
		go func() {
			done <- g.run(t.Context(), itemA, false, func() error {
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				defer running.Add(-1)
				return nil
			})
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if most.Load() != 1 {
		t.Errorf("%d calls at once", most.Load())
	}
}

func TestAbandonedCallsAreBounded(t *testing.T) {
	g, hang := newGate(), make(chan struct{})
	for range maxLate {
		ctx, cancel := context.WithCancel(t.Context())
		err := g.run(ctx, itemA, false, func() error { cancel(); <-hang; return nil })
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if err := g.run(t.Context(), itemA, false, func() error { return nil }); !errors.Is(err, ErrTimeout) {
		t.Fatalf("call %d: %v, want ErrTimeout", maxLate+1, err)
	}
	close(hang)
	for { // each abandoned call gives its place back when it returns
		g.mu.Lock()
		late := g.late
		g.mu.Unlock()
		if late == 0 {
			break
		}
		select {
		case <-t.Context().Done():
			t.Fatal("places are not given back")
		case <-time.After(time.Millisecond):
		}
	}
	if err := g.run(t.Context(), itemA, false, func() error { return nil }); err != nil {
		t.Errorf("after they returned: %v", err)
	}
}

func TestPanicOfTheLibraryIsAnError(t *testing.T) {
	g := newGate()
	if err := g.run(t.Context(), itemA, false, func() error { panic("nil signal with a secret") }); err == nil {
		t.Fatal("no error")
	} else if got := err.Error(); got != "the keychain library failed: string" {
		t.Errorf("the error says %q", got)
	}
	if err := g.run(t.Context(), itemA, false, func() error { return nil }); err != nil {
		t.Error(err)
	}
}
