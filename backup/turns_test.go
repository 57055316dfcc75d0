package backup

import (
	"fmt"
	"slices"
	"testing"

	"lightproof/backup/source"
	"lightproof/backup/vault"
)

func TestATurnIsTheSmallOriginalsOfAFolder(t *testing.T) {
	one, other := &source.Folder{}, &source.Folder{}
	var jobs []job
	add := func(f *source.Folder, dir string, size int64, n int) {
		for range n {
			jobs = append(jobs, job{folder: f, sight: sight{path: fmt.Sprintf("%s/%d", dir, len(jobs)), size: size}})
		}
	}
	add(one, "a", 9, 3)
	add(one, "b", vault.MaxSmall, 2)
	add(one, "b", vault.MaxSmall+1, 2)
	add(one, "b", 9, 1)
	add(other, "b", 9, 1)
	add(other, "c", 9, mostInTurn+1)
	var got []int
	var all []job
	w := &turns{jobs: jobs, room: batchFiles}
	for {
		turn := w.next()
		if len(turn) == 0 {
			break
		}
		got, all = append(got, len(turn)), append(all, turn...)
	}
	if want := []int{3, 2, 1, 1, 1, 1, mostInTurn, 1}; !slices.Equal(got, want) {
		t.Error(got, want)
	}
	if len(all) != len(jobs) || all[len(all)-1].sight.path != jobs[len(jobs)-1].sight.path {
		t.Errorf("%d of %d", len(all), len(jobs))
	}
	w = &turns{jobs: jobs[:3], room: 2}
	if first, second, third := w.next(), w.next(), w.next(); len(first) != 1 || len(second) != 1 || len(third) != 0 {
		t.Error("a batch is exceeded", len(first), len(second), len(third))
	}
	w = &turns{jobs: jobs[:3], room: batchFiles}
	w.giveBack(w.next()[1:])
	if len(w.jobs) != 2 || w.jobs[0].sight.path != "a/1" {
		t.Error("what was given back is not left", len(w.jobs))
	}
}
