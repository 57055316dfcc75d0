package backup

import (
	"context"
	"encoding/json"
	"maps"

	"lightproof/backup/catalog"
	"lightproof/backup/vault"
)

// Records is the engine's database, for tests that fill it themselves.
func (e *Engine) Records() *catalog.Writer { return e.db }

// LastCommit is the number of the newest commit of the own log.
func (e *Engine) LastCommit() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.log.Seq
}

// Figures are the figures that hold now (empty: none do), and those counted anew, as JSON.
func (e *Engine) Figures(ctx context.Context) (held, anew string, err error) {
	f, err := e.figuresNow(ctx)
	if err != nil {
		return "", "", err
	}
	n, err := e.count(ctx)
	if err != nil {
		return "", "", err
	}
	text := func(f figures) string {
		f.At = 0
		b, _ := json.Marshal(f)
		return string(b)
	}
	if f != nil {
		held = text(*f)
	}
	return held, text(*n), nil
}

// Left is what a destination lacks as told by the records themselves: objects never sent, records owed, copies to be read back.
func (e *Engine) Left(ctx context.Context) (debts, records, unread int, err error) {
	for _, d := range e.destinations() {
		list, err := e.debts(ctx, d)
		if err != nil {
			return 0, 0, 0, err
		}
		owed, err := e.owed(ctx, d, vault.MaxSeq)
		if err != nil {
			return 0, 0, 0, err
		}
		read, err := e.targets(ctx, d, false)
		if err != nil {
			return 0, 0, 0, err
		}
		debts, records, unread = debts+len(list), records+len(owed), unread+len(read)
	}
	return debts, records, unread, nil
}

// Counted is the same by the figures counted anew.
func (e *Engine) Counted(ctx context.Context) (debts, records, unread int, err error) {
	f, err := e.count(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	for _, d := range f.Dests {
		debts, records, unread = debts+int(d.Debts), records+int(d.Records), unread+int(d.Unread)
	}
	return debts, records, unread, nil
}

// SetPlan changes the plan, as settings that were written by another program would.
func (e *Engine) SetPlan(p Plan) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.set.Plan = p
}

// HoldCount keeps the engine from counting until the returned function is called.
func (e *Engine) HoldCount() (countOn func()) {
	e.recounting.Lock()
	return e.recounting.Unlock
}

// RowsAtOnce is how many rows of originals go into one transaction.
const RowsAtOnce = rowsAtOnce

// KeptKnown is how many originals are known without a look at their rows, -1 where what was kept does not hold; wrong is how many of the rows
// it does not say what they say.
func (e *Engine) KeptKnown(ctx context.Context) (n int, wrong int, err error) {
	kn, err := e.loadKnown(ctx)
	if err != nil || kn == nil {
		return -1, 0, err
	}
	files := map[[16]byte]int64{}
	err = e.db.Files.Each(ctx, func(k catalog.FileKey, f catalog.File) error {
		path := kn.path(k.Folder, k.Path)
		if is, first, same := kn.find(path, kn.recorded(path, &f)); !is || !first || !same {
			wrong++
		}
		files[k.Folder]++
		return nil
	})
	if !maps.Equal(files, kn.files) {
		wrong++
	}
	return kn.used, wrong, err
}
