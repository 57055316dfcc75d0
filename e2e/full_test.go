package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"lightproof/backup/store"
)

// fullFor is a place with room for small objects only.
type fullFor struct {
	store.Store
	over int // bytes
}

func (s fullFor) PutNew(ctx context.Context, name string, b []byte) error {
	if len(b) > s.over {
		return fmt.Errorf("put: %w", store.ErrFull)
	}
	return s.Store.PutNew(ctx, name, b)
}

// While a batch is committed the only destination turns out to be too full for the next one. What is stored already is committed, delivered
// and read back.
func TestABatchThatFitsIsKeptThoughTheNextDoesNot(t *testing.T) {
	m := newMachine(t)
	m.open = wrapped(func(s store.Store) store.Store { return fullFor{s, 3 << 20} })
	m.setUp().withFolderAndPlace()
	write(t, filepath.Join(m.photos, "a.jpg"), []byte(strings.Repeat("photo ", 20_000)))
	links(t, m.photos, "m", 5100) // more than a batch takes
	write(t, filepath.Join(m.photos, "z.bin"), make([]byte, 4_000_000))
	run := m.backUp()
	if run.New < 5000 || len(run.Issues) == 0 {
		t.Errorf("%d stored, issues %+v", run.New, run.Issues)
	}
	for _, i := range run.Issues {
		if i.Code != "full" {
			t.Errorf("%+v", i)
		}
	}
	s := m.state()
	if s.Counts.Found != 5102 || s.Destinations[0].Proven < 5000 || s.Destinations[0].Problem != "full" {
		t.Errorf("%+v; %+v", s.Counts, s.Destinations[0])
	}
	if again := m.backUp(); again.New > 101 {
		t.Errorf("stored once more: %+v", again)
	}
}
