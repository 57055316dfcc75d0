package limit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"lightproof/backup/store"
	"lightproof/backup/store/memory"
	"lightproof/backup/store/storetest"
)

// The tests below run in a bubble of testing/synctest, where this clock is a virtual one: hours pass at once and to the nanosecond.
type clock struct{}

func (clock) Now() time.Time                         { return time.Now() }
func (clock) After(d time.Duration) <-chan time.Time { return time.After(d) }

func TestContract(t *testing.T) {
	for name, l := range map[string]Limits{"without limits": {}, "with limits": {Up: Most, Down: Most}} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(*testing.T) func() store.Store {
				place, rates := memory.NewPlace(), New(clock{}, l)
				return func() store.Store { return rates.Wrap(place.Open()) }
			})
		})
	}
}

// Whatever is moved, by however many at a time, to however fast a place: over minutes it is what was asked for, within a tenth.
func TestTheAverageIsTheLimit(t *testing.T) {
	mixed := []int{store.MaxObject, 300, 40 * kB, 2 * MB, 300, 300, 5 * MB, 900 * kB}
	large, small := []int{store.MaxObject}, []int{4 * kB, 16 * kB}
	for _, c := range []struct {
		name    string
		rate    int64
		sizes   []int
		callers int
		latency time.Duration
		speed   int64
	}{
		{"large, one at a time", 4 * MB, large, 1, 0, 0},
		{"large, slow place", 2 * MB, large, 1, 0, 3 * MB},
		{"large, side by side", 4 * MB, large, 8, 20 * time.Millisecond, 20 * MB},
		{"large, very slow line", 50 * kB, large, 4, 0, 0},
		{"small, one at a time", 500 * kB, small, 1, 5 * time.Millisecond, 0},
		{"small, fast line", 100 * MB, small, 1, 50 * time.Microsecond, 0},
		{"small, far away, side by side", 1 * MB, small, 32, 200 * time.Millisecond, 0},
		{"mixed, one at a time", 3 * MB, mixed, 1, 10 * time.Millisecond, 30 * MB},
		{"mixed, side by side", 3 * MB, mixed, 6, 10 * time.Millisecond, 30 * MB},
	} {
		for _, way := range []string{"up", "down", "ranges down"} {
			t.Run(c.name+" "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					next := cycle(c.sizes...)
					m := &medium{latency: c.latency, speed: c.speed, size: next}
					l, seconds := Limits{Up: c.rate}, 200*time.Second
					if way != "up" {
						l = Limits{Down: c.rate}
					}
					if c.rate < MB {
						seconds = 2000 * time.Second
					}
					if c.rate > 50*MB {
						seconds = 10 * time.Second
					}
					s := New(clock{}, l).Wrap(m)
					began := time.Now()
					ctx, cancel := context.WithTimeout(t.Context(), seconds)
					defer cancel()
					var mu sync.Mutex
					var wg sync.WaitGroup
					buf := make([]byte, store.MaxObject)
					for range c.callers {
						wg.Go(func() {
							for ctx.Err() == nil {
								mu.Lock()
								n := 0
								if way != "down" {
									n = next()
								}
								mu.Unlock()
								switch way {
								case "up":
									_ = s.PutNew(ctx, "a", buf[:n])
								case "down":
									_, _ = s.Get(ctx, "a", store.GetOptions{})
								default:
									_, _ = s.Get(ctx, "a", store.GetOptions{Length: int64(n)})
								}
							}
						})
					}
					wg.Wait()
					got := float64(m.total()) / time.Since(began).Seconds()
					t.Logf("%.3f of the limit", got/float64(c.rate))
					if got < .9*float64(c.rate) || got > 1.1*float64(c.rate) {
						t.Errorf("%.0f bytes a second, the limit is %d", got, c.rate)
					}
					largest := int64(slices.Max(c.sizes))
					may := max(c.rate, largest) + largest/100
					if way == "down" { // sizes are not known before
						may += int64(c.callers-1) * (largest - int64(slices.Min(c.sizes)))
					}
					if most := m.burst(c.rate); most > may {
						t.Errorf("%d bytes more than the rate allows moved at once, at most %d may", most, may)
					}
				})
			})
		}
	}
}

func TestWithoutALimitNothingWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &medium{size: cycle(store.MaxObject)}
		s := New(clock{}, Limits{Up: -5}).Wrap(m)
		began := time.Now()
		for range 100 {
			if err := errors.Join(s.PutNew(t.Context(), "a", make([]byte, MB)), s.Replace(t.Context(), "a", make([]byte, MB))); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Get(t.Context(), "a", store.GetOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("%s were spent waiting", took)
		}
	})
}

// One direction does not wait for the other.
func TestUpAndDownAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(clock{}, Limits{Up: 100 * kB, Down: MB}).Wrap(&medium{size: cycle(MB)})
		began := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() { _ = s.PutNew(t.Context(), "a", make([]byte, MB)) })
		wg.Go(func() {
			_, _ = s.Get(t.Context(), "b", store.GetOptions{})
			if took := time.Since(began); took != time.Second {
				t.Errorf("the download took %s", took)
			}
		})
		wg.Wait()
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("the upload took %s", took)
		}
	})
}

func TestBytesOfAReplacementCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(clock{}, Limits{Up: MB}).Wrap(&medium{})
		began := time.Now()
		if err := s.Replace(t.Context(), "a", make([]byte, 3*MB)); err != nil || time.Since(began) != 3*time.Second {
			t.Errorf("took %s: %v", time.Since(began), err)
		}
	})
}

// Nobody overtakes: a small object behind large ones comes when it is its turn, and large ones behind small ones too.
func TestCallsAreServedInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &medium{}
		s := New(clock{}, Limits{Up: MB}).Wrap(m)
		var wg sync.WaitGroup
		var want []string
		for i, n := range []int{8 * MB, 100, 4 * MB, 100, 100, 2 * MB, 100} {
			name := fmt.Sprintf("%d", i)
			want = append(want, name)
			wg.Go(func() { _ = s.PutNew(t.Context(), name, make([]byte, n)) })
			synctest.Wait()
		}
		wg.Wait()
		var got []string
		for _, b := range m.moves {
			got = append(got, b.name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("served as %v", got)
		}
	})
}

// A change counts at once, also for who waits: for the bytes that still wait, from now on.
func TestChangesCountAtOnce(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, second int64
		after, want   time.Duration // of 8 MB
	}{
		{"faster", 100 * kB, 1 * MB, 10 * time.Second, 15 * time.Second}, // one object of reserve: what waited counts as if it had been fast
		{"slower", 1 * MB, 100 * kB, 4 * time.Second, 80 * time.Second},
		{"to none", 10 * kB, 0, 7 * time.Second, 7 * time.Second},
		{"the same", 1 * MB, 1 * MB, 4 * time.Second, 8 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := New(clock{}, Limits{Up: c.first})
				s := r.Wrap(&medium{})
				began := time.Now()
				done := make(chan time.Duration, 1)
				go func() {
					if err := s.PutNew(t.Context(), "a", make([]byte, 8*MB)); err != nil {
						t.Error(err)
					}
					done <- time.Since(began)
				}()
				<-time.After(c.after)
				r.Set(Limits{Up: c.second})
				if got := <-done; got > c.want || got < min(c.want, c.after) {
					t.Errorf("took %s, at most %s", got, c.want)
				}
				if got := (Limits{Up: c.second}); r.Limits() != got {
					t.Errorf("in force: %+v", r.Limits())
				}
			})
		})
	}
}

// What moved before the change is owed in bytes, not in time.
func TestDebtKeepsItsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(clock{}, Limits{Down: 10 * kB})
		s := r.Wrap(&medium{size: cycle(8 * MB)})
		began := time.Now()
		get := func() time.Duration {
			if _, err := s.Get(t.Context(), "a", store.GetOptions{}); err != nil {
				t.Error(err)
			}
			return time.Since(began)
		}
		go func() { <-time.After(100 * time.Second); r.Set(Limits{Down: MB}) }()
		// In 100 s 1 MB of the 8 had their time; the others take 7 s more.
		if got := get(); got.Round(time.Second) != 107*time.Second {
			t.Errorf("the first ended after %s", got)
		}
		if got := get(); got.Round(time.Second) != 115*time.Second {
			t.Errorf("the second ended after %s", got)
		}
		r.Set(Limits{})
		r.Set(Limits{Down: MB})
		if got := get(); got.Round(time.Second) != 123*time.Second {
			t.Errorf("the third ended after %s", got)
		}
	})
}

// A limit that begins later owes nothing for what moved before.
func TestALimitBeginsWithoutDebt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(clock{}, Limits{})
		s := r.Wrap(&medium{size: cycle(MB), latency: 3 * time.Second})
		began := time.Now()
		done := make(chan struct{})
		go func() { _, _ = s.Get(t.Context(), "a", store.GetOptions{}); close(done) }()
		<-time.After(time.Second)
		r.Set(Limits{Down: 100 * kB})
		<-done
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("a download that began without a limit took %s", took)
		}
		if _, err := s.Get(t.Context(), "a", store.GetOptions{}); err != nil || time.Since(began) != 12*time.Second {
			t.Errorf("the next ended after %s, %v; the line was free for 1 s, then 10 s for 1 MB with 1 s of reserve", time.Since(began), err)
		}
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(clock{}, Limits{Up: Least, Down: Least}).Wrap(&medium{size: cycle(store.MaxObject)})
		for name, call := range map[string]func(ctx context.Context) error{
			"PutNew":  func(ctx context.Context) error { return s.PutNew(ctx, "a", make([]byte, MB)) },
			"Replace": func(ctx context.Context) error { return s.Replace(ctx, "a", make([]byte, MB)) },
			"Get":     func(ctx context.Context) error { _, err := s.Get(ctx, "a", store.GetOptions{}); return err },
		} {
			var wg sync.WaitGroup
			began := time.Now()
			for range 3 { // one whose turn it is, two who wait for theirs
				wg.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					defer cancel()
					if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
			wg.Wait()
			if took := time.Since(began); took != 2*time.Second {
				t.Errorf("%s went on for %s", name, took)
			}
		}
	})
}

// A stopped upload moved nothing, and its time is given to the next.
func TestAStoppedUploadCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &medium{}
		s := New(clock{}, Limits{Up: MB}).Wrap(m)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := s.PutNew(ctx, "a", make([]byte, 100*MB)); err == nil || len(m.moves) > 0 {
			t.Fatalf("%v, %d moves", err, len(m.moves))
		}
		if err := s.PutNew(t.Context(), "b", make([]byte, MB)); err != nil || time.Since(began) > 2*time.Second {
			t.Errorf("the next ended after %s: %v", time.Since(began), err)
		}
	})
}

func TestAMissingObjectCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(clock{}, Limits{Down: Least}).Wrap(&medium{fail: store.ErrNotExist})
		began := time.Now()
		for range 50 {
			if _, err := s.Get(t.Context(), "a", store.GetOptions{}); !errors.Is(err, store.ErrNotExist) {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %s", took)
		}
	})
}

func TestBoundsOfALimit(t *testing.T) {
	for l, want := range map[Limits]error{
		{}: nil, {Up: Least}: nil, {Down: Most, Up: Most}: nil, {Up: Least - 1}: ErrBounds, {Down: 4}: ErrBounds, {Up: -1}: ErrBounds, {Down: Most + 1}: ErrBounds,
	} {
		if err := l.Check(); !errors.Is(err, want) {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

// The figure on the real clock and a real machine; it asserts nothing.
func BenchmarkRealTime(b *testing.B) {
	const rate = 20 * MB
	s := New(clock{}, Limits{Up: rate}).Wrap(&medium{})
	data := make([]byte, 256*kB)
	var n int64
	began := time.Now()
	for b.Loop() {
		if err := s.PutNew(b.Context(), "a", data); err != nil {
			b.Fatal(err)
		}
		n += int64(len(data))
	}
	b.ReportMetric(float64(n)/time.Since(began).Seconds()/rate, "of-limit")
}

func BenchmarkUnlimited(b *testing.B) {
	l := newLine(clock{})
	for b.Loop() {
		_ = l.before(b.Context(), 1)
	}
}
