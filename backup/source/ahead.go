package source

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// A walk is one goroutine that goes through the tree in the order of names, so that two scans of one tree say the same. What makes it
// wait, the system's answers about directories and names, is asked for ahead of it by others: the directories that come next are opened,
// listed and their names looked at, and a large directory's names are looked at by several.
const (
	aheadInLevel = 4       // directories asked for ahead, of one directory
	aheadInAll   = 24      // of all directories on the way down: each is open
	aheadNames   = 1 << 16 // names listed ahead that the walk has not come to: beyond it directories are opened only
	statsAhead   = 2048    // names of one directory whose facts are held
	statsAtOnce  = 64      // names that one goroutine takes at a time
)

// lookers is how many ask the system at a time. More than the cores, because on a network or a spinning disk they wait.
func lookers() int { return min(max(4, runtime.GOMAXPROCS(0)), 16) }

// looked is what the system said of one name.
type looked struct {
	facts
	err error
}

// ahead is a directory that was asked about before the walk came to it.
type ahead struct {
	name   string
	path   string
	parent *level
	taken  atomic.Bool   // by a looker, or by the walk itself
	done   chan struct{} // closed when what follows is there

	dir      directory
	self     facts
	err      error // of opening it; dir is nil then
	listed   bool
	names    []string // sorted
	namesErr error
	stats    []looked // of the first names
}

// crew are the goroutines that look ahead for one walk.
type crew struct {
	walk  *walker
	queue chan *ahead
	wait  sync.WaitGroup
	open  int          // asked for and not taken over; the walk's own
	names atomic.Int64 // listed and not taken over
}

// lookAhead asks for the next directories of a level.
func (w *walker) lookAhead(l *level) {
	if w.lookers == 0 || l.dir == nil || w.options.entering != nil { // entering comes before anything is listed
		return
	}
	if w.crew == nil {
		w.crew = &crew{walk: w, queue: make(chan *ahead, aheadInAll)}
		for range w.lookers {
			w.crew.wait.Go(w.crew.work)
		}
	}
	for l.planned < len(l.subs) && len(l.ahead) < aheadInLevel && w.crew.open < aheadInAll {
		name := l.subs[l.planned]
		l.planned++
		path := join(l.path, name)
		if len(path) > w.options.MaxPath || l.volumeRoot && volumeFolder(name) || restoreFolder(name) {
			continue // perhaps not to be opened at all: the walk decides
		}
		a := &ahead{name: name, path: path, parent: l, done: make(chan struct{})}
		select {
		case w.crew.queue <- a:
			l.ahead = append(l.ahead, a)
			w.crew.open++
		default: // full of what the walk has overtaken: the lookers are behind
			return
		}
	}
}

// takeAhead gives what was found out ahead about the directory that the walk comes to, or nil if nothing was.
func (w *walker) takeAhead(l *level, name string) *ahead {
	l.planned = max(0, l.planned-1)
	if len(l.ahead) == 0 || l.ahead[0].name != name {
		return nil
	}
	a := l.ahead[0]
	l.ahead = l.ahead[1:]
	return w.crew.collect(a)
}

// collect waits for what a looker has begun, and withdraws what none has.
func (c *crew) collect(a *ahead) *ahead {
	c.open--
	if a.taken.CompareAndSwap(false, true) {
		return nil
	}
	<-a.done
	c.names.Add(-int64(len(a.names)))
	return a
}

// dropAhead gives up what was asked for below a level. Until then the level's directory must stay open: lookers use its descriptor.
func (w *walker) dropAhead(l *level) {
	for _, a := range l.ahead {
		if a = w.crew.collect(a); a != nil && a.dir != nil {
			a.dir.Close()
		}
	}
	l.ahead, l.planned = nil, 0
}

// settleAhead waits until no looker uses the level's directory; what they found stays.
func (w *walker) settleAhead(l *level) {
	kept := l.ahead[:0]
	for _, a := range l.ahead {
		if a.taken.CompareAndSwap(false, true) {
			w.crew.open--
			continue
		}
		<-a.done
		kept = append(kept, a)
	}
	l.ahead = kept
}

// dismiss ends the lookers.
func (c *crew) dismiss() {
	if c != nil {
		close(c.queue)
		c.wait.Wait()
	}
}

func (c *crew) work() {
	for a := range c.queue {
		if a.taken.CompareAndSwap(false, true) {
			c.look(a)
			close(a.done)
		}
	}
}

// look opens a directory and lists it, unless the walk may have to leave it out: then it is for the walk to decide.
func (c *crew) look(a *ahead) {
	w := c.walk
	dir, err := a.parent.dir.openDir(a.name)
	if err == nil {
		if a.self, err = dir.self(); err != nil {
			dir.Close()
		}
	}
	if err != nil {
		a.err = err
		return
	}
	a.dir, a.self.Path = dir, a.path
	if _, out := w.exclude.rule(a.self.ID, a.path); out || a.self.ID.Device != a.parent.id.Device || w.ctx.Err() != nil {
		return
	}
	if c.names.Load() >= aheadNames {
		return
	}
	a.names, a.namesErr = dir.names()
	a.listed = true
	c.names.Add(int64(len(a.names)))
	slices.Sort(a.names)
	a.stats = make([]looked, min(len(a.names), statsAhead))
	for i := range a.stats {
		if i%statsAtOnce == 0 && w.ctx.Err() != nil {
			a.stats = a.stats[:i]
			return
		}
		a.stats[i].facts, a.stats[i].err = dir.stat(a.names[i])
	}
}

// eachLook gives every name of a directory to fn, in order, with what the system says of it; known are those of the first names.
func (w *walker) eachLook(dir directory, names []string, known []looked, fn func(name string, f facts, err error) error) error {
	give := func(names []string, found []looked) error {
		if err := w.ctx.Err(); err != nil {
			return err // found may then have gaps
		}
		for i := range names {
			if i%256 == 255 && w.ctx.Err() != nil {
				return w.ctx.Err()
			}
			if err := fn(names[i], found[i].facts, found[i].err); err != nil {
				return err
			}
		}
		return nil
	}
	if err := give(names[:len(known)], known); err != nil {
		return err
	}
	names = names[len(known):]
	if w.lookers == 0 || len(names) <= 2*statsAtOnce {
		for i, name := range names {
			if i%256 == 255 && w.ctx.Err() != nil {
				return w.ctx.Err()
			}
			f, err := dir.stat(name)
			if err := fn(name, f, err); err != nil {
				return err
			}
		}
		return nil
	}
	now, next := make([]looked, min(len(names), statsAhead)), make([]looked, min(max(0, len(names)-statsAhead), statsAhead))
	w.lookAll(dir, names[:len(now)], now)()
	for len(names) > 0 {
		part := names[:min(len(names), statsAhead)]
		names = names[len(part):]
		ready := w.lookAll(dir, names[:min(len(names), len(next))], next)
		err := give(part, now)
		ready()
		if err != nil {
			return err
		}
		now, next = next, now
	}
	return nil
}

// lookAll has several goroutines look at names; the returned function waits for them.
func (w *walker) lookAll(dir directory, names []string, out []looked) (ready func()) {
	var at atomic.Int64
	var wait sync.WaitGroup
	for range min(w.lookers, (len(names)+statsAtOnce-1)/statsAtOnce) {
		wait.Go(func() { lookPart(w.ctx, dir, names, out, &at) })
	}
	return wait.Wait
}

func lookPart(ctx context.Context, dir directory, names []string, out []looked, at *atomic.Int64) {
	for ctx.Err() == nil {
		from := int(at.Add(statsAtOnce)) - statsAtOnce
		if from >= len(names) {
			return
		}
		for i := from; i < min(from+statsAtOnce, len(names)); i++ {
			out[i].facts, out[i].err = dir.stat(names[i])
		}
	}
}
