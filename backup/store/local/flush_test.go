package local

import (
	"errors"
	"fmt"
	"path"
	"testing"
	"time"

	"lightproof/backup/store"
)

// A file system answers a flush that failed with an error once and with success ever after. A Barrier must not.
func TestAFailedFlushIsNotForgotten(t *testing.T) {
	for _, group := range []bool{false, true} {
		dir, id := newPlace(t)
		s := openPlace(t, dir, id)
		setGroupSync(s, group)
		if err := s.PutNew(t.Context(), "c/a", []byte("x")); err != nil {
			t.Fatal(err)
		}
		// Somebody cleans up: the staged bytes are gone.
		if err := s.root.Remove(path.Join(s.writer.name, s.staged["c/a"].tmp)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := s.Barrier(t.Context()); err == nil || errors.Is(err, store.ErrExists) {
				t.Fatalf("group flush %v: Barrier says %v of an object that is gone", group, err)
			}
		}
		s.Close()
		s = openPlace(t, dir, id)
		if err := errors.Join(s.PutNew(t.Context(), "c/a", []byte("x")), s.Barrier(t.Context())); err != nil {
			t.Fatalf("opened again: %v", err)
		}
	}
}

func TestFlushingFileByFileGivesTheSameResult(t *testing.T) {
	dir, id := newPlace(t)
	s := openPlace(t, dir, id)
	setGroupSync(s, false)
	for i := range 50 {
		if err := s.PutNew(t.Context(), fmt.Sprintf("c/%d/x", i%7*100+i), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Barrier(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := s.List(t.Context(), "c/", func(store.Info) error { n++; return nil }); err != nil || n != 50 {
		t.Fatalf("%d objects, %v", n, err)
	}
}

// The size of the smallest chunk object, and of a commit: what a backup writes most of.
const smallObject = 16_512

func BenchmarkPutBarrier1000(b *testing.B) {
	data := make([]byte, smallObject)
	for _, group := range []bool{true, false} {
		b.Run(map[bool]string{true: "group flush", false: "flush each"}[group], func(b *testing.B) {
			dir, id := newPlace(b)
			s := openPlace(b, dir, id)
			setGroupSync(s, group)
			b.SetBytes(1000 * smallObject)
			n, barrier := 0, time.Duration(0)
			for b.Loop() {
				for range 1000 {
					n++
					if err := s.PutNew(b.Context(), fmt.Sprintf("c/%02x/%d", n%256, n), data); err != nil {
						b.Fatal(err)
					}
				}
				start := time.Now()
				if err := s.Barrier(b.Context()); err != nil {
					b.Fatal(err)
				}
				barrier += time.Since(start)
			}
			b.ReportMetric(float64(barrier.Microseconds())/float64(n), "µs/object-in-barrier")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/object")
		})
	}
}

func BenchmarkGet(b *testing.B) {
	dir, id := newPlace(b)
	s := openPlace(b, dir, id)
	if err := errors.Join(s.PutNew(b.Context(), "c/a", make([]byte, store.MaxObject)), s.Barrier(b.Context())); err != nil {
		b.Fatal(err)
	}
	for _, fresh := range []bool{false, true} {
		b.Run(map[bool]string{true: "fresh", false: "cached"}[fresh], func(b *testing.B) {
			b.SetBytes(store.MaxObject)
			for b.Loop() {
				if _, err := s.Get(b.Context(), "c/a", store.GetOptions{Fresh: fresh}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkList10000(b *testing.B) {
	dir, id := newPlace(b)
	s := openPlace(b, dir, id)
	for i := range 10_000 {
		if err := s.PutNew(b.Context(), fmt.Sprintf("c/%02x/%d", i%256, i), []byte("x")); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Barrier(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n := 0
		if err := s.List(b.Context(), "", func(store.Info) error { n++; return nil }); err != nil || n != 10_000 {
			b.Fatal(n, err)
		}
	}
}
