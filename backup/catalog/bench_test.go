package catalog

import (
	"encoding/binary"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

const benchRows = 100_000

func BenchmarkInsert100k(b *testing.B) {
	for b.Loop() {
		db := open(b, filepath.Join(b.TempDir(), "x.db"), 1, testOptions())
		fill(b, db, "files", benchRows, 250)
		must(b, db.Close())
	}
	b.ReportMetric(float64(b.Elapsed().Seconds())/float64(b.N), "s/100k")
}

func BenchmarkScan100k(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x.db")
	db := open(b, path, 1, testOptions())
	fill(b, db, "files", benchRows, 250)
	must(b, db.Close())
	for b.Loop() {
		db := open(b, path, 1, testOptions())
		n := 0
		must(b, db.Table("files").Scan(ctx, func(_, _ []byte) error { n++; return nil }))
		if n != benchRows {
			b.Fatal(n)
		}
		must(b, db.Close())
	}
	b.ReportMetric(float64(b.Elapsed().Seconds())/float64(b.N), "s/100k")
}

func BenchmarkGet(b *testing.B) {
	db, _ := fresh(b)
	fill(b, db, "files", benchRows, 250)
	i := 0
	for b.Loop() {
		i = (i + 7919) % benchRows
		if _, err := db.Table("files").Get(ctx, numbered(i)); err != nil {
			b.Fatal(err)
		}
	}
}

// entriesToRead are the entries of a new catalogue, and their ids.
func entriesToRead(b *testing.B, n int) (*Reader, [][16]byte) {
	r := openReader(b, filepath.Join(b.TempDir(), "r.db"), 0)
	ids := make([][16]byte, n)
	rnd := rand.New(rand.NewPCG(1, 1))
	must(b, r.UpdateOf(ctx, n, func(r *Reader) error {
		for i := range ids {
			binary.BigEndian.PutUint64(ids[i][:], rnd.Uint64())
			if err := r.Entries.Put(ctx, ids[i], make([]byte, 450)); err != nil {
				return err
			}
		}
		return nil
	}))
	return r, ids
}

func BenchmarkEntriesPut20000(b *testing.B) {
	for b.Loop() {
		r, _ := entriesToRead(b, 20_000)
		must(b, r.Close())
	}
}

func BenchmarkEntriesEach20000(b *testing.B) {
	r, ids := entriesToRead(b, 20_000)
	for b.Loop() {
		n := 0
		must(b, r.Entries.EachPart(ctx, 1, func(int, [16]byte, []byte) error { n++; return nil }))
		if n != len(ids) {
			b.Fatal(n)
		}
	}
}

func BenchmarkEntriesGet(b *testing.B) {
	r, ids := entriesToRead(b, 20_000)
	i := 0
	for b.Loop() {
		i = (i + 7919) % len(ids)
		if _, err := r.Entries.Get(ctx, ids[i]); err != nil {
			b.Fatal(err)
		}
	}
}
