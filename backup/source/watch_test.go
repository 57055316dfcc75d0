package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// handClock moves when the test says so. It knows one timer, the last: the watch has no more.
type handClock struct {
	mu    sync.Mutex
	now   time.Time
	due   time.Time
	timer chan time.Time // holds nothing, so that advance returns when the watch has taken the time
	armed chan struct{}  // one value for each After
}

func newHandClock() *handClock {
	return &handClock{now: time.Unix(1e9, 0), armed: make(chan struct{}, 1000)}
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due, c.timer = c.now.Add(d), make(chan time.Time)
	c.armed <- struct{}{}
	return c.timer
}

// advance must only be called when the watch is idle.
func (c *handClock) advance(ctx context.Context, d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	now, timer := c.now, c.timer
	if timer == nil || c.due.After(now) {
		c.mu.Unlock()
		return
	}
	c.timer = nil
	c.mu.Unlock()
	select {
	case timer <- now:
	case <-ctx.Done():
	}
}

// handNotifier gives the events that the test sends. Its channels hold nothing, so that a later send proves an earlier one done.
type handNotifier struct {
	mu     sync.Mutex
	dirs   map[string]int
	refuse map[string]error
	events chan fsnotify.Event
	errors chan error
}

func newHandNotifier() *handNotifier {
	return &handNotifier{dirs: map[string]int{}, refuse: map[string]error{}, events: make(chan fsnotify.Event), errors: make(chan error)}
}

func (n *handNotifier) Add(dir string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.refuse[dir]; err != nil {
		return err
	}
	n.dirs[dir]++
	return nil
}

func (n *handNotifier) Remove(dir string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.dirs, dir)
	return nil
}

func (n *handNotifier) watched() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.dirs)
}

func (n *handNotifier) Events() <-chan fsnotify.Event { return n.events }
func (n *handNotifier) Errors() <-chan error          { return n.errors }
func (n *handNotifier) Close() error                  { return nil }

// rig is a watch under the test's hand.
type rig struct {
	t     *testing.T
	dir   string
	clock *handClock
	from  *handNotifier
	out   <-chan Change
	ctx   context.Context
}

func newRig(t *testing.T, prepare func(*rig), folders ...Folder) *rig {
	t.Helper()
	r := &rig{t: t, clock: newHandClock(), from: newHandNotifier()}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	r.ctx, r.dir = ctx, folders[0].Root
	if prepare != nil {
		prepare(r)
	}
	w := (&OS{clock: r.clock, root: openRoot}).newWatch(folders, WatchOptions{}, r.from)
	r.out = w.out
	started := make(chan struct{})
	w.started = func() { close(started) }
	w.limit = 100
	done := make(chan struct{})
	go func() { w.run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	if prepare == nil {
		<-started
	}
	return r
}

func (r *rig) event(op fsnotify.Op, path string) {
	r.t.Helper()
	select {
	case r.from.events <- fsnotify.Event{Name: filepath.Join(r.dir, path), Op: op}:
	case <-r.ctx.Done():
		r.t.Fatal("nobody takes events")
	}
}

func (r *rig) armed() {
	r.t.Helper()
	select {
	case <-r.clock.armed:
	case <-r.ctx.Done():
		r.t.Fatal("no timer was set")
	}
}

func (r *rig) next() Change {
	r.t.Helper()
	select {
	case c := <-r.out:
		return c
	case <-r.ctx.Done():
		r.t.Fatal("no change came")
	}
	panic("unreachable")
}

// idle proves that everything sent so far has been handled without a change: the loop takes one more event only when it is free.
func (r *rig) idle() {
	r.t.Helper()
	select {
	case c := <-r.out:
		r.t.Errorf("unexpected change %+v", c)
	case r.from.events <- fsnotify.Event{Name: "/elsewhere"}:
	case <-r.ctx.Done():
		r.t.Fatal("nobody takes events")
	}
}

func resolvedDir(t *testing.T, paths ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(plant(t, paths...))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFileIsDeliveredWhenItHasBeenQuiet(t *testing.T) {
	r := newRig(t, nil, Folder{ID: [16]byte{7}, Root: resolvedDir(t, "a.jpg")})
	r.event(fsnotify.Create, "a.jpg")
	r.armed()
	for range 5 { // a long copy
		r.clock.advance(r.ctx, 1500*time.Millisecond)
		r.event(fsnotify.Write, "a.jpg")
		r.idle()
	}
	r.clock.advance(r.ctx, 1999*time.Millisecond)
	r.idle()
	r.clock.advance(r.ctx, time.Second)
	if c := r.next(); c != (Change{Folder: [16]byte{7}, Path: "a.jpg"}) {
		t.Errorf("%+v", c)
	}
	r.clock.advance(r.ctx, time.Hour)
	r.idle()
}

func TestQuietFilesDoNotWaitForBusyOnes(t *testing.T) {
	r := newRig(t, nil, Folder{Root: resolvedDir(t, "a", "b")})
	r.event(fsnotify.Write, "b")
	r.event(fsnotify.Write, "a")
	r.idle()
	r.clock.advance(r.ctx, time.Second)
	r.event(fsnotify.Write, "b")
	r.idle()
	r.clock.advance(r.ctx, time.Second)
	if c := r.next(); c.Path != "a" {
		t.Errorf("%+v", c)
	}
	r.idle()
	r.clock.advance(r.ctx, time.Second)
	if c := r.next(); c.Path != "b" {
		t.Errorf("%+v", c)
	}
}

func TestNewDirectoryIsWatchedAndItsFilesDelivered(t *testing.T) {
	dir := resolvedDir(t, "old/x.jpg")
	r := newRig(t, nil, Folder{Root: dir})
	if n := r.from.watched(); n != 2 {
		t.Fatalf("%d directories watched at the start", n)
	}
	for _, p := range []string{"new/1.jpg", "new/deep/2.jpg"} {
		full := filepath.Join(dir, p)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	r.event(fsnotify.Create, "new")
	r.armed()
	r.idle()
	r.clock.advance(r.ctx, DefaultQuiet)
	if a, b := r.next(), r.next(); a.Path != "new/1.jpg" || b.Path != "new/deep/2.jpg" {
		t.Errorf("%+v %+v", a, b)
	}
	if n := r.from.watched(); n != 4 {
		t.Errorf("%d directories watched", n)
	}
	// Moved: the watches below follow the new name.
	if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "newer")); err != nil {
		t.Fatal(err)
	}
	r.event(fsnotify.Rename, "new")
	r.event(fsnotify.Create, "newer")
	r.idle()
	r.from.mu.Lock()
	_, old := r.from.dirs[filepath.Join(dir, "new", "deep")]
	_, moved := r.from.dirs[filepath.Join(dir, "newer", "deep")]
	r.from.mu.Unlock()
	if old || !moved {
		t.Errorf("after a move: old name watched %v, new name watched %v", old, moved)
	}
}

func TestLostEventsAreSaidAndDirectoriesWatchedAnew(t *testing.T) {
	dir := resolvedDir(t, "a.jpg")
	r := newRig(t, nil, Folder{ID: [16]byte{1}, Root: dir}, Folder{ID: [16]byte{2}, Root: dir})
	r.event(fsnotify.Write, "a.jpg")
	r.idle()
	if err := os.Mkdir(filepath.Join(dir, "unseen"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.from.errors <- fsnotify.ErrEventOverflow
	for _, id := range []byte{1, 2} {
		if c := r.next(); !c.Lost || c.Folder != [16]byte{id} || !errors.Is(c.Err, ErrEventsLost) || c.Path != "" {
			t.Errorf("%+v", c)
		}
	}
	r.event(fsnotify.Write, "b.jpg")
	r.idle()
	r.clock.advance(r.ctx, DefaultQuiet)
	if a, b := r.next(), r.next(); a.Path != "b.jpg" || b.Path != "b.jpg" { // what was pending is part of the full scan
		t.Errorf("%+v %+v", a, b)
	}
	r.idle()
	if n := r.from.watched(); n != 2 {
		t.Errorf("%d directories watched, want the unseen one too", n)
	}
}

func TestWatchLimitIsSaid(t *testing.T) {
	dir := resolvedDir(t, "a/1.jpg", "b/2.jpg")
	r := newRig(t, func(r *rig) { r.from.refuse[filepath.Join(r.dir, "a")] = syscall.ENOSPC }, Folder{Root: dir})
	if c := r.next(); !c.Lost || !errors.Is(c.Err, ErrWatchLimit) {
		t.Errorf("%+v", c)
	}
	r.idle()
}

func TestMissingFolderIsSaidByWatch(t *testing.T) {
	gone := newRig(t, func(*rig) {}, Folder{Root: filepath.Join(t.TempDir(), "gone")})
	if c := gone.next(); !c.Lost || !errors.Is(c.Err, ErrFolderMissing) {
		t.Errorf("at the start: %+v", c)
	}
	r := newRig(t, nil, Folder{Root: resolvedDir(t, "a.jpg")})
	r.event(fsnotify.Rename, "")
	if c := r.next(); !c.Lost || !errors.Is(c.Err, ErrFolderMissing) {
		t.Errorf("later: %+v", c)
	}
}

func TestNestedFoldersAreBothTold(t *testing.T) {
	dir := resolvedDir(t, "sub/a.jpg")
	r := newRig(t, nil, Folder{ID: [16]byte{1}, Root: dir}, Folder{ID: [16]byte{2}, Root: filepath.Join(dir, "sub")})
	r.event(fsnotify.Write, "sub/a.jpg")
	r.idle()
	r.clock.advance(r.ctx, DefaultQuiet)
	if a, b := r.next(), r.next(); a.Path != "sub/a.jpg" || b.Path != "a.jpg" || b.Folder != [16]byte{2} {
		t.Errorf("%+v %+v", a, b)
	}
}

func TestTooManyChangesBecomeLost(t *testing.T) {
	r := newRig(t, nil, Folder{Root: resolvedDir(t, "a.jpg")})
	go func() {
		for i := range 101 {
			select {
			case r.from.events <- fsnotify.Event{Name: filepath.Join(r.dir, "f", string(rune(i+0x10000))), Op: fsnotify.Write}:
			case <-r.ctx.Done():
				return
			}
		}
	}()
	if c := r.next(); !c.Lost || !errors.Is(c.Err, ErrEventsLost) {
		t.Errorf("%+v", c)
	}
}

func TestIdleWatchSetsNoTimer(t *testing.T) {
	r := newRig(t, nil, Folder{Root: resolvedDir(t, "a.jpg")})
	r.idle()
	if len(r.clock.armed) != 0 {
		t.Error("a timer runs though nothing is pending")
	}
}

// leapClock makes every wait end at once, by moving the time.
type leapClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *leapClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *leapClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	ready := make(chan time.Time, 1)
	ready <- c.now
	return ready
}

func TestSystemEventsArrive(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	dir := plant(t, "sub/old.jpg")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	o := NewOS(&leapClock{now: time.Unix(1e9, 0)})
	system, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	w := o.newWatch([]Folder{{Root: link}}, WatchOptions{}, systemNotifier{system})
	started := make(chan struct{})
	w.started = func() { close(started) }
	go w.run(ctx)
	<-started
	wait := func(path string, do func() error) {
		t.Helper()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		for {
			select {
			case c := <-w.out:
				if c.Lost {
					t.Fatalf("%+v", c)
				}
				if c.Path == path {
					return
				}
			case <-ctx.Done():
				t.Fatalf("no change of %q came", path)
			}
		}
	}
	file := filepath.Join(dir, "sub", "old.jpg")
	wait("sub/old.jpg", func() error { return os.WriteFile(file, []byte("edited"), 0o644) })
	wait("new/deep/2\n.jpg", func() error {
		full := filepath.Join(dir, "new", "deep", "2\n.jpg")
		return errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, nil, 0o644))
	})
	wait("moved/deep/2\n.jpg", func() error { return os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "moved")) })
	wait("moved/deep/3.jpg", func() error { return os.WriteFile(filepath.Join(dir, "moved", "deep", "3.jpg"), nil, 0o644) })
	wait("sub/old.jpg", func() error { return os.Remove(file) })
	cancel()
	for range w.out { // closes
	}
}
