package window

import (
	"testing"

	"lightproof/app/window/page"
	"lightproof/app/window/windowtest"
)

func TestALaterStartRaisesTheScreenItNames(t *testing.T) {
	f := unlocked(t, windowtest.Safe(), func(_ *fixture, o *Options) { o.Arguments = []string{"--restore"} })
	at := func() page.Name { f.settle(); return f.shell.router.now.route.Name }
	if at() != page.Restore {
		t.Errorf("the program's own argument leads to %q", at())
	}
	f.shell.activate([]string{"--problems"})
	if at() != page.Problems {
		t.Errorf("--problems leads to %q", at())
	}
	for _, args := range [][]string{nil, {}, {"--no-such"}, {""}} {
		f.shell.activate(args)
		if at() != page.Problems {
			t.Errorf("%q leads to %q", args, at())
		}
	}
	f.shell.activate([]string{"--lock"})
	if at() != page.Lock || f.shell.library != nil {
		t.Errorf("--lock leads to %q", at())
	}
	f.shell.activate([]string{"--problems"})
	if at() != page.Lock {
		t.Errorf("a later start leads past the lock to %q", at())
	}
	f.shell.unlocked(f.library)
	if at() != page.Problems {
		t.Errorf("after unlocking: %q", at())
	}
	f.shell.activate([]string{"--close"})
	if f.quits != 1 {
		t.Errorf("closed %d times", f.quits)
	}
}
