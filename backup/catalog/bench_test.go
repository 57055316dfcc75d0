package catalog

import (
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
