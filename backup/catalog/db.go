package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lightproof/keystore/secret"

	"modernc.org/sqlite"
)

// Bounds of one row.
const (
	MaxKey   = 1 << 20  // bytes of a natural key
	MaxValue = 64 << 20 // bytes of a value
)

// KeySize is the length in bytes of a database key.
const KeySize = 32

const defaultBusy = 5 * time.Second

// Options describe a database to Open.
type Options struct {
	// DatabaseID binds every row to this database: rows of another one do not open. 1 to 64 bytes; not secret, not stored.
	DatabaseID string
	// SchemaVersion of the values, 1 to 2^31-1. Every row is bound to it; a file of another version is refused.
	SchemaVersion uint32
	// Tables are all tables, [a-z]{1,32} each, "head" excepted. Their names stand in the file in plain text.
	Tables []string
	// Relaxed leaves out the flush after each transaction (SQLite: synchronous=NORMAL). A power cut may then lose the newest
	// transactions, never tear one. For content that costs little to make again.
	Relaxed bool
	// Marking has changes marked; nil: none are.
	Marking *Marking
	// BusyTimeout is how long to wait for another process; 0 means 5 s.
	BusyTimeout time.Duration

	limit, block uint64 // tests lower the bounds of a row key
}

// DB is one open database. It is safe for concurrent use: one writer at a time, readers beside it.
type DB struct {
	seal    *sealer
	key     secret.Secret
	tables  map[string]bool
	marking *Marking
	writer  *sql.DB // exactly one connection
	readers *sql.DB
	created bool

	lock chan struct{} // held by the one who writes; a channel, so that waiting ends with the context
	head head          // guarded by lock
	used atomic.Uint64 // values sealed under the newest row key, reservations of a crashed session included

	limit, block uint64
	unfinished   atomic.Bool // a rekeying is to be finished

	mu         sync.Mutex
	statements map[statementID]*sql.Stmt
	closed     bool
}

// Open opens the database at path or creates it (mode 0600; its folder must exist). key is copied, KeySize bytes.
//
// Errors to decide on: ErrDamaged, ErrWrongKey and ErrOlderSchema (Discard and rebuild), ErrNewerSchema, ErrBusy, ErrFull.
func Open(path string, key secret.Secret, o Options) (*DB, error) {
	if err := o.check(key); err != nil {
		return nil, err
	}
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	clone := key.Clone()
	s, err := newSealer(clone.Bytes(), o.DatabaseID, o.SchemaVersion)
	if err != nil {
		return nil, err
	}
	db := &DB{seal: s, key: clone, tables: map[string]bool{}, lock: make(chan struct{}, 1), limit: o.limit, block: o.block,
		marking:    o.Marking,
		statements: map[statementID]*sql.Stmt{}}
	for _, t := range o.Tables {
		db.tables[t] = true
	}
	if err := db.connect(path, o); err != nil {
		db.closeConnections()
		return nil, err
	}
	return db, nil
}

func (o *Options) check(key secret.Secret) error {
	if key.Len() != KeySize || key.IsZero() {
		return errors.New("open local database: key is not 32 bytes")
	}
	if len(o.DatabaseID) == 0 || len(o.DatabaseID) > 64 {
		return errors.New("open local database: database id is not 1 to 64 bytes")
	}
	if o.SchemaVersion == 0 || o.SchemaVersion > 1<<31-1 {
		return errors.New("open local database: schema version out of range")
	}
	for _, t := range o.Tables {
		if !validName(t) || t == headTable {
			return fmt.Errorf("open local database: table name %q not allowed", t)
		}
	}
	if o.limit == 0 {
		o.limit = rowKeyLimit
	}
	if o.block == 0 {
		o.block = MaxTxWrites
	}
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = defaultBusy
	}
	return nil
}

// createPrivate makes the empty file first, because SQLite would make it readable for others. SQLite gives its companions
// (-wal, -shm) the mode of the main file. An existing file is not opened: closing a second handle would drop SQLite's locks.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create local database: %w", err)
	}
	return f.Close()
}

func (db *DB) connect(path string, o Options) error {
	var err error
	if db.writer, err = openPool(path, o, true); err != nil {
		return err
	}
	if db.readers, err = openPool(path, o, false); err != nil {
		return err
	}
	ctx := context.Background()
	if err := db.prepareSchema(ctx); err != nil {
		return err
	}
	return db.loadHead(ctx)
}

func openPool(path string, o Options, write bool) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open local database: %w", err)
	}
	sync := "FULL"
	if o.Relaxed {
		sync = "NORMAL"
	}
	// page_size counts only while the file is empty; it must come before journal_mode. 2 MiB of page cache a connection.
	dsn := fileURI(abs) + "?_defensive=1&_dqs=0" +
		fmt.Sprintf("&_pragma=busy_timeout(%d)", o.BusyTimeout.Milliseconds()) +
		"&_pragma=page_size(8192)&_pragma=temp_store(MEMORY)&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)" +
		"&_pragma=cache_size(-2048)&_pragma=mmap_size(0)"
	if write {
		dsn += "&_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=secure_delete(1)&_pragma=journal_size_limit(8388608)" +
			"&_pragma=synchronous(" + sync + ")"
	} else {
		dsn += "&_query_only=1"
	}
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("open local database: %w", err)
	}
	pool := sql.OpenDB(c)
	if write {
		pool.SetMaxOpenConns(1)
	} else {
		pool.SetMaxOpenConns(8)
		pool.SetMaxIdleConns(1)
	}
	return pool, nil
}

// fileURI escapes a path byte by byte (https://www.sqlite.org/uri.html), so that "?", "%" or "#" in a folder's name stay part of it.
func fileURI(abs string) string {
	p := filepath.ToSlash(abs)
	if runtime.GOOS == "windows" && !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	const hexDigits = "0123456789ABCDEF"
	out := []byte("file://")
	for _, c := range []byte(p) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/-_.:", c) >= 0 {
			out = append(out, c)
		} else {
			out = append(out, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return string(out)
}

// Created tells whether Open found no content and made a new database: it is to be filled from a destination.
func (db *DB) Created() bool { return db.created }

// Close waits for the running write, settles the count of sealed values and wipes the keys. A second Close does nothing.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil
	}
	db.closed = true
	db.mu.Unlock()
	db.lock <- struct{}{}
	defer func() { <-db.lock }()
	err := db.settle(context.Background())
	return errors.Join(err, db.closeConnections())
}

func (db *DB) closeConnections() error {
	var errs []error
	db.mu.Lock()
	for _, s := range db.statements {
		errs = append(errs, s.Close())
	}
	clear(db.statements)
	db.mu.Unlock()
	// Readers first: the writer, closing last, folds the write-ahead log into the file and removes it.
	for _, pool := range []*sql.DB{db.readers, db.writer} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	db.seal.wipe()
	db.key.Wipe()
	return translate("close local database", errors.Join(errs...))
}

// Discard removes the database at path with its companions, so that it can be rebuilt. It must not be open. Missing files are
// no error.
func Discard(path string) error {
	var errs []error
	// The log goes first: left beside a new file of the same name it could be taken for the new one's.
	for _, suffix := range []string{"-wal", "-shm", "-journal", ""} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("discard local database: %w", err)
	}
	return nil
}
