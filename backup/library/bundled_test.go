package library_test

import (
	"fmt"
	"path"
	"path/filepath"
	"testing"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// Whoever restores a folder of small files fetches few objects, and nothing of other folders in between.
func TestTheSmallFilesOfAFolderLieInOneBundle(t *testing.T) {
	r := newRig(t)
	for n := range 12 {
		for i := range 60 {
			p := filepath.Join(r.photos, fmt.Sprintf("2024/outing %02d/IMG_%04d.jpg", n, i))
			content(t, p, uint64(n*100+i), 1000+i)
		}
	}
	r.backUp(t)
	l := r.unlock(t)
	defer l.Close()
	in := map[string]map[vault.CID]int{}
	err := l.Each(t.Context(), func(f *reader.File) error {
		dir := path.Dir(f.Path)
		if in[dir] == nil {
			in[dir] = map[vault.CID]int{}
		}
		for _, p := range f.Versions[0].Parts {
			in[dir][f.Bundles[p.Ref.Bundle].Cap.CID]++
		}
		return nil
	})
	if err != nil || len(in) != 12 {
		t.Fatal(err, len(in))
	}
	for dir, bundles := range in {
		if len(bundles) != 1 {
			t.Errorf("%s lies in %d bundles: %v", dir, len(bundles), bundles)
		}
	}
}
