package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// OS is the computer's own file system.
type OS struct {
	clock Clock
	root  func(path string) (directory, error) // openRoot, but for tests of broken file systems

	lookers int // goroutines that ask the system ahead of a walk
}

var _ Tree = (*OS)(nil)

// NewOS returns the computer's own file system, with the given clock (nil: the computer's).
func NewOS(clock Clock) *OS {
	if clock == nil {
		clock = SystemClock{}
	}
	return &OS{clock: clock, root: openRoot, lookers: lookers()}
}

// Steps of file times: two changes closer than this may bear the same time, so a file younger than it is left to age before it is
// read (kernel tick of at most 10 ms, with reserve; FAT counts in steps of two seconds).
const (
	timeStep       = 20 * time.Millisecond
	timeStepCoarse = 2 * time.Second
)

// Open implements Tree.
func (o *OS) Open(ctx context.Context, folder Folder, item Item) (File, error) {
	switch {
	case item.Kind != KindFile:
		return nil, ErrNotFile
	case item.State == OnlineOnly:
		return nil, ErrOnlineOnly
	case item.Path == "" || strings.HasPrefix(item.Path, "/"):
		return nil, fmt.Errorf("%w: no relative path", ErrNotFile)
	}
	root, err := o.root(folder.Root)
	if err != nil {
		return nil, rootError(err)
	}
	f, err := root.openFile(item.Path)
	root.Close()
	if err != nil {
		return nil, classify(err)
	}
	before, err := o.settled(ctx, f)
	if err == nil && !sameFile(item, before) {
		err = ErrChanged
	}
	if err != nil {
		f.Close()
		return nil, classify(err)
	}
	before.Path = item.Path
	return &osFile{file: f, before: before}, nil
}

// settled returns the facts of f once its last change is older than a step of its times: from then on any further change shows.
func (o *OS) settled(ctx context.Context, f *os.File) (facts, error) {
	now, err := statFile(f)
	if err != nil || now.Kind != KindFile {
		return now, err
	}
	last := now.ModTime
	if now.ID.ChangeTime.After(last) {
		last = now.ID.ChangeTime
	}
	age := o.clock.Now().Sub(last)
	if age < 0 || age >= timeStepCoarse { // a time in the future (another computer's clock) says nothing of age
		return now, nil
	}
	step := timeStep
	if fileSystemOf(f).coarse {
		step = timeStepCoarse
	}
	if age >= step {
		return now, nil
	}
	select {
	case <-o.clock.After(step - age):
	case <-ctx.Done():
		return now, ctx.Err()
	}
	return statFile(f)
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
