package e2e

import (
	"testing"

	"lightproof/backup"
)

// TestNothingIsProvenUntilItWasReadBack leaves the read-back to the next backup.
func TestNothingIsProvenUntilItWasReadBack(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	write(t, m.photos+"/a.jpg", []byte("first"))
	reply, err := m.engine.Do(t.Context(), backup.BackUp{ReadBackLater: true})
	must(t, err)
	if reply.Run.New != 1 || reply.Run.Objects != 0 {
		t.Errorf("%d stored, %d objects read back", reply.Run.New, reply.Run.Objects)
	}
	st := m.state()
	if st.Destinations[0].Proven != 0 || st.Destinations[0].Gap != 1 || st.Counts.Protected != 0 || !st.Counts.Sums() || st.Verdict == backup.Safe {
		t.Errorf("before it was read back: %+v, %+v, %s", st.Counts, st.Destinations[0], st.Verdict)
	}
	m.backUp()
	if st = m.state(); st.Destinations[0].Proven != 1 || st.Destinations[0].Gap != 0 {
		t.Errorf("after it: %+v", st.Destinations[0])
	}
}
