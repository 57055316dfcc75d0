package catalog

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// The test binary starts itself again as another process with one of these roles.
const roleVariable, pathVariable = "CATALOG_TEST_ROLE", "CATALOG_TEST_PATH"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "insert":
		childInsert(os.Getenv(pathVariable))
	case "hold":
		childHold(os.Getenv(pathVariable))
	default:
		os.Exit(m.Run())
	}
}

const batchRows = 40

// childInsert writes batches without end and reports each once it is committed.
func childInsert(path string) {
	db, err := Open(path, testKey(1), testOptions())
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	n, err := db.Table("files").Count(ctx)
	for batch := n / batchRows; err == nil; batch++ {
		err = db.Update(ctx, func(tx *Tx) error {
			for row := range batchRows {
				if err := tx.Table("files").Put(ctx, numbered(batch*batchRows+row), numbered(batch)); err != nil {
					return err
				}
			}
			return tx.Table("objects").Put(ctx, []byte("newest"), numbered(batch))
		})
		if err == nil {
			fmt.Println(batch)
		}
	}
	fmt.Println("error", err)
	os.Exit(1)
}

// childHold keeps a writing transaction open until its input ends.
func childHold(path string) {
	db, err := Open(path, testKey(1), testOptions())
	if err != nil {
		os.Exit(1)
	}
	_ = db.Update(ctx, func(tx *Tx) error {
		_ = tx.Table("files").Put(ctx, []byte("held"), nil)
		fmt.Println("holding")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return nil
	})
	db.Close()
	os.Exit(0)
}

func child(t *testing.T, role, path string) (*exec.Cmd, *bufio.Scanner, io.Closer) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), roleVariable+"="+role, pathVariable+"="+path)
	in, err := c.StdinPipe()
	must(t, err)
	out, err := c.StdoutPipe()
	must(t, err)
	must(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	return c, bufio.NewScanner(out), in
}

func TestKilledProcessLeavesOnlyWholeTransactions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	committed := -1
	for kill := range 12 {
		c, lines, _ := child(t, "insert", path)
		for n := 0; n <= kill*3 && lines.Scan(); n++ {
			batch, err := strconv.Atoi(lines.Text())
			must(t, err)
			committed = batch
		}
		must(t, c.Process.Kill())
		for lines.Scan() { // what it still got committed and reported
			if batch, err := strconv.Atoi(lines.Text()); err == nil {
				committed = batch
			}
		}
		_ = c.Wait()

		db := open(t, path, 1, testOptions())
		must(t, db.Check(ctx))
		rows := map[uint64]int{}
		for _, v := range contents(t, db.Table("files")) {
			rows[binary.BigEndian.Uint64([]byte(v))]++
		}
		for batch, n := range rows {
			if n != batchRows {
				t.Fatalf("kill %d: batch %d has %d of %d rows", kill, batch, n, batchRows)
			}
		}
		if len(rows) <= committed {
			t.Fatalf("kill %d: %d batches there, %d were committed", kill, len(rows), committed+1)
		}
		newest, err := db.Table("objects").Get(ctx, []byte("newest"))
		must(t, err)
		if got := int(binary.BigEndian.Uint64(newest)); got != len(rows)-1 {
			t.Fatalf("kill %d: newest says %d, there are %d batches", kill, got, len(rows))
		}
		must(t, db.Close())
	}
	if committed < 12 {
		t.Errorf("only %d batches: the children hardly worked", committed)
	}
}

func TestSecondProcessIsToldThatTheFileIsBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	o := testOptions()
	o.BusyTimeout = 20 * time.Millisecond
	db := open(t, path, 1, o)
	c, lines, in := child(t, "hold", path)
	if !lines.Scan() || lines.Text() != "holding" {
		t.Fatal("the other process did not get ready")
	}
	wantErr(t, db.Table("files").Put(ctx, []byte("mine"), nil), ErrBusy)
	if _, err := db.Table("files").Count(ctx); err != nil {
		t.Errorf("reading goes on: %v", err)
	}
	must(t, in.Close())
	must(t, c.Wait())
	must(t, db.Table("files").Put(ctx, []byte("mine"), nil))
	if has, err := db.Table("files").Has(ctx, []byte("held")); err != nil || !has {
		t.Errorf("the other process's row: %v %v", has, err)
	}
}
