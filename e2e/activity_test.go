package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	texts "lightproof/assets/strings"
	"lightproof/backup"
)

// Every record of the activity log is told with what was done, how much, how long and how it ended; what was read back does not count
// as read from originals.
func TestActivitySaysWhatWasDone(t *testing.T) {
	m := newMachine(t).setUp().withTwoPlaces()
	numbered(t, m.photos, "a", 1, 3, 90_000)
	var size int64
	for _, f := range readTree(t, m.photos) {
		size += f.size
	}
	run := m.backUpQuietly()
	if run.Bytes != size {
		t.Errorf("%d bytes of originals were read, the run says %d", size, run.Bytes)
	}
	m.do(backup.Check{Level: "full"})
	m.do(backup.RecordPractice{Files: 3, Passed: true})
	m.do(backup.PauseFor{For: time.Hour})
	m.do(backup.Resume{})
	page, err := m.engine.List(context.Background(), backup.Query{What: "activity", Limit: 100})
	must(t, err)
	var said []string
	for _, r := range page.Rows { // the newest first
		text, ok := texts.Printer{Now: m.clock.Now()}.Activity(r.Code, r.Args)
		if !ok || strings.Contains(text, "?") {
			t.Errorf("%s %v is not told: %q", r.Code, r.Args, text)
		}
		said = append(said, text)
	}
	all := strings.Join(said, "\n")
	for _, want := range []string{"Looked at 3 originals, copied 3 new versions, " + texts.Size(size) + " in ", "copies back in ", "Practice restore of 3 originals: all are identical.",
		"Copying was paused for 1 h.", "Copying was resumed."} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is missing in\n%s", want, all)
		}
	}
}
