package terminal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each reason for which a restore cannot start has its own message, and nothing is written.
func TestARestoreSaysWhyItCannotStart(t *testing.T) {
	r := newRig(t)
	r.ready(t)
	r.decoded(t, Done, "backup")
	other := newRig(t)
	other.ready(t)
	other.decoded(t, Done, "backup")
	back, aside, file := filepath.Join(r.dir, "Back"), r.drive+" aside", filepath.Join(r.dir, "a file")
	write(t, file, "no folder")
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, code, to string
		before, after  func()
	}{
		{"destination away", "LP609", back, func() { move(r.drive, aside) }, func() { move(aside, r.drive) }},
		{"another disk at its path", "LP203", back, func() { move(r.drive, aside); move(other.drive, r.drive) }, func() { move(r.drive, other.drive); move(aside, r.drive) }},
		{"target is a file", "LP602", file, func() {}, func() {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.before()
			defer c.after()
			got := r.run("restore", "--to", c.to, "--passphrase-file", r.pass, "--json")
			e, _ := decodeOne(t, got.out)["error"].(map[string]any)
			if got.code != Failed || e["code"] != c.code {
				t.Errorf("ended with %d: %v", got.code, e)
			}
			for _, part := range []string{"what", "why", "action"} {
				if s, _ := e[part].(string); s == "" || strings.ContainsAny(s, "{}?") {
					t.Errorf("%s is %q", part, s)
				}
			}
			if _, err := os.Stat(back); err == nil {
				t.Error("something was written")
			}
		})
	}
	r.decoded(t, Done, "restore", "--to", back)
	sameTree(t, r.photos, filepath.Join(back, "Pictures"))
}
