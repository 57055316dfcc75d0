package backup_test

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/store"
)

// asked calls do once, when the presence of a content is asked for.
type asked struct {
	store.Store
	do *func()
}

func (s asked) Stat(ctx context.Context, name string) (store.Info, error) {
	if do := *s.do; do != nil && strings.HasPrefix(name, "c/") {
		*s.do = nil
		do()
	}
	return s.Store.Stat(ctx, name)
}

// A copy that was last seen long ago is asked for before its content saves being sent. What the unlocked side reports of it at that moment stays.
func TestAFaultThatIsReportedWhileACopyIsAskedForStays(t *testing.T) {
	s := newSmall(t)
	var do func()
	s.openWrapped(func(st store.Store) store.Store { return asked{st, &do} })
	b := make([]byte, 100_000)
	binary.BigEndian.PutUint32(b, 7)
	must(t, os.WriteFile(filepath.Join(s.photos, "first.jpg"), b, 0o644))
	s.do(backup.BackUp{})
	var cid [32]byte
	must(t, s.engine.Records().Objects.Each(t.Context(), func(c [32]byte, o catalog.Object) error {
		if o.Class == 0 {
			cid = c
		}
		return nil
	}))
	s.clock.move(8 * 24 * time.Hour)
	must(t, os.WriteFile(filepath.Join(s.photos, "second.jpg"), b, 0o644))
	places := s.state().Destinations
	did := false
	do = func() {
		did = true
		for _, d := range places {
			s.do(backup.RecordOpened{Destination: d.ID, Bad: [][]byte{cid[:]}, More: true})
		}
	}
	run := s.do(backup.BackUp{}).Run
	if !did {
		t.Fatal("no destination was asked")
	}
	// The content was at hand, and was sealed and compared again at both.
	if run.StoredByte < 2*100_000 {
		t.Errorf("%d bytes went out: a copy that does not open saved sending its content", run.StoredByte)
	}
}
