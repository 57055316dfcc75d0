package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
)

func sealedRows(t *testing.T, path, table string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", fileURI(path))
	must(t, err)
	defer db.Close()
	rows, err := db.Query("SELECT hex(k), hex(v) FROM t_" + table)
	must(t, err)
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var k, v string
		must(t, rows.Scan(&k, &v))
		out[k] = v
	}
	must(t, rows.Err())
	return out
}

func TestRekeySealsEveryRowAnew(t *testing.T) {
	db, path := fresh(t)
	fill(t, db, "files", 3000, 4000) // more than one step
	fill(t, db, "objects", 10, 10)
	before := contents(t, db.Table("files"))
	sealed := sealedRows(t, path, "files")
	must(t, db.View(ctx, func(tx *Tx) error {
		must(t, tx.Table("files").Scan(ctx, func(_, _ []byte) error { return nil })) // a state from before the rekeying
		must(t, db.Rekey(ctx))
		return tx.Table("files").Scan(ctx, func(_, _ []byte) error { return nil })
	}))
	if db.RekeyDue() {
		t.Error("still due after Rekey")
	}
	for k, v := range sealedRows(t, path, "files") {
		if sealed[k] == v {
			t.Fatal("a row kept its old seal")
		}
	}
	must(t, db.Close())
	db = open(t, path, 1, testOptions()) // holds the new key only
	if after := contents(t, db.Table("files")); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("contents changed")
	}
	must(t, db.Check(ctx))
}

func TestRekeyCutShortGoesOn(t *testing.T) {
	db, path := fresh(t)
	fill(t, db, "files", 3000, 4000)
	fill(t, db, "objects", 3000, 4000)
	c, cancel := context.WithCancel(ctx)
	steps := 0
	must(t, db.beginRekey(c))
	var last int64
	must(t, db.Update(c, func(tx *Tx) error {
		var err error
		last, _, err = tx.Table("files").reseal(c, last)
		steps++
		return err
	}))
	cancel()
	wantErr(t, db.Rekey(c), context.Canceled)
	must(t, db.Table("files").Put(ctx, []byte("between"), []byte("new key")))
	must(t, db.Close())

	db = open(t, path, 1, testOptions())
	if !db.RekeyDue() {
		t.Error("an unfinished rekeying must be due")
	}
	must(t, db.Check(ctx))
	must(t, db.Rekey(ctx))
	must(t, db.Close())
	db = open(t, path, 1, testOptions())
	must(t, db.Check(ctx))
	if n := len(contents(t, db.Table("files"))); n != 3001 {
		t.Errorf("%d rows", n)
	}
}

func TestRowKeyEndsBeforeItsBound(t *testing.T) {
	o := testOptions()
	o.limit, o.block = 100, 10
	path := t.TempDir() + "/x.db"
	db := open(t, path, 1, o)
	put := func(n int) error {
		return db.Update(ctx, func(tx *Tx) error {
			for i := range n {
				if err := tx.Table("files").Put(ctx, numbered(i), nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	wantErr(t, put(11), ErrTooLarge)
	// A transaction that was rolled back has used up its nonces all the same.
	if used := db.used.Load(); used != 10 {
		t.Errorf("%d seals counted, want 10", used)
	}
	for range 8 {
		must(t, put(10))
	}
	if !db.RekeyDue() {
		t.Error("must be due before it is refused")
	}
	must(t, put(10))
	if !db.Spent() {
		t.Error("writing is refused, and the key is not said to be spent")
	}
	wantErr(t, put(1), ErrRotate)
	if n := len(contents(t, db.Table("files"))); n != 10 {
		t.Errorf("reading must go on: %d rows", n)
	}
	must(t, db.Rekey(ctx))
	if db.Spent() || db.RekeyDue() {
		t.Error("a new key is spent")
	}
	must(t, put(10))
	if used := db.used.Load(); used != 20 {
		t.Errorf("%d seals under the new key, want 20", used)
	}
}

func TestALargeTransactionReservesWhatItSaysAndNoMore(t *testing.T) {
	o := testOptions()
	o.limit, o.block = 1000, 10
	path := t.TempDir() + "/x.db"
	db := open(t, path, 1, o)
	put := func(reserve uint64, n int) error {
		return db.UpdateOf(ctx, reserve, func(tx *Tx) error {
			for i := range n {
				if err := tx.Table("files").Put(ctx, numbered(i), nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(t, put(0, 10))
	must(t, put(300, 300))
	wantErr(t, put(300, 301), ErrTooLarge)
	wantErr(t, put(400, 1), ErrRotate)
	must(t, put(0, 10))
	wantErr(t, put(0, 11), ErrTooLarge)
	must(t, db.closeConnections()) // as a crash would leave it
	db = open(t, path, 1, o)
	if used := db.used.Load(); used < 630 || used > 650 {
		t.Errorf("%d seals counted after a crash, 630 were made", used)
	}
	if n := len(contents(t, db.Table("files"))); n != 300 {
		t.Errorf("%d rows", n)
	}
}

func TestCountOfSealsSurvivesRestarts(t *testing.T) {
	o := testOptions()
	o.limit, o.block = 1000, 10
	path := t.TempDir() + "/x.db"
	db := open(t, path, 1, o)
	must(t, db.Table("files").Put(ctx, nil, nil))
	must(t, db.Close())
	db = open(t, path, 1, o)
	if used := db.used.Load(); used != 1 {
		t.Errorf("after a clean close %d, want exactly 1", used)
	}
	must(t, db.Table("files").Put(ctx, nil, nil))
	must(t, db.closeConnections()) // as a crash would leave it
	db = open(t, path, 1, o)
	if used := db.used.Load(); used < 2 {
		t.Errorf("after a crash %d, must not be below 2", used)
	}
}
