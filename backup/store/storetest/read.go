package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"lightproof/backup/store"
)

func ranges(t *testing.T, p *place) {
	s := p.store()
	data := content(7, 20_000)
	put(t, s, "a", data)
	flush(t, s)
	for _, r := range []struct{ offset, length, from, to int64 }{
		{0, 0, 0, 20_000}, {0, 1, 0, 1}, {1, 1, 1, 2}, {0, 20_000, 0, 20_000}, {0, 20_001, 0, 20_000}, {19_999, 5, 19_999, 20_000},
		{20_000, 0, 20_000, 20_000}, {20_000, 1, 20_000, 20_000}, {1 << 62, 0, 20_000, 20_000}, {1 << 62, 1 << 62, 20_000, 20_000},
		{4095, 2, 4095, 4097}, {4096, 4096, 4096, 8192}, {511, 8000, 511, 8511}, {16_384, 0, 16_384, 20_000}, {5, 1<<63 - 1, 5, 20_000},
	} {
		for _, fresh := range []bool{false, true} {
			got, err := s.Get(t.Context(), "a", store.GetOptions{Offset: r.offset, Length: r.length, Fresh: fresh})
			if err != nil || !bytes.Equal(got, data[r.from:r.to]) {
				t.Errorf("Get(%d, %d, fresh %v): %d bytes, %v", r.offset, r.length, fresh, len(got), err)
			}
		}
	}
	for _, o := range []store.GetOptions{{Offset: -1}, {Length: -1}} {
		if _, err := s.Get(t.Context(), "a", o); err == nil {
			t.Errorf("Get(%+v) succeeded", o)
		}
	}
}

func missing(t *testing.T, p *place) {
	s := p.store()
	put(t, s, "c/a", []byte("x"))
	flush(t, s)
	for _, name := range []string{"b", "c/b", "c", "d/e/f", "c/a/b"} {
		for _, fresh := range []bool{false, true} {
			_, err := s.Get(t.Context(), name, store.GetOptions{Fresh: fresh})
			wantErr(t, "Get "+name, err, store.ErrNotExist)
		}
		_, err := s.Stat(t.Context(), name)
		wantErr(t, "Stat "+name, err, store.ErrNotExist)
	}
}

func list(t *testing.T, p *place) {
	s := p.store()
	var all []string
	sizes := map[string]int64{}
	for i := range 600 {
		name := fmt.Sprintf("c/%02x/%04d", i%3, i)
		all = append(all, name)
		sizes[name] = int64(i % 7)
		put(t, s, name, content(i, i%7))
	}
	for _, name := range []string{"l/ab/0000001/0000000001", "l/ab/0000001/0000000002", "l/abc/x", "m2/l/ab/x", "la", "c-x"} {
		all = append(all, name)
		put(t, s, name, nil)
	}
	flush(t, s)
	if !s.Properties().Immediate {
		put(t, s, "l/ab/staged", []byte("x"))
	}
	later := p.store()
	wantList(t, later, "", all...)
	wantList(t, later, "l/ab/0000001/", all[600:602]...)
	wantList(t, later, "l/ab", all[600:603]...)
	wantList(t, later, "l/ab/0000001/000000000", all[600:602]...)
	wantList(t, later, "l", all[600], all[601], all[602], "la")
	wantList(t, later, "l/ab/0000001/0000000002", all[601])
	wantList(t, later, "m2/l", "m2/l/ab/x")
	wantList(t, later, "c-", "c-x")
	for _, none := range []string{"x", "l/ab/0000001/0000000002/", "/", "..", "../", "l//", "C", "tmp", "tmp/", "l/../", "l/./", ".", "./", "s"} {
		wantList(t, later, none)
	}
	err := later.List(t.Context(), "c/", func(i store.Info) error {
		if want, ok := sizes[i.Name]; !ok || want != i.Size {
			return fmt.Errorf("%s has %d bytes, listed with %d", i.Name, want, i.Size)
		}
		delete(sizes, i.Name)
		return nil
	})
	if err != nil || len(sizes) != 0 {
		t.Fatalf("List: %v, %d not listed", err, len(sizes))
	}
}

func listError(t *testing.T, p *place) {
	s := p.store()
	for i := range 5 {
		put(t, s, fmt.Sprintf("a/%d/x", i), nil)
	}
	flush(t, s)
	stop, calls := errors.New("stop"), 0
	err := s.List(t.Context(), "", func(store.Info) error {
		if calls++; calls == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || calls != 2 {
		t.Fatalf("List: %v after %d calls", err, calls)
	}
}

func listReentrant(t *testing.T, p *place) {
	s := p.store()
	for i := range 5 {
		put(t, s, fmt.Sprintf("a/%d", i), []byte("x"))
	}
	flush(t, s)
	err := s.List(t.Context(), "a/", func(i store.Info) error {
		if _, err := s.Get(t.Context(), i.Name, store.GetOptions{}); err != nil {
			return err
		}
		if err := s.PutNew(t.Context(), "b/"+i.Name, []byte("y")); err != nil {
			return err
		}
		return s.Barrier(t.Context())
	})
	if err != nil {
		t.Fatal(err)
	}
	wantList(t, s, "b/", "b/a/0", "b/a/1", "b/a/2", "b/a/3", "b/a/4")
}

func replace(t *testing.T, p *place) {
	s, reader := p.store(), p.store()
	versions := [][]byte{content(0, 30_000), content(1, 50_000), content(2, 10)}
	put(t, s, "c/a", versions[0])
	flush(t, s)
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		for {
			got, err := reader.Get(t.Context(), "c/a", store.GetOptions{})
			if err != nil || !bytes.Equal(got, versions[0]) && !bytes.Equal(got, versions[1]) && !bytes.Equal(got, versions[2]) {
				t.Errorf("a reader met %d bytes of no version: %v", len(got), err)
				return
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for i := range 20 {
		v := versions[(i+1)%3]
		if err := s.Replace(t.Context(), "c/a", v); err != nil {
			t.Errorf("Replace: %v", err)
			break
		}
	}
	close(done)
	wg.Wait()
	want(t, p.store(), "c/a", versions[20%3])
	wantList(t, s, "", "c/a")
}

func replaceMissing(t *testing.T, p *place) {
	s := p.store()
	wantErr(t, "Replace", s.Replace(t.Context(), "c/a", []byte("x")), store.ErrNotExist)
	flush(t, s)
	wantList(t, s, "")
}

func remove(t *testing.T, p *place) {
	s := p.store()
	put(t, s, "x/a", []byte("1"))
	put(t, s, "x/b", []byte("2"))
	flush(t, s)
	if err := s.Delete(t.Context(), "x/a"); err != nil {
		t.Fatal(err)
	}
	wantList(t, s, "", "x/b")
	_, err := s.Get(t.Context(), "x/a", store.GetOptions{})
	wantErr(t, "Get of a deleted object", err, store.ErrNotExist)
	put(t, s, "x/a", []byte("3"))
	flush(t, s)
	want(t, s, "x/a", []byte("3"))
}

func removeMissing(t *testing.T, p *place) {
	s := p.store()
	for _, name := range []string{"a", "x/y/z"} {
		if err := s.Delete(t.Context(), name); err != nil {
			t.Fatalf("Delete: %v", err)
		}
	}
}

func removeStaged(t *testing.T, p *place) {
	s := p.store()
	put(t, s, "x/a", []byte("1"))
	if err := s.Delete(t.Context(), "x/a"); err != nil {
		t.Fatal(err)
	}
	flush(t, s)
	wantList(t, s, "")
}

func concurrent(t *testing.T, p *place) {
	s := p.store()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 12 {
				name := fmt.Sprintf("w%d/%d", w, i)
				data := content(w*100+i, 2000)
				err := errors.Join(s.PutNew(t.Context(), name, data), s.Barrier(t.Context()), s.Check(t.Context()))
				got, err2 := s.Get(t.Context(), name, store.GetOptions{Fresh: i%2 == 0})
				_, err3 := s.Room(t.Context())
				if err := errors.Join(err, err2, err3); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s: %v", name, err)
					return
				}
				if err := s.Replace(t.Context(), name, data[:1000]); err != nil {
					t.Errorf("Replace: %v", err)
				}
				if i%3 == 0 {
					if err := s.Delete(t.Context(), name); err != nil {
						t.Errorf("Delete: %v", err)
					}
				}
				if err := s.List(t.Context(), fmt.Sprintf("w%d/", w), func(store.Info) error { return nil }); err != nil {
					t.Errorf("List: %v", err)
				}
			}
		})
	}
	wg.Wait()
	for w := range 8 {
		for i := range 12 {
			if i%3 != 0 {
				want(t, s, fmt.Sprintf("w%d/%d", w, i), content(w*100+i, 2000)[:1000])
			}
		}
	}
}
