package source

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// OS is the computer's own file system.
type OS struct {
	clock Clock
	root  func(path string) (directory, error) // openRoot, but for tests of broken file systems

	lookers int // goroutines that ask the system ahead of a walk
}

var (
	_ Tree   = (*OS)(nil)
	_ Holder = (*OS)(nil)
)

// NewOS returns the computer's own file system, with the given clock (nil: the computer's).
func NewOS(clock Clock) *OS {
	if clock == nil {
		clock = SystemClock{}
	}
	return &OS{clock: clock, root: openRoot, lookers: lookers()}
}

// Steps of file times: two changes closer than this may bear the same time, so a file younger than it is left to age before it is
// read (kernel tick of at most 10 ms, with reserve; FAT counts in steps of two seconds, older file systems in one). The times of a
// network file system are those of another computer's clock, and come late (NFS keeps them for up to a minute): waiting does not help.
const (
	timeStep        = 20 * time.Millisecond
	timeStepCoarse  = 2 * time.Second
	timeStepNetwork = time.Minute
)

// Open implements Tree.
func (o *OS) Open(ctx context.Context, folder Folder, item Item) (File, error) {
	if err := openable(item); err != nil {
		return nil, err
	}
	h, err := o.Hold(folder)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return h.Open(ctx, item)
}

// Hold implements Holder.
func (o *OS) Hold(folder Folder) (Held, error) {
	root, err := o.root(folder.Root)
	if err != nil {
		return nil, rootError(err)
	}
	return held{o, root}, nil
}

// held is a folder of the computer's own file system that is held open.
type held struct {
	o    *OS
	root directory
}

func (h held) Close() error { return withoutPath(h.root.Close()) }

// openable tells whether an item is one whose bytes can be read.
func openable(item Item) error {
	switch {
	case item.Kind != KindFile:
		return ErrNotFile
	case item.State == OnlineOnly:
		return ErrOnlineOnly
	case item.Path == "" || strings.HasPrefix(item.Path, "/"):
		return fmt.Errorf("%w: no relative path", ErrNotFile)
	}
	return nil
}

func (h held) Open(ctx context.Context, item Item) (File, error) {
	if err := openable(item); err != nil {
		return nil, err
	}
	f, err := h.root.openFile(item.Path)
	if err != nil {
		return nil, classify(err)
	}
	before, unsettled, err := h.o.settled(ctx, f)
	if err == nil && !sameFile(item, before) {
		err = ErrChanged
	}
	if err != nil {
		f.Close()
		return nil, classify(err)
	}
	before.Path = item.Path
	return &osFile{file: f, before: before, unsettled: unsettled}, nil
}

// settled returns the facts of f once its last change is older than a step of its times: from then on any further change shows. Where
// that cannot be had, unsettled says that one might not.
func (o *OS) settled(ctx context.Context, f handle) (now facts, unsettled bool, err error) {
	now, err = f.facts()
	if err != nil || now.Kind != KindFile {
		return now, false, err
	}
	clock := o.clock.Now()
	if last, _ := lastChange(now); clock.Sub(last) >= timeStepNetwork {
		return now, false, nil
	}
	wait, unsettled := settling(now, clock, f.fileSystem())
	if wait == 0 {
		return now, unsettled, nil
	}
	select {
	case <-o.clock.After(wait):
	case <-ctx.Done():
		return now, false, ctx.Err()
	}
	was := now
	now, err = f.facts()
	return now, !now.ModTime.Equal(was.ModTime) || !now.ID.ChangeTime.Equal(was.ID.ChangeTime), err
}

// lastChange is the time that moves with every change of the content: the change time, which nobody can set, or else the modification
// time.
func lastChange(f facts) (last time.Time, certain bool) {
	if f.ID.ChangeTime.IsZero() {
		return f.ModTime, false
	}
	return f.ID.ChangeTime, true
}

// settling tells how long to wait until a further change of a file is sure to show in its times, or that waiting does not tell.
func settling(f facts, now time.Time, system fileSystem) (wait time.Duration, unsettled bool) {
	last, certain := lastChange(f)
	step := timeStep
	switch {
	case system.network:
		step = timeStepNetwork
	case system.coarse, last.Nanosecond() == 0: // a file system without fractions of a second writes none
		step = timeStepCoarse
	}
	age := now.Sub(last)
	switch {
	case age >= step:
		return 0, false
	case age < 0: // of another clock. A modification time may have been set so (by a camera): the next change will show.
		return 0, certain || age > -step
	case system.network:
		return 0, true
	}
	return step - age, false
}

// sameFile tells whether the open file is the one scanned. The change time is left out: a new mode or name is no new content, and
// metadata are read from the open file.
func sameFile(item Item, now facts) bool {
	if item.ID.Inode != 0 && now.ID.Inode != 0 && (item.ID.Inode != now.ID.Inode || item.ID.Device != now.ID.Device) {
		return false
	}
	return now.Kind == KindFile && item.Size == now.Size && item.ModTime.Equal(now.ModTime)
}

func rootError(err error) error {
	err = classify(err)
	if errors.Is(err, ErrVanished) || errors.Is(err, ErrChanged) {
		return fmt.Errorf("%w: %w", ErrFolderMissing, withoutPath(err))
	}
	return err
}
