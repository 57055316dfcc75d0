package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxOpen bounds the directories kept open at a time, however deep the tree.
const maxOpen = 32

// walker is one scan.
type walker struct {
	ctx     context.Context
	fn      func(Item) error
	rules   *ruleSet
	options ScanOptions
	user    int64 // we, as the system counts; -1 where it does not
	exclude exclusions
	open    func(path string) (directory, error)
	root    directory
	systems map[uint64]fileSystem // by device
	stack   []*level
	lookers int // goroutines that ask the system ahead of the walk, see ahead.go; 0 = none
	crew    *crew
	sum     Summary
	aborted bool // a directory was cut short by an error of the medium
}

// level is a directory on the way from the root to where the walk is.
type level struct {
	dir        directory // nil while closed, see park
	path       string
	id         Identity
	verdict    int
	volumeRoot bool
	subs       []string
	planned    int      // so many of subs were asked for ahead, or are not to be
	ahead      []*ahead // of the next subs
}

// Scan implements Tree.
func (o *OS) Scan(ctx context.Context, folder Folder, options ScanOptions, fn func(Item) error) (Summary, error) {
	rules, err := compileRules(folder.Rules)
	if err != nil {
		return Summary{}, err
	}
	if options.MaxPath <= 0 {
		options.MaxPath = DefaultMaxPath
	}
	w := &walker{
		ctx: ctx, fn: fn, rules: rules, options: options, open: o.root, user: int64(os.Geteuid()), lookers: o.lookers,
		exclude: newExclusions(folder.Root, options.Exclude), systems: map[uint64]fileSystem{},
	}
	err = w.start(folder)
	w.closeAll()
	w.sum.Full = err == nil && !w.aborted
	return w.sum, err
}

func (w *walker) start(folder Folder) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	root, err := w.open(folder.Root)
	if err != nil {
		if err = rootError(err); errors.Is(err, ErrFolderMissing) {
			return err
		}
		return w.unlisted(Item{Kind: KindDir, Err: err})
	}
	w.root = root
	self, err := root.self()
	if err != nil {
		return rootError(err)
	}
	if _, out := w.exclude.rule(self.ID, ""); out {
		return ErrFolderExcluded
	}
	w.evidence(folder, self)
	top := &level{dir: root, id: self.ID, verdict: none, volumeRoot: true}
	if w.systems[self.ID.Device].system {
		return w.skip(Item{Kind: KindDir}, RuleSystem)
	}
	if w.options.Under != "" {
		return w.under(top)
	}
	if err := w.enter(top, self.Item, nil); err != nil {
		return err
	}
	return w.walk()
}

func (w *walker) evidence(folder Folder, self facts) {
	system := w.root.fileSystem()
	w.systems[self.ID.Device] = system
	w.sum.Root = RootEvidence{ID: self.ID, BirthTime: self.BirthTime, FileSystem: system.name, Network: system.network}
	if above, err := w.open(filepath.Dir(filepath.Clean(folder.Root))); err == nil {
		if up, err := above.self(); err == nil {
			w.sum.Root.MountPoint = up.ID.Device != self.ID.Device || up.ID.Inode == self.ID.Inode && self.ID.Inode != 0
		}
		above.Close()
	}
}

// walk visits the directories that are left, deepest first.
func (w *walker) walk() error {
	for len(w.stack) > 0 {
		top := w.stack[len(w.stack)-1]
		if len(top.subs) == 0 {
			w.pop()
			continue
		}
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.unpark(top); err != nil {
			// What is left of this directory cannot be reached any more: it was moved or its drive is gone.
			w.dropAhead(top)
			top.subs = nil
			if err := w.unlisted(Item{Path: top.path, Kind: KindDir, ID: top.id, Err: err}); err != nil {
				return err
			}
			continue
		}
		w.lookAhead(top)
		name := top.subs[0]
		top.subs = top.subs[1:]
		if err := w.descend(top, name); err != nil {
			return err
		}
	}
	return nil
}

// descend opens one directory and, unless something speaks against it, enters it.
func (w *walker) descend(parent *level, name string) error {
	path := join(parent.path, name)
	item := Item{Path: path, Kind: KindDir}
	verdict := w.rules.judge(parent.verdict, path, true)
	if a := w.takeAhead(parent, name); a != nil {
		if a.err != nil {
			return w.cannotOpen(item, verdict, classify(a.err))
		}
		return w.consider(parent, a.dir, a.self, verdict, a)
	}
	if len(path) > w.options.MaxPath {
		return w.unlisted(Item{Path: path, Kind: KindDir, Err: ErrNameTooLong})
	}
	if parent.volumeRoot && volumeFolder(name) && !w.includes(verdict) {
		return w.skip(item, RuleVolumeSystem)
	}
	if restoreFolder(name) && !w.includes(verdict) {
		return w.skip(item, RuleRestore)
	}
	dir, err := parent.dir.openDir(name)
	if err == nil {
		var self facts
		if self, err = dir.self(); err == nil {
			self.Path = path
			return w.consider(parent, dir, self, verdict, nil)
		}
		dir.Close()
	}
	return w.cannotOpen(item, verdict, classify(err))
}

func (w *walker) cannotOpen(item Item, verdict int, err error) error {
	if errors.Is(err, ErrVanished) || errors.Is(err, ErrChanged) {
		w.sum.Vanished++
		return nil
	}
	if rule, all := w.rules.skipsAll(verdict); all {
		return w.skip(item, rule)
	}
	item.Err = err
	return w.unlisted(item)
}

// consider enters an open directory unless something speaks against it; a is what else is known of it, nil = nothing.
func (w *walker) consider(parent *level, dir directory, self facts, verdict int, a *ahead) error {
	skip := func(rule string) error {
		dir.Close()
		return w.skip(self.Item, rule)
	}
	if rule, out := w.exclude.rule(self.ID, self.Path); out {
		return skip(rule)
	}
	volumeRoot := self.ID.Device != parent.id.Device
	if volumeRoot {
		w.know(dir, self.ID.Device)
		if w.systems[self.ID.Device].system {
			return skip(RuleSystem)
		}
	}
	for _, above := range w.stack {
		if self.ID.Inode != 0 && above.id.Inode == self.ID.Inode && above.id.Device == self.ID.Device {
			return skip(RuleSameFolder)
		}
	}
	return w.enter(&level{dir: dir, path: self.Path, id: self.ID, verdict: verdict, volumeRoot: volumeRoot}, self.Item, a)
}

func (w *walker) know(dir directory, device uint64) {
	if _, known := w.systems[device]; !known {
		w.systems[device] = dir.fileSystem()
	}
}

// enter lists a directory, unless a has its names, reports what is not a directory in it and remembers its directories.
func (w *walker) enter(l *level, self Item, a *ahead) error {
	w.push(l)
	if w.options.entering != nil {
		if err := w.options.entering(l.path); err != nil {
			return err
		}
	}
	names, known, err := l.list(a)
	if err != nil {
		self.Path = l.path
		if err := w.cannotOpen(self, l.verdict, classify(err)); err != nil {
			return err
		}
	}
	if l.path == "" {
		w.sum.Root.Entries = int64(len(names))
	}
	w.sum.Dirs++
	beside := func(other string) bool { _, in := slices.BinarySearch(names, other); return in }
	return w.eachLook(l.dir, names, known, func(name string, f facts, err error) error {
		isDir, err := w.look(l, name, f, err, beside)
		if isDir {
			l.subs = append(l.subs, name)
		}
		return err
	})
}

// list returns the directory's names, sorted, and what is known of the first of them.
func (l *level) list(a *ahead) ([]string, []looked, error) {
	if a != nil && a.listed {
		return a.names, a.stats, a.namesErr
	}
	names, err := l.dir.names()
	slices.Sort(names)
	return names, nil, err
}

func (w *walker) push(l *level) {
	w.stack = append(w.stack, l)
	if i := len(w.stack) - 1 - maxOpen; i > 0 && w.stack[i].dir != nil {
		w.settleAhead(w.stack[i])
		w.stack[i].dir.Close()
		w.stack[i].dir = nil
	}
}

func (w *walker) unpark(l *level) error {
	if l.dir != nil {
		return nil
	}
	dir, err := w.root.openDir(l.path)
	if err != nil {
		return classify(err)
	}
	if self, err := dir.self(); err != nil || self.ID.Inode != l.id.Inode || self.ID.Device != l.id.Device {
		dir.Close()
		return fmt.Errorf("%w: the directory was moved during the scan", ErrReadError)
	}
	l.dir = dir
	return nil
}

func (w *walker) pop() {
	l := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	w.dropAhead(l)
	if l.dir != nil && l.dir != w.root {
		l.dir.Close()
	}
}

func (w *walker) closeAll() {
	for len(w.stack) > 0 {
		w.pop()
	}
	w.crew.dismiss()
	if w.root != nil {
		w.root.Close()
	}
}

// under scans the one path of ScanOptions.Under, with the rules of all directories above it.
func (w *walker) under(top *level) error {
	names := strings.Split(w.options.Under, "/")
	at := top
	for i, name := range names {
		if name == "" || name == "." || name == ".." {
			return fmt.Errorf("%w: not a relative path", ErrNotFile)
		}
		f, err := at.dir.stat(name)
		if err != nil || f.Kind != KindDir || i == len(names)-1 {
			w.stack = append(w.stack, &level{path: at.path, id: at.id, dir: at.dir, verdict: at.verdict, volumeRoot: at.volumeRoot})
			return w.last(name, i == len(names)-1, f, err)
		}
		path := join(at.path, name)
		if restoreFolder(name) && !w.includes(w.rules.judge(at.verdict, path, true)) {
			return w.skip(Item{Path: path, Kind: KindDir}, RuleRestore)
		}
		dir, err := at.dir.openDir(name)
		if err != nil {
			return w.cannotOpen(Item{Path: path, Kind: KindDir}, w.rules.judge(at.verdict, path, true), classify(err))
		}
		volume := f.ID.Device != at.id.Device
		w.know(dir, f.ID.Device)
		w.stack = append(w.stack, at)
		at = &level{dir: dir, path: path, id: f.ID, verdict: w.rules.judge(at.verdict, path, true), volumeRoot: volume}
	}
	return nil
}

func (w *walker) last(name string, isLast bool, f facts, err error) error {
	at := w.stack[len(w.stack)-1]
	switch {
	case err != nil && errors.Is(classify(err), ErrVanished), err == nil && !isLast:
		return nil // nothing is there: the Summary says 0 Items, and no error
	case err == nil && f.Kind == KindDir:
		if err := w.descend(at, name); err != nil {
			return err
		}
		return w.walk()
	}
	_, err = w.look(at, name, f, err, func(other string) bool { _, err := at.dir.stat(other); return err == nil })
	return err
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
