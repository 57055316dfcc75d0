package evil

import (
	"context"
	"errors"
	"fmt"

	"lightproof/backup/store"
)

// rewrite puts bytes under a name of the wrapped Store, whether it is taken or not.
func (s *Store) rewrite(ctx context.Context, name string, data []byte) error {
	err := s.inner.Replace(ctx, name, data)
	if !errors.Is(err, store.ErrNotExist) {
		return err
	}
	if err := s.inner.PutNew(ctx, name, data); err != nil {
		return err
	}
	return s.inner.Barrier(ctx)
}

func (s *Store) bytes(ctx context.Context, name string) ([]byte, error) {
	return s.inner.Get(ctx, name, store.GetOptions{})
}

func (s *Store) atRest(what string, names ...string) *Attack {
	touched := make(map[string]bool, len(names))
	for _, name := range names {
		touched[name] = true
	}
	return s.add(&Attack{what: what, touched: touched})
}

// Alter replaces an object's bytes by what change makes of a copy of them.
func (s *Store) Alter(ctx context.Context, name, what string, change func([]byte) []byte) (*Attack, error) {
	data, err := s.bytes(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := s.rewrite(ctx, name, change(append([]byte{}, data...))); err != nil {
		return nil, err
	}
	return s.atRest(what+" "+name, name), nil
}

// FlipByte changes the bits of mask in the byte at offset; a negative offset counts from the end (-1 is the last byte).
func (s *Store) FlipByte(ctx context.Context, name string, offset int, mask byte) (*Attack, error) {
	info, err := s.inner.Stat(ctx, name)
	if err != nil {
		return nil, err
	}
	if offset < 0 {
		offset += int(info.Size)
	}
	if offset < 0 || int64(offset) >= info.Size || mask == 0 {
		return nil, fmt.Errorf("flip byte %d, mask %#x, of %d: nothing would change", offset, mask, info.Size)
	}
	return s.Alter(ctx, name, fmt.Sprintf("flip byte %d of", offset), func(b []byte) []byte { b[offset] ^= mask; return b })
}

// Truncate keeps the first size bytes.
func (s *Store) Truncate(ctx context.Context, name string, size int) (*Attack, error) {
	return s.Alter(ctx, name, fmt.Sprintf("truncate to %d", size), func(b []byte) []byte { return b[:min(size, len(b))] })
}

// Extend appends bytes.
func (s *Store) Extend(ctx context.Context, name string, extra []byte) (*Attack, error) {
	return s.Alter(ctx, name, "extend", func(b []byte) []byte { return append(b, extra...) })
}

// Swap exchanges the bytes of two names.
func (s *Store) Swap(ctx context.Context, a, b string) (*Attack, error) {
	first, err := s.bytes(ctx, a)
	if err != nil {
		return nil, err
	}
	second, err := s.bytes(ctx, b)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.rewrite(ctx, a, second), s.rewrite(ctx, b, first)); err != nil {
		return nil, err
	}
	return s.atRest("swap "+a+" and "+b, a, b), nil
}

// Move gives an object another name, over what is there, and frees its own.
func (s *Store) Move(ctx context.Context, from, to string) (*Attack, error) {
	data, err := s.bytes(ctx, from)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.rewrite(ctx, to, data), s.inner.Delete(ctx, from)); err != nil {
		return nil, err
	}
	return s.atRest("move "+from+" to "+to, from, to), nil
}

// Copy puts an object's bytes under a second name as well (an object of another place in the log, or of another Space by Plant).
func (s *Store) Copy(ctx context.Context, from, to string) (*Attack, error) {
	data, err := s.bytes(ctx, from)
	if err != nil {
		return nil, err
	}
	return s.Plant(ctx, to, data)
}

// Plant puts bytes under a name, taken or not: junk under the name that a writer takes next, for example.
func (s *Store) Plant(ctx context.Context, name string, data []byte) (*Attack, error) {
	if err := s.rewrite(ctx, name, data); err != nil {
		return nil, err
	}
	return s.atRest("plant "+name, name), nil
}

// Erase deletes the objects.
func (s *Store) Erase(ctx context.Context, match Match) (*Attack, error) {
	var names []string
	err := s.inner.List(ctx, "", func(i store.Info) error {
		if match(i.Name) {
			names = append(names, i.Name)
		}
		return nil
	})
	for _, name := range names {
		err = errors.Join(err, s.inner.Delete(ctx, name))
	}
	if err == nil && len(names) == 0 {
		err = errors.New("erase: no object matches")
	}
	if err != nil {
		return nil, err
	}
	return s.atRest(fmt.Sprintf("erase %d objects, %s among them", len(names), names[0]), names...), nil
}

// RollBack makes the matching part of the Store what it was in old (a Clone taken earlier): changed objects get their old bytes,
// newer ones go, deleted ones return. Match one name, a prefix, or All.
func (s *Store) RollBack(ctx context.Context, old store.Store, match Match) (*Attack, error) {
	sizes := map[string]int64{}
	err := old.List(ctx, "", func(i store.Info) error {
		if match(i.Name) {
			sizes[i.Name] = i.Size
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var changed, newer []string
	err = s.inner.List(ctx, "", func(i store.Info) error {
		if _, known := sizes[i.Name]; match(i.Name) && !known {
			newer = append(newer, i.Name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for name := range sizes {
		was, err := old.Get(ctx, name, store.GetOptions{})
		if err != nil {
			return nil, err
		}
		now, err := s.bytes(ctx, name)
		if err == nil && string(now) == string(was) {
			continue
		}
		if err := s.rewrite(ctx, name, was); err != nil {
			return nil, err
		}
		changed = append(changed, name)
	}
	for _, name := range newer {
		if err := s.inner.Delete(ctx, name); err != nil {
			return nil, err
		}
	}
	if len(changed)+len(newer) == 0 {
		return nil, errors.New("roll back: nothing had changed")
	}
	return s.atRest(fmt.Sprintf("roll %d objects back, remove %d", len(changed), len(newer)), append(changed, newer...)...), nil
}
