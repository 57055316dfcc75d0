package priority

import (
	"os"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// From linux/sched.h and linux/ioprio.h; the unix package does not name them.
const (
	schedOther = 0
	schedBatch = 3

	ioprioWhoProcess = 1 // one thread, in truth: ioprio_set(2)
	ioprioClassShift = 13
	ioprioIdle       = 3 << ioprioClassShift
)

// lowered is the nice value of background work, where it can be taken back: a tenth of the share that it had (sched(7)), 19 at the most.
func lowered(nice int32) int32 { return min(nice+10, 19) }

// before is what the process was like before it first stepped back.
var before struct {
	known bool
	attr  *unix.SchedAttr
	io    int
	procs int
}

// step changes every thread of the process. New ones take after the one that makes them, so it goes on until a round meets only threads that
// it changed already.
func step(back bool) {
	if !before.known {
		attr, err := unix.SchedGetAttr(os.Getpid(), 0)
		if err != nil {
			return
		}
		before.attr, before.io, before.known = attr, ioPriority(os.Getpid()), true
	}
	if back {
		before.procs = runtime.GOMAXPROCS(0)
		runtime.GOMAXPROCS(max(1, before.procs/2))
	} else {
		runtime.GOMAXPROCS(before.procs)
	}
	seen := map[int]bool{}
	for range mostRounds {
		grew := false
		for _, tid := range threads() {
			if !seen[tid] {
				seen[tid], grew = true, true
				change(tid, back)
			}
		}
		if !grew {
			return
		}
	}
}

// mostRounds bounds step on a process that makes threads without end.
const mostRounds = 10

// threads lists the threads of the process.
func threads() (tids []int) {
	dir, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil
	}
	for _, e := range dir {
		if tid, err := strconv.Atoi(e.Name()); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids
}

// change makes one thread step back or forth. A thread that has ended meanwhile is no matter.
func change(tid int, back bool) {
	io, policy, nice := before.io, before.attr.Policy, before.attr.Nice
	if back {
		io = ioprioIdle
		if policy == schedOther { // else whoever started the process chose one already
			policy = schedBatch
			if mayReturn() {
				nice = lowered(nice)
			}
		}
	}
	_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, ioprioWhoProcess, uintptr(tid), uintptr(io))
	if before.attr.Policy == schedOther {
		_ = unix.SchedSetAttr(tid, &unix.SchedAttr{Policy: policy, Nice: nice}, 0)
	}
}

// ioPriority is the I/O class and level of a thread; 0, which means "after its nice value", where it cannot be told.
func ioPriority(tid int) int {
	v, _, errno := unix.Syscall(unix.SYS_IOPRIO_GET, ioprioWhoProcess, uintptr(tid), 0)
	if errno != 0 {
		return 0
	}
	return int(v)
}

// mayReturn tells whether a raised nice value can be taken back. Limits and capabilities tell only half of it (a container's root has the
// capability and is refused), so it is tried out, on a thread of its own.
var mayReturn = sync.OnceValue(func() bool {
	answer := make(chan bool)
	go try(answer)
	return <-answer
})

// try raises the nice value of a thread and takes it back.
func try(answer chan<- bool) {
	runtime.LockOSThread() // and not unlocked: the thread ends with the goroutine, and with it what it could not take back
	tid := unix.Gettid()
	if tid == os.Getpid() { // the first thread never ends; while it is held here, another goroutine runs on another one
		other := make(chan bool)
		go try(other)
		answer <- <-other
		runtime.UnlockOSThread()
		return
	}
	nice := before.attr.Nice
	answer <- unix.SchedSetAttr(tid, &unix.SchedAttr{Policy: schedOther, Nice: lowered(nice)}, 0) == nil &&
		unix.SchedSetAttr(tid, &unix.SchedAttr{Policy: schedOther, Nice: nice}, 0) == nil
}
