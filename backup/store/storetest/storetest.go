// Package storetest holds the contract of store.Store as tests. Every kind of destination, and every decorator that is not switched
// on, passes Run.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"lightproof/backup/store"
)

// Factory sets up a fresh, empty place and returns a function that opens it; each call opens it once more, as another process
// would. Stores are closed by the suite.
type Factory func(t *testing.T) (open func() store.Store)

// Run runs the whole contract, one subtest for each sentence of the interface's documentation.
func Run(t *testing.T, factory Factory) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, p *place)
	}{
		{"names outside the alphabet, reserved or too long are refused by every method", names},
		{"the longest and oddest lawful names work", lawfulNames},
		{"an object is durable once Barrier returned, also for who opens later", barrier},
		{"Barrier with nothing staged succeeds", emptyBarrier},
		{"an object that no Barrier covered is lost with its Store", unstaged},
		{"data may be changed once PutNew returned", dataIsCopied},
		{"an empty object keeps its name", emptyObject},
		{"an object of MaxObject bytes is kept whole", largest},
		{"PutNew of a taken name is ErrExists and changes nothing", taken},
		{"PutNew of a staged name is ErrExists", stagedTwice},
		{"Get with Staged gives what is staged, or ErrNotExist until the Barrier", getStaged},
		{"a name taken meanwhile is reported by BarrierError, the rest of the batch is durable", takenMeanwhile},
		{"of 16 racing writers in two Stores one wins each name", race},
		{"an object cannot stand above another's name", nested},
		{"Get gives the range, and what exists of a range beyond the end", ranges},
		{"Get and Stat of a missing object are ErrNotExist", missing},
		{"List gives every durable object whose name has the prefix, once, with its size", list},
		{"an error of List's function ends it and is returned", listError},
		{"List's function may use the Store", listReentrant},
		{"Replace gives a reader the old or the new bytes, and is durable", replace},
		{"Replace of a missing object is ErrNotExist and makes none", replaceMissing},
		{"Delete removes, and frees the name", remove},
		{"Delete of a missing object is no error", removeMissing},
		{"Delete takes back what is staged", removeStaged},
		{"every method returns once its context is done", cancelled},
		{"a cancelled Barrier loses nothing", cancelledBarrier},
		{"Check accepts the place and Room makes sense", checkAndRoom},
		{"Properties are filled in", properties},
		{"all methods may be called concurrently", concurrent},
		{"after Close methods fail and Close is no error", closed},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, &place{t, factory(t)}) })
	}
}

// place opens the place under test and closes what it opened.
type place struct {
	t    *testing.T
	open func() store.Store
}

func (p *place) store() store.Store {
	s := p.open()
	p.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			p.t.Errorf("Close: %v", err)
		}
	})
	return s
}

// content makes n bytes that differ for each seed.
func content(seed, n int) []byte {
	b := make([]byte, n)
	x := uint32(seed)*2654435761 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

func put(t *testing.T, s store.Store, name string, data []byte) {
	t.Helper()
	if err := s.PutNew(t.Context(), name, data); err != nil {
		t.Fatalf("PutNew %s: %v", name, err)
	}
}

func flush(t *testing.T, s store.Store) {
	t.Helper()
	if err := s.Barrier(t.Context()); err != nil {
		t.Fatalf("Barrier: %v", err)
	}
}

func want(t *testing.T, s store.Store, name string, data []byte) {
	t.Helper()
	for _, fresh := range []bool{false, true} {
		got, err := s.Get(t.Context(), name, store.GetOptions{Fresh: fresh})
		if err != nil {
			t.Fatalf("Get %s (fresh %v): %v", name, fresh, err)
		}
		if !bytes.Equal(got, data) {
			t.Fatalf("Get %s (fresh %v): %d bytes that are not the %d stored", name, fresh, len(got), len(data))
		}
	}
	info, err := s.Stat(t.Context(), name)
	if err != nil || info != (store.Info{Name: name, Size: int64(len(data))}) {
		t.Fatalf("Stat %s: %+v, %v; the object has %d bytes", name, info, err, len(data))
	}
}

func wantErr(t *testing.T, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("%s: %v; want %v", what, err, target)
	}
}

func wantList(t *testing.T, s store.Store, prefix string, names ...string) {
	t.Helper()
	var got []string
	err := s.List(t.Context(), prefix, func(i store.Info) error { got = append(got, i.Name); return nil })
	if err != nil {
		t.Fatalf("List %q: %v", prefix, err)
	}
	slices.Sort(got)
	names = slices.Sorted(slices.Values(names))
	if !slices.Equal(got, names) {
		t.Fatalf("List %q: %v; want %v", prefix, got, names)
	}
}

// each calls every method that takes a name.
func each(ctx context.Context, s store.Store, name string) map[string]error {
	_, get := s.Get(ctx, name, store.GetOptions{})
	_, stat := s.Stat(ctx, name)
	return map[string]error{
		"PutNew": s.PutNew(ctx, name, []byte("x")), "Get": get, "Stat": stat,
		"Replace": s.Replace(ctx, name, []byte("x")), "Delete": s.Delete(ctx, name),
	}
}

func checkAndRoom(t *testing.T, p *place) {
	s := p.store()
	if err := s.Check(t.Context()); err != nil {
		t.Fatalf("Check: %v", err)
	}
	room, err := s.Room(t.Context())
	if err != nil {
		t.Fatalf("Room: %v", err)
	}
	if room.Free < -1 || room.Total < -1 || room.Total >= 0 && room.Free > room.Total {
		t.Fatalf("Room: %+v", room)
	}
	wantList(t, s, "")
}

func properties(t *testing.T, p *place) {
	if got := p.store().Properties(); got.Kind == "" || got.Parallel < 1 {
		t.Fatalf("Properties: %+v", got)
	}
}

func closed(t *testing.T, p *place) {
	s := p.open()
	put(t, s, "a", []byte("x"))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	for method, err := range each(t.Context(), s, "b") {
		if err == nil || errors.Is(err, store.ErrNotExist) {
			t.Errorf("%s after Close: %v", method, err)
		}
	}
	if s.Barrier(t.Context()) == nil {
		t.Error("Barrier after Close succeeded")
	}
}

func cancelled(t *testing.T, p *place) {
	s := p.store()
	put(t, s, "a", content(1, 100))
	flush(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	errs := each(ctx, s, "a")
	errs["Barrier"] = s.Barrier(ctx)
	errs["Check"] = s.Check(ctx)
	_, errs["Room"] = s.Room(ctx)
	errs["List"] = s.List(ctx, "", func(store.Info) error { return nil })
	for method, err := range errs {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", method, err)
		}
	}
	want(t, s, "a", content(1, 100))

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	for i := range 9 {
		put(t, s, fmt.Sprintf("l/%d", i), nil)
	}
	flush(t, s)
	seen := 0
	err := s.List(ctx, "l/", func(store.Info) error { seen++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || seen != 1 {
		t.Errorf("List cancelled at its first object: %v after %d", err, seen)
	}
}

func cancelledBarrier(t *testing.T, p *place) {
	s := p.store()
	for i := range 50 {
		put(t, s, fmt.Sprintf("c/%02d/x", i), content(i, 500))
	}
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if err := s.Barrier(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("Barrier: %v", err)
		}
		cancel()
	}
	flush(t, s)
	later := p.store()
	for i := range 50 {
		want(t, later, fmt.Sprintf("c/%02d/x", i), content(i, 500))
	}
}
