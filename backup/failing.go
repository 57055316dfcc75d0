package backup

import (
	"context"
	"errors"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/store"
)

// failure says why an original is not stored now.
type failure struct {
	j      *job
	state  catalog.FileState
	reason string
}

// Failures are recorded together, since each transaction waits for the disk: so many at once, or those of so long.
const failuresFor = 2 * time.Second

// fail notes why a file is not stored now. It is recorded at once or a little later, at the end of the run's storing at the latest; what is
// lost in between by a crash waits like the other new ones.
func (r *runner) fail(ctx context.Context, x failure) error {
	now := r.e.clock.Now()
	r.mu.Lock()
	x.j.settled = true
	r.failed = append(r.failed, x)
	since := now.Sub(r.failedAt)
	due := len(r.failed) >= rowsAtOnce || since < 0 || since >= failuresFor
	r.mu.Unlock()
	if !due {
		return nil
	}
	return r.recordFailures(context.WithoutCancel(ctx)) // what is known is not lost with a run that ends
}

// recordFailures records what fail noted.
func (r *runner) recordFailures(ctx context.Context) error {
	r.mu.Lock()
	list := r.failed
	r.failed, r.failedAt = nil, r.e.clock.Now()
	r.mu.Unlock()
	return r.e.recordFailures(ctx, list)
}

// recordFailures writes the rows of originals that are not stored now, where they do not say so already.
func (e *Engine) recordFailures(ctx context.Context, list []failure) error {
	now := e.clock.Now().Unix()
	for len(list) > 0 {
		part := list[:min(len(list), rowsAtOnce)]
		list = list[len(part):]
		err := e.updateCounted(ctx, func(w *catalog.Writer, with folderChange) error {
			for _, x := range part {
				if err := x.record(ctx, w, with, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// record writes one row. What vanished leaves the count: the next look settles whether it was deleted.
func (x failure) record(ctx context.Context, w *catalog.Writer, with folderChange, now int64) error {
	key := catalog.FileKey{Folder: x.j.folder.ID, Path: x.j.sight.path}
	f, err := w.Files.Get(ctx, key)
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return err
	}
	if known := err == nil; x.j.bare && !known {
		with(key.Folder, func(ff *folderFacts) { ff.Unlisted-- })
	}
	if x.state == catalog.StateGone {
		if f.FileID == [16]byte{} {
			with(key.Folder, func(ff *folderFacts) { ff.Found-- })
			return w.Files.Delete(ctx, key)
		}
		x.state, x.reason = catalog.StatePending, reasonVanished
	}
	if f.State == x.state && f.Reason == x.reason && f.Since != 0 {
		return nil
	}
	waits := f.State == catalog.StatePending && (x.state == catalog.StatePending || x.reason == reasonBusy)
	if !waits || f.Since == 0 {
		f.Since = now
	}
	f.State, f.Reason, f.Size = x.state, x.reason, x.j.sight.size
	return w.Files.Put(ctx, key, f)
}

// waited tells whether a row's Since is the time since which the original waits. A file that stays busy keeps it also once it counts as failed.
func waited(old *catalog.File) bool {
	return old != nil && (old.State == catalog.StatePending || old.State == catalog.StateFailed && old.Reason == reasonBusy)
}

// noPlace is why originals wait where no destination of the run takes copies; empty: there is one.
func (r *runner) noPlace() string {
	if len(r.destinations()) > 0 {
		return ""
	}
	for _, d := range r.e.destinations() {
		if p, _ := d.condition(); p == "full" {
			return reasonFull
		}
	}
	return reasonAway
}

// waiting records that originals wait because no destination takes copies any more. Those that are new have no row before they are stored:
// they are counted as they are. What came of others in this run stands.
func (r *runner) waiting(ctx context.Context, jobs []job, err error) error {
	if !errors.Is(err, errNoPlace) || ctx.Err() != nil {
		return err
	}
	code := reasonAway
	if errors.Is(err, store.ErrFull) {
		code = reasonFull
	}
	var list []failure
	for i := range jobs {
		if j := &jobs[i]; !j.bare && !j.settled {
			list = append(list, failure{j, catalog.StatePending, code})
		}
	}
	if ferr := r.e.recordFailures(ctx, list); ferr != nil {
		return ferr
	}
	return err
}
