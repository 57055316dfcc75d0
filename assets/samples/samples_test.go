package samples

import (
	"bytes"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// One test for both, since painting the library takes seconds under the race detector.
func TestLibraryIsTheSameEachTimeAndAnEditChangesOnePhoto(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	n, err := Write(first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Write(second); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = filepath.WalkDir(first, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen++
		name, _ := filepath.Rel(first, path)
		a, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(second, name))
		if err != nil {
			return err
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs between two runs", name)
		}
		if filepath.Ext(name) == ".jpg" {
			if picture, err := jpeg.Decode(bytes.NewReader(a)); err != nil || picture.Bounds().Dx() != Width {
				t.Errorf("%s does not decode at full size: %v", name, err)
			}
		}
		return nil
	})
	if err != nil || seen != n || n < 8 {
		t.Errorf("%d files on disk, %d reported, err %v", seen, n, err)
	}

	path := filepath.Join(second, "2019", "08", "harbour.jpg")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Edit(path); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(before, after) {
		t.Error("the edit left the photo as it was")
	}
	if err := Edit(filepath.Join(second, "2021", "05", "notes.txt")); err == nil {
		t.Error("a text was edited as a photo")
	}
}
