package e2e

import (
	"os"
	"strings"
	"testing"

	"lightproof/backup"
)

// A destination that was away while the records were read has all of its own read by the rest of the check, whatever was proven before it.
func TestADestinationThatComesLaterToACheckHasItsRecordsRead(t *testing.T) {
	m := newMachine(t).setUp()
	numbered(t, m.photos, "a", 1, 4, 90_000)
	m.withTwoPlaces()
	m.backUpQuietly()
	n := int64(0)
	for name := range readTree(t, m.place("a")) {
		if strings.HasPrefix(name, "l/") || strings.HasPrefix(name, "m2/k/") {
			m.damage(name, flip)
			n++
		}
	}
	must(t, os.Rename(m.place("a"), m.place("pulled")))
	m.do(backup.Check{Level: backup.CheckRecords})
	must(t, os.Rename(m.place("pulled"), m.place("a")))
	run := m.do(backup.Check{Level: backup.CheckRest}).Run
	if n < 2 || run.Bad != n || run.Repaired != n {
		t.Errorf("%d records damaged, %d found, %d repaired", n, run.Bad, run.Repaired)
	}
}
