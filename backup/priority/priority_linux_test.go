package priority

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const nobody = 65534

// asNobody runs the test once more as a user without privileges; false for who asked for that.
func asNobody(t *testing.T) bool {
	t.Helper()
	if os.Getuid() != 0 {
		return true
	}
	binary := filepath.Join(t.TempDir(), "test")
	for dir := filepath.Dir(binary); dir != filepath.Dir(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		if dir != os.TempDir() {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	in, err := os.Open(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(binary, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); errors.Join(err, out.Close()) != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, binary, "-test.run=^"+t.Name()+"$", "-test.v")
	child.Dir, child.Env = "/", []string{"TMPDIR=/tmp"}
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, Groups: []uint32{}}}
	said, err := child.CombinedOutput()
	t.Logf("as nobody: %s", said)
	if err != nil {
		t.Error(err)
	}
	return false
}

// hold keeps n threads of the process in the kernel until the returned function is called.
func hold(t *testing.T, n int) (release func()) {
	t.Helper()
	done := make(chan struct{})
	var ready, gone sync.WaitGroup
	for range n {
		ready.Add(1)
		gone.Go(func() {
			runtime.LockOSThread()
			ready.Done()
			<-done
		})
	}
	ready.Wait()
	return func() { close(done); gone.Wait() }
}

// manners is what the kernel says of one thread.
type manners struct {
	policy uint32
	nice   int32
	io     int
}

// each tells how many threads have which manners.
func each(t *testing.T) map[manners]int {
	t.Helper()
	found := map[manners]int{}
	for _, tid := range threads() {
		a, err := unix.SchedGetAttr(tid, 0)
		if errors.Is(err, unix.ESRCH) {
			continue // ended meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		found[manners{a.Policy, a.Nice, ioPriority(tid) >> ioprioClassShift}]++
	}
	return found
}

// one wants all threads to have the same manners, and says which. A thread that was tried out takes a moment to end.
func one(t *testing.T, when string) manners {
	t.Helper()
	found := each(t)
	for until := time.Now().Add(10 * time.Second); len(found) != 1 && time.Now().Before(until); found = each(t) {
		runtime.Gosched()
	}
	if len(found) != 1 {
		t.Fatalf("%s the threads differ: %v", when, found)
	}
	for m, n := range found {
		t.Logf("%s: %d threads %+v, %d processors", when, n, m, runtime.GOMAXPROCS(0))
		return m
	}
	return manners{}
}

// An ordinary user's process steps back with every thread, and comes back from there, as often as it likes.
func TestAnOrdinaryUsersProcessComesBack(t *testing.T) {
	if !asNobody(t) {
		return
	}
	procs := runtime.GOMAXPROCS(4)
	defer runtime.GOMAXPROCS(procs)
	defer hold(t, 5)()
	first := one(t, "at first")
	for range 3 {
		step(true)
		back := one(t, "stepped back")
		if back.policy != schedBatch || back.io != ioprioIdle>>ioprioClassShift || back.nice < first.nice || runtime.GOMAXPROCS(0) != 2 {
			t.Errorf("stepped back to %+v on %d processors", back, runtime.GOMAXPROCS(0))
		}
		release := hold(t, 8) // threads made meanwhile take after those that make them
		one(t, "with new threads")
		step(false)
		if got := one(t, "came back"); got.policy != first.policy || got.nice != first.nice || got.io == 3 || runtime.GOMAXPROCS(0) != 4 {
			t.Errorf("came back to %+v on %d processors", got, runtime.GOMAXPROCS(0))
		}
		release()
	}
}

// Where the nice value can be taken back, as for root, it is part of stepping back; the answer to that is a true one.
func TestTheNiceValueIsRaisedOnlyWhereItComesBack(t *testing.T) {
	first := one(t, "at first")
	step(true)
	may := mayReturn()
	back := one(t, "stepped back")
	if raised := back.nice > first.nice; raised != (may && first.nice < 19) {
		t.Errorf("nice went from %d to %d where it may return: %v", first.nice, back.nice, may)
	}
	step(false)
	if got := one(t, "came back"); got.nice != first.nice || got.policy != first.policy {
		t.Errorf("came back to %+v", got)
	}
}
