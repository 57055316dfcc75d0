package backup

import (
	"context"
	"errors"
	"slices"

	"lightproof/backup/catalog"
	"lightproof/backup/vault"
)

// MapLost is the Query.What of a list with one row if the engine's map of files was lost and is to be given back (FileMap); else it is empty.
const MapLost = "map-lost"

// FileMap gives back to the engine, piece by piece, which original is which file and version of the catalogue. It can learn from a
// destination what is stored there, but not that: names and versions are for the reader keyset. The last piece has Done set.
type FileMap struct {
	Files []MappedFile `json:"files"` // so many that a piece stays below 1 MiB
	Done  bool         `json:"done"`
}

// MappedFile is a live file of the catalogue.
type MappedFile struct {
	File     vault.FileID    `json:"file"`
	Folder   [16]byte        `json:"folder"` // its source
	Path     []byte          `json:"path"`   // the system's bytes
	Versions []MappedVersion `json:"versions"`
}

// MappedVersion is one of its versions, in the order in which they were recorded; the last one is what the file is now.
type MappedVersion struct {
	ID       vault.VersionID `json:"id"`
	Size     int64           `json:"size"`
	Sum      vault.Hash      `json:"sum"` // of the whole content
	Removed  bool            `json:"removed,omitempty"`
	Recorded int64           `json:"recorded"` // Unix seconds
	Objects  []byte          `json:"objects"`  // cids, 32 bytes each, of what holds it, bundles and part lists included
}

func (FileMap) CommandName() string { return "file-map" }

// errRunning refuses what would change rows under a run that reads them; the caller tries again later.
var errRunning = errors.New("a run is going on")

// fileMap takes a piece of the map over.
func (e *Engine) fileMap(ctx context.Context, m FileMap) error {
	if !e.run.TryLock() {
		return errRunning
	}
	defer e.run.Unlock()
	ours := map[[16]byte]bool{}
	for _, f := range e.folders() {
		ours[f.ID] = true
	}
	err := e.updateCounted(ctx, func(w *catalog.Writer, with folderChange) error {
		for _, f := range m.Files {
			if !ours[f.Folder] || len(f.Versions) == 0 || len(f.Path) == 0 {
				continue
			}
			isNew, err := e.mapFile(ctx, w, f)
			if err != nil {
				return err
			}
			if isNew {
				with(f.Folder, func(ff *folderFacts) {
					if ff.LastScan != 0 {
						ff.Found++ // a row that the next look settles: it finds the file, or that it was deleted
					}
				})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.facts.MapLost = e.facts.MapLost && !m.Done
	e.mu.Unlock()
	if err := e.recount(ctx); err != nil {
		return err
	}
	if m.Done {
		e.nudge()
	}
	e.publishNow()
	return e.saveFacts(ctx)
}

// mapFile puts one file's place and versions into the records. What stands there is not looked at here: the next look reads it, finds
// the same bytes, and keeps the version; or finds none, and records the deletion.
func (e *Engine) mapFile(ctx context.Context, w *catalog.Writer, f MappedFile) (isNew bool, err error) {
	key := catalog.FileKey{Folder: f.Folder, Path: string(f.Path)}
	row, err := w.Files.Get(ctx, key)
	if errors.Is(err, catalog.ErrNotFound) {
		row, isNew = catalog.File{State: catalog.StatePending, Reason: reasonNew, Since: e.clock.Now().Unix()}, true
	} else if err != nil {
		return false, err
	}
	last := f.Versions[len(f.Versions)-1]
	if last.Removed {
		return false, nil // not live: a file that stands there now is another one
	}
	seq := e.log.Seq // the commits that recorded the versions are not known here: all up to now must be proven for them
	row.FileID = f.File
	kept := f.Versions
	switch {
	case row.VersionID == [16]byte{} && len(last.Objects) == 0:
		// Empty, or a link: nothing tells that it was read before. It is written once more, and the catalogue knows it again.
		kept, row.Recorded = kept[:len(kept)-1], last.Recorded
	case row.VersionID == [16]byte{}: // not read again yet
		row.Recorded = last.Recorded
		row.VersionID, row.Size, row.SHA256, row.Commit, row.Objects = last.ID, last.Size, last.Sum, seq, cids(last.Objects)
	case row.VersionID != last.ID && slices.ContainsFunc(kept, func(v MappedVersion) bool { return v.ID == row.VersionID }):
		// Our row is of an earlier version (the records came back from an image): the next look reads what stands there now.
		row.VersionID, row.Size, row.SHA256, row.Commit, row.Objects = last.ID, last.Size, last.Sum, seq, cids(last.Objects)
		row.Recorded = last.Recorded
		if row.State != catalog.StateGone {
			row.State, row.Reason = catalog.StatePending, reasonChanged
		}
	case row.VersionID != last.ID && row.SHA256 == last.Sum:
		// Stored once more since the loss: the catalogue took it as the version that it is, and so do we.
		row.VersionID, row.Recorded = last.ID, last.Recorded
		last.Objects = nil
		for _, o := range row.Objects {
			last.Objects = append(last.Objects, o[:]...)
		}
	}
	if err := w.Files.Put(ctx, key, row); err != nil {
		return false, err
	}
	f.Versions[len(f.Versions)-1] = last
	for _, v := range kept {
		if ok, err := w.Versions.Has(ctx, v.ID); err != nil || ok || v.ID == row.VersionID {
			if err != nil {
				return false, err
			}
			continue
		}
		rec := catalog.Version{FileID: f.File, Size: v.Size, Seq: seq, Removed: v.Removed, RecordedAt: v.Recorded, Objects: cids(v.Objects)}
		if err := w.Versions.Put(ctx, v.ID, rec); err != nil {
			return false, err
		}
	}
	return isNew, nil
}

func cids(b []byte) (out [][32]byte) {
	for ; len(b) >= 32; b = b[32:] {
		out = append(out, [32]byte(b))
	}
	return out
}

// mapRows answers the list MapLost.
func (e *Engine) mapRows() []Row {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.facts.MapLost {
		return nil
	}
	return []Row{{Key: MapLost}}
}

// loseMap notes that the map of files is not in the records any more.
func (e *Engine) loseMap() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.facts.MapLost = true
}
