package source

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// event takes one event of the system.
func (w *watch) event(ctx context.Context, event fsnotify.Event) {
	gone := event.Has(fsnotify.Remove) || event.Has(fsnotify.Rename)
	if gone && w.dirs[event.Name] {
		w.forget(event.Name)
	}
	isNewDir := false
	if event.Has(fsnotify.Create) {
		info, err := os.Lstat(event.Name)
		isNewDir = err == nil && info.IsDir()
	}
	for i := range w.folders {
		rel, within := below(w.folders[i].real, event.Name)
		switch {
		case !within:
		case rel == "" && gone:
			w.lose(ctx, i, ErrFolderMissing)
		case rel == "": // only the root's own attributes
		case isNewDir:
			w.addTree(ctx, i, rel, func(item Item) error { w.touch(ctx, i, item.Path); return nil })
		case event.Op == fsnotify.Chmod && w.dirs[event.Name]:
			w.addTree(ctx, i, rel, func(item Item) error { w.touch(ctx, i, item.Path); return nil }) // it may be listable only now
		default:
			w.touch(ctx, i, rel)
		}
	}
}

func below(root, path string) (rel string, within bool) {
	if path == root {
		return "", true
	}
	if !strings.HasSuffix(root, string(filepath.Separator)) {
		root += string(filepath.Separator)
	}
	rel, within = strings.CutPrefix(path, root)
	return filepath.ToSlash(rel), within
}

// forget ends the watches on a directory that was moved or removed and on all below it: the system would go on reporting them
// under the old path.
func (w *watch) forget(dir string) {
	for path := range w.dirs {
		if _, within := below(dir, path); within {
			w.source.Remove(path) // fails where the system ended the watch itself
			delete(w.dirs, path)
		}
	}
}

var errStopAdding = errors.New("stop adding")

// addTree watches a directory and all below it, each before its names are read, and passes what lies there to fn.
func (w *watch) addTree(ctx context.Context, folder int, rel string, fn func(Item) error) {
	f := w.folders[folder]
	if fn == nil {
		fn = func(Item) error { return nil }
	}
	var refused error
	entering := func(path string) error {
		err := w.add(filepath.Join(f.real, filepath.FromSlash(path)))
		if err == nil || errors.Is(err, ErrVanished) || errors.Is(err, ErrUnreadable) {
			return nil // scans say so by themselves
		}
		if refused == nil {
			refused = err
		}
		if errors.Is(err, ErrWatchLimit) {
			return errStopAdding
		}
		return nil
	}
	options := ScanOptions{Under: rel, Exclude: w.options.Exclude, entering: entering}
	_, err := w.os.Scan(ctx, Folder{ID: f.ID, Root: f.real, Rules: f.Rules}, options, fn)
	switch {
	case ctx.Err() != nil:
	case refused != nil:
		w.lose(ctx, folder, refused)
	case err != nil:
		w.lose(ctx, folder, err)
	}
}

func (w *watch) add(dir string) error {
	err := w.source.Add(dir)
	if err == nil {
		w.dirs[dir] = true
		return nil
	}
	if isWatchLimit(err) {
		return ErrWatchLimit
	}
	return classify(err)
}

// touch notes that something happened at a path.
func (w *watch) touch(ctx context.Context, folder int, path string) {
	if len(w.pending) >= w.limit {
		w.loseAll(ctx, ErrEventsLost)
	}
	w.pending[place{folder, path}] = w.os.clock.Now()
	if w.timer == nil {
		w.timer = w.os.clock.After(w.options.Quiet)
	}
}

// deliver sends what has been quiet long enough, in the order of paths, and waits for the rest.
func (w *watch) deliver(ctx context.Context) {
	now := w.os.clock.Now()
	var due []place
	wait := w.options.Quiet
	for p, last := range w.pending {
		left := w.options.Quiet - now.Sub(last)
		if left > w.options.Quiet { // the clock was set back
			w.pending[p], left = now, w.options.Quiet
		}
		if left <= 0 {
			due = append(due, p)
		} else {
			wait = min(wait, left)
		}
	}
	slices.SortFunc(due, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.folder, b.folder), strings.Compare(a.path, b.path))
	})
	for _, p := range due {
		delete(w.pending, p)
	}
	w.timer = nil
	if len(w.pending) > 0 {
		w.timer = w.os.clock.After(max(wait, w.options.Quiet/8)) // a stream of changes is not a stream of wake-ups
	}
	for _, p := range due {
		w.send(ctx, Change{Folder: w.folders[p.folder].ID, Path: p.path})
	}
}
