package evil

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lightproof/backup/store"
	"lightproof/backup/store/memory"
	"lightproof/backup/store/storetest"
)

func TestContractWithoutAttacks(t *testing.T) {
	storetest.Run(t, func(*testing.T) func() store.Store {
		place := memory.NewPlace()
		return func() store.Store { return New(place.Open()) }
	})
}

// filled holds a = "first", b/1 = "second", b/2 = "third".
func filled(t *testing.T) (*Store, *memory.Place) {
	t.Helper()
	m := memory.New()
	for name, data := range map[string]string{"a": "first", "b/1": "second", "b/2": "third"} {
		if err := m.PutNew(t.Context(), name, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Barrier(t.Context()); err != nil {
		t.Fatal(err)
	}
	return New(m), m.Place()
}

// seen is everything the Store says: list, then Get and Stat of every name that could be there.
func seen(t *testing.T, s store.Store) string {
	t.Helper()
	var out []string
	err := s.List(t.Context(), "", func(i store.Info) error {
		out = append(out, fmt.Sprintf("%s:%d", i.Name, i.Size))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	for _, name := range []string{"a", "b/1", "b/2", "n"} {
		b, err := s.Get(t.Context(), name, store.GetOptions{})
		if errors.Is(err, store.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		info, err := s.Stat(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s=%s/%d", name, b, info.Size))
	}
	return strings.Join(out, " ")
}

const truth = "a:5 b/1:6 b/2:5 a=first/5 b/1=second/6 b/2=third/5"

func TestAttacks(t *testing.T) {
	upper := func(b []byte) []byte { return []byte(strings.ToUpper(string(b))) }
	rest := func(a *Attack, err error) *Attack {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	ctx := t.Context()
	old := memory.New()
	for _, name := range []string{"a", "b/0"} {
		if err := old.PutNew(ctx, name, []byte("old")); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Barrier(ctx); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		attack func(s *Store) *Attack
		want   string
	}{
		"flip":      {func(s *Store) *Attack { return rest(s.FlipByte(ctx, "a", -1, 1)) }, "a:5 b/1:6 b/2:5 a=firsu/5 b/1=second/6 b/2=third/5"},
		"truncate":  {func(s *Store) *Attack { return rest(s.Truncate(ctx, "a", 2)) }, "a:2 b/1:6 b/2:5 a=fi/2 b/1=second/6 b/2=third/5"},
		"extend":    {func(s *Store) *Attack { return rest(s.Extend(ctx, "a", []byte("x"))) }, "a:6 b/1:6 b/2:5 a=firstx/6 b/1=second/6 b/2=third/5"},
		"swap":      {func(s *Store) *Attack { return rest(s.Swap(ctx, "a", "b/1")) }, "a:6 b/1:5 b/2:5 a=second/6 b/1=first/5 b/2=third/5"},
		"move":      {func(s *Store) *Attack { return rest(s.Move(ctx, "a", "b/1")) }, "b/1:5 b/2:5 b/1=first/5 b/2=third/5"},
		"copy":      {func(s *Store) *Attack { return rest(s.Copy(ctx, "a", "n")) }, "a:5 b/1:6 b/2:5 n:5 a=first/5 b/1=second/6 b/2=third/5 n=first/5"},
		"plant":     {func(s *Store) *Attack { return rest(s.Plant(ctx, "n", []byte("j"))) }, "a:5 b/1:6 b/2:5 n:1 a=first/5 b/1=second/6 b/2=third/5 n=j/1"},
		"erase":     {func(s *Store) *Attack { return rest(s.Erase(ctx, Prefix("b/"))) }, "a:5 a=first/5"},
		"roll one":  {func(s *Store) *Attack { return rest(s.RollBack(ctx, old, Name("a"))) }, "a:3 b/1:6 b/2:5 a=old/3 b/1=second/6 b/2=third/5"},
		"roll part": {func(s *Store) *Attack { return rest(s.RollBack(ctx, old, Prefix("b/"))) }, "a:5 b/0:3 a=first/5"},
		"roll all":  {func(s *Store) *Attack { return rest(s.RollBack(ctx, old, All)) }, "a:3 b/0:3 a=old/3"},
		"deny":      {func(s *Store) *Attack { return s.Deny(Name("a")) }, "b/1:6 b/2:5 b/1=second/6 b/2=third/5"},
		"wrong":     {func(s *Store) *Attack { return s.WrongBytes(Prefix("b"), upper) }, "a:5 b/1:6 b/2:5 a=first/5 b/1=SECOND/6 b/2=THIRD/5"},
		"cache":     {func(s *Store) *Attack { return s.WrongUnlessFresh(Name("a"), true, upper) }, "a:5 b/1:6 b/2:5 a=FIRST/5 b/1=second/6 b/2=third/5"},
		"serve":     {func(s *Store) *Attack { return s.ServeBytes("n", []byte("xy")) }, truth + " n=xy/2"},
		"omit":      {func(s *Store) *Attack { return s.Omit(Name("b/1")) }, "a:5 b/2:5 a=first/5 b/1=second/6 b/2=third/5"},
		"invent":    {func(s *Store) *Attack { return s.Invent(store.Info{Name: "../x", Size: -1}) }, "../x:-1 " + truth},
		"size":      {func(s *Store) *Attack { return s.LieOnSize(Name("a"), func(n int64) int64 { return n + 1 }) }, "a:6 b/1:6 b/2:5 a=first/6 b/1=second/6 b/2=third/5"},
		"duplicate": {func(s *Store) *Attack { return s.Duplicate(Name("a")) }, "a:5 " + truth},
		"reorder":   {func(s *Store) *Attack { return s.Reorder() }, truth},
		"delay":     {func(s *Store) *Attack { return s.Delay(All, time.Microsecond) }, truth},
	} {
		t.Run(name, func(t *testing.T) {
			s, place := filled(t)
			if got := seen(t, s); got != truth {
				t.Fatalf("before: %s", got)
			}
			before := place.Clone().Open()
			a := c.attack(s)
			if a.Hits() != 0 {
				t.Fatal("met before anybody asked")
			}
			if got := seen(t, s); got != c.want {
				t.Fatalf("under attack: %s\nwant:         %s", got, c.want)
			}
			a.MustHaveHit(t)
			s.MustHaveHit(t)
			a.Lift()
			if a.touched == nil {
				if got := seen(t, s); got != truth {
					t.Fatalf("lifted: %s", got)
				}
				return
			}
			// What was changed at rest can be healed.
			if _, err := s.RollBack(t.Context(), before, All); err != nil {
				t.Fatal(err)
			}
			if got := seen(t, s); got != truth {
				t.Fatalf("healed: %s", got)
			}
		})
	}
}

func TestForgetAcceptsAndKeepsNothing(t *testing.T) {
	s, _ := filled(t)
	a := s.Forget(Prefix("c/"))
	if err := errors.Join(s.PutNew(t.Context(), "c/1", []byte("x")), s.Barrier(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), "c/1", store.GetOptions{}); !errors.Is(err, store.ErrNotExist) {
		t.Fatal(err)
	}
	a.MustHaveHit(t)
}

func TestReorderListsBackwards(t *testing.T) {
	s, _ := filled(t)
	s.Reorder()
	var got []string
	err := s.List(t.Context(), "", func(i store.Info) error { got = append(got, i.Name); return nil })
	if err != nil || !slices.Equal(got, []string{"b/2", "b/1", "a"}) {
		t.Fatal(got, err)
	}
}

func TestRangesAreCutFromTheAlteredBytes(t *testing.T) {
	s, _ := filled(t)
	s.WrongBytes(All, func(b []byte) []byte { return []byte("0123456789") })
	got, err := s.Get(t.Context(), "a", store.GetOptions{Offset: 8, Length: 5})
	if err != nil || string(got) != "89" {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestDelayEndsWithItsContext(t *testing.T) {
	s, _ := filled(t)
	s.Delay(All, time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Get(ctx, "a", store.GetOptions{}); !errors.Is(err, context.Canceled) {
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

func TestAnAttackNobodyMeetsFailsTheTest(t *testing.T) {
	s, _ := filled(t)
	if _, err := s.FlipByte(t.Context(), "b/1", 0, 1); err != nil {
		t.Fatal(err)
	}
	s.Omit(Name("nothing"))
	if _, err := s.Get(t.Context(), "a", store.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, a := range s.all() {
		r := &recorder{TB: t}
		a.MustHaveHit(r)
		if !r.failed {
			t.Errorf("%s: not noticed", a.what)
		}
	}
}

func TestAttacksThatWouldChangeNothingAreErrors(t *testing.T) {
	s, place := filled(t)
	_, flip := s.FlipByte(t.Context(), "a", 5, 1)
	_, mask := s.FlipByte(t.Context(), "a", 0, 0)
	_, erase := s.Erase(t.Context(), Name("none"))
	_, roll := s.RollBack(t.Context(), place.Clone().Open(), All)
	_, missing := s.Truncate(t.Context(), "none", 1)
	for what, err := range map[string]error{"flip": flip, "mask": mask, "erase": erase, "roll": roll, "missing": missing} {
		if err == nil {
			t.Errorf("%s succeeded", what)
		}
	}
}
