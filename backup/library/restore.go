package library

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"lightproof/backup"
	"lightproof/backup/restore"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// jobsDB keeps the list of restores; unlike the catalogue it is not made from anything else.
const jobsDB = "restore.db"

// Jobs opens the list of restores on this computer.
func (l *Library) Jobs() (*restore.Jobs, error) {
	return restore.OpenJobs(filepath.Join(l.home, jobsDB), l.keys.CacheKey, l.keys.Space)
}

// Together gives the files shown as one photo with a file, itself included.
func (l *Library) Together(id vault.FileID) (out []vault.FileID) {
	p := l.Photo(id.String())
	if p == nil {
		return nil
	}
	for _, f := range p.Files {
		out = append(out, f.ID)
	}
	return out
}

// Fetcher brings stored objects for a restore: from the best destination first, then from each one and from the second copy of records.
func (l *Library) Fetcher() restore.Fetcher { return fetcher{l} }

// Ended leaves word of how a restore ended for the background part, which tells the person; err is that of the run. One that the person
// stopped is no news, nor is one that was asked not to read back and left nothing out: it has no proof to tell of.
func (l *Library) Ended(ctx context.Context, r *restore.Report, err error) error {
	if ctx.Err() != nil || err == nil && r.Unread > 0 && r.Complete() {
		return nil
	}
	return backup.LeaveRestoreEnded(l.home, backup.RestoreEnded{At: r.Ended, Identical: int64(r.Written + r.AlreadyThere), Total: int64(r.Selected), Waits: err != nil})
}

type fetcher struct{ l *Library }

// Object implements restore.Fetcher.
func (f fetcher) Object(ctx context.Context, name string, attempt int) ([]byte, error) {
	return f.ObjectInto(ctx, name, attempt, nil)
}

// ObjectInto implements restore.IntoFetcher.
func (f fetcher) ObjectInto(ctx context.Context, name string, attempt int, buffer []byte) ([]byte, error) {
	if attempt == 0 {
		return f.read(ctx, name, "", buffer)
	}
	st, err := f.l.svc.State(ctx)
	if err != nil {
		return nil, err
	}
	n := len(st.Destinations)
	if n == 0 || attempt > 2*n {
		return nil, restore.ErrNoMoreCopies
	}
	if attempt > n {
		name = vault.Mirror(name)
		if !vault.ValidName(name) {
			return nil, restore.ErrNoMoreCopies
		}
	}
	b, err := f.read(ctx, name, st.Destinations[(attempt-1)%n].ID, buffer)
	if err != nil && !errors.Is(err, vault.ErrMissing) {
		err = fmt.Errorf("copy %d: %w", attempt, err)
	}
	return b, err
}

// intoBuffer is what the engine offers besides a Service where it is in this process.
type intoBuffer interface {
	ObjectInto(ctx context.Context, name, destination string, buffer []byte) ([]byte, error)
}

// read gets an object, in buffer where that can be.
func (f fetcher) read(ctx context.Context, name, destination string, buffer []byte) ([]byte, error) {
	s, ok := f.l.svc.(intoBuffer)
	if !ok || cap(buffer) == 0 {
		return objects{svc: f.l.svc, destination: destination}.Get(ctx, name)
	}
	b, err := s.ObjectInto(ctx, name, destination, buffer)
	if errors.Is(err, store.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", vault.ErrMissing, err)
	}
	return b, err
}
