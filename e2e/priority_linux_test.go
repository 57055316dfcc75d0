package e2e

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lightproof/backup"
	"lightproof/backup/source"
)

// manners are what a process takes of the computer: its class of I/O priority, and how many processors its Go code uses.
type manners struct{ class, processors int }

// idleClass is IOPRIO_CLASS_IDLE of ioprio_set(2).
const idleClass = 3

// mannered is a file system that notes the manners with which it is looked through.
type mannered struct {
	source.Tree
	mu   sync.Mutex
	seen []manners
}

func (m *mannered) Scan(ctx context.Context, f source.Folder, o source.ScanOptions, fn func(source.Item) error) (source.Summary, error) {
	prio, _, _ := unix.Syscall(unix.SYS_IOPRIO_GET, 1, 0, 0) // of this thread
	m.mu.Lock()
	m.seen = append(m.seen, manners{int(prio >> 13), runtime.GOMAXPROCS(0)})
	m.mu.Unlock()
	return m.Tree.Scan(ctx, f, o, fn)
}

func (m *mannered) last() manners {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.seen) == 0 {
		return manners{}
	}
	return m.seen[len(m.seen)-1]
}

// TestAScheduledRunStepsBackAndOneThatIsAskedForDoesNot looks at the process from within: at one of its own, since what another test asked for
// a moment ago keeps a process at full speed.
func TestAScheduledRunStepsBackAndOneThatIsAskedForDoesNot(t *testing.T) {
	if os.Getenv("LIGHTPROOF_ALONE") == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), "LIGHTPROOF_ALONE=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	m := newMachine(t).setUp().withFolderAndPlace()
	write(t, m.photos+"/a.jpg", []byte("first"))
	m.stop()
	tree := &mannered{Tree: source.NewOS(m.clock)}
	m.tree = tree
	m.start()
	before := runtime.GOMAXPROCS(0)
	m.backUp()
	asked := tree.last()
	if asked.class == idleClass || asked.processors != before {
		t.Errorf("asked for: %+v", asked)
	}
	m.clock.add(25 * time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	events, err := m.engine.Events(ctx)
	must(t, err)
	looked := m.clock.Now().Truncate(time.Second)
	served := make(chan error, 1)
	go func() { served <- m.engine.Serve(ctx) }()
	for ev := range events {
		if s := ev.State; s != nil && !s.LastLook.Before(looked) && s.Work == nil {
			break
		}
	}
	if back := tree.last(); back.class != idleClass || back.processors != max(1, before/2) {
		t.Errorf("scheduled: %+v", back)
	}
	cancel()
	must(t, <-served)
	if now := runtime.GOMAXPROCS(0); now != before {
		t.Errorf("%d processors after it, %d before", now, before)
	}
	m.do(backup.BackUp{})
	if asked := tree.last(); asked.class == idleClass || asked.processors != before {
		t.Errorf("asked for again: %+v", asked)
	}
}
