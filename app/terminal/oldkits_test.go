package terminal

import (
	"strings"
	"testing"
	"time"
)

// A new kit replaces the one before it once it was checked, and not earlier; each check says which kit it met.
func TestACheckedNewKitReplacesTheOneBefore(t *testing.T) {
	r := newRig(t)
	r.ready(t)
	next := r.kit() + ".2"
	if out := r.opened(t, Done, "kit", "new", "--kit-file", next).out; !strings.Contains(out, "go on to work until this one is checked") {
		t.Errorf("kit new: %s", out)
	}
	if out := r.opened(t, Done, "kit", "check", "--kit-file", r.kit()).out; !strings.Contains(out, "open everything") || !strings.Contains(out, "Checking that one replaces this one") {
		t.Errorf("the first kit before the second was checked: %s", out)
	}
	got := r.decoded(t, Done, "kit", "check", "--kit-file", next)
	until, err := time.Parse(time.RFC3339, got["older_kits_until"].(string))
	if left := time.Until(until); err != nil || got["newest"] != true || got["older_kits_ending"] != 1.0 || left < 6*24*time.Hour || left > 8*24*time.Hour {
		t.Errorf("the second kit: %v", got)
	}
	if out := r.opened(t, Done, "kit", "check", "--kit-file", next).out; !strings.Contains(out, "Kits made before are replaced: until ") {
		t.Errorf("the second kit once more: %s", out)
	}
	if out := r.opened(t, Done, "kit", "check", "--kit-file", r.kit()).out; !strings.Contains(out, "A newer kit replaces it: until ") {
		t.Errorf("the first kit after the second was checked: %s", out)
	}
}
