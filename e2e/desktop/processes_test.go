//go:build linux

package desktop

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"lightproof/app/channel"
	"lightproof/app/window/texts"
	"lightproof/backup"
)

// setUp makes a vault at the terminal, with the same folders, and starts the background part with its tray.
func (p *person) setUp() {
	p.t.Helper()
	file := filepath.Join(filepath.Dir(p.home), "passphrase")
	if err := os.WriteFile(file, []byte(pass+"\n"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.terminal("setup", "--passphrase-file", file, "--kit-file", filepath.Join(filepath.Dir(p.home), "kit"))
	p.terminal("destinations", "add", "folder", p.copies)
	p.terminal("folders", "add", p.photos)
	p.run("keeper")
	p.untilState("the background part", func(s *backup.State) bool { return s.Safety.KeysUsable })
}

// terminal runs a command of the same program to its end.
func (p *person) terminal(args ...string) {
	p.t.Helper()
	cmd := p.command(product(p.t), append([]string{"--home", p.home}, args...)...)
	cmd.Env = p.env
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Logf("%q: %v: %s", args, err, out)
	}
}

// unlockedWindow opens the window and unlocks it.
func (p *person) unlockedWindow() int {
	p.t.Helper()
	pid := p.window()
	p.read(texts.LockedTitle)
	p.typing(pass)
	p.key("Return")
	p.look(texts.CheckNow, true)
	return pid
}

// TestAKilledBackgroundPartIsShownAtOnceAndStartsAgain kills it under an open window.
func TestAKilledBackgroundPartIsShownAtOnceAndStartsAgain(t *testing.T) {
	p := newPerson(t, 8)
	p.setUp()
	p.settled()
	p.unlockedWindow()
	first := p.keeper()
	free := p.hold()
	p.gone(first)
	p.read(texts.Stopped)
	p.shot("keeper-killed")
	free()
	if again := p.keeper(); again == first {
		t.Fatal("the same process")
	}
	p.untilState("figures again", func(s *backup.State) bool { return s.Safety.KeysUsable && s.Counts.Found > 0 })
	p.read("checked in 1 of 2 places")
	if p.sees("Cannot tell") {
		t.Error("“Cannot tell” stays beside the figures")
	}
}

// hold kills the background part, and every one that the window starts, until it holds their lock: none can start before free.
func (p *person) hold() (free func()) {
	p.t.Helper()
	var release func() error
	p.until("the background part's lock", func() bool {
		for _, pid := range p.processes("keeper") {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		var err error
		release, err = channel.Lock(filepath.Join(p.home, channel.EngineLock))
		return err == nil
	})
	return func() {
		if err := release(); err != nil {
			p.t.Error(err)
		}
	}
}

// TestASecondBackgroundPartEndsWithoutAnError finds the first one's lock.
func TestASecondBackgroundPartEndsWithoutAnError(t *testing.T) {
	p := newPerson(t, 3)
	p.setUp()
	second := p.command(product(t), "--home", p.home, "keeper")
	second.Env = p.env
	if out, err := second.CombinedOutput(); err != nil {
		t.Errorf("a second background part: %v: %s", err, out)
	}
	if n := len(p.processes("keeper")); n != 1 {
		t.Errorf("%d background parts", n)
	}
}

// TestTheBackgroundPartFinishesWhatAKillCutShort kills it in the middle of the first copies; the next one goes on by itself.
func TestTheBackgroundPartFinishesWhatAKillCutShort(t *testing.T) {
	p := newPerson(t, 60)
	p.setUp()
	p.untilState("first copies", func(s *backup.State) bool { return s.Counts.Found > 0 })
	pid := p.keeper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.gone(pid)
	p.run("keeper")
	st := p.settled()
	if st.Counts.Failed != 0 || st.Destinations[0].Proven < st.Counts.Found {
		t.Errorf("not finished: %+v", st.Counts)
	}
}

// TestASilentBackgroundPartIsShown stops it without ending it. The words come after a minute, so this is for the long run.
func TestASilentBackgroundPartIsShown(t *testing.T) {
	product(t)
	p := newPerson(t, 3)
	p.setUp()
	p.settled()
	p.unlockedWindow()
	pid := p.keeper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	p.read("Cannot tell")
	p.shot("keeper-silent")
	t.Logf("shown after %v", time.Since(began))
	p.click(texts.RestartIt)
	p.gone(pid)
	p.keeper()
	p.read("checked in 1 of 2 places")
}
