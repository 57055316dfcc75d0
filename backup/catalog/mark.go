package catalog

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
)

// MarkSize is the length in bytes of a mark.
const MarkSize = 16

// Marking has a database say whether rows have changed since somebody read them all: each transaction that changes a row that counts
// draws a new mark, kept and given up together with it. Equal marks mean equal rows, over restarts and crashes too.
type Marking struct {
	Table string // holds the mark; one of Options.Tables
	Row   string // under this key
	// Counts tells whether a change of this row counts. A nil key means every row of the table.
	Counts func(table string, key []byte) bool
}

// mark draws a new mark where the row counts, once in a transaction.
func (t *Table) mark(ctx context.Context, key []byte) error {
	m := t.db.marking
	if m == nil || t.tx.marked || t.name == m.Table && string(key) == m.Row || !m.Counts(t.name, key) {
		return nil
	}
	t.tx.marked = true
	var drawn [MarkSize]byte
	rand.Read(drawn[:])
	return t.tx.Table(m.Table).Put(ctx, []byte(m.Row), drawn[:])
}

// markRow is the row of State that holds the writer's mark.
const markRow = "mark"

// FactsRow, FiguresRow and those that begin with KnownRows are the rows of State that say nothing of single originals, objects or copies that
// others do not say: no mark is drawn for them.
const (
	FactsRow   = "facts"
	FiguresRow = "figures"
	KnownRows  = "known/"
)

// writerCounts tells which rows what is known of originals and copies follows from.
func writerCounts(table string, key []byte) bool {
	switch table {
	case "objects", "copies", "files", "versions":
		return true
	case "state":
		return string(key) != FactsRow && string(key) != FiguresRow && !strings.HasPrefix(string(key), KnownRows)
	}
	return false
}

// Mark changes with every transaction that changes Objects, Copies, Files, Versions, or a row of State other than FactsRow,
// FiguresRow and KnownRows. It is empty before the first of them. Inside View or Update it is that of the state seen there.
func (w *Writer) Mark(ctx context.Context) ([]byte, error) {
	m, err := w.State.Get(ctx, []byte(markRow))
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return m, err
}
