package source

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Errors that a Change carries.
var (
	ErrEventsLost = errors.New("file events were lost")                  // once; watching goes on
	ErrWatchLimit = errors.New("the system watches no more directories") // for as long as this Watch runs (inotify max_user_watches)
)

// DefaultQuiet is how long a file must lie unchanged before its Change is delivered, so that half-written files are left alone.
const DefaultQuiet = 2 * time.Second

// maxPending bounds the changes that wait for quiet; beyond it a full scan is cheaper.
const maxPending = 65_536

// Change says what to look at again, or that this is no longer known.
type Change struct {
	Folder [16]byte // Folder.ID
	Path   string   // for ScanOptions.Under: a file or directory that appeared, changed or went; "" is the whole folder
	Lost   bool     // events are missing: only a full scan tells what changed; Path is ""
	Err    error    // for Lost: ErrEventsLost, ErrWatchLimit, ErrFolderMissing, ErrNameTooLong, ErrReadError
}

// WatchOptions steers watching.
type WatchOptions struct {
	Exclude []Excluded    // as in ScanOptions
	Quiet   time.Duration // 0 means DefaultQuiet
}

// notifier is the system's file events.
type notifier interface {
	Add(dir string) error // not what lies below
	Remove(dir string) error
	Events() <-chan fsnotify.Event
	Errors() <-chan error
	Close() error
}

type systemNotifier struct{ *fsnotify.Watcher }

func (n systemNotifier) Events() <-chan fsnotify.Event { return n.Watcher.Events }
func (n systemNotifier) Errors() <-chan error          { return n.Watcher.Errors }

// Watch delivers what changes in folders until ctx ends, then closes the channel. A file is delivered once it has been quiet for
// WatchOptions.Quiet; a directory that appears is watched and each file in it delivered. When a folder's events are or may be
// incomplete, one Change with Lost says so; after ErrFolderMissing and ErrWatchLimit only a new Watch helps. The channel holds
// nothing back for a slow reader; what then overflows in the system becomes Lost. An unmounted drive gives no event at all, and
// network folders none for what others write (RootEvidence.Network): watching never replaces scans.
//
// While the folders are first walked, changes are already collected. The error is the system refusing to watch at all.
func (o *OS) Watch(ctx context.Context, folders []Folder, options WatchOptions) (<-chan Change, error) {
	system, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWatchLimit, withoutPath(err))
	}
	w := o.newWatch(folders, options, systemNotifier{system})
	go w.run(ctx)
	return w.out, nil
}

// watch belongs to the goroutine of run.
type watch struct {
	os      *OS
	source  notifier
	folders []watched
	options WatchOptions
	out     chan Change
	dirs    map[string]bool // absolute paths that are watched
	pending map[place]time.Time
	limit   int              // of pending
	timer   <-chan time.Time // nil while nothing is pending: no wake-ups then
	started func()           // called when the first walk is done; for tests
}

type watched struct {
	Folder
	real string // root without symbolic links, so that nested choices share their watches
}

type place struct {
	folder int // index
	path   string
}

func (o *OS) newWatch(folders []Folder, options WatchOptions, source notifier) *watch {
	if options.Quiet <= 0 {
		options.Quiet = DefaultQuiet
	}
	w := &watch{
		os: o, source: source, options: options, out: make(chan Change),
		dirs: map[string]bool{}, pending: map[place]time.Time{}, limit: maxPending, started: func() {},
	}
	for _, f := range folders {
		real, err := filepath.EvalSymlinks(f.Root)
		if err != nil {
			real = filepath.Clean(f.Root)
		}
		w.folders = append(w.folders, watched{f, real})
	}
	return w
}

func (w *watch) run(ctx context.Context) {
	defer close(w.out)
	defer w.source.Close()
	for i := range w.folders {
		w.addTree(ctx, i, "", nil)
	}
	w.started()
	for {
		select {
		case <-ctx.Done():
			return
		case event, open := <-w.source.Events():
			if !open {
				w.loseAll(ctx, ErrEventsLost)
				return
			}
			w.event(ctx, event)
		case err, open := <-w.source.Errors():
			if !open {
				w.loseAll(ctx, ErrEventsLost)
				return
			}
			w.overflow(ctx, err)
		case <-w.timer:
			w.deliver(ctx)
		}
	}
}

// overflow handles lost events: among them may have been new directories, so all are walked again.
func (w *watch) overflow(ctx context.Context, cause error) {
	w.loseAll(ctx, fmt.Errorf("%w: %w", ErrEventsLost, withoutPath(cause)))
	for i := range w.folders {
		w.addTree(ctx, i, "", nil)
	}
}

func (w *watch) loseAll(ctx context.Context, cause error) {
	clear(w.pending)
	w.timer = nil
	for i := range w.folders {
		w.lose(ctx, i, cause)
	}
}

func (w *watch) lose(ctx context.Context, folder int, cause error) {
	w.send(ctx, Change{Folder: w.folders[folder].ID, Lost: true, Err: cause})
}

func (w *watch) send(ctx context.Context, c Change) {
	select {
	case w.out <- c:
	case <-ctx.Done():
	}
}
