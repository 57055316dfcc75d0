package terminal

import (
	"strings"
	"testing"
)

// Where there is nothing to adopt, adopting changes nothing; it needs the passphrase.
func TestAdoptingNeedsThePassphraseAndIsHarmless(t *testing.T) {
	r := newRig(t)
	r.ready(t)
	r.opened(t, Done, "backup")
	if out := r.opened(t, Done, "adopt").out; !strings.Contains(out, "goes on from what the destinations hold") {
		t.Errorf("%q", out)
	}
	if got := decodeOne(t, r.opened(t, Done, "adopt", "--json").out); got["adopted"] != true {
		t.Errorf("%v", got)
	}
	r.want(t, Failed, "adopt", "--passphrase-file", r.kit())
	if again := decodeOne(t, r.opened(t, Done, "backup", "--json").out); again["new"] != float64(0) || again["stored_byte"] != float64(0) {
		t.Errorf("a backup after it: %v", again)
	}
}
