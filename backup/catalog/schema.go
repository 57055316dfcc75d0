package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
)

// applicationID marks the file as ours ("LPc1") for tools such as file(1).
const applicationID = 0x4c506331

func createTable(name string) string {
	return "CREATE TABLE t_" + name + "(n INTEGER PRIMARY KEY, k BLOB NOT NULL UNIQUE, v BLOB NOT NULL) STRICT"
}

// indexOf is what SQLite calls the index that it makes for UNIQUE.
func indexOf(name string) string { return "sqlite_autoindex_t_" + name + "_1" }

// validName keeps table names within [a-z], 1 to 32 letters: they stand in the file in plain text and in SQL unquoted.
func validName(name string) bool {
	if len(name) == 0 || len(name) > 32 {
		return false
	}
	for _, c := range []byte(name) {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// prepareSchema creates the tables in an empty file, or compares what is there with what this program would have made.
// Anything else in the schema (a trigger, a view, a column) is refused: it could run or keep more than sealed rows.
func (db *DB) prepareSchema(ctx context.Context) error {
	var version int64
	if err := db.writer.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return translate("read schema version", err)
	}
	if version > int64(db.seal.schema) {
		return fmt.Errorf("schema %d, this program knows %d: %w", version, db.seal.schema, ErrNewerSchema)
	}
	have, err := readSchema(ctx, db.writer)
	if err != nil {
		return err
	}
	if version == 0 && len(have) == 0 {
		return db.createSchema(ctx)
	}
	if version < int64(db.seal.schema) {
		if version <= 0 {
			return fmt.Errorf("schema %d: %w", version, ErrDamaged)
		}
		return fmt.Errorf("schema %d, this program knows %d: %w", version, db.seal.schema, ErrOlderSchema)
	}
	want := map[string]string{}
	for name := range db.tables {
		want["t_"+name], want[indexOf(name)] = createTable(name), ""
	}
	want["t_"+headTable], want[indexOf(headTable)] = createTable(headTable), ""
	if !maps.Equal(have, want) {
		return fmt.Errorf("compare schema: %w (unexpected tables)", ErrDamaged)
	}
	return nil
}

func readSchema(ctx context.Context, conn *sql.DB) (map[string]string, error) {
	rows, err := conn.QueryContext(ctx, "SELECT name, coalesce(sql, '') FROM sqlite_schema")
	if err != nil {
		return nil, translate("read schema", err)
	}
	defer rows.Close()
	have := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, translate("read schema", err)
		}
		have[name] = text
	}
	return have, translate("read schema", rows.Err())
}

// createSchema makes all tables, the version and the head row in one transaction: a crash leaves all of them or an empty file.
func (db *DB) createSchema(ctx context.Context) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return translate("create schema", err)
	}
	defer tx.Rollback()
	statements := []string{
		fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		fmt.Sprintf("PRAGMA user_version = %d", db.seal.schema),
		createTable(headTable),
	}
	for name := range db.tables {
		statements = append(statements, createTable(name))
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return translate("create schema", err)
		}
	}
	if err := db.writeHead(ctx, tx, newHead()); err != nil {
		return err
	}
	db.created = true
	return translate("create schema", tx.Commit())
}
