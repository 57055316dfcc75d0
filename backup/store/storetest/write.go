package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"lightproof/backup/store"
)

func names(t *testing.T, p *place) {
	s := p.store()
	for _, name := range []string{
		"", ".", "..", "/", "/a", "a/", "a//b", "a/./b", "a/../b", "../a", "a/..", "a.", "a./b", "...", "A", "c/Ab", "a b", "a\x00", "a\n",
		"ä", "a\\b", "a:b", "\xff", "tmp", "tmp/a", "tmp/w0/1", store.SpaceFile, store.PlaceFile,
		strings.Repeat("a", store.MaxSegment+1), strings.Repeat("a/", store.MaxName/2) + "b",
	} {
		for method, err := range each(t.Context(), s, name) {
			if !errors.Is(err, store.ErrInvalidName) {
				t.Errorf("%s of %.40q: %v", method, name, err)
			}
		}
	}
	flush(t, s)
	wantList(t, s, "")
}

func lawfulNames(t *testing.T, p *place) {
	s := p.store()
	lawful := []string{
		"a", "0", "-", "_", ".a", "..a", "a..b", "tmpx", "tmp-/a", "x/tmp/a", "x/space.json", "con.txt/x", "-rf",
		strings.Repeat("n", store.MaxSegment), strings.Repeat("ab/", 341) + "c",
	}
	for i, name := range lawful {
		put(t, s, name, content(i, 10))
	}
	flush(t, s)
	for i, name := range lawful {
		want(t, s, name, content(i, 10))
	}
	wantList(t, s, "", lawful...)
}

func barrier(t *testing.T, p *place) {
	s := p.store()
	for round := range 3 {
		for i := range 20 {
			put(t, s, fmt.Sprintf("c/%02x/%d", i%5, round*20+i), content(round*20+i, 1+700*i))
		}
		flush(t, s)
		later := p.store()
		for i := range (round + 1) * 20 {
			name, data := fmt.Sprintf("c/%02x/%d", i%20%5, i), content(i, 1+700*(i%20))
			want(t, later, name, data)
			want(t, s, name, data)
		}
	}
}

func emptyBarrier(t *testing.T, p *place) {
	s := p.store()
	flush(t, s)
	flush(t, s)
}

func unstaged(t *testing.T, p *place) {
	s := p.open()
	put(t, s, "a", []byte("x"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	later := p.store()
	if later.Properties().Immediate {
		want(t, later, "a", []byte("x")) // it was durable at once
		return
	}
	wantList(t, later, "")
	put(t, later, "a", []byte("y"))
	flush(t, later)
	want(t, later, "a", []byte("y"))
}

func dataIsCopied(t *testing.T, p *place) {
	s := p.store()
	data := content(1, 5000)
	put(t, s, "a", data)
	clear(data)
	flush(t, s)
	want(t, s, "a", content(1, 5000))
}

func emptyObject(t *testing.T, p *place) {
	s := p.store()
	put(t, s, "a", nil)
	wantErr(t, "PutNew of the staged name", s.PutNew(t.Context(), "a", nil), store.ErrExists)
	flush(t, s)
	want(t, s, "a", nil)
	wantErr(t, "PutNew of the taken name", s.PutNew(t.Context(), "a", nil), store.ErrExists)
}

func largest(t *testing.T, p *place) {
	s := p.store()
	data := content(1, store.MaxObject)
	put(t, s, "c/big", data)
	flush(t, s)
	want(t, s, "c/big", data)
	got, err := s.Get(t.Context(), "c/big", store.GetOptions{Offset: store.MaxObject - 5, Length: 3, Fresh: true})
	if err != nil || !bytes.Equal(got, data[store.MaxObject-5:store.MaxObject-2]) {
		t.Fatalf("Get of the end: %x, %v", got, err)
	}
}

func taken(t *testing.T, p *place) {
	s, other := p.store(), p.store()
	put(t, s, "c/a", []byte("first"))
	flush(t, s)
	for _, s := range []store.Store{s, other} {
		wantErr(t, "PutNew", s.PutNew(t.Context(), "c/a", []byte("second")), store.ErrExists)
		flush(t, s)
		want(t, s, "c/a", []byte("first"))
	}
}

func stagedTwice(t *testing.T, p *place) {
	s := p.store()
	put(t, s, "a", []byte("first"))
	wantErr(t, "PutNew", s.PutNew(t.Context(), "a", []byte("second")), store.ErrExists)
	flush(t, s)
	want(t, s, "a", []byte("first"))
}

func getStaged(t *testing.T, p *place) {
	s, other := p.store(), p.store()
	put(t, s, "c/a", []byte("mine"))
	if got, err := s.Get(t.Context(), "c/a", store.GetOptions{Staged: true}); err == nil && string(got) != "mine" || err != nil && !errors.Is(err, store.ErrNotExist) {
		t.Fatalf("Get of what is staged: %q, %v", got, err)
	}
	if !s.Properties().Immediate {
		_, err := other.Get(t.Context(), "c/a", store.GetOptions{Staged: true})
		wantErr(t, "Get of what another Store has staged", err, store.ErrNotExist)
	}
	_, err := s.Get(t.Context(), "c/b", store.GetOptions{Staged: true})
	wantErr(t, "Get of what nobody has staged", err, store.ErrNotExist)
	flush(t, s)
	if got, err := s.Get(t.Context(), "c/a", store.GetOptions{Staged: true}); err != nil || string(got) != "mine" {
		t.Fatalf("Get after the Barrier: %q, %v", got, err)
	}
}

func takenMeanwhile(t *testing.T, p *place) {
	s, other := p.store(), p.store()
	for _, name := range []string{"c/a", "c/b", "d/c", "d/d"} {
		put(t, s, name, []byte("mine"))
	}
	if s.Properties().Immediate { // whoever comes later learns it at once, and no Barrier does
		for _, name := range []string{"c/b", "d/c"} {
			wantErr(t, "PutNew", other.PutNew(t.Context(), name, []byte("theirs")), store.ErrExists)
		}
		flush(t, other)
		flush(t, s)
		want(t, p.store(), "c/b", []byte("mine"))
		return
	}
	put(t, other, "c/b", []byte("theirs"))
	put(t, other, "d/c", []byte("theirs"))
	flush(t, other)
	err := s.Barrier(t.Context())
	wantErr(t, "Barrier", err, store.ErrExists)
	be, ok := errors.AsType[*store.BarrierError](err)
	if !ok {
		t.Fatalf("Barrier: %T", err)
	}
	slices.Sort(be.Taken)
	if !slices.Equal(be.Taken, []string{"c/b", "d/c"}) {
		t.Fatalf("Taken: %v", be.Taken)
	}
	later := p.store()
	want(t, later, "c/a", []byte("mine"))
	want(t, later, "c/b", []byte("theirs"))
	want(t, later, "d/c", []byte("theirs"))
	want(t, later, "d/d", []byte("mine"))
	flush(t, s) // reported once
}

func race(t *testing.T, p *place) {
	const writers, objects = 16, 40
	stores := []store.Store{p.store(), p.store()}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		won  = map[string][]int{} // by name: who was not told that it is taken
		lost = map[store.Store]map[string]int{stores[0]: {}, stores[1]: {}}
	)
	for w := range writers {
		wg.Go(func() {
			s := stores[w%2]
			for i := range objects {
				name := fmt.Sprintf("c/%02x/%d", i%4, i)
				switch err := s.PutNew(t.Context(), name, content(w*objects+i, 300)); {
				case err == nil:
					mu.Lock()
					won[name] = append(won[name], w)
					mu.Unlock()
				case !errors.Is(err, store.ErrExists):
					t.Errorf("PutNew: %v", err)
				}
				if i%8 != 7 {
					continue
				}
				err := s.Barrier(t.Context())
				if be, ok := errors.AsType[*store.BarrierError](err); ok {
					mu.Lock()
					for _, name := range be.Taken {
						lost[s][name]++
					}
					mu.Unlock()
				} else if err != nil {
					t.Errorf("Barrier: %v", err)
				}
			}
		})
	}
	wg.Wait()
	later := p.store()
	for i := range objects {
		name := fmt.Sprintf("c/%02x/%d", i%4, i)
		var winners []int
		for _, w := range won[name] {
			if s := stores[w%2]; lost[s][name] > 0 {
				lost[s][name]--
				continue
			}
			winners = append(winners, w)
		}
		if len(winners) != 1 {
			t.Fatalf("%s: writers %v all believe that it is theirs", name, winners)
		}
		// A Store that lost the name once may have staged it again for another of its writers; the bytes are the winning Store's.
		ok := false
		got, err := later.Get(t.Context(), name, store.GetOptions{})
		for _, w := range won[name] {
			ok = ok || w%2 == winners[0]%2 && bytes.Equal(got, content(w*objects+i, 300))
		}
		if err != nil || !ok {
			t.Fatalf("%s holds no winner's bytes (%v)", name, err)
		}
	}
}

// nested: object stores keep "a" beside "a/b", folders cannot. What no format needs is left open, but it must end in ErrExists or
// in two whole objects.
func nested(t *testing.T, p *place) {
	for _, names := range [][2]string{{"a", "a/b"}, {"c/d", "c"}} {
		s := p.store()
		put(t, s, names[0], []byte("first"))
		flush(t, s)
		err := s.PutNew(t.Context(), names[1], []byte("second"))
		if err == nil {
			err = s.Barrier(t.Context())
		}
		want(t, s, names[0], []byte("first"))
		if err == nil {
			want(t, s, names[1], []byte("second"))
			continue
		}
		wantErr(t, "an object across another", err, store.ErrExists)
		_, err = s.Get(t.Context(), names[1], store.GetOptions{})
		wantErr(t, "Get of what was not stored", err, store.ErrNotExist)
	}
}
