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
		if k.Folder == l.folder.ID && !l.known.wasSeen(l.known.path(k.Folder, k.Path)) {
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
		if (f.State == catalog.StateStored || f.State == catalog.StateGone) && f.Inode != 0 && !f.Unsettled {
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
			l.leaves(path, f)
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
		l.leaves(path, f)
		if f.FileID != [16]byte{} { // else it was never stored: there is nothing to record
			l.removed = append(l.removed, removal{key: catalog.FileKey{Folder: l.folder.ID, Path: path}, file: *f, former: formers[path]})
		}
	}
	return nil
}

// goneRow is the row of an original that is no more where it was.
type goneRow struct {
	path string
	row  catalog.File
}

// leaves has the row of an original that is not at its path any more count no longer. It stays until the commit that records the move or
// the deletion, which may be long after: the row of what was never stored goes at once.
func (l *looking) leaves(path string, f *catalog.File) {
	if f.State == catalog.StateGone {
		return
	}
	row := *f
	// Of what was not stored as it stood there, size and times are not those of the stored version: it is no candidate for a move.
	row.Unsettled = row.Unsettled || row.State != catalog.StateStored
	row.State, row.Reason, row.Since = catalog.StateGone, "", l.now
	l.gone = append(l.gone, goneRow{path, row})
}

// flushGone writes the rows of originals that are gone, and at the end what this walk counted.
func (l *looking) flushGone(ctx context.Context, sum source.Summary) error {
	write := func(rows []goneRow, then func(*folderFacts)) error {
		return l.e.updateCounted(ctx, func(w *catalog.Writer, with folderChange) error {
			for _, g := range rows {
				key := catalog.FileKey{Folder: l.folder.ID, Path: g.path}
				var err error
				if g.row.FileID == [16]byte{} {
					err = w.Files.Delete(ctx, key)
				} else {
					err = w.Files.Put(ctx, key, g.row)
				}
				if err != nil {
					return err
				}
			}
			with(l.folder.ID, then)
			return nil
		})
	}
	for ; len(l.gone) > rowsAtOnce; l.gone = l.gone[rowsAtOnce:] {
		if err := write(l.gone[:rowsAtOnce], func(f *folderFacts) { f.Found -= rowsAtOnce }); err != nil {
			return err
		}
	}
	found := func(f *folderFacts) {
		f.Missing, f.Found, f.Partial, f.Unlisted = 0, sum.Items, sum.AtLeast, l.unlisted
		if sum.Items > 0 {
			f.Device = sum.Root.ID.Device
		}
		if sum.Full {
			f.LastScan = l.now
		}
	}
	if len(l.gone) == 0 && l.e.onlyLater(l.folder.ID, found) {
		return nil
	}
	return write(l.gone, found)
}

// onlyLater makes a change that is none but for the time of a further look, which can be written with the next facts. Else it is not made.
func (e *Engine) onlyLater(folder [16]byte, change func(*folderFacts)) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.folderFact(hexID(folder))
	then := *f
	change(&then)
	last := then.LastScan
	if then.LastScan = f.LastScan; f.LastScan == 0 || then != *f {
		return false
	}
	f.LastScan = last
	return true
}

// coarseBirths is the unit in which FAT and exFAT count births; HFS+ counts whole seconds. The photos of a burst share one such unit.
const coarseBirths = 10 * time.Millisecond

// oneBirth tells whether two births (Unix nanoseconds, 0 = not known) are surely that of one file. The number of a file does not tell: that of
// a deleted one is given to the next one, or all are numbered anew when the drive is connected; nor do size and modification time, which
// other bytes can have as well.
func oneBirth(a, b int64) bool {
	return a == b && a != 0 && a%int64(coarseBirths) != 0
}
