package disk

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReadersSuitTheDisk(t *testing.T) {
	for _, c := range []struct {
		kind        Kind
		cores, want int
	}{
		{Spinning, 1, 1}, {Spinning, 32, 1}, {Removable, 8, 1}, {Network, 1, 2}, {Network, 32, 2},
		{SolidState, 0, 2}, {SolidState, 1, 2}, {SolidState, 8, 8}, {SolidState, 128, 16}, {Unknown, 1, 2}, {Unknown, 4, 4}, {Kind(99), -1, 2},
	} {
		if got := c.kind.Readers(c.cores); got != c.want {
			t.Errorf("%s with %d cores: %d readers, want %d", c.kind, c.cores, got, c.want)
		}
	}
}

func TestEachKindHasAWordOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for k := Unknown; k <= Spinning; k++ {
		if seen[k.String()] {
			t.Errorf("%d is called %q like another", k, k)
		}
		seen[k.String()] = true
	}
}

// What this machine has is not known here; that it answers for what is there, and for nothing else, is.
func TestThisMachineAnswers(t *testing.T) {
	dir := t.TempDir()
	kind := Of(dir)
	t.Logf("the test's folder lies on: %s, %d readers for 8 cores", kind, kind.Readers(8))
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Of(file); got != kind {
		t.Errorf("a file lies on %s, its folder on %s", got, kind)
	}
	if got := Of(filepath.Join(dir, "absent")); got != Unknown {
		t.Errorf("what is not there lies on %s", got)
	}
}

func BenchmarkOf(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		Of(dir)
	}
}
