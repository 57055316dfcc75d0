// Package priority lets work that nobody waits for step back behind the rest of the computer, and come back to full speed the moment that
// somebody asks for something.
//
// # What works without privileges
//
// On Linux a process may lower its nice value and take the policy SCHED_IDLE, but an ordinary user gets neither back (sched(7), setpriority(2); of SCHED_IDLE measured as uid 65534
// with RLIMIT_NICE 0 on Linux 6.18: EPERM; sched(7), setpriority(2)), and a keeper that stays slow for ever after its first scheduled run is
// no good. Threads of their own for background work, thrown away afterwards, are no way either: a run is many goroutines, which the runtime
// moves between threads. What an ordinary user can take and give back, also measured: the policy SCHED_BATCH, which wakes nobody out of
// their work, and every class of I/O priority. Neither makes the share of the processor smaller, so the number of processors that Go code
// uses is halved besides. Where the nice value can be taken back (RLIMIT_NICE, CAP_SYS_NICE), which is tried out once on a thread that is
// thrown away, it is raised too. The nice value of an autogroup is left alone: it counts for the whole session, a
// terminal for one, and for nothing where control groups share out the processor.
//
// The I/O class is "idle": the scheduler mq-deadline tells classes apart, not the levels within them, and lets the idle class through after
// ten seconds at the latest. It counts for reads and for direct writes; what goes through the page cache is written by the kernel's threads.
//
// On Windows it is the background mode of the process, on macOS that of Darwin (setpriority(2)); both lower processor and disk, and both
// are given back freely.
package priority

import (
	"sync"
	"time"
)

// Background says that work begins that nobody waits for; end says that it has ended. While there is some and nothing else was asked for,
// the whole process steps back. What the system refuses is left as it is: slow manners are no reason to stop.
func Background() (end func()) { return self.background() }

// Asked says that somebody asked for something and waits; end says that it was done. Until shortly after, the process goes at full speed,
// whatever else it does: the background work may be just what is waited for.
func Asked() (end func()) { return self.ask() }

// linger is how long full speed outlasts what was asked for: a restore asks for one object after the other.
const linger = 2 * time.Second

// self is this process.
var self = &process{step: step, after: func(d time.Duration, f func()) { time.AfterFunc(d, f) }}

// process counts who works.
type process struct {
	step  func(back bool)                 // steps back, or forth
	after func(d time.Duration, f func()) // calls f once d has passed

	mu    sync.Mutex
	quiet int  // background works
	asked int  // what is waited for, or was a moment ago
	back  bool // the process has stepped back
}

func (p *process) background() (end func()) {
	p.count(&p.quiet, 1)
	return sync.OnceFunc(func() { p.count(&p.quiet, -1) })
}

func (p *process) ask() (end func()) {
	p.count(&p.asked, 1)
	return sync.OnceFunc(func() {
		p.mu.Lock()
		quiet := p.quiet > 0
		p.mu.Unlock()
		if !quiet { // nothing would step back
			p.count(&p.asked, -1)
			return
		}
		p.after(linger, func() { p.count(&p.asked, -1) })
	})
}

// count adds to one of the numbers and has the process step back or forth where that changes what it should do.
func (p *process) count(n *int, by int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*n += by
	if back := p.quiet > 0 && p.asked == 0; back != p.back {
		p.back = back
		p.step(back)
	}
}
