package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"lightproof/backup/direct"
)

// Where a folder is not there yet, it is made under a hidden name, its files are written in it under their own, and once all of them are flushed the folder
// gets its name: one for all, where a temporary name and another for each file took a tenth of a restore of many small ones. As before, no name
// is ever seen over bytes that a loss of power could take away.
//
// It is done only for folders that are quickly done: a kill loses what is in one. And it is done only where nothing can be there that a file would
// have to meet or give way to. In all other cases, and wherever anything goes wrong with the folder as a whole, files are named one by one.

// freshFiles is how many files a fresh folder has at the most.
const freshFiles = 512

// fresh is a folder that is not there yet.
type fresh struct {
	at   place
	name string // hidden, in the folder above

	mu    sync.Mutex
	phase freshPhase
	self  fs.FileInfo // once it was made
	left  int         // files of which nothing has come yet
	ready []*item     // complete and flushed
}

type freshPhase uint8

const (
	freshPlanned freshPhase = iota
	freshHidden             // it is there, under its hidden name
	freshNamed
	freshGivenUp // it may be there; its files are named one by one
	freshGone    // as freshGivenUp, and it is not there
)

// findFresh looks for folders that can be made so, in a list that is in the order in which it is written.
func (r *run) findFresh(todo []*item) {
	if r.resumed || r.o.hooks.oneByOne {
		return
	}
	above := map[place]bool{} // folders with folders in them
	type found struct {
		from, files int
		first       *item
		no          bool
	}
	all := map[place]*found{}
	last := place{-1, ""}
	for _, it := range r.plan.items {
		at := place{int(it.tree), it.dir}
		if at != last {
			for up := it.dir; up != ""; {
				up, _ = splitLast(up)
				above[place{at.tree, up}] = true
			}
			last = at
		}
		f := all[at]
		if f == nil {
			f = &found{from: -1, first: it}
			all[at] = f
		}
		if it.state != stateBlocked {
			f.no = f.no || it.result != Waiting || it.state != stateNew || it.link || it.replace || it.size >= direct.From || it.final() != it.name() || r.twinPlace(it) != ""
		}
	}
	for i, it := range todo {
		f := all[place{int(it.tree), it.dir}]
		if f.from < 0 {
			f.from = i
		}
		f.no = f.no || i != f.from+f.files // others are written between them
		f.files++
	}
	r.fresh = map[place]*fresh{}
	for at, f := range all {
		t := r.trees[at.tree]
		if !f.no && f.files > 1 && f.files <= freshFiles && at.rel != "" && !above[at] && t != nil && t.groups.Load() && !t.kind.caseless {
			r.fresh[at] = &fresh{at: at, name: tempName(r.id, int(f.first.n)), left: f.files}
		}
	}
}

// borrowFresh is borrow for the folder of f.
func (r *run) borrowFresh(f *fresh) (*dir, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := r.dirs.lend(f.at, nil); d != nil {
		return d, nil
	}
	t := r.trees[f.at.tree]
	touch := func(rel string) { r.touch(f.at.tree, rel) }
	if f.phase == freshPlanned || f.phase == freshHidden {
		d, err := t.freshDir(f, touch)
		if err == nil {
			return r.dirs.lend(f.at, d), nil
		}
		f.giveUpLocked() // whatever it is, the ordinary way tells
	}
	d, err := t.dir(f.at.rel, true, touch)
	if err != nil {
		return nil, err
	}
	return r.dirs.lend(f.at, d), nil
}

// freshDir opens the folder of f under its hidden name, which it is made under where nothing has its own. f.mu is held.
func (t *tree) freshDir(f *fresh, made func(rel string)) (*dir, error) {
	above, name := splitLast(f.at.rel)
	if f.phase == freshPlanned {
		up, err := t.dir(above, true, made)
		if err != nil {
			return nil, err
		}
		defer up.Close()
		if _, err := up.root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return nil, fs.ErrExist
		}
		if err := up.root.Mkdir(f.name, 0o777); err != nil {
			return nil, err
		}
		f.phase = freshHidden
	}
	d, err := t.dir(join(above, f.name), false, nil)
	if err != nil {
		return nil, err
	}
	self, err := d.root.Stat(".")
	if err == nil && f.self != nil && !os.SameFile(self, f.self) {
		err = errExchanged
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	f.self, d.fresh = self, f
	return d, nil
}

var errExchanged = errors.New("a hidden folder is another one than before, or lacks files")

func (f *fresh) giveUpLocked() {
	if f.phase == freshHidden {
		f.phase = freshGivenUp
	} else if f.phase == freshPlanned {
		f.phase = freshGone
	}
}

// errOneByOne: a file cannot be written in its hidden folder, and is tried again without.
var errOneByOne = errors.New("a hidden folder was given up")

// giveUpFresh has the files of a folder named one by one from here on; those that are ready are written again in the end.
func (r *run) giveUpFresh(f *fresh) {
	f.mu.Lock()
	f.giveUpLocked()
	f.mu.Unlock()
	r.dirs.forget(f.at)
}

// settleFresh counts a file of a fresh folder of which something has come: ready, or none where it will not be. With the last one the folder gets its
// name.
func (r *run) settleFresh(ctx context.Context, f *fresh, ready *item) {
	f.mu.Lock()
	f.left--
	if ready != nil {
		f.ready = append(f.ready, ready)
	}
	last := f.left == 0
	f.mu.Unlock()
	if last {
		r.nameFresh(ctx, f)
	}
}

// failFresh counts a file that was to be in a fresh folder, and is not.
func (r *run) failFresh(ctx context.Context, it *item) {
	if f := r.fresh[place{int(it.tree), it.dir}]; f != nil {
		r.settleFresh(ctx, f, nil)
	}
}

// nameFresh gives a folder its name, and its files with it. Where that cannot be, they are written again one by one.
func (r *run) nameFresh(ctx context.Context, f *fresh) {
	t, rel := r.trees[f.at.tree], f.at.rel
	above, _ := splitLast(rel)
	f.mu.Lock()
	files := f.ready
	f.ready = nil
	if f.phase == freshHidden {
		f.phase = freshGivenUp
		if len(files) > 0 && t.nameFresh(f, files) == nil {
			f.phase = freshNamed
		}
		r.touch(f.at.tree, above)
		r.touch(f.at.tree, rel)
	}
	named := f.phase == freshNamed
	if f.phase == freshGivenUp && t.removeFolder(above, f.name) == nil {
		f.phase = freshGone
	}
	f.mu.Unlock()
	r.dirs.forget(f.at)
	for _, it := range files {
		if named {
			it.result = Written
			r.step("named")
			r.advance(1, 0)
			r.done(ctx, it)
		} else {
			r.advance(0, -it.size)
		}
	}
	if !named && len(files) > 0 {
		r.mu.Lock()
		r.again = append(r.again, files...)
		r.mu.Unlock()
	}
}

// takeAgain gives the files that are to be written again one by one.
func (r *run) takeAgain() (files []*item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	files, r.again = r.again, nil
	return files
}

// nameFresh gives the folder its name, where it is still the one that was made, and the files are in it. f.mu is held.
func (t *tree) nameFresh(f *fresh, files []*item) error {
	above, name := splitLast(f.at.rel)
	d, err := t.dir(join(above, f.name), false, nil)
	if err != nil {
		return err
	}
	defer d.Close()
	names, err := d.file.Readdirnames(-1)
	if err != nil {
		return err
	}
	there := make(map[string]bool, len(names))
	for _, n := range names {
		there[n] = true
	}
	if self, err := d.root.Stat("."); err != nil || !os.SameFile(self, f.self) || slices.ContainsFunc(files, func(it *item) bool { return !there[it.name()] }) {
		return errors.Join(err, errExchanged)
	}
	if !t.groups.Load() {
		if err := syncFolder(d); err != nil {
			return err
		}
	}
	up, err := t.dir(above, false, nil)
	if err != nil {
		return err
	}
	defer up.Close()
	done, err := renameNoReplace(up.file, f.name, name)
	if err == nil && !done {
		err = errors.ErrUnsupported
	}
	return err
}

// endFresh names what is ready in folders that were not finished, and takes away what is left of those that were given up.
func (r *run) endFresh(ctx context.Context) {
	for _, f := range r.fresh {
		f.mu.Lock()
		open := f.phase == freshHidden || f.phase == freshGivenUp || len(f.ready) > 0
		f.mu.Unlock()
		if open {
			r.nameFresh(ctx, f)
		}
	}
}

// clearFresh takes away what could not be taken away before. Where it still cannot, the job is not finished: whoever goes on tries again.
func (r *run) clearFresh() {
	for _, f := range r.fresh {
		if f.phase != freshGivenUp {
			continue
		}
		above, _ := splitLast(f.at.rel)
		if err := r.trees[f.at.tree].removeFolder(above, f.name); err != nil {
			r.fails(fmt.Errorf("take away a hidden folder: %w", err))
		}
	}
}

// removeFolder removes a hidden folder with what is in it, where there is one.
func (t *tree) removeFolder(above, name string) error {
	d, err := t.dir(above, false, nil)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotFolder) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	return d.root.RemoveAll(name)
}

// dropFresh removes what an earlier run left of folders that it had not finished. Where it may not, the job would never be finished: that is left.
func (r *run) dropFresh() {
	last := place{-1, ""}
	for _, it := range r.plan.items {
		at := place{int(it.tree), it.dir}
		if at == last || r.trees[at.tree] == nil {
			continue
		}
		last = at
		if above, _ := splitLast(it.dir); it.dir != "" {
			if err := r.trees[at.tree].removeFolder(above, tempName(r.id, int(it.n))); err != nil && !errors.Is(err, fs.ErrPermission) {
				r.fails(fmt.Errorf("take away a hidden folder: %w", err))
			}
		}
	}
}
