package backup

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/source"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// runner is one long work: which destinations still take part, how far it is, what went wrong.
type runner struct {
	e       *Engine
	kind    string
	started time.Time
	result  *Run

	done, bytes, stored atomic.Int64
	total, totalBytes   atomic.Int64

	mu     sync.Mutex
	dests  []*destination
	behind map[*destination]bool // was never sent some objects of earlier commits
	loss   error
	shown  time.Time
	reason map[string]int64
}

func (e *Engine) newRunner(kind string) *runner {
	now := e.clock.Now()
	return &runner{e: e, kind: kind, started: now, result: &Run{Started: now}}
}

func (r *runner) destinations() []*destination {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dests
}

// lose takes a destination out of the run.
func (r *runner) lose(d *destination, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := make([]*destination, 0, len(r.dests))
	for _, x := range r.dests {
		if x != d {
			kept = append(kept, x)
		}
	}
	if len(kept) < len(r.dests) {
		r.result.Issues = append(r.result.Issues, Issue{Code: storeCode(err), Args: map[string]string{"destination": d.set.Label}})
	}
	r.dests, r.loss = kept, err
	d.setProblem(storeCode(err))
}

func (r *runner) lastLoss() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loss == nil {
		return store.ErrAway
	}
	return r.loss
}

func (r *runner) progress(n int64) {
	r.bytes.Add(n)
	r.show(false)
}

func (r *runner) wrote(n int64) { r.stored.Add(n) }

// phase begins a part of the work, with progress of its own. Units are objects or originals, and bytes.
func (r *runner) phase(kind string, total, bytes int64) {
	r.mu.Lock()
	r.kind, r.started = kind, r.e.clock.Now()
	r.mu.Unlock()
	r.done.Store(0)
	r.bytes.Store(0)
	r.total.Store(total)
	r.totalBytes.Store(bytes)
}

// showEvery is how often progress reaches the screens.
const showEvery = 200 * time.Millisecond

// show publishes progress, at most five times a second unless forced.
func (r *runner) show(force bool) {
	now := r.e.clock.Now()
	r.mu.Lock()
	if !force && now.Sub(r.shown) < showEvery {
		r.mu.Unlock()
		return
	}
	r.shown = now
	kind, started := r.kind, r.started
	r.mu.Unlock()
	w := &Work{Kind: kind, Done: r.done.Load(), Total: r.total.Load(), Bytes: r.bytes.Load(), TotalBytes: r.totalBytes.Load(), Started: started}
	if d := now.Sub(started).Seconds(); d > 0 {
		w.Rate = float64(w.Bytes) / d
		// An estimate means something once a tenth is done.
		if w.TotalBytes > 0 && w.Bytes*10 >= w.TotalBytes && w.Rate > 0 {
			w.Left = time.Duration(float64(w.TotalBytes-w.Bytes) / w.Rate * float64(time.Second))
		}
	}
	r.e.mu.Lock()
	r.e.work = w
	r.e.mu.Unlock()
	r.e.publishNow()
}

func (r *runner) issue(i Issue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.result.Issues) < 1000 {
		r.result.Issues = append(r.result.Issues, i)
	}
}

// backUp looks at every folder, stores what is new, and reads the new copies back.
func (e *Engine) backUp(ctx context.Context, c BackUp) (*Run, error) {
	e.run.Lock()
	defer e.run.Unlock()
	r := e.newRunner("looking")
	defer e.endWork(ctx)
	r.connect(ctx)
	if e.log.Seq == 0 && len(r.destinations()) > 0 {
		// A database that was lost while no destination could be reached is refilled now.
		if err := e.relearn(ctx); err != nil {
			return r.end(ctx), err
		}
	}
	if err := r.heads(ctx); err != nil {
		return r.stopped(ctx, err)
	}
	if err := e.learnLogs(ctx, r); err != nil {
		return r.end(ctx), err
	}
	var runErr error
	var all []*looked
	for _, f := range e.folders() {
		l, err := e.look(ctx, f)
		if err != nil {
			if ctx.Err() != nil {
				return r.end(ctx), ctx.Err()
			}
			r.issue(Issue{Code: "read-error", Path: f.Root})
			runErr = err
			continue
		}
		r.result.Looked += l.found
		for _, i := range l.issues {
			r.issue(i)
		}
		all = append(all, l)
		r.show(false)
	}
	if e.pausedNow() {
		return r.end(ctx), e.afterRun(ctx)
	}
	if err := r.store(ctx, all); err != nil {
		runErr = err
	} else if err := r.heartbeat(ctx); err != nil {
		runErr = err
	}
	if errors.Is(runErr, errAlarm) {
		return r.stopped(ctx, runErr)
	}
	if ctx.Err() == nil {
		if err := r.prove(ctx); err != nil && runErr == nil {
			runErr = err
		}
	}
	if errors.Is(runErr, errAlarm) {
		return r.stopped(ctx, runErr)
	}
	res := r.end(ctx)
	res.Stopped = ctx.Err() != nil
	if res.New+res.Removed+res.Bad > 0 {
		if err := e.noteRun(context.WithoutCancel(ctx), noteBackup, res); err != nil && runErr == nil {
			runErr = err
		}
	}
	if res.Stopped {
		// What was stored before the stop counts; the state must say so even though ctx has ended.
		_ = e.afterRun(context.WithoutCancel(ctx))
		return res, ctx.Err()
	}
	if errors.Is(runErr, errNoPlace) {
		runErr = nil // named in the issues; the files wait
	}
	if err := e.afterRun(ctx); err != nil && runErr == nil {
		runErr = err
	}
	return res, runErr
}

// heads makes sure that every destination's log is the one that this computer wrote, and delivers the records that are owed.
func (r *runner) heads(ctx context.Context) error {
	for _, d := range r.destinations() {
		if err := r.e.checkHead(ctx, d); err != nil && ctx.Err() == nil {
			r.lose(d, err)
		}
	}
	if r.e.alarmed(alarmClone) {
		return errAlarm // from an earlier run: nothing is written before a person has decided
	}
	for _, d := range r.destinations() {
		if err := r.catchUp(ctx, d); err != nil && ctx.Err() == nil {
			r.lose(d, err)
		}
	}
	if r.e.alarmed(alarmClone) {
		return errAlarm
	}
	return nil
}

// stopped ends a run for an alarm: it is named in the issues, and stands in the state. Other errors are returned.
func (r *runner) stopped(ctx context.Context, err error) (*Run, error) {
	if errors.Is(err, errAlarm) && ctx.Err() == nil {
		if !slices.ContainsFunc(r.result.Issues, func(i Issue) bool { return i.Code == alarmClone }) {
			r.issue(Issue{Code: alarmClone})
		}
		err = nil
	}
	res := r.end(ctx)
	res.Stopped = true
	return res, errors.Join(err, r.e.afterRun(context.WithoutCancel(ctx)))
}

func (r *runner) connect(ctx context.Context) {
	now := r.e.clock.Now().Unix()
	for _, d := range r.e.destinations() {
		err := d.connect(ctx, r.e.o.Open)
		r.e.mu.Lock()
		f := r.e.destFact(d.set.ID)
		f.Problem, _ = d.condition()
		switch {
		case err == nil:
			f.LastSeen, f.Away = now, 0
		case f.Away == 0:
			f.Away = now
		}
		r.e.mu.Unlock()
		if err != nil {
			r.issue(Issue{Code: storeCode(err), Args: map[string]string{"destination": d.set.Label}})
			continue
		}
		r.mu.Lock()
		r.dests = append(r.dests, d)
		r.mu.Unlock()
	}
}

func (e *Engine) pausedNow() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.paused != nil && !e.clock.Now().Before(e.paused.Until) {
		e.paused = nil
	}
	return e.paused != nil
}

// prove reads back what is new. Destinations that are up to date come first: what lacks elsewhere may take hours to copy.
func (r *runner) prove(ctx context.Context) error {
	if err := r.readBack(ctx, false); err != nil {
		return err
	}
	for _, d := range r.destinations() {
		if !r.isBehind(d) {
			continue
		}
		if err := r.replicate(ctx, d); err != nil {
			return err
		}
		list, err := r.e.targets(ctx, d, false)
		if err != nil {
			return err
		}
		if err := r.readBackAt(ctx, d, list); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) end(context.Context) *Run {
	r.result.Took = r.e.clock.Now().Sub(r.result.Started)
	r.result.StoredByte = r.stored.Load()
	return r.result
}

func (e *Engine) endWork(ctx context.Context) {
	e.mu.Lock()
	e.work = nil
	e.mu.Unlock()
	e.publish(context.WithoutCancel(ctx))
}

// afterRun brings figures and verdict up to date.
func (e *Engine) afterRun(ctx context.Context) error {
	if err := e.recount(ctx); err != nil {
		return err
	}
	e.savePin(ctx)
	return e.saveFacts(ctx)
}

// workers is how many originals are read at once. One more than the cores would only queue: hashing and sealing are the work.
func workers() int { return max(1, min(4, runtime.GOMAXPROCS(0))) }

// store reads and stores the jobs of all folders, in batches that each become a commit.
func (r *runner) store(ctx context.Context, all []*looked) error {
	var jobs []job
	var removed []removal
	for _, l := range all {
		jobs = append(jobs, l.jobs...)
		removed = append(removed, l.removed...)
		l.jobs, l.removed = nil, nil
	}
	if len(jobs)+len(removed) == 0 {
		return nil
	}
	var bytes int64
	for _, j := range jobs {
		if j.moved == "" {
			bytes += j.item.Size
		}
	}
	r.phase("backing-up", int64(len(jobs)), bytes)
	defer func() { r.result.Bytes = r.bytes.Load() }()
	if len(r.destinations()) == 0 {
		code := reasonAway
		for _, d := range r.e.destinations() {
			if p, _ := d.condition(); p == "full" {
				code = reasonFull
			}
		}
		for _, j := range jobs {
			if err := r.fail(ctx, j, catalog.StatePending, code); err != nil {
				return err
			}
		}
		return errNoPlace
	}
	small := vault.NewChunkBuffer()
	for first := true; len(jobs) > 0 || len(removed) > 0; first = false {
		// What others wrote is looked at before a batch, not at its end: a commit names as seen only what its objects were chosen by
		// (FORMAT.md, "Collection"). The run itself began with a look.
		if !first {
			if err := r.e.learnLogs(ctx, r); err != nil {
				return err
			}
		}
		b := newBatch(r, r.e.keys, r.e.log.Seq+1, small)
		n, err := r.fill(ctx, b, jobs)
		jobs = jobs[n:]
		if err != nil {
			// What this batch holds so far is complete: keep it, unless nothing can be stored any more.
			if errors.Is(err, errNoPlace) || b.empty() {
				return r.waiting(ctx, append(jobs, nil...), err)
			}
			if cerr := r.e.commit(context.WithoutCancel(ctx), b, nil); cerr != nil {
				return cerr
			}
			return err
		}
		var gone []removal
		if len(jobs) == 0 {
			gone, removed = removed, nil
		}
		if err := r.e.commit(ctx, b, gone); err != nil {
			return r.waiting(ctx, jobs, err)
		}
	}
	return nil
}

// waiting names the files that wait because no destination takes copies.
func (r *runner) waiting(ctx context.Context, jobs []job, err error) error {
	if !errors.Is(err, errNoPlace) || ctx.Err() != nil {
		return err
	}
	code := reasonAway
	if errors.Is(err, store.ErrFull) {
		code = reasonFull
	}
	for _, j := range jobs {
		if ferr := r.fail(ctx, j, catalog.StatePending, code); ferr != nil {
			return ferr
		}
	}
	return err
}

// fill takes jobs into the batch until it is full; it returns how many it took. The first error that is not about one file ends it.
func (r *runner) fill(ctx context.Context, b *batch, jobs []job) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan job)
	var wg sync.WaitGroup
	for range min(workers(), len(jobs)) {
		wg.Go(func() {
			buf := vault.NewChunkBuffer()
			for j := range next {
				if err := r.one(ctx, b, buf, j); err != nil {
					cancel(err)
				}
			}
		})
	}
	taken := 0
feed:
	for _, j := range jobs {
		if b.full() {
			break
		}
		select {
		case next <- j:
			taken++
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return taken, context.Cause(ctx)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return taken, b.closeBundle(ctx, r.e)
}

// one stores one original; an error returned ends the run, what is wrong with the file alone is recorded.
func (r *runner) one(ctx context.Context, b *batch, buf *vault.ChunkBuffer, j job) error {
	s, err := r.e.readOriginal(ctx, b, buf, j)
	r.done.Add(1)
	r.show(false)
	if err == nil {
		b.add(s)
		if len(s.left) > 0 {
			r.issue(Issue{Code: reasonTooLarge, Path: j.item.Path, Count: int64(len(s.left))})
		}
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !fileError(err) {
		return err
	}
	var since int64
	if j.old != nil {
		since = j.old.Since
	}
	state, reason := readReason(err, since, r.e.clock.Now().Unix())
	r.issue(Issue{Code: reason, Path: j.item.Path})
	return r.fail(ctx, j, state, reason)
}

// fileError tells whether an error concerns just the file that was read.
func fileError(err error) bool {
	for _, e := range []error{source.ErrVanished, source.ErrChanged, source.ErrChangedWhileRead, source.ErrUnreadable, source.ErrReadError,
		source.ErrBusy, source.ErrOnlineOnly, source.ErrNotFile, source.ErrNameTooLong, source.ErrFolderMissing} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// fail records why a file is not stored now. One that vanished leaves the count: the next look settles whether it was deleted.
func (r *runner) fail(ctx context.Context, j job, state catalog.FileState, reason string) error {
	key := catalog.FileKey{Folder: j.folder.ID, Path: j.item.Path}
	now := r.e.clock.Now().Unix()
	return r.e.db.Update(ctx, func(w *catalog.Writer) error {
		f, err := w.Files.Get(ctx, key)
		if err != nil && !errors.Is(err, catalog.ErrNotFound) {
			return err
		}
		if state == catalog.StateGone && f.VersionID == [16]byte{} {
			r.e.mu.Lock()
			r.e.folderFact(hexID(j.folder.ID)).Found--
			r.e.mu.Unlock()
			return w.Files.Delete(ctx, key)
		}
		if state == catalog.StateGone {
			state, reason = catalog.StatePending, reasonVanished
		}
		if f.State != state || f.Reason != reason {
			waits := f.State == catalog.StatePending && (state == catalog.StatePending || reason == reasonBusy)
			if !waits || f.Since == 0 {
				f.Since = now
			}
			f.State, f.Reason = state, reason
		}
		f.Size = j.item.Size
		return w.Files.Put(ctx, key, f)
	})
}
