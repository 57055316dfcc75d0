package backup

import (
	"context"
	"errors"
	"time"

	"lightproof/backup/source"
)

// store reads and stores the jobs of all folders, in batches that each become a commit.
func (r *runner) store(ctx context.Context, all []*looked) error {
	var jobs []job
	var removed []removal
	for _, l := range all {
		if jobs == nil {
			jobs = l.jobs // mostly there is one folder
		} else {
			jobs = append(jobs, l.jobs...)
		}
		removed = append(removed, l.removed...)
		l.jobs, l.removed = nil, nil
	}
	if len(jobs)+len(removed) == 0 {
		return nil
	}
	var bytes int64
	for _, j := range jobs {
		if !j.moved() {
			bytes += j.sight.size
		}
	}
	r.phase("backing-up", int64(len(jobs)), bytes)
	defer func() { r.result.Bytes = r.bytes.Load() }()
	if len(r.destinations()) == 0 {
		return errNoPlace // the look has recorded that they wait
	}
	err := r.storeAll(ctx, jobs, removed)
	if ferr := r.recordFailures(context.WithoutCancel(ctx)); err == nil {
		err = ferr
	}
	return err
}

// lookAgain is how often a run looks at what other devices write, where none is known.
const lookAgain = 10 * time.Minute

// storeAll fills one batch after the other. While a batch is committed the next one is filled already, unless other devices write to the
// vault, too: what they wrote is looked at before a batch, not at its end, since a commit names as seen only what its objects were chosen by
// (FORMAT.md, "Collection"), and with nothing under way. The run itself began with a look.
func (r *runner) storeAll(ctx context.Context, jobs []job, removed []removal) error {
	free, bundlers, reading := newBuffers(), newBundlers(), readersOf(jobs)
	looked, alone := r.e.clock.Now(), r.e.alone()
	var before committing
	for first := true; len(jobs) > 0 || len(removed) > 0; first = false {
		if since := r.e.clock.Now().Sub(looked); !first && (!alone || since < 0 || since > lookAgain) {
			if err := before.wait(); err != nil {
				return r.waiting(ctx, jobs, err)
			}
			if err := r.e.learnLogs(ctx, r); err != nil {
				return err
			}
			looked, alone = r.e.clock.Now(), r.e.alone()
		}
		b := newBatch(r, r.e.keys, r.e.nextSeq()+before.count())
		b.readers, b.free, b.bundlers = reading, free, bundlers
		inner, stop := before.with(ctx)
		left, err := r.fill(inner, b, jobs)
		stop()
		if cerr := before.wait(); cerr != nil {
			b.dropBundles()
			return r.waiting(ctx, jobs, cerr)
		}
		jobs = left
		if err != nil {
			return r.keep(ctx, b, jobs, err)
		}
		var gone []removal
		if len(jobs) == 0 {
			gone, removed = removed, nil
		}
		b.filled()
		before = r.commit(ctx, b, gone)
	}
	return before.wait()
}

// keep commits what is complete of a batch whose filling ended by err, unless nothing can be stored any more.
func (r *runner) keep(ctx context.Context, b *batch, jobs []job, err error) error {
	closing, done := r.grace(ctx)
	defer done()
	if errors.Is(err, errNoPlace) || b.closeBundles(closing) != nil && closing.Err() == nil {
		b.dropBundles()
		return r.waiting(ctx, jobs, err)
	}
	b.dropBundles() // those that could not be closed in time
	if b.empty() {
		return r.waiting(ctx, jobs, err)
	}
	if cerr := r.e.commit(ctx, b, nil); cerr != nil {
		return cerr
	}
	return err
}

// stopGrace is how long a run that is stopped goes on sending what may as well be sent by the next one. A slow or limited line could take half
// an hour for it.
const stopGrace = 10 * time.Second

// grace gives a context that ends stopGrace after ctx; done gives it up.
func (r *runner) grace(ctx context.Context) (going context.Context, done func()) {
	going, cancel := context.WithCancel(context.WithoutCancel(ctx))
	unhook := context.AfterFunc(ctx, func() {
		select {
		case <-r.e.clock.After(stopGrace):
			cancel()
		case <-going.Done():
		}
	})
	return going, func() { unhook(); cancel() }
}

// committing is a commit that is under way beside the filling of the next batch. The zero value is none.
type committing struct {
	done chan struct{}
	err  *error
}

// commit begins to commit a batch.
func (r *runner) commit(ctx context.Context, b *batch, gone []removal) committing {
	c := committing{make(chan struct{}), new(error)}
	go func() {
		defer close(c.done)
		*c.err = r.e.commit(ctx, b, gone)
	}()
	return c
}

// wait waits for its end and returns its error.
func (c committing) wait() error {
	if c.done == nil {
		return nil
	}
	<-c.done
	return *c.err
}

// count is how many commits are under way.
func (c committing) count() uint64 {
	if c.done == nil {
		return 0
	}
	return 1
}

// with gives a context that ends with ctx, and when the commit fails; stop gives it up.
func (c committing) with(ctx context.Context) (inner context.Context, stop func()) {
	inner, cancel := context.WithCancelCause(ctx)
	if c.done != nil {
		go func() {
			select {
			case <-c.done:
				if *c.err != nil {
					cancel(*c.err)
				}
			case <-inner.Done():
			}
		}()
	}
	return inner, func() { cancel(nil) }
}

// settle records what came of one original; an error returned ends the run, what is wrong with the file alone is recorded.
func (r *runner) settle(ctx context.Context, s *stored, err error) error {
	r.done.Add(1)
	r.show(false)
	if err == nil {
		if len(s.left) > 0 {
			r.issue(Issue{Code: reasonTooLarge, Path: s.j.sight.path, Count: int64(len(s.left))})
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
	if waited(s.j.old) {
		since = s.j.old.Since
	}
	state, reason := readReason(err, since, r.e.clock.Now().Unix())
	r.issue(Issue{Code: reason, Path: s.j.sight.path})
	return r.fail(ctx, failure{s.j, state, reason})
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
