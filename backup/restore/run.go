package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"lightproof/backup/vault"
)

// RunOptions are what a run needs besides its plan.
type RunOptions struct {
	Space vault.SpaceID
	Fetch Fetcher
	// Now is the clock; required.
	Now func() time.Time
	// Progress is called for each step, never twice at a time; may be nil. It must be quick.
	Progress func(Progress)
	// Found is called for each damaged copy that was met, from several goroutines; may be nil.
	Found func(object string, attempt int, err error)
	// NoReRead leaves out reading back what is written: those files are Unread in the report and not proven. What was there before is
	// read nevertheless: nothing else tells that it is identical. So is what an earlier run of the job wrote for its own reading back. Check
	// reads all of it later.
	NoReRead bool
	// Workers is the number of files worked on at a time; 0 means two for each processor, 4 to 16: most of the time each waits for a disk.
	Workers int

	hooks hooks
}

// hooks let tests step between the steps of a run.
type hooks struct {
	beforeProof func()
	step        func(name string)
	oneByOne    bool                                  // no fresh folders
	flush       func(top *os.File) error              // in place of direct.SyncFS
	room        func(path string) (free, total int64) // in place of room
}

// Phase is what a run is doing.
type Phase string

// The phases.
const (
	PhaseWriting Phase = "writing"
	PhaseProving Phase = "proving" // reading back from the disk
)

// Progress counts within a phase.
type Progress struct {
	Job     JobID
	Phase   Phase
	Files   int
	OfFiles int
	Bytes   int64
	OfBytes int64
}

// run is one run of a job.
type run struct {
	o       RunOptions
	id      JobID
	jobs    *Jobs // nil: nothing is saved (practice)
	row     *jobRow
	plan    *Plan
	resumed bool
	reading bool // nothing is recorded
	trees   []*tree
	open    *opener
	began   time.Time
	mayOpen int // files at a time

	stop  atomic.Pointer[fault] // why no further file is begun
	dirs  lender
	group group
	twins twins
	fresh map[place]*fresh // does not change while files are written
	files blocks
	reads readers
	early chan struct{} // a place for each group that is read back early
	looks atomic.Int32
	holds atomic.Int64 // finished files that are open

	recording sync.Mutex // one batch of results at a time
	queued    [][]byte   // batches that are not saved yet, with the error of the last attempt
	unsaved   error

	mu      sync.Mutex
	touched []map[string]bool // as trees: folders with new entries
	results []*item           // done, not recorded yet
	since   time.Time         // when the first of them was
	settled int               // items with a result, in the writing phase
	failed  error             // of making names last
	again   []*item           // see takeAgain
	at      Progress
}

// Run saves the plan as a job and carries it out. The report says what came of every selected file, also where the run ended early; the
// error then says why: that of ctx, ErrTargetGone, a full disk (as *FullError), or an error of the job list. A run that ended early is
// gone on with by Resume.
func Run(ctx context.Context, jobs *Jobs, p *Plan, o RunOptions) (*Report, error) {
	id, row, err := jobs.save(ctx, p)
	if err != nil {
		return nil, err
	}
	return (&run{o: o, id: id, jobs: jobs, row: row, plan: p}).do(ctx)
}

// Resume goes on with a job: what is not done is done, files that had failed are tried again, and what was written is read again, not
// believed. Errors as for Run, and ErrNoJob.
func Resume(ctx context.Context, jobs *Jobs, id JobID, o RunOptions) (*Report, error) {
	row, items, err := jobs.load(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		it.again()
		if it.result == NotRestored && it.state != stateBlocked && it.reason() != ReasonSkipped && it.reason() != ReasonNotIdentical {
			it.clear(Waiting)
		}
	}
	return (&run{o: o, id: id, jobs: jobs, row: row, plan: row.plan(items), resumed: true}).do(ctx)
}

// Check reads a restore's files again and makes a new report. It writes nothing to the target.
func Check(ctx context.Context, jobs *Jobs, id JobID, o RunOptions) (*Report, error) {
	row, items, err := jobs.load(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		it.again()
		if it.result == NotRestored && it.reason() == ReasonNotIdentical {
			it.clear(Written)
		}
	}
	r := &run{o: o, id: id, jobs: jobs, row: row, plan: row.plan(items), resumed: true, reading: true}
	r.start()
	defer r.close()
	for i, path := range r.plan.trees {
		if r.trees[i], err = openTree(path); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrTargetGone, err)
		}
	}
	r.prove(ctx)
	return r.report(), ctx.Err()
}

// FullError tells that the target's disk is full.
type FullError struct{ Err error }

func (e *FullError) Error() string { return "the target's disk is full: " + e.Err.Error() }

// Unwrap gives the system's error.
func (e *FullError) Unwrap() error { return e.Err }

func (r *run) start() {
	r.began, r.mayOpen = r.o.Now(), openFiles()
	r.trees = make([]*tree, len(r.plan.trees))
	r.touched = make([]map[string]bool, len(r.plan.trees))
	for i := range r.touched {
		r.touched[i] = map[string]bool{}
	}
	r.early = make(chan struct{}, earlyReaders)
	r.open = newOpener(r.o.Space, r.o.Fetch, r.o.Found)
}

func (r *run) close() {
	r.open.close()
	r.dirs.close()
	r.reads.close()
	for _, t := range r.trees {
		if t != nil {
			t.Close()
		}
	}
}

func (r *run) do(ctx context.Context) (*Report, error) {
	r.start()
	defer r.close()
	if err := r.enter(ctx); err != nil {
		r.stop.CompareAndSwap(nil, &fault{targetReason(err), err})
		return r.report(), err
	}
	if r.resumed {
		r.dropFresh()
	}
	r.write(ctx)
	r.syncFolders()
	r.flush(ctx)
	if r.o.hooks.beforeProof != nil {
		r.o.hooks.beforeProof()
	}
	r.prove(ctx)
	r.flush(ctx)
	err := r.ended(ctx)
	return r.report(), errors.Join(err, r.leave(ctx, err == nil))
}

// ended says why the run did not come to its end.
func (r *run) ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f := r.stop.Load()
	switch {
	case f == nil:
		return nil
	case f.reason == ReasonFull:
		return &FullError{f.err}
	case errors.Is(f.err, ErrTargetGone):
		return f.err
	}
	return fmt.Errorf("%w: %w", ErrTargetGone, f.err)
}

// write is the first phase.
func (r *run) write(ctx context.Context) {
	var todo []*item
	var size int64
	r.findTwins()
	for _, it := range r.plan.items {
		if r.resumed && (it.result == Written || it.result == AlreadyThere) && !r.stands(it) {
			it.result = Waiting // the name did not outlast a loss of power, or somebody took the file away
		}
		if it.result == Waiting && it.state == stateIdentical && r.stands(it) {
			it.result = AlreadyThere // proven in the next phase
		}
		if it.result == Waiting {
			todo = append(todo, it)
			size += it.size
		}
	}
	slices.SortFunc(todo, byOrder)
	r.settled = len(r.plan.items) - len(todo)
	r.phase(PhaseWriting, len(todo), size)
	r.findFresh(todo)
	next := nextBundles(todo)
	each(r, turns(todo), func(t turn) {
		var full []held
		for i := t.from; i < t.to && ctx.Err() == nil && r.stop.Load() == nil; i++ {
			r.expect(ctx, todo, next, i)
			more := r.one(ctx, todo[i])
			if len(more) > 0 && len(full) > 0 { // a second one within a turn: too many folders would be open
				r.nameAll(ctx, full)
				full = nil
			}
			full = append(full, more...)
		}
		r.nameAll(ctx, full) // only now: it takes long, and meanwhile others would put the bundle away that this worker has files in
	})
	for again := todo[:0]; ; {
		r.nameAll(ctx, r.group.take())
		r.endFresh(ctx)
		if again = r.takeAgain(); len(again) == 0 {
			break
		}
		for _, it := range again {
			if ctx.Err() == nil && r.stop.Load() == nil {
				r.nameAll(ctx, r.one(ctx, it))
			}
		}
	}
	r.clearFresh()
	r.dirs.close() // the proof walks to each folder anew
}

// one restores a file and notes what came of it. A group that is full by it is to be named.
func (r *run) one(ctx context.Context, it *item) (full []held) {
	full, held, err := r.restore(ctx, it)
	var known *fault
	if errors.Is(err, fs.ErrNotExist) && !errors.As(err, &known) || errors.Is(err, errOneByOne) { // the folder was moved or removed meanwhile
		r.dirs.forget(place{int(it.tree), it.dir}) // where another has noticed before, it is only walked to once more
		full, held, err = r.restore(ctx, it)
	}
	switch {
	case err != nil:
		r.judge(ctx, it, err)
		r.failFresh(ctx, it)
	case !held:
		r.advance(1, 0)
		r.done(ctx, it)
		r.failFresh(ctx, it)
	}
	return full
}

// stands tells whether a file that was written has its name.
func (r *run) stands(it *item) bool {
	d, err := r.trees[it.tree].dir(it.dir, false, nil)
	if err != nil {
		return false
	}
	defer d.Close()
	_, err = d.root.Lstat(it.final())
	if err == nil {
		r.stood(it, d)
	}
	return err == nil
}

// judge decides what an error means: for this file, or for all that follow.
func (r *run) judge(ctx context.Context, it *item, err error) {
	if ctx.Err() != nil {
		return // it stays waiting
	}
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{targetReason(err), err}
	}
	if f.reason == ReasonTarget || f.reason == ReasonGone || f.reason == ReasonRefused {
		if !r.trees[it.tree].here() {
			f = &fault{ReasonGone, fmt.Errorf("%w: %w", ErrTargetGone, err)}
		}
	}
	if f.reason == ReasonFull || f.reason == ReasonGone {
		r.stop.CompareAndSwap(nil, f)
		return // waiting: it is tried again once there is room
	}
	it.fail(f.reason, f.err)
	r.advance(1, it.size)
	r.done(ctx, it)
}

func (r *run) touch(tree int, rel string) {
	r.mu.Lock()
	r.touched[tree][rel] = true
	r.mu.Unlock()
}

// syncFolders makes new names last.
func (r *run) syncFolders() {
	for i, t := range r.trees {
		if t == nil {
			continue
		}
		if len(r.touched[i]) > 1 && t.flush(r.o.hooks.flush) {
			clear(r.touched[i])
			continue
		}
		for rel := range r.touched[i] {
			if d, err := t.dir(rel, false, nil); err == nil {
				if err := syncFolder(d); err != nil {
					r.fails(fmt.Errorf("flush a folder: %w", err))
				}
				d.Close()
			}
		}
		clear(r.touched[i])
	}
}

// fails keeps the first error of making names last.
func (r *run) fails(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = err
	}
}

func (r *run) phase(p Phase, files int, size int64) {
	r.mu.Lock()
	r.at = Progress{Job: r.id, Phase: p, OfFiles: files, OfBytes: size}
	r.tell()
	r.mu.Unlock()
}

func (r *run) advance(files int, size int64) {
	r.mu.Lock()
	r.at.Files += files
	r.at.Bytes += size
	r.tell()
	r.mu.Unlock()
}

func (r *run) tell() {
	if r.o.Progress != nil {
		r.o.Progress(r.at)
	}
}

func (r *run) step(name string) {
	if r.o.hooks.step != nil {
		r.o.hooks.step(name)
	}
}
