package backup

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"lightproof/backup/source"
)

// backUp looks at every folder, stores what is new, and reads the new copies back.
func (e *Engine) backUp(ctx context.Context, c BackUp) (_ *Run, err error) {
	e.run.Lock()
	defer e.run.Unlock()
	folders := e.folders()
	defer func() { err = cmp.Or(err, e.tidyUp(ctx, folders)) }()
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
	kn, err := e.knowsOnly(ctx, folders)
	if err != nil {
		return r.end(ctx), err
	}
	for _, f := range folders {
		l, err := e.look(ctx, f, kn, r.noPlace())
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
	kn = nil // what it takes is room for the work that follows
	copying, done := e.copying(ctx, folders)
	defer done()
	if halted(copying) {
		return r.end(ctx), e.afterRun(ctx)
	}
	if err := r.store(copying, all); err != nil {
		runErr = err
	} else if err := r.heartbeat(copying); err != nil {
		runErr = err
	}
	if errors.Is(runErr, errAlarm) {
		return r.stopped(ctx, runErr)
	}
	if copying.Err() == nil {
		// Reading back may take hours, in which the figures are to be right.
		counted := make(chan error, 1)
		go func() {
			var err error
			if r.stale {
				err = e.recount(ctx)
			}
			counted <- err
		}()
		err := r.prove(copying, !c.ReadBackLater)
		if err = cmp.Or(err, <-counted); err != nil && runErr == nil {
			runErr = err
		}
	}
	if errors.Is(runErr, errAlarm) {
		return r.stopped(ctx, runErr)
	}
	res := r.end(ctx)
	res.Stopped = copying.Err() != nil
	if res.New+res.Removed+res.Bad > 0 {
		if err := e.noteRun(context.WithoutCancel(ctx), noteBackup, res); err != nil && runErr == nil {
			runErr = err
		}
	}
	if ctx.Err() != nil {
		// What was stored before the stop counts; the state must say so even though ctx has ended.
		_ = e.afterRun(context.WithoutCancel(ctx))
		return res, ctx.Err()
	}
	switch {
	case errors.Is(runErr, errNoPlace):
		runErr = nil // named in the issues; the files wait
	case halted(copying) && (errors.Is(runErr, context.Cause(copying)) || errors.Is(runErr, context.Canceled)):
		runErr = nil // the rest waits for the next run
	}
	if err := e.afterRun(ctx); err != nil && runErr == nil {
		runErr = err
	}
	return res, runErr
}

// tidyUp does after a run what is best done while nothing else is: it forgets folders that were removed meanwhile, and renews the row key.
// It gives way to the end of ctx; the next run does the rest.
func (e *Engine) tidyUp(ctx context.Context, folders []source.Folder) error {
	var err error
	if !e.stillProtected(folders) {
		if err = e.forgetFolders(ctx); err == nil {
			err = e.recount(ctx)
		}
	}
	if err = cmp.Or(err, e.renewRowKey(ctx)); ctx.Err() != nil {
		return nil
	}
	return err
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

// prove copies to destinations what they lack, and reads back what is new. Destinations that are up to date come first: what lacks elsewhere may take hours to copy.
func (r *runner) prove(ctx context.Context, readBack bool) error {
	r.readmit()
	if readBack && !r.allRead(ctx) {
		if err := r.readBack(ctx, false); err != nil {
			return err
		}
	}
	for _, d := range r.destinations() {
		if !r.isBehind(d) {
			continue
		}
		if err := r.replicate(ctx, d); err != nil {
			return err
		}
		if !readBack {
			continue
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

// afterRun brings figures and verdict up to date.
func (e *Engine) afterRun(ctx context.Context) error {
	if err := e.recount(ctx); err != nil {
		return err
	}
	e.savePin(ctx)
	return errors.Join(e.saveFacts(ctx), e.keepKnown(ctx)) // what is known is only a help: the facts are kept in any case
}
