package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"lightproof/backup/store"
	"lightproof/backup/store/memory"
	"lightproof/backup/store/storetest"
)

// far is a call that no suite comes to.
const far = 1 << 30

func TestContract(t *testing.T) {
	for name, plan := range map[string]func() *Plan{
		"no fault":      NewPlan,
		"crash planned": func() *Plan { return NewPlan().CrashAfter(Any, far, Lose) },
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(*testing.T) func() store.Store {
				place := memory.NewPlace()
				return func() store.Store { return plan().Wrap(place.Open()) }
			})
		})
	}
}

// run puts two batches of three objects.
func run(ctx context.Context, s store.Store) error {
	for i := range 6 {
		if err := s.PutNew(ctx, fmt.Sprintf("c/%d", i), []byte("data")); err != nil {
			return err
		}
		if i%3 == 2 {
			if err := s.Barrier(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func TestCrashAfterEveryWrite(t *testing.T) {
	whole := NewPlan()
	if err := run(t.Context(), whole.Wrap(memory.New())); err != nil {
		t.Fatal(err)
	}
	total := whole.Count(Write)
	if total != 8 {
		t.Fatalf("%d writes counted, 8 were made", total)
	}
	for n := 1; n <= total; n++ {
		puts := []int{1, 2, 3, 3, 4, 5, 6, 6}[n-1]
		durable := []int{0, 0, 0, 3, 3, 3, 3, 6}[n-1]
		for mode, left := range map[Mode]int{Lose: durable, Keep: puts, KeepOther: durable + (puts-durable+1)/2} {
			place := memory.NewPlace()
			plan := NewPlan().CrashAfter(Write, n, mode)
			s := plan.Wrap(place.Open())
			if err := run(t.Context(), s); !errors.Is(err, ErrCrashed) {
				t.Fatalf("crash after %d: %v", n, err)
			}
			if _, err := s.Stat(t.Context(), "c/0"); !errors.Is(err, ErrCrashed) {
				t.Fatalf("a call after the crash: %v", err)
			}
			plan.MustHaveFired(t)
			if got := len(place.Names()); got != left {
				t.Errorf("crash after write %d, mode %d: %d objects left, want %d", n, mode, got, left)
			}
		}
	}
}

func TestCrashWithinBarrierLeavesAPart(t *testing.T) {
	place := memory.NewPlace()
	plan := NewPlan().CrashWithin(2, 1)
	if err := run(t.Context(), plan.Wrap(place.Open())); !errors.Is(err, ErrCrashed) {
		t.Fatal(err)
	}
	if got := place.Names(); !slices.Equal(got, []string{"c/0", "c/1", "c/2", "c/3"}) {
		t.Fatalf("left: %v", got)
	}
}

func TestALostBatchIsGoneAndTheStoreGoesOn(t *testing.T) {
	place := memory.NewPlace()
	plan := NewPlan().LoseAt(1)
	s := plan.Wrap(place.Open())
	if err := run(t.Context(), s); !errors.Is(err, ErrLost) {
		t.Fatal(err)
	}
	if got := place.Names(); len(got) != 0 {
		t.Fatalf("left: %v", got)
	}
	if err := run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	plan.MustHaveFired(t)
	if got := place.Names(); len(got) != 6 {
		t.Fatalf("put again: %v", got)
	}
}

func TestPlannedErrors(t *testing.T) {
	odd := errors.New("odd")
	for name, c := range map[string]struct {
		plan *Plan
		want error
		left int
	}{
		"second put":     {NewPlan().FailAt(PutNew, 2, odd), odd, 0},
		"second barrier": {NewPlan().FailFrom(Barrier, 2, odd), odd, 3},
		"full":           {NewPlan().Full(17), store.ErrFull, 3},
		"vanished":       {NewPlan().Vanish(Any, 5), store.ErrAway, 3},
	} {
		t.Run(name, func(t *testing.T) {
			place := memory.NewPlace()
			if err := run(t.Context(), c.plan.Wrap(place.Open())); !errors.Is(err, c.want) {
				t.Fatalf("%v; want %v", err, c.want)
			}
			c.plan.MustHaveFired(t)
			if got := len(place.Names()); got != c.left {
				t.Fatalf("%d objects left, want %d", got, c.left)
			}
		})
	}
}

func TestVanishedComesBack(t *testing.T) {
	plan := NewPlan().Vanish(Check, 1)
	s := plan.Wrap(memory.New())
	for range 2 {
		if err := s.Check(t.Context()); !errors.Is(err, store.ErrAway) {
			t.Fatal(err)
		}
	}
	plan.Return()
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestHoldStopsOneCall(t *testing.T) {
	plan := NewPlan()
	reached, release := plan.Hold(Check, 1)
	s := plan.Wrap(memory.New())
	done := make(chan error)
	go func() { done <- s.Check(t.Context()) }()
	<-reached
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
		t.Fatal("the held call returned")
	default:
	}
	release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// recorder notes that a test was failed.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }

func TestAFaultThatDidNotHappenFailsTheTest(t *testing.T) {
	for name, plan := range map[string]*Plan{
		"fail": NewPlan().FailAt(Get, 1, ErrCrashed), "full": NewPlan().Full(1 << 20), "crash": NewPlan().CrashAfter(Write, 9, Keep),
	} {
		if err := run(t.Context(), plan.Wrap(memory.New())); err != nil {
			t.Fatal(err)
		}
		r := &recorder{TB: t}
		plan.MustHaveFired(r)
		if !r.failed {
			t.Errorf("%s: not noticed", name)
		}
	}
}
