package catalog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// entriesOf reads all entries.
func entriesOf(t *testing.T, r *Reader, parts int) map[[16]byte]string {
	t.Helper()
	var mu sync.Mutex
	got := map[[16]byte]string{}
	must(t, r.Entries.EachPart(ctx, parts, func(_ int, id [16]byte, entry []byte) error {
		mu.Lock()
		defer mu.Unlock()
		if _, twice := got[id]; twice {
			t.Errorf("%x twice", id)
		}
		got[id] = string(entry)
		return nil
	}))
	return got
}

func TestEntriesAreWhatWasPutLast(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	r := openReader(t, path, 0)
	rnd := rand.New(rand.NewPCG(7, 7))
	want := map[[16]byte]string{}
	undo := errors.New("undo")
	for round := range 40 {
		before := maps.Clone(want)
		n := 1 + rnd.IntN(400)
		others := r.Entries
		err := r.UpdateOf(ctx, n, func(r *Reader) error {
			for range n {
				var id [16]byte
				binary.BigEndian.PutUint64(id[:], uint64(rnd.IntN(6000)))
				entry := bytes.Repeat([]byte{byte(rnd.Uint32())}, rnd.IntN(900))
				if rnd.IntN(200) == 0 {
					entry = bytes.Repeat(entry, 300)
				}
				if err := r.Entries.Put(ctx, id, entry); err != nil {
					return err
				}
				want[id] = string(entry)
				clear(entry) // it was the caller's
				if rnd.IntN(50) == 0 {
					if b, err := r.Entries.Get(ctx, id); err != nil || string(b) != want[id] {
						t.Fatalf("within a transaction: %d bytes: %v", len(b), err)
					}
				}
				switch rnd.IntN(100) { // what others do meanwhile
				case 0:
					others.Forget()
				case 1:
					was, there := before[id]
					if b, err := others.Get(ctx, id); string(b) != was || there != (err == nil) {
						t.Fatalf("beside a transaction: %d bytes, there were %d: %v", len(b), len(was), err)
					}
				}
			}
			if round%5 == 3 {
				return undo
			}
			return nil
		})
		if round%5 == 3 {
			want = before
			wantErr(t, err, undo)
		} else {
			must(t, err)
		}
		switch round % 4 {
		case 1:
			r.Entries.Forget()
		case 2:
			must(t, r.Close())
			r = openReader(t, path, 0)
		}
	}
	for _, parts := range []int{1, 4} {
		if got := entriesOf(t, r, parts); !maps.Equal(got, want) {
			t.Errorf("%d entries, %d were put", len(got), len(want))
		}
	}
	for _, id := range slices.Collect(maps.Keys(want))[:200] {
		if b, err := r.Entries.Get(ctx, id); err != nil || string(b) != want[id] {
			t.Errorf("%x: %d bytes: %v", id, len(b), err)
		}
	}
	_, err := r.Entries.Get(ctx, [16]byte{255})
	wantErr(t, err, ErrNotFound)
	if n, err := r.Entries.Count(ctx); err != nil || n < len(want)/2 || n > 2*len(want) {
		t.Errorf("about %d of %d: %v", n, len(want), err)
	}
}

func TestEntriesShareRows(t *testing.T) {
	r := openReader(t, filepath.Join(t.TempDir(), "r.db"), 0)
	if n, err := r.Entries.Count(ctx); n != 0 || err != nil {
		t.Error(n, err)
	}
	for from := range 10 { // little by little, as each backup brings some
		must(t, r.Update(ctx, func(r *Reader) error {
			for i := range 100 {
				if err := r.Entries.Put(ctx, [16]byte{byte(from), byte(i)}, make([]byte, 500)); err != nil {
					return err
				}
			}
			return nil
		}))
		r.Entries.Forget()
	}
	rows, err := r.Entries.rows.Count(ctx)
	must(t, err)
	if most := 1000/(blockBytes/500) + 1; rows > most {
		t.Errorf("%d rows, %d are enough", rows, most)
	}
}

func TestEntriesThatGrewGetRowsOfTheirOwn(t *testing.T) {
	r := openReader(t, filepath.Join(t.TempDir(), "r.db"), 0)
	for size := 100; size <= 100_000; size *= 10 {
		must(t, r.Update(ctx, func(r *Reader) error {
			for i := range 50 {
				if err := r.Entries.Put(ctx, [16]byte{byte(i)}, make([]byte, size)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	most := 0
	must(t, r.Entries.rows.Scan(ctx, func(_, row []byte) error { most = max(most, len(row)); return nil }))
	if most > blockMost+1000 {
		t.Errorf("a row of %d bytes", most)
	}
	if got := entriesOf(t, r, 1); len(got) != 50 {
		t.Error(len(got), "entries")
	}
}

func TestABlockThatIsNotOneIsDamage(t *testing.T) {
	for name, row := range map[string][]byte{
		"shorter than its head": make([]byte, 19),
		"longer than it is":     append(make([]byte, 16), 0, 0, 0, 9, 1, 2),
		"more than 4 GiB":       append(make([]byte, 16), 255, 255, 255, 255, 1, 2),
		"with bytes at its end": append(make([]byte, 16), 0, 0, 0, 0, 1),
	} {
		r := openReader(t, filepath.Join(t.TempDir(), "r.db"), 0)
		must(t, r.Entries.rows.Put(ctx, blockKey(1), row))
		_, err := r.Entries.Get(ctx, [16]byte{1})
		wantErr(t, err, ErrDamaged)
		wantErr(t, r.Entries.Put(ctx, [16]byte{1}, nil), ErrDamaged)
		wantErr(t, r.Entries.EachPart(ctx, 2, func(int, [16]byte, []byte) error { return nil }), ErrDamaged)
		if _, err := r.Entries.Count(ctx); !errors.Is(err, ErrDamaged) {
			t.Error(name, err)
		}
	}
	r := openReader(t, filepath.Join(t.TempDir(), "r.db"), 0)
	must(t, r.Entries.rows.Put(ctx, []byte("block"), nil))
	_, err := r.Entries.Get(ctx, [16]byte{1})
	wantErr(t, err, ErrDamaged)
}
