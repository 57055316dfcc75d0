package local

import (
	"errors"
	"fmt"
	"io"
	"os"

	"lightproof/backup/direct"
	"lightproof/backup/store"
)

// classify wraps an operating system error with what was being done and the sentinel a caller decides by. An error of no known
// class stays as it is: it concerns one object, not the place (store.OfPlace).
func classify(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrAway), errors.Is(err, store.ErrFull), errors.Is(err, store.ErrRefused),
		errors.Is(err, store.ErrWrongPlace):
		return err
	case isFull(err):
		return fmt.Errorf("%s: %w: %w", what, store.ErrFull, err)
	case errors.Is(err, os.ErrPermission), isRefused(err):
		return fmt.Errorf("%s: %w: %w", what, store.ErrRefused, err)
	case isAway(err), errors.Is(err, os.ErrClosed): // the second: closed while it was asked
		return fmt.Errorf("%s: %w: %w", what, store.ErrAway, err)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}

// classifyIO is classify for reads and writes of an object. A plain input/output error may be one bad sector or the whole drive: the
// drive it is if its marker cannot be read from it either.
func (s *Store) classifyIO(what string, err error) error {
	if isIO(err) && !s.answers() {
		return fmt.Errorf("%s: %w: %w", what, store.ErrAway, err)
	}
	return classify(what, err)
}

// answers tells whether the place's marker can be read from the medium. The cache may still know the marker of a drive that was pulled out.
func (s *Store) answers() bool {
	f, err := s.root.OpenFile(store.PlaceFile, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	fresh, err := s.freshReader(f, store.PlaceFile)
	if err != nil {
		return false
	}
	defer fresh.Close()
	_, err = fresh.ReadAt(direct.Buffer(direct.Align), 0)
	return err == nil || errors.Is(err, io.EOF)
}

// classifyPlace is classify for what concerns the place, of whatever class its error is.
func classifyPlace(what string, err error) error {
	if err = classify(what, err); err != nil && !store.OfPlace(err) {
		return fmt.Errorf("%w: %w", store.ErrAway, err)
	}
	return err
}

// isMissing says that no object has the name: nothing is there, or something above it is no directory.
func isMissing(err error) bool { return errors.Is(err, os.ErrNotExist) || isNotDir(err) }
