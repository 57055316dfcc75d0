package channel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// process is one run of a program: a pid alone may have been given to another meanwhile.
type process struct {
	pid     int
	started string // opaque, "" = not known
}

// errUnknownProcess means that the system does not say which process serves, so none may be killed.
var errUnknownProcess = errors.New("cannot tell which process is the background part")

func (p process) runs() bool { return p.started != "" && startOf(p.pid) == p.started }

// end waits until the process has ended by itself or ctx is done, then kills it and waits for its end.
func (p process) end(ctx context.Context) error {
	if p.pid <= 0 || p.started == "" {
		return errUnknownProcess
	}
	const step = 50 * time.Millisecond // a process that is no child of ours cannot be waited for
	for p.runs() {
		select {
		case <-ctx.Done():
			return p.killNow(step)
		case <-time.After(step):
		}
	}
	return nil
}

func (p process) killNow(step time.Duration) error {
	handle, err := os.FindProcess(p.pid) // a pidfd on Linux: from here on it cannot become another process
	if err != nil {
		return err
	}
	defer handle.Release()
	if !p.runs() {
		return nil
	}
	if err := kill(handle); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end the background part: %w", err)
	}
	for range 100 {
		if !p.runs() {
			return nil
		}
		time.Sleep(step)
	}
	return fmt.Errorf("process %d does not end", p.pid)
}
