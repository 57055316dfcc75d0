package catalog

import (
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Sentinel errors. All are wrapped with what was being done; callers decide with errors.Is.
var (
	// ErrDamaged means that the file, or a row in it, is not what this program wrote: Discard it and rebuild.
	ErrDamaged = errors.New("local database is damaged")
	// ErrWrongKey means that the file is whole as far as can be told, but was written with another key.
	ErrWrongKey = errors.New("local database belongs to another key")
	// ErrNewerSchema means that a newer program wrote the file; this one must not touch it.
	ErrNewerSchema = errors.New("local database was written by a newer program")
	// ErrOlderSchema means that an older program wrote the file: Discard it and rebuild.
	ErrOlderSchema = errors.New("local database was written by an older program")
	// ErrNotFound means that there is no row under that key.
	ErrNotFound = errors.New("no such row")
	// ErrRotate means that the row key has served long enough: call Rekey, then try again. Reading goes on.
	ErrRotate = errors.New("local database needs a new row key")
	// ErrTooLarge means that a key, value or transaction exceeds its bound (MaxKey, MaxValue, MaxTxWrites).
	ErrTooLarge = errors.New("too large for the local database")
	// ErrBusy means that another process held the file longer than Options.BusyTimeout.
	ErrBusy = errors.New("local database is in use by another process")
	// ErrFull means that the disk that holds the file is full.
	ErrFull = errors.New("disk of the local database is full")
	// ErrReadOnly means a write inside View.
	ErrReadOnly = errors.New("transaction only reads")
	// ErrClosed means a call after Close.
	ErrClosed = errors.New("local database is closed")
)

// translate turns a driver error into one of the sentinels where there is one, keeping the driver's text.
func translate(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrConnDone) || err.Error() == "sql: database is closed" {
		return fmt.Errorf("%s: %w", doing, ErrClosed)
	}
	var e *sqlite.Error
	if errors.As(err, &e) {
		var kind error
		switch code := e.Code(); {
		case code == sqlite3.SQLITE_IOERR_SHORT_READ, code&0xff == sqlite3.SQLITE_CORRUPT, code&0xff == sqlite3.SQLITE_NOTADB:
			kind = ErrDamaged
		case code&0xff == sqlite3.SQLITE_BUSY, code&0xff == sqlite3.SQLITE_LOCKED:
			kind = ErrBusy
		case code&0xff == sqlite3.SQLITE_FULL:
			kind = ErrFull
		}
		if kind != nil {
			return fmt.Errorf("%s: %w (%v)", doing, kind, e)
		}
	}
	return fmt.Errorf("%s: %w", doing, err)
}
