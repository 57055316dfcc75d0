package library

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"lightproof/backup"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// Opened is the outcome of opening copies at one destination.
type Opened struct {
	Objects int64 // read
	Bytes   int64 // of them
	Bad     int64 // copies that do not open, or not to what they should
	Files   int64 // versions whose fingerprint was compared
	Wrong   int64 // versions whose fingerprint differs, or of which a part does not open

	wrong map[versionID]bool
}

// OpenProgress is how far the opening of copies is.
type OpenProgress struct {
	Versions, OfVersions int64
	Bytes, OfBytes       int64 // of content
}

// Bounds of the opening of copies.
const (
	// maxLanes is how many lanes there are at most: each leads to one more bundle, and to one more of the largest chunks.
	maxLanes = 4
	// moreRooms is how many of the largest chunks there is room for beside one for each lane, so that a lane reads while others compute.
	moreRooms = 3
	// reportEvery is how many proven objects are reported at once: a message stays short, and a stop loses little.
	reportEvery = 2048
	// reportLast bounds the last report after a stop.
	reportLast = 10 * time.Second
)

// OpenCopies decrypts every stored version at one destination, fresh from the medium, compares fingerprints, and reports each copy to the
// engine: the strongest proof there is. Each object is read once; only one that several files have in common, which do not begin alike, may
// be read once for each of them. Several are read and opened at a time, in memory that does not grow with what is stored. What was opened
// before a stop or an error is reported all the same. progress, which may be nil, is called by one goroutine at a time.
func (l *Library) OpenCopies(ctx context.Context, destination string, progress func(OpenProgress)) (Opened, error) {
	return l.openCopies(ctx, destination, nil, progress)
}

// OpenAgain opens once more what was wrong, after the engine had the chance to heal it, and brings o up to date.
func (l *Library) OpenAgain(ctx context.Context, destination string, o *Opened, progress func(OpenProgress)) error {
	if len(o.wrong) == 0 {
		return nil
	}
	again, err := l.openCopies(ctx, destination, o.wrong, progress)
	if err != nil {
		return err
	}
	o.Objects += again.Objects
	o.Bytes += again.Bytes
	o.Files += again.Files
	o.Bad, o.Wrong, o.wrong = again.Bad, again.Wrong, again.wrong
	return nil
}

func (l *Library) openCopies(ctx context.Context, destination string, only map[versionID]bool, progress func(OpenProgress)) (Opened, error) {
	todo, err := l.newPlan(ctx, only)
	if err != nil {
		return Opened{}, err
	}
	lanes := max(1, min(maxLanes, runtime.NumCPU(), runtime.GOMAXPROCS(0)))
	p := &pass{l: l, destination: destination, plan: todo, bundles: newBundles(lanes), large: make(chan *[]byte, lanes+moreRooms), progress: progress, bad: map[vault.CID]bool{},
		good: map[vault.CID]vault.Hash{}, out: Opened{wrong: map[versionID]bool{}}}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p.ctx = inner
	for range cap(p.large) {
		p.large <- new([]byte)
	}
	var all sync.WaitGroup
	for range lanes {
		a := newLane(p)
		all.Go(a.hash)
		all.Go(a.open)
		all.Go(func() {
			if err := a.fetch(inner); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	err = context.Cause(inner)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	// What was proven counts, however it ended.
	last, end := context.WithTimeout(context.WithoutCancel(ctx), reportLast)
	defer end()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Bad = int64(len(p.bad))
	return p.out, errors.Join(err, p.failed, p.report(last, false))
}

// pass is one opening of the copies at one destination.
type pass struct {
	l           *Library
	ctx         context.Context
	destination string
	bundles     *bundles
	large       chan *[]byte // what objects are read into and opened in; made longer when it is first needed
	progress    func(OpenProgress)

	planning sync.Mutex
	plan     *plan

	mu     sync.Mutex
	out    Opened
	done   OpenProgress
	good   map[vault.CID]vault.Hash // opened, not reported yet
	bad    map[vault.CID]bool
	failed error
}

// next gives a lane its next families.
func (p *pass) next() ([][]*cursor, []versionID) {
	p.planning.Lock()
	defer p.planning.Unlock()
	return p.plan.next()
}

// objectInto is what an engine in the same process can do beside backup.Service: read fresh into room that is used again and again.
type objectInto interface {
	ObjectInto(ctx context.Context, name, destination string, buffer []byte) ([]byte, error)
}

// read reads an object fresh from the medium. An error that is a matter of this copy matches errUnusable.
func (p *pass) read(ctx context.Context, c vault.Cap, buffer *[]byte) (obj []byte, err error) {
	if s, ok := p.l.svc.(objectInto); ok {
		obj, err = s.ObjectInto(ctx, vault.ChunkName(c.CID), p.destination, roomFor(buffer, int(c.Len)))
	} else {
		obj, err = p.l.svc.Object(ctx, vault.ChunkName(c.CID), p.destination, true)
	}
	if err != nil {
		return nil, p.unread(ctx, err)
	}
	p.mu.Lock()
	p.out.Objects++
	p.out.Bytes += int64(len(obj))
	p.mu.Unlock()
	return obj, nil
}

// open reads an object and opens it where it lies. Errors as those of read.
func (p *pass) open(ctx context.Context, c vault.Cap, buffer *[]byte) ([]byte, error) {
	obj, err := p.read(ctx, c, buffer)
	if err != nil {
		return nil, err
	}
	plain, err := reader.OpenChunkInPlace(p.l.keys.Space, c, obj)
	return plain, unusable(err)
}

// errUnusable is about a copy that is not there, cannot be read, or does not hold what it should: no reason to stop.
var errUnusable = errors.New("a copy that cannot be used")

// unusable marks the error of opening what was read. nil stays nil.
func unusable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errUnusable, err)
}

// unread marks the error of reading a copy as one of that copy, unless the destination, the engine or ctx is the reason.
func (p *pass) unread(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil, store.OfPlace(err), errors.Is(err, backup.ErrGone), errors.Is(err, backup.ErrNotSetUp), errors.Is(err, backup.ErrLocked):
		return err
	case errors.Is(err, store.ErrNotExist), errors.Is(err, store.ErrDamaged):
		return unusable(err)
	}
	if _, gone := p.l.svc.State(ctx); gone != nil { // an engine that does not answer says nothing about a copy
		return errors.Join(err, gone)
	}
	return unusable(err)
}

// count counts n bytes of content as gone through.
func (p *pass) count(c *cursor, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	more := int64(n * len(c.versions))
	c.fed += more
	p.done.Bytes += more
	p.show()
}

func (p *pass) show() {
	if p.progress != nil {
		p.done.OfVersions, p.done.OfBytes = p.plan.versions, p.plan.bytes
		p.progress(p.done)
	}
}

// compared judges versions all of whose parts were opened.
func (p *pass) compared(c *cursor, sum vault.Hash, used []proof) {
	if sum != c.want {
		p.lost(c, used[max(0, len(used)-1):]...)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Files += int64(len(c.versions))
	for _, o := range used {
		if !p.bad[o.cid] {
			p.good[o.cid] = o.sum
		}
	}
	p.settled(c)
	if len(p.good) >= reportEvery && p.failed == nil {
		p.failed = p.report(p.ctx, true)
	}
}

// lost judges versions of which a part does not open, or that are not what they should be; last is the last object that they needed, if any.
func (p *pass) lost(c *cursor, last ...proof) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range last {
		p.bad[o.cid] = true
		delete(p.good, o.cid)
	}
	for _, id := range c.versions {
		p.out.Wrong++
		p.out.wrong[id] = true
	}
	p.settled(c)
}

// senseless counts a version whose parts point nowhere.
func (p *pass) senseless() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Wrong++
	p.done.Versions++
	p.show()
}

// settled counts versions as done. p.mu is held.
func (p *pass) settled(c *cursor) {
	p.done.Versions += int64(len(c.versions))
	p.done.Bytes += c.size*int64(len(c.versions)) - c.fed
	p.show()
}

// report tells the engine what was proven since the last report; the last one also tells what is bad. p.mu is held.
func (p *pass) report(ctx context.Context, more bool) error {
	var good, sums, bad [][]byte
	for cid, sum := range p.good {
		good, sums = append(good, cid[:]), append(sums, sum[:])
	}
	if !more {
		for cid := range p.bad {
			bad = append(bad, cid[:])
		}
	}
	for {
		g, b := min(len(good), reportEvery), min(len(bad), reportEvery)
		cmd := backup.RecordOpened{Destination: p.destination, Objects: good[:g], Sums: sums[:g], Bad: bad[:b]}
		good, sums, bad = good[g:], sums[g:], bad[b:]
		left := len(good)+len(bad) > 0
		cmd.More = more || left
		if _, err := p.l.svc.Do(ctx, cmd); err != nil {
			return err
		}
		if !left {
			break
		}
	}
	clear(p.good)
	return nil
}

// errOutside is about a part that points outside the table of bundles beside it.
var errOutside = errors.New("a part outside its table")
