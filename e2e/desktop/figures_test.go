//go:build linux

package desktop

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"lightproof/app/window/texts"
)

// keeperRoom is what the background part may hold in memory while it is idle, in bytes.
const keeperRoom = 40_000_000

// resident is a process's memory in bytes: all of it, and the part that is its own (not pages of files, such as the program).
func resident(t testing.TB, pid int) (all, own int64) {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(b), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kb, _ := strconv.ParseInt(f[1], 10, 64)
		switch f[0] {
		case "VmRSS:":
			all = kb << 10
		case "RssAnon:":
			own = kb << 10
		}
	}
	return all, own
}

// ticks is the processor time that a process has used, in hundredths of a second (USER_HZ is 100 on every Linux of ours).
func ticks(t testing.TB, pid int) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(after)
	user, _ := strconv.ParseInt(f[11], 10, 64)
	system, _ := strconv.ParseInt(f[12], 10, 64)
	return user + system
}

// span is how long idle use of the processor is watched.
func span() time.Duration {
	if os.Getenv("LIGHTPROOF_TORTURE") == "1" {
		return time.Minute
	}
	return 10 * time.Second
}

// idle is a process's use of the processor over span, as a fraction of one.
func idle(t testing.TB, pid int) float64 {
	t.Helper()
	before := ticks(t, pid)
	began := time.Now()
	<-time.After(span())
	return float64(ticks(t, pid)-before) / 100 / time.Since(began).Seconds()
}

// TestTheBackgroundPartIsSmallWhenIdle measures it; only memory decides.
func TestTheBackgroundPartIsSmallWhenIdle(t *testing.T) {
	p := newPerson(t, 30)
	p.setUp()
	p.settled()
	pid := p.keeper()
	cpu := idle(t, pid)
	all, own := resident(t, pid)
	t.Logf("figure: background part, idle: %.1f MiB resident (%.1f its own), %.2f %% of one processor over %v", mib(all), mib(own), 100*cpu, span())
	if all > keeperRoom {
		t.Errorf("%.1f MiB resident, at most %.1f", mib(all), mib(keeperRoom))
	}
}

// TestTheWindowIsMeasured writes down what the window needs; nothing decides here but that it comes.
func TestTheWindowIsMeasured(t *testing.T) {
	p := newPerson(t, 30)
	p.setUp()
	p.settled()
	began := time.Now()
	pid := p.window()
	shown := time.Since(began)
	p.read(texts.LockedTitle)
	usable := time.Since(began)
	p.typing(pass)
	p.key("Return")
	p.look(texts.CheckNow, true)
	cpu := idle(t, pid)
	all, own := resident(t, pid)
	t.Logf("figure: window: on screen after %v, first state read after %v (with the reading); %.1f MiB resident (%.1f its own); idle %.2f %% of one processor over %v",
		shown.Round(time.Millisecond), usable.Round(time.Millisecond), mib(all), mib(own), 100*cpu, span())
	began = time.Now()
	second := p.run()
	p.gone(second.Process.Pid)
	t.Logf("figure: a second start ended after %v", time.Since(began).Round(time.Millisecond))
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }
