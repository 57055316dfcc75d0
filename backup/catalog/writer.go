package catalog

import (
	"context"
	"encoding/hex"

	"lightproof/keystore/secret"
)

// WriterSchema is the schema version of the writer's records.
const WriterSchema = 4

// Writer is the database of the side that backs up: local files, objects, what is known of each copy. It never holds a content
// hash from which a key follows, a content key or a capability (FORMAT.md, "Keysets").
type Writer struct {
	db       *DB
	Objects  *Store[[32]byte, Object]
	Bundles  *Store[[32]byte, Bundle]
	Copies   *Store[CopyKey, Copy]
	Files    *Store[FileKey, File]
	Versions *Store[[16]byte, Version]
	Runs     *Runs
	State    *Table // the engine's own small values, by name
	Pages    *Table // sealed page objects, by cid
}

// OpenWriter opens or creates the writer's database of one vault. key is the writer keyset's cache key; spaceID binds the file
// to the vault. Errors as for Open. If Created reports true the content is to be rebuilt from the object lists.
func OpenWriter(path string, key secret.Secret, spaceID [16]byte) (*Writer, error) {
	db, err := Open(path, key, Options{
		DatabaseID:    "writer/" + hex.EncodeToString(spaceID[:]),
		SchemaVersion: WriterSchema,
		Tables:        []string{"objects", "bundles", "copies", "files", "versions", "runs", "state", "pages"},
		Marking:       &Marking{Table: "state", Row: markRow, Counts: writerCounts},
	})
	if err != nil {
		return nil, err
	}
	return writerOn(db, db.Table), nil
}

func writerOn(db *DB, rows func(string) *Table) *Writer {
	return &Writer{
		db:       db,
		Objects:  newStore(rows, objectCodec),
		Bundles:  newStore(rows, bundleCodec),
		Copies:   newStore(rows, copyCodec),
		Files:    newStore(rows, fileCodec),
		Versions: newStore(rows, versionCodec),
		Runs:     &Runs{rows: newStore(rows, runCodec)},
		State:    rows("state"),
		Pages:    rows("pages"),
	}
}

// Update runs fn in one writing transaction; only the Writer given to fn takes part in it. See DB.Update.
func (w *Writer) Update(ctx context.Context, fn func(w *Writer) error) error {
	return w.db.Update(ctx, func(tx *Tx) error { return fn(writerOn(w.db, tx.Table)) })
}

// UpdateOf is Update for a transaction of up to n values. See DB.UpdateOf.
func (w *Writer) UpdateOf(ctx context.Context, n uint64, fn func(w *Writer) error) error {
	return w.db.UpdateOf(ctx, n, func(tx *Tx) error { return fn(writerOn(w.db, tx.Table)) })
}

// View runs fn on one consistent state; only the Writer given to fn takes part in it. See DB.View.
func (w *Writer) View(ctx context.Context, fn func(w *Writer) error) error {
	return w.db.View(ctx, func(tx *Tx) error { return fn(writerOn(w.db, tx.Table)) })
}

// DB is the database beneath: Created, RekeyDue, Rekey, Check.
func (w *Writer) DB() *DB { return w.db }

// Close closes the database and wipes its keys.
func (w *Writer) Close() error { return w.db.Close() }
