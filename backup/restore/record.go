package restore

import (
	"context"
	"fmt"
	"time"
)

// done hands a result over for recording.
func (r *run) done(ctx context.Context, it *item) {
	r.mu.Lock()
	now := r.o.Now()
	if len(r.results) == 0 {
		r.since = now
	}
	r.results = append(r.results, it)
	if r.at.Phase == PhaseWriting {
		r.settled++
	}
	due := len(r.results) >= recordAfter || now.Sub(r.since) >= recordAge
	r.mu.Unlock()
	if due && r.recording.TryLock() { // else another worker is at it
		r.recordLocked(ctx)
		r.recording.Unlock()
	}
}

// Results are recorded when there are so many, or so old: each time costs a flush.
const (
	recordAfter = 4096
	recordAge   = 2 * time.Second
)

// flush records all results. What a crash loses of them is found on the disk again.
func (r *run) flush(ctx context.Context) {
	r.recording.Lock()
	defer r.recording.Unlock()
	r.recordLocked(ctx)
}

// recordLocked saves what is due, in the order in which it came about. What cannot be saved now is tried again with what comes next.
func (r *run) recordLocked(ctx context.Context) {
	r.mu.Lock()
	var batch packer
	for _, it := range r.results {
		appendResult(&batch, it)
	}
	settled := r.settled
	r.results = r.results[:0]
	r.mu.Unlock()
	if r.jobs == nil || r.reading {
		return
	}
	if len(batch.b) > 0 {
		r.queued = append(r.queued, batch.b)
	}
	r.unsaved = nil
	for r.row.Done = settled; len(r.queued) > 0; r.queued = r.queued[1:] {
		if err := r.jobs.record(context.WithoutCancel(ctx), r.id, r.row, r.queued[0]); err != nil {
			r.unsaved = fmt.Errorf("record results of a restore: %w", err)
			return
		}
	}
}
