package catalog

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"lightproof/keystore/secret"
)

var ctx = context.Background()

func testKey(b byte) secret.Secret { return secret.New(bytes.Repeat([]byte{b}, KeySize)) }

func testOptions() Options {
	return Options{DatabaseID: "test", SchemaVersion: 3, Tables: []string{"files", "objects", "paths"}}
}

func open(t testing.TB, path string, key byte, o Options) *DB {
	t.Helper()
	db, err := Open(path, testKey(key), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func fresh(t testing.TB) (*DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a b%?#.db")
	return open(t, path, 1, testOptions()), path
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

// fill puts n rows of size bytes in batches.
func fill(t testing.TB, db *DB, table string, n, size int) {
	t.Helper()
	value := bytes.Repeat([]byte("lightproof"), size/10+1)[:size]
	for at := 0; at < n; {
		must(t, db.Update(ctx, func(tx *Tx) error {
			for end := min(at+10_000, n); at < end; at++ {
				if err := tx.Table(table).Put(ctx, numbered(at), value); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

func numbered(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }

func contents(t testing.TB, table *Table) map[string]string {
	t.Helper()
	out := map[string]string{}
	must(t, table.Scan(ctx, func(k, v []byte) error {
		out[string(k)] = string(v)
		return nil
	}))
	return out
}

func TestRowsComeBackAfterReopening(t *testing.T) {
	db, path := fresh(t)
	if !db.Created() {
		t.Error("a new file must report Created")
	}
	files := db.Table("files")
	must(t, files.Put(ctx, []byte("a"), []byte("one")))
	must(t, files.Put(ctx, []byte("a"), []byte("two")))
	must(t, files.Put(ctx, []byte("empty"), nil))
	must(t, files.Put(ctx, nil, []byte("no key")))
	must(t, files.Put(ctx, []byte("gone"), []byte("x")))
	must(t, files.Delete(ctx, []byte("gone")))
	must(t, files.Delete(ctx, []byte("never there")))
	must(t, db.Close())
	must(t, db.Close())
	wantErr(t, files.Put(ctx, nil, nil), ErrClosed)

	db = open(t, path, 1, testOptions())
	if db.Created() {
		t.Error("an existing file must not report Created")
	}
	files = db.Table("files")
	got := contents(t, files)
	want := map[string]string{"a": "two", "empty": "", "": "no key"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if n, err := files.Count(ctx); err != nil || n != 3 {
		t.Errorf("count %d %v", n, err)
	}
	_, err := files.Get(ctx, []byte("gone"))
	wantErr(t, err, ErrNotFound)
	if has, err := files.Has(ctx, []byte("a")); err != nil || !has {
		t.Errorf("has %v %v", has, err)
	}
	_, err = db.Table("objects").Get(ctx, []byte("a"))
	wantErr(t, err, ErrNotFound)
}

func TestFailedUpdateLeavesNothing(t *testing.T) {
	db, _ := fresh(t)
	files := db.Table("files")
	must(t, files.Put(ctx, []byte("a"), []byte("1")))
	stop := errors.New("stop")
	wantErr(t, db.Update(ctx, func(tx *Tx) error {
		must(t, files.In(tx).Put(ctx, []byte("a"), []byte("2")))
		must(t, files.In(tx).Clear(ctx))
		must(t, files.In(tx).Put(ctx, []byte("b"), []byte("3")))
		if v, err := files.In(tx).Get(ctx, []byte("b")); err != nil || string(v) != "3" {
			t.Errorf("a transaction must see its own rows: %q %v", v, err)
		}
		return stop
	}), stop)
	if got := contents(t, files); len(got) != 1 || got["a"] != "1" {
		t.Errorf("after rollback: %v", got)
	}
}

func TestViewKeepsOneState(t *testing.T) {
	db, _ := fresh(t)
	files := db.Table("files")
	must(t, files.Put(ctx, []byte("a"), []byte("1")))
	must(t, db.View(ctx, func(tx *Tx) error {
		if n, err := files.In(tx).Count(ctx); err != nil || n != 1 {
			t.Errorf("count %d %v", n, err)
		}
		must(t, files.Put(ctx, []byte("b"), []byte("2")))
		if n, err := files.In(tx).Count(ctx); err != nil || n != 1 {
			t.Errorf("a view must not see later writes: count %d %v", n, err)
		}
		wantErr(t, files.In(tx).Put(ctx, []byte("c"), nil), ErrReadOnly)
		return nil
	}))
}

func TestScanWhoseCallbackWrites(t *testing.T) {
	db, _ := fresh(t)
	fill(t, db, "files", 100, 20)
	seen := 0
	must(t, db.Table("files").Scan(ctx, func(k, v []byte) error {
		seen++
		return db.Table("files").Put(ctx, append([]byte("copy"), k...), v)
	}))
	if seen != 100 {
		t.Errorf("scan saw %d rows of 100", seen)
	}
}

func TestCancelledContextEndsEverything(t *testing.T) {
	db, _ := fresh(t)
	fill(t, db, "files", 100, 20)
	c, cancel := context.WithCancel(ctx)
	wantErr(t, db.Update(c, func(tx *Tx) error {
		must(t, tx.Table("files").Put(c, []byte("x"), nil))
		cancel()
		return tx.Table("files").Put(c, []byte("y"), nil)
	}), context.Canceled)
	wantErr(t, db.Table("files").Scan(c, func(_, _ []byte) error { return nil }), context.Canceled)
	wantErr(t, db.Update(c, func(*Tx) error { return nil }), context.Canceled)
	if n, err := db.Table("files").Count(ctx); err != nil || n != 100 {
		t.Errorf("count %d %v", n, err)
	}
}

func TestWriterWaitingForAnotherEndsWithItsContext(t *testing.T) {
	db, _ := fresh(t)
	must(t, db.Update(ctx, func(*Tx) error {
		c, cancel := context.WithCancel(ctx)
		cancel()
		wantErr(t, db.Update(c, func(*Tx) error { return nil }), context.Canceled)
		return nil
	}))
}

func TestBoundsAreRefused(t *testing.T) {
	db, path := fresh(t)
	wantErr(t, db.Table("files").Put(ctx, make([]byte, MaxKey+1), nil), ErrTooLarge)
	wantErr(t, db.Table("files").Put(ctx, nil, make([]byte, MaxValue+1)), ErrTooLarge)
	if err := db.Table("unknown").Put(ctx, nil, nil); err == nil || errors.Is(err, ErrDamaged) {
		t.Errorf("undeclared table: %v", err)
	}
	for name, o := range map[string]Options{
		"no id":          {SchemaVersion: 1},
		"no schema":      {DatabaseID: "x"},
		"reserved table": {DatabaseID: "x", SchemaVersion: 1, Tables: []string{"head"}},
		"hostile table":  {DatabaseID: "x", SchemaVersion: 1, Tables: []string{"a;drop"}},
	} {
		if _, err := Open(path+"2", testKey(1), o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Open(path+"2", secret.New(make([]byte, 32)), testOptions()); err == nil {
		t.Error("a wiped key must be refused")
	}
	if _, err := os.Stat(path + "2"); err == nil {
		t.Error("refused options must not create a file")
	}
}

func TestLoadIndexSorts(t *testing.T) {
	db, _ := fresh(t)
	fill(t, db, "files", 500, 20)
	got, err := LoadIndex(ctx, db.Table("files"), func(k, _ []byte) (int, bool, error) {
		n := int(binary.BigEndian.Uint64(k))
		return n, n%2 == 0, nil
	}, func(a, b int) int { return b - a })
	must(t, err)
	if len(got) != 250 || got[0] != 498 || got[249] != 0 {
		t.Errorf("got %d entries, first %d", len(got), got[0])
	}
}

func TestTransactionSeesItsOwnRowsHowEverManyTheyAre(t *testing.T) {
	db, _ := fresh(t)
	files := db.Table("files")
	must(t, files.Put(ctx, numbered(1_000_000), []byte("old")))
	big := bytes.Repeat([]byte{7}, 10_000)
	check := func(table *Table, n int) {
		t.Helper()
		if got, err := table.Count(ctx); err != nil || got != n {
			t.Fatalf("count %d %v, want %d", got, err, n)
		}
		for i := range n {
			if has, err := table.Has(ctx, numbered(i)); err != nil || !has {
				t.Fatalf("row %d: %v %v", i, has, err)
			}
		}
	}
	must(t, db.Update(ctx, func(tx *Tx) error {
		table := files.In(tx)
		must(t, table.Delete(ctx, numbered(1_000_000)))
		_, err := table.Get(ctx, numbered(1_000_000))
		wantErr(t, err, ErrNotFound)
		if has, err := table.Has(ctx, numbered(1_000_000)); err != nil || has {
			t.Errorf("a deleted row is still there: %v", err)
		}
		for i := range 1000 { // more than a transaction holds back
			must(t, table.Put(ctx, numbered(i), big))
			must(t, table.Put(ctx, numbered(5000), numbered(i)))
			if v, err := table.Get(ctx, numbered(5000)); err != nil || !bytes.Equal(v, numbered(i)) {
				t.Fatalf("after %d: %x %v", i, v, err)
			}
		}
		must(t, table.Delete(ctx, numbered(5000)))
		check(table, 1000)
		must(t, table.Clear(ctx))
		check(table, 0)
		must(t, table.Put(ctx, numbered(0), nil))
		return nil
	}))
	check(files, 1)
}
