package catalog

import (
	"context"
	"fmt"
)

// Check reads the whole database: SQLite's own structure, then every row is opened. ErrDamaged if anything is wrong. It cannot
// tell that rows, or the whole file, were put back to an older state by somebody who may write to it.
func (db *DB) Check(ctx context.Context) error {
	if err := db.alive(); err != nil {
		return err
	}
	var verdict string
	if err := db.readers.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return translate("check structure", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("check structure: %w (%s)", ErrDamaged, verdict)
	}
	for name := range db.tables {
		if err := db.Table(name).Scan(ctx, func(_, _ []byte) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}
