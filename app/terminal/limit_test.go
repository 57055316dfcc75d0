package terminal

import (
	"strings"
	"testing"
)

// limits are what destinations list says of the one destination.
func (r *rig) limits(t *testing.T) [2]float64 {
	t.Helper()
	d := r.decoded(t, Done, "destinations", "list")["destinations"].([]any)[0].(map[string]any)
	return [2]float64{d["up_limit"].(float64), d["down_limit"].(float64)}
}

func TestADestinationKeepsTheLimitsItIsGiven(t *testing.T) {
	r := newRig(t)
	r.ready(t)
	if got := r.limits(t); got != [2]float64{} {
		t.Errorf("a new destination is limited: %v", got)
	}
	for _, c := range []struct {
		args []string
		want [2]float64
		said string
	}{
		{[]string{"--up", "4M"}, [2]float64{4e6, 0}, "4 MB/s up"},
		{[]string{"--down", "20 Mbit/s"}, [2]float64{4e6, 25e5}, "2.5 MB/s down"}, // the other stays
		{[]string{"--up", "none"}, [2]float64{0, 25e5}, "what it can take up"},
		{[]string{"--up", "500k", "--down", "0"}, [2]float64{5e5, 0}, "500 kB/s up"},
	} {
		if out := r.opened(t, Done, append([]string{"destinations", "limit", "Backup A"}, c.args...)...).out; !strings.Contains(out, c.said) {
			t.Errorf("%v says %q", c.args, out)
		}
		if got := r.limits(t); got != c.want { // each command starts the engine anew
			t.Errorf("after %v: %v", c.args, got)
		}
	}
	if out := r.opened(t, Done, "destinations", "list").out; !strings.Contains(out, "500 kB/s up") {
		t.Errorf("the list does not show the limit:\n%s", out)
	}
	answer := r.decoded(t, Done, "destinations", "limit", "Backup A", "--up", "0", "--down", "1M")
	if answer["label"] != "Backup A" || answer["up_limit"] != 0.0 || answer["down_limit"] != 1e6 {
		t.Errorf("answered %v", answer)
	}
}
