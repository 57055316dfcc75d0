package restore

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"lightproof/backup/direct"
)

// Limits of a group: finished files whose bytes are flushed together before each gets its name. A flush of the whole file system costs about
// as much as one of a single file.
const (
	groupFiles = 1000
	groupBytes = 512 << 20
	groupDirs  = 100             // folders kept open, two descriptors each
	groupAge   = 2 * time.Second // what a kill loses
)

// dirsAtOnce is groupDirs, or what the process may have open, shared among as many groups as may be there at a time and everything else.
func (r *run) dirsAtOnce() int { return min(groupDirs, max(4, r.mayOpen/48)) }

// mayHold tells whether one more finished file may stay open; it is given back by letGo. A quarter of what the process may have open is for that, whatever
// number of groups there is.
func (r *run) mayHold() bool {
	if int(r.holds.Add(1)) <= r.mayOpen/4 {
		return true
	}
	r.holds.Add(-1)
	return false
}

// letGo closes a held file. What was flushed leaves the cache before: its memory serves the next files, and fresh memory costs more than the writing.
func (r *run) letGo(h *held) {
	if h.f == nil {
		return
	}
	if h.was == (mark{}) { // else it has left already
		dropCache(h.f)
	}
	h.f.Close()
	r.holds.Add(-1)
}

// held is a file that is complete under its temporary name.
type held struct {
	it    *item
	d     *dir     // borrowed
	f     *os.File // open, where there is room for that
	temp  string
	o     *original
	there state
	right bool // it was read back: see readEarly
	was   mark // before that
}

// group gathers held files.
type group struct {
	mu    sync.Mutex
	files []held
	bytes int64
	dirs  map[*dir]bool
	began time.Time
}

// add takes a file in and returns the whole group once it is full, of so many folders, or old; the caller then has it named.
func (g *group) add(h held, dirs int, now time.Time) []held {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dirs == nil {
		g.dirs, g.began = map[*dir]bool{}, now
	}
	g.files, g.bytes, g.dirs[h.d] = append(g.files, h), g.bytes+h.it.size, true
	if len(g.files) < groupFiles && g.bytes < groupBytes && len(g.dirs) < dirs && now.Sub(g.began) < groupAge {
		return nil
	}
	return g.takeLocked()
}

// take returns what is held.
func (g *group) take() []held {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.takeLocked()
}

func (g *group) takeLocked() []held {
	files := g.files
	g.files, g.bytes, g.dirs = nil, 0, nil
	return files
}

// nameAll makes the bytes of finished files durable, once for each tree, and then gives each its name: a name never stands over bytes that a
// loss of power could take away. Where the flush of a whole tree fails, which may be another program's error, each file is flushed by itself, and so
// is all that follows.
func (r *run) nameAll(ctx context.Context, files []held) {
	ended := ctx.Err()
	flushed := map[int32]bool{}
	for _, h := range files {
		if _, done := flushed[h.it.tree]; !done && ended == nil {
			flushed[h.it.tree] = r.trees[h.it.tree].flush(r.o.hooks.flush)
		}
	}
	r.readEarly(files, flushed)
	for i := range files {
		h := &files[i]
		err := ended
		if err == nil && !flushed[h.it.tree] {
			err = h.d.flush(h.temp)
		}
		if err == nil && h.d.fresh != nil {
			r.named(h)
			r.letGo(h)
			r.settleFresh(ctx, h.d.fresh, h.it)
			r.giveBack(h.it, h.d)
			continue
		}
		if err == nil {
			err = r.name(context.WithoutCancel(ctx), h.d, h.temp, h.it, h.o, h.there)
		}
		if err == nil {
			r.named(h)
		}
		r.letGo(h)
		if err != nil {
			h.d.root.Remove(h.temp)
			r.advance(0, -h.it.size)
			r.judge(ctx, h.it, err)
			r.failFresh(ctx, h.it)
		} else {
			r.step("named")
			r.advance(1, 0)
			r.done(ctx, h.it)
			r.failFresh(ctx, h.it)
		}
		r.giveBack(h.it, h.d)
	}
}

// flush makes all that was written to the tree durable; false: that cannot be told, now and from here on. An error is told once, to whoever asks
// first, and may be about another's files: so only one asks at a time, and after an error nobody does.
func (t *tree) flush(by func(*os.File) error) bool {
	t.flushing.Lock()
	defer t.flushing.Unlock()
	if !t.groups.Load() {
		return false
	}
	if by == nil {
		by = direct.SyncFS
	}
	if by(t.top) != nil {
		t.groups.Store(false)
	}
	return t.groups.Load()
}

// flush makes one file durable. A descriptor opened for it learns of a failed write that nobody has been told of.
func (d *dir) flush(name string) error {
	f, err := d.openOwn(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// idleDirs is how many folders may stay open although nobody uses them.
const idleDirs = 32

// place names a folder of a tree.
type place struct {
	tree int
	rel  string
}

// lender keeps folders open that several files share: walking to one costs more system calls than writing a small file.
type lender struct {
	mu   sync.Mutex
	open map[place]*dir
	idle int
}

// borrow opens the folder of an item, or hands out the open one. It is given back by giveBack.
func (r *run) borrow(it *item, create bool) (*dir, error) {
	l, at := &r.dirs, place{int(it.tree), it.dir}
	if d := l.lend(at, nil); d != nil {
		return d, nil
	}
	if f := r.fresh[at]; f != nil && create {
		return r.borrowFresh(f)
	}
	d, err := r.trees[it.tree].dir(it.dir, create, func(rel string) { r.touch(int(it.tree), rel) })
	if err != nil {
		return nil, err
	}
	return l.lend(at, d), nil
}

// lend hands out the folder at a place: the one that is open, else the given one.
func (l *lender) lend(at place, fresh *dir) *dir {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.open[at]
	switch {
	case d == nil && fresh == nil:
		return nil
	case d == nil:
		d = fresh
		if l.open == nil {
			l.open = map[place]*dir{}
		}
		l.open[at] = d
	default:
		if fresh != nil {
			fresh.Close() // somebody was faster
		}
		if d.uses == 0 {
			l.idle--
		}
	}
	d.uses++
	return d
}

func (r *run) giveBack(it *item, d *dir) {
	l, at := &r.dirs, place{int(it.tree), it.dir}
	l.mu.Lock()
	defer l.mu.Unlock()
	if d.uses--; d.uses > 0 {
		return
	}
	if l.open[at] != d { // forgotten meanwhile
		d.Close()
		return
	}
	if l.idle++; l.idle <= idleDirs {
		return
	}
	for k, other := range l.open { // any one but this, which is likely wanted next
		if other.uses == 0 && k != at {
			other.Close()
			delete(l.open, k)
			l.idle--
			return
		}
	}
}

// forget makes the next who asks for a folder walk to it; false: there was nothing to forget.
func (l *lender) forget(at place) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.open[at]
	if d == nil {
		return false
	}
	delete(l.open, at)
	if d.uses == 0 {
		l.idle--
		d.Close()
	}
	return true
}

// close closes the folders that nobody uses.
func (l *lender) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, d := range l.open {
		if d.uses == 0 {
			d.Close()
			delete(l.open, k)
			l.idle--
		}
	}
}
