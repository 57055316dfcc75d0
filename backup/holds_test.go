package backup_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/vault"
)

// A copy counts as there without a question for a week; one that was seen by a clock far ahead does not count so until that time has come.
func TestCopySeenInTheFutureIsAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		seen time.Duration // from now
		sent bool
	}{
		"a day ago":            {-24 * time.Hour, false},
		"eight days ago":       {-8 * 24 * time.Hour, true},
		"in an hour":           {time.Hour, false},
		"in thirty days":       {30 * 24 * time.Hour, true},
		"in a hundred and ten": {110 * 24 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSmall(t)
			s.tree.PutBytes(s.photos, "first", inventedBytes(900_000, 1))
			s.do(backup.BackUp{})
			var object string
			must(t, s.engine.Records().Objects.Each(t.Context(), func(cid [32]byte, o catalog.Object) error {
				if vault.Class(o.Class) == vault.ClassContent && o.Size > 800_000 {
					object = filepath.Join(s.dir, "a", vault.ChunkName(cid))
				}
				return nil
			}))
			must(t, os.Remove(object))
			s.copies(func(_ catalog.CopyKey, row *catalog.Copy) bool {
				at := s.clock.Now().Add(c.seen).Unix()
				row.Level, row.SentAt, row.ConfirmedAt, row.CheckedAt, row.OpenedAt = catalog.LevelSent, at, 0, 0, 0
				return true
			})
			s.tree.PutBytes(s.photos, "second", inventedBytes(900_000, 1))
			s.do(backup.BackUp{ReadBackLater: true})
			if _, err := os.Stat(object); (err == nil) != c.sent {
				t.Errorf("sent again: %v", err)
			}
		})
	}
}
