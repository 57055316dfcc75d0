package backup

import (
	"context"
	"slices"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/source"
	"lightproof/backup/vault"
)

// removal is an original that is no more where it was.
type removal struct {
	key    catalog.FileKey
	file   catalog.File
	former *former         // of the original that may be this one under a new path, nil = none
	marker vault.VersionID // of the version that says so
	at     int64           // the time that it bears, Unix seconds
}

// former is the path that an original may have had before.
type former struct {
	path string
	is   likeness
}

// likeness says whether an original is the one that had the former path.
type likeness uint8

const (
	perhaps likeness = iota // its bytes will tell
	itself
	another
)

// moved tells that the original is a known one under a new path, with the bytes that it had.
func (j *job) moved() bool { return j.former != nil && j.former.is == itself }

// removedNow are those of the removals that are deletions by what the reading of new originals has shown. One whose original could not be
// compared waits for the next look.
func removedNow(all []removal) []removal {
	return slices.DeleteFunc(slices.Clone(all), func(r removal) bool { return r.former != nil && r.former.is != another })
}

// missing are the rows of the folder whose originals the walk did not come to, by path. Mostly there are none, and nothing is read.
func (l *looking) missing(ctx context.Context) (map[string]*catalog.File, error) {
	if l.seen >= l.known.files[l.folder.ID] {
		return nil, nil
	}
	out := map[string]*catalog.File{}
	err := l.e.db.Files.Each(ctx, func(k catalog.FileKey, f catalog.File) error {
		if k.Folder == l.folder.ID && f.State != catalog.StateGone && !l.known.wasSeen(l.known.path(k.Folder, k.Path)) {
			out[k.Path] = &f
		}
		return nil
	})
	return out, err
}

// settleGone finds moves and deletions among files that were known and not seen.
func (l *looking) settleGone(ctx context.Context) error {
	missing, err := l.missing(ctx)
	if err != nil || len(missing) == 0 {
		return err
	}
	type identity struct{ dev, inode uint64 }
	gone := map[identity]string{}
	for path, f := range missing {
		if f.State == catalog.StateStored && f.Inode != 0 && !f.Unsettled {
			gone[identity{f.Dev, f.Inode}] = path
		}
	}
	formers := map[string]*former{}
	for i := range l.jobs {
		j := &l.jobs[i]
		// A row that says nothing of what is stored is of a run that was cut short before it stored the file under its new name.
		if j.old != nil && (j.old.VersionID != [16]byte{} || j.old.FileID != [16]byte{}) || j.sight.inode == 0 {
			continue
		}
		id := identity{j.sight.device, j.sight.inode}
		path, ok := gone[id]
		if !ok {
			continue
		}
		f := missing[path]
		if f.Size != j.sight.size || f.ModTimeNS != j.sight.modTime {
			continue
		}
		switch {
		case oneBirth(f.BirthNS, j.sight.birth):
			j.old, j.former = f, &former{path: path, is: itself}
			delete(missing, path)
		case j.sight.kind == source.KindFile && len(f.Objects) > 0:
			j.old, j.former = f, &former{path: path}
			formers[path] = j.former
		}
		delete(gone, id)
	}
	if !l.full {
		return nil
	}
	for path, f := range missing {
		l.removed = append(l.removed, removal{key: catalog.FileKey{Folder: l.folder.ID, Path: path}, file: *f, former: formers[path]})
	}
	return nil
}

// coarseBirths is the unit in which FAT and exFAT count births; HFS+ counts whole seconds. The photos of a burst share one such unit.
const coarseBirths = 10 * time.Millisecond

// oneBirth tells whether two births (Unix nanoseconds, 0 = not known) are surely that of one file. The number of a file does not tell: that of
// a deleted one is given to the next one, or all are numbered anew when the drive is connected; nor do size and modification time, which
// other bytes can have as well.
func oneBirth(a, b int64) bool {
	return a == b && a != 0 && a%int64(coarseBirths) != 0
}
