package library

import (
	"slices"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// maxShared bounds how many different values are kept to compare with.
const maxShared = 1 << 14

// shared lets the files of a catalogue share what is the same in many of them: in memory a small file is hardly more than that.
type shared struct {
	dull   map[vault.EXIF]*vault.EXIF
	tables map[vault.BundleRef][]vault.BundleRef
}

func newShared() *shared {
	return &shared{dull: map[vault.EXIF]*vault.EXIF{}, tables: map[vault.BundleRef][]vault.BundleRef{}}
}

// file makes f share: tables of one bundle, and photo data without a date, as that of what is no photo.
// Neither is changed in place: a table that grows is copied then.
func (s *shared) file(f *reader.File) {
	if len(f.Bundles) == 1 {
		t, ok := s.tables[f.Bundles[0]]
		if !ok && len(s.tables) < maxShared {
			t, ok = slices.Clip(f.Bundles), true
			s.tables[t[0]] = t
		}
		if ok {
			f.Bundles = t
		}
	}
	for i := range f.Versions {
		x := f.Versions[i].EXIF
		if x == nil || x.Taken != "" {
			continue
		}
		if first, ok := s.dull[*x]; ok {
			f.Versions[i].EXIF = first
		} else if len(s.dull) < maxShared {
			s.dull[*x] = x
		}
	}
}
