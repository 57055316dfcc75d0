package place

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"lightproof/backup/store"
)

// Files are what setting up a place asks of a destination that is no folder. Names are store.SpaceFile and store.PlaceFile only.
type Files interface {
	// ReadMarker reads a small file, at most MaxMarker+1 bytes of it; store.ErrNotExist where it is missing.
	ReadMarker(ctx context.Context, name string) ([]byte, error)
	// WriteMarker puts a small file durably under its name; store.ErrExists where there is one.
	WriteMarker(ctx context.Context, name string, data []byte) error
	// Vacant reports ErrNotEmpty where anything is kept there; what operating systems and servers leave by themselves does not count.
	Vacant(ctx context.Context) error
}

// Create sets a destination up as a place for the Space and returns its identity. It may be empty, or a place of the same Space already,
// which then keeps its identity. Errors: ErrNotEmpty; store.ErrWrongPlace if it holds another Space; those of f.
func Create(ctx context.Context, f Files, space [16]byte) (Identity, error) {
	b, err := f.ReadMarker(ctx, store.SpaceFile)
	switch {
	case err == nil:
		have, err := DecodeSpace(b)
		if err != nil {
			return Identity{}, err
		}
		if have != space {
			return Identity{}, fmt.Errorf("%w: it belongs to another vault", store.ErrWrongPlace)
		}
	case errors.Is(err, store.ErrNotExist):
		if err := f.Vacant(ctx); err != nil {
			return Identity{}, err
		}
		if err := write(ctx, f, store.SpaceFile, EncodeSpace(space)); err != nil {
			return Identity{}, err
		}
	default:
		return Identity{}, err
	}
	// The place's marker comes last: with it, the place is complete.
	var id [16]byte
	rand.Read(id[:])
	if err := write(ctx, f, store.PlaceFile, EncodePlace(id)); err != nil {
		return Identity{}, err
	}
	// Read back: another Create may have been first.
	have, err := Read(ctx, f)
	if err == nil && have.Space != space {
		err = fmt.Errorf("%w: it belongs to another vault", store.ErrWrongPlace)
	}
	return have, err
}

func write(ctx context.Context, f Files, name string, data []byte) error {
	if err := f.WriteMarker(ctx, name, data); err != nil && !errors.Is(err, store.ErrExists) {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// Read reads the identity of a place. Errors: store.ErrAway where a marker is missing (no place was set up there, or what is mounted below is
// not), ErrMarker, *FormatError, those of f.
func Read(ctx context.Context, f Files) (id Identity, err error) {
	b, err := read(ctx, f, store.PlaceFile)
	if err != nil {
		return id, err
	}
	if id.Place, err = DecodePlace(b); err != nil {
		return id, err
	}
	if b, err = read(ctx, f, store.SpaceFile); err != nil {
		return id, err
	}
	id.Space, err = DecodeSpace(b)
	return id, err
}

func read(ctx context.Context, f Files, name string) ([]byte, error) {
	b, err := f.ReadMarker(ctx, name)
	if errors.Is(err, store.ErrNotExist) {
		return nil, fmt.Errorf("%w: it holds no %s: %w", store.ErrAway, name, err)
	}
	return b, err
}
