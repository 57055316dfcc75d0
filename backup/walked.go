package backup

import (
	"context"
	"encoding/json"
	"errors"

	"lightproof/backup/catalog"
)

// walked is what the walks counted in one folder, as of one state of the records.
type walked struct {
	Found    int64 `json:"found"`
	Unlisted int64 `json:"unlisted"`
	LastScan int64 `json:"last_scan"`
}

// walks are the walks' numbers by folder as the records have them. They change in one transaction with the rows that they are compared with, so
// that a count beside a run finds both of one moment; those in memory may be ahead of it.
func walks(ctx context.Context, w *catalog.Writer) (map[string]walked, error) {
	b, err := w.State.Get(ctx, []byte(factsRow))
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var f struct {
		Folders map[string]walked `json:"folders"`
	}
	return f.Folders, json.Unmarshal(b, &f)
}

// folderChange is called in a transaction to change what is known of a folder. It is called with Engine.mu held.
type folderChange func(folder [16]byte, change func(*folderFacts))

// updateCounted writes rows of originals, and what they mean for the walks' numbers, in one transaction. If it fails, the numbers are
// what they were.
func (e *Engine) updateCounted(ctx context.Context, write func(w *catalog.Writer, with folderChange) error) error {
	e.saving.Lock()
	defer e.saving.Unlock()
	before := map[string]folderFacts{}
	err := e.db.Update(ctx, func(w *catalog.Writer) error {
		err := write(w, func(folder [16]byte, change func(*folderFacts)) {
			e.mu.Lock()
			defer e.mu.Unlock()
			f := e.folderFact(hexID(folder))
			if _, noted := before[hexID(folder)]; !noted {
				before[hexID(folder)] = *f
			}
			change(f)
		})
		if err != nil {
			return err
		}
		facts, err := e.encodeFacts()
		if err != nil {
			return err
		}
		return w.State.Put(ctx, []byte(factsRow), facts)
	})
	if err != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		for id, old := range before {
			f := e.folderFact(id)
			old.Counts = f.Counts // those are of another count
			*f = old
		}
	}
	return err
}
