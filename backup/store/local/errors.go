package local

import (
	"errors"
	"fmt"
	"os"

	"lightproof/backup/store"
)

// classify wraps an operating system error with what was being done and the sentinel a caller decides by. An error of no known
// class stays as it is: it concerns one object, not the place.
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
	case isAway(err):
		return fmt.Errorf("%s: %w: %w", what, store.ErrAway, err)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}

// classifyIO is classify for reads and writes of an object. A plain input/output error may be one bad sector or the whole drive: the
// drive it is if its marker cannot be found either.
func (s *Store) classifyIO(what string, err error) error {
	if isIO(err) {
		if _, e := s.root.Lstat(store.PlaceFile); e != nil {
			return fmt.Errorf("%s: %w: %w", what, store.ErrAway, err)
		}
	}
	return classify(what, err)
}

// isMissing says that no object has the name: nothing is there, or something above it is no directory.
func isMissing(err error) bool { return errors.Is(err, os.ErrNotExist) || isNotDir(err) }
