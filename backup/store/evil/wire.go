package evil

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"lightproof/backup/store"
)

// Forget accepts matching objects, says that they are durable, and keeps none of them; Replace likewise.
func (s *Store) Forget(match Match) *Attack {
	return s.add(&Attack{what: "accept, then forget", put: match})
}

// Deny says that matching objects do not exist, in every way one can ask.
func (s *Store) Deny(match Match) *Attack {
	a := s.Omit(match)
	a.what = "deny"
	a.read = func(name string, _ store.GetOptions, data []byte, err error) ([]byte, error, bool) {
		if err == nil && match(name) {
			return nil, fmt.Errorf("%s: %w", name, store.ErrNotExist), true
		}
		return nil, nil, false
	}
	a.stat = func(info store.Info, err error) (store.Info, error, bool) {
		if err == nil && match(info.Name) {
			return store.Info{}, fmt.Errorf("%s: %w", info.Name, store.ErrNotExist), true
		}
		return info, nil, false
	}
	return a
}

// WrongBytes answers reads of matching objects with success and with what change makes of a copy of the bytes.
func (s *Store) WrongBytes(match Match, change func([]byte) []byte) *Attack {
	return s.add(&Attack{what: "wrong bytes", read: func(name string, _ store.GetOptions, data []byte, err error) ([]byte, error, bool) {
		if err != nil || !match(name) {
			return nil, nil, false
		}
		return change(append([]byte{}, data...)), nil, true
	}})
}

// WrongUnlessFresh answers ordinary reads rightly and Fresh ones wrongly (reversed = true: the other way round), like a cache that
// hides what the medium holds.
func (s *Store) WrongUnlessFresh(match Match, reversed bool, change func([]byte) []byte) *Attack {
	return s.add(&Attack{what: "cache", read: func(name string, o store.GetOptions, data []byte, err error) ([]byte, error, bool) {
		if err != nil || !match(name) || o.Fresh == reversed {
			return nil, nil, false
		}
		return change(append([]byte{}, data...)), nil, true
	}})
}

// ServeBytes answers reads of the name with the given bytes for ever, whatever is stored, and never says that it is missing.
func (s *Store) ServeBytes(name string, data []byte) *Attack {
	data = slices.Clone(data)
	return s.add(&Attack{
		what: "serve other bytes of " + name,
		read: func(n string, _ store.GetOptions, _ []byte, _ error) ([]byte, error, bool) {
			return append([]byte{}, data...), nil, n == name
		},
		stat: func(i store.Info, _ error) (store.Info, error, bool) {
			return store.Info{Name: name, Size: int64(len(data))}, nil, i.Name == name
		},
	})
}

// Omit leaves matching objects out of listings; who knows the name can read them.
func (s *Store) Omit(match Match) *Attack {
	return s.add(&Attack{what: "list omits", list: func(_ string, infos []store.Info) ([]store.Info, bool) {
		n := len(infos)
		infos = slices.DeleteFunc(slices.Clone(infos), func(i store.Info) bool { return match(i.Name) })
		return infos, len(infos) < n
	}})
}

// Invent adds objects that do not exist to listings of their prefix; names may be unlawful.
func (s *Store) Invent(invented ...store.Info) *Attack {
	return s.add(&Attack{what: "list invents", list: func(prefix string, infos []store.Info) ([]store.Info, bool) {
		infos, n := slices.Clone(infos), len(infos)
		for _, i := range invented {
			if strings.HasPrefix(i.Name, prefix) {
				infos = append(infos, i)
			}
		}
		return infos, len(infos) > n
	}})
}

// LieOnSize gives matching objects another size, in listings and in Stat.
func (s *Store) LieOnSize(match Match, lie func(size int64) int64) *Attack {
	return s.add(&Attack{
		what: "lie on size",
		list: func(_ string, infos []store.Info) ([]store.Info, bool) {
			infos, hit := slices.Clone(infos), false
			for i := range infos {
				if match(infos[i].Name) {
					infos[i].Size, hit = lie(infos[i].Size), true
				}
			}
			return infos, hit
		},
		stat: func(info store.Info, err error) (store.Info, error, bool) {
			if err != nil || !match(info.Name) {
				return info, nil, false
			}
			info.Size = lie(info.Size)
			return info, nil, true
		},
	})
}

// Duplicate lists matching objects twice.
func (s *Store) Duplicate(match Match) *Attack {
	return s.add(&Attack{what: "list duplicates", list: func(_ string, infos []store.Info) ([]store.Info, bool) {
		twice := make([]store.Info, 0, 2*len(infos))
		for _, i := range infos {
			twice = append(twice, i)
			if match(i.Name) {
				twice = append(twice, i)
			}
		}
		return twice, len(twice) > len(infos)
	}})
}

// Reorder lists backwards by name.
func (s *Store) Reorder() *Attack {
	return s.add(&Attack{what: "list reorders", list: func(_ string, infos []store.Info) ([]store.Info, bool) {
		infos = slices.Clone(infos)
		slices.SortFunc(infos, func(a, b store.Info) int { return strings.Compare(b.Name, a.Name) })
		return infos, len(infos) > 1
	}})
}

// Delay makes calls for matching names wait, or end with their context. Barrier has the name "", List its prefix.
func (s *Store) Delay(match Match, d time.Duration) *Attack {
	a := &Attack{what: "delay"}
	a.before = func(ctx context.Context, _ op, name string) error {
		if !match(name) {
			return nil
		}
		a.hits.Add(1)
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.add(a)
}
