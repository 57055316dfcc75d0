package source

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
)

// TestAHeldFolderOpensWhatItHoldsAndNeverWhatTookItsPlace moves a folder away while it is held.
func TestAHeldFolderOpensWhatItHoldsAndNeverWhatTookItsPlace(t *testing.T) {
	path, folder, item := one(t)
	tree := NewOS(nil)
	h, err := tree.Hold(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	open := func() error {
		f, err := h.Open(context.Background(), item)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := io.ReadAll(f); err != nil {
			return err
		}
		return f.Finish()
	}
	if err := open(); err != nil {
		t.Error(err)
	}
	if err := os.Rename(folder.Root, folder.Root+"-moved"); err != nil {
		t.Fatal(err)
	}
	if err := open(); err != nil {
		t.Errorf("its file went with it: %v", err)
	}
	if err := os.Mkdir(folder.Root, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("another"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := open(); err != nil {
		t.Errorf("another folder is in its place: %v", err)
	}
	if err := os.RemoveAll(folder.Root + "-moved"); err != nil {
		t.Fatal(err)
	}
	if err := open(); !errors.Is(err, ErrVanished) {
		t.Errorf("it is gone: %v", err)
	}
	if err := os.RemoveAll(folder.Root); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Open(context.Background(), folder, item); !errors.Is(err, ErrFolderMissing) {
		t.Errorf("who looks the folder up: %v", err)
	}
}
