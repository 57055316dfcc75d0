package backup

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"lightproof/backup/catalog"
	"lightproof/backup/source"
)

func (e *Engine) addFolder(ctx context.Context, c AddFolder) (string, error) {
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return "", err
	}
	st, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", source.ErrFolderMissing, err)
	}
	if !st.IsDir() {
		return "", fmt.Errorf("%w: not a folder", source.ErrFolderMissing)
	}
	rules := folderRules(c.Exclude)
	if err := rules.Check(); err != nil {
		return "", err
	}
	e.mu.Lock()
	for _, f := range e.set.Folders {
		if string(f.Path) == path {
			e.mu.Unlock()
			return f.ID, nil
		}
	}
	e.mu.Unlock()
	var id [16]byte
	rand.Read(id[:])
	s := folderSetting{ID: hex.EncodeToString(id[:]), Path: []byte(path), Exclude: c.Exclude}
	err = e.change(ctx, func(set *settings) { set.Folders = append(set.Folders, s) })
	e.nudge()
	return s.ID, err
}

func folderRules(exclude []string) (r source.Rules) {
	for _, p := range exclude {
		r = append(r, source.Rule{Name: "left out: " + p, Pattern: p, Who: "you"})
	}
	return r
}

// errRemoved is why copying ended when a folder was removed: it goes on without it.
var errRemoved = errors.New("a folder is no longer to be copied")

// removeFolder ends the protection of a folder. Copying that is under way ends as for a pause, and that run forgets the folder's records.
// Otherwise that is done here; where other work is under way or it is cut short, by the next run.
func (e *Engine) removeFolder(ctx context.Context, c RemoveFolder) error {
	found := false
	err := e.change(ctx, func(s *settings) {
		for i, f := range s.Folders {
			if f.ID == c.ID {
				s.Folders, found = append(s.Folders[:i:i], s.Folders[i+1:]...), true
				break
			}
		}
		if found && e.halt != nil {
			e.halt(errRemoved)
		}
	})
	if err == nil && !found {
		return fmt.Errorf("folder: %w", os.ErrNotExist)
	}
	if err != nil {
		return err
	}
	defer e.nudge()
	if e.run.TryLock() {
		defer e.run.Unlock()
		if err := e.forgetFolders(ctx); err != nil {
			return err
		}
	}
	if err := e.recount(ctx); err != nil {
		return err
	}
	e.publishNow()
	return nil
}

// stillProtected tells whether none of these folders was removed meanwhile.
func (e *Engine) stillProtected(folders []source.Folder) bool {
	now := e.folders()
	for _, f := range folders {
		if !slices.ContainsFunc(now, func(g source.Folder) bool { return g.ID == f.ID }) {
			return false
		}
	}
	return true
}

// knowsOnly loads what the records say of these folders. What they still say of others is forgotten.
func (e *Engine) knowsOnly(ctx context.Context, folders []source.Folder) (*known, error) {
	kn, err := e.knows(ctx)
	if err != nil {
		return nil, err
	}
	for id := range kn.files {
		if !slices.ContainsFunc(folders, func(f source.Folder) bool { return f.ID == id }) {
			if err := e.forgetFolders(ctx); err != nil {
				return nil, err
			}
			return e.knows(ctx)
		}
	}
	return kn, nil
}

// forgetFolders removes what is known of files in folders that are not protected any more. What is stored of them stays known as versions.
// Folders may be large: it is done in pieces, each of which is right by itself. e.run is held, so that nobody adds to them.
func (e *Engine) forgetFolders(ctx context.Context) error {
	protected := map[[16]byte]bool{}
	for _, f := range e.folders() {
		protected[f.ID] = true
	}
	var keys []catalog.FileKey
	err := e.db.Files.Each(ctx, func(k catalog.FileKey, _ catalog.File) error {
		if !protected[k.Folder] {
			keys = append(keys, k)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(keys, rowsAtOnce) {
		if err := e.db.Update(ctx, func(w *catalog.Writer) error { return forget(ctx, w, some) }); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	maps.DeleteFunc(e.facts.Folders, func(id string, _ *folderFacts) bool { return !protected[id16(id)] })
	return nil
}

func forget(ctx context.Context, w *catalog.Writer, keys []catalog.FileKey) error {
	for _, k := range keys {
		f, err := w.Files.Get(ctx, k)
		if err != nil {
			return err
		}
		if err := supersede(ctx, w, &f); err != nil {
			return err
		}
		if err := w.Files.Delete(ctx, k); err != nil {
			return err
		}
	}
	return nil
}
