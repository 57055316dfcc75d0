package backup

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

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

func (e *Engine) removeFolder(ctx context.Context, c RemoveFolder) error {
	found := false
	err := e.change(ctx, func(s *settings) {
		for i, f := range s.Folders {
			if f.ID == c.ID {
				s.Folders, found = append(s.Folders[:i:i], s.Folders[i+1:]...), true
				return
			}
		}
	})
	if err == nil && !found {
		return fmt.Errorf("folder: %w", os.ErrNotExist)
	}
	if err != nil {
		return err
	}
	if err := e.forgetFolder(ctx, c.ID); err != nil {
		return err
	}
	return e.recount(ctx)
}
