package catalog

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// raw runs a statement on the file as somebody without the key would.
func raw(t *testing.T, path, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", fileURI(path))
	must(t, err)
	defer db.Close()
	r, err := db.Exec(statement, args...)
	must(t, err)
	verb, _, _ := strings.Cut(statement, " ")
	if n, _ := r.RowsAffected(); n == 0 && strings.Contains("INSERT UPDATE DELETE", verb) {
		t.Fatalf("%q changed nothing", statement)
	}
}

// readAll opens and reads everything, whichever step notices the damage.
func readAll(path string, key byte, o Options) error {
	db, err := Open(path, testKey(key), o)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Check(context.Background())
}

func TestForeignHandsAreNoticed(t *testing.T) {
	other := testOptions()
	other.DatabaseID = "other"
	newer, older := testOptions(), testOptions()
	newer.SchemaVersion, older.SchemaVersion = 4, 2
	fewer := testOptions()
	fewer.Tables = fewer.Tables[:1]

	for name, c := range map[string]struct {
		harm string // a statement, if any
		key  byte
		o    Options
		want error
	}{
		"untouched":           {key: 1, o: testOptions()},
		"wrong key":           {key: 2, o: testOptions(), want: ErrWrongKey},
		"another database":    {key: 1, o: other, want: ErrDamaged},
		"written by newer":    {key: 1, o: older, want: ErrNewerSchema},
		"written by older":    {key: 1, o: newer, want: ErrOlderSchema},
		"version forged":      {harm: "PRAGMA user_version = 4", key: 1, o: newer, want: ErrDamaged},
		"other tables":        {key: 1, o: fewer, want: ErrDamaged},
		"trigger planted":     {harm: "CREATE TRIGGER x AFTER INSERT ON t_files BEGIN DELETE FROM t_objects; END", key: 1, o: testOptions(), want: ErrDamaged},
		"extra table":         {harm: "CREATE TABLE plain(name TEXT)", key: 1, o: testOptions(), want: ErrDamaged},
		"head removed":        {harm: "DELETE FROM t_head", key: 1, o: testOptions(), want: ErrDamaged},
		"head altered":        {harm: "UPDATE t_head SET v = zeroblob(length(v))", key: 1, o: testOptions(), want: ErrDamaged},
		"value altered":       {harm: "UPDATE t_files SET v = CAST(substr(v, 1, length(v)-4) || x'deadbeef' AS BLOB) WHERE k = (SELECT min(k) FROM t_files)", key: 1, o: testOptions(), want: ErrDamaged},
		"value cut":           {harm: "UPDATE t_files SET v = substr(v, 1, 20) WHERE k = (SELECT min(k) FROM t_files)", key: 1, o: testOptions(), want: ErrDamaged},
		"value emptied":       {harm: "UPDATE t_files SET v = x'' WHERE k = (SELECT min(k) FROM t_files)", key: 1, o: testOptions(), want: ErrDamaged},
		"row key altered":     {harm: "UPDATE t_files SET k = zeroblob(32) WHERE k = (SELECT min(k) FROM t_files)", key: 1, o: testOptions(), want: ErrDamaged},
		"row key shortened":   {harm: "UPDATE t_files SET k = x'00' WHERE k = (SELECT min(k) FROM t_files)", key: 1, o: testOptions(), want: ErrDamaged},
		"two values swapped":  {harm: "UPDATE t_files SET v = (SELECT v FROM t_files WHERE k = (SELECT max(k) FROM t_files)) WHERE k = (SELECT min(k) FROM t_files)", key: 1, o: testOptions(), want: ErrDamaged},
		"row in other table":  {harm: "INSERT INTO t_paths(k, v) SELECT k, v FROM t_files LIMIT 1", key: 1, o: testOptions(), want: ErrDamaged},
		"head as common row":  {harm: "INSERT INTO t_files(k, v) SELECT k, v FROM t_head", key: 1, o: testOptions(), want: ErrDamaged},
		"another's head":      {harm: "UPDATE t_head SET v = x'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'", key: 1, o: testOptions(), want: ErrDamaged},
		"table not as before": {harm: "ALTER TABLE t_files ADD COLUMN plain TEXT", key: 1, o: testOptions(), want: ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			db, path := fresh(t)
			fill(t, db, "files", 50, 100)
			must(t, db.Close())
			if c.harm != "" {
				raw(t, path, c.harm)
			}
			if err := readAll(path, c.key, c.o); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			must(t, Discard(path))
			again := open(t, path, c.key, c.o)
			if !again.Created() {
				t.Error("after Discard a new database is made")
			}
		})
	}
}

func TestRowOfAnotherKeyOrDatabaseDoesNotOpen(t *testing.T) {
	for name, c := range map[string]struct {
		key byte
		id  string
	}{"same key, other database": {1, "other"}, "other key, same database": {2, "test"}} {
		t.Run(name, func(t *testing.T) {
			db, path := fresh(t)
			fill(t, db, "files", 1, 100)
			must(t, db.Close())
			o := testOptions()
			o.DatabaseID = c.id
			otherPath := filepath.Join(t.TempDir(), "other.db")
			other := open(t, otherPath, c.key, o)
			fill(t, other, "files", 1, 100)
			must(t, other.Close())
			var v []byte
			src, err := sql.Open("sqlite", fileURI(otherPath))
			must(t, err)
			must(t, src.QueryRow("SELECT v FROM t_files").Scan(&v))
			must(t, src.Close())
			raw(t, path, "UPDATE t_files SET v = ?", v)
			wantErr(t, readAll(path, 1, testOptions()), ErrDamaged)
		})
	}
}

func TestDamagedFilesAreNamed(t *testing.T) {
	db, path := fresh(t)
	fill(t, db, "files", 2000, 300)
	must(t, db.Close())
	whole, err := os.ReadFile(path)
	must(t, err)
	junk := append([]byte{}, whole...)
	for i := range 512 {
		junk[i] = byte(i * 7)
	}
	holes := append([]byte{}, whole...)
	clear(holes[8192*10 : 8192*60])
	for name, c := range map[string]struct {
		bytes []byte
		want  error
	}{
		"whole":              {whole, nil},
		"cut in half":        {whole[:len(whole)/2], ErrDamaged},
		"cut within header":  {whole[:50], ErrDamaged},
		"cut to one page":    {whole[:8192], ErrDamaged},
		"last byte gone":     {whole[:len(whole)-1], ErrDamaged},
		"header overwritten": {junk, ErrDamaged},
		"pages zeroed":       {holes, ErrDamaged},
		"text file":          {[]byte("this is not a database, whatever its name may say, and it goes on for a while.......................................................\n"), ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.db")
			must(t, os.WriteFile(path, c.bytes, 0o600))
			if err := readAll(path, 1, testOptions()); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			must(t, Discard(path))
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 0 {
				t.Errorf("Discard left %v", left)
			}
		})
	}
}

func TestEveryFlippedBitOfARowIsNoticed(t *testing.T) {
	s, err := newSealer(testKey(1).Bytes(), "test", 1)
	must(t, err)
	must(t, s.pushRowKey(testKey(1).Bytes(), make([]byte, saltSize)))
	k := s.rowKey("files", []byte("a"))
	v := s.seal("files", k[:], []byte("a"), []byte("value"))
	for bit := range len(v) * 8 {
		v[bit/8] ^= 1 << (bit % 8)
		if _, _, _, _, err := s.open(nil, "files", k[:], v); err == nil {
			t.Fatalf("bit %d flipped: the row still opens", bit)
		}
		v[bit/8] ^= 1 << (bit % 8)
	}
	if n, value, _, _, err := s.open(nil, "files", k[:], v); err != nil || string(n) != "a" || string(value) != "value" {
		t.Fatalf("whole row: %q %q %v", n, value, err)
	}
}

func TestDiscardOfNothingIsNoError(t *testing.T) {
	must(t, Discard(filepath.Join(t.TempDir(), "never.db")))
}
