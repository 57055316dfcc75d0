package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lightproof/backup/source"
)

// errPaused is why copying that a pause met came to its end.
var errPaused = errors.New("copying is paused")

// pause stops copying for d, at most 7 days, also what is under way: that run keeps what is complete and ends. 0 ends a pause.
func (e *Engine) pause(ctx context.Context, d time.Duration) error {
	if d < 0 || d > 7*24*time.Hour {
		return fmt.Errorf("a pause of %s: at most 7 days", d)
	}
	e.mu.Lock()
	e.paused = nil
	if d > 0 {
		e.paused = &Pause{Until: e.clock.Now().Add(d), Reason: "you"}
		if e.halt != nil {
			e.halt(errPaused)
		}
	}
	e.mu.Unlock()
	e.publish(ctx)
	if d == 0 {
		e.nudge()
	}
	if err := e.note(ctx, notePause, int64(d/time.Second)); err != nil {
		return err
	}
	return e.saveFacts(ctx)
}

func (e *Engine) pausedNow() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.paused != nil && !e.clock.Now().Before(e.paused.Until) {
		e.paused = nil
	}
	return e.paused != nil
}

// copying gives the context of a run's copying from these folders. It ends with ctx, by errPaused at a pause, and by errRemoved where a folder
// is removed: at once where that was before. done gives it up. e.run is held.
func (e *Engine) copying(ctx context.Context, folders []source.Folder) (inner context.Context, done func()) {
	inner, halt := context.WithCancelCause(ctx)
	e.mu.Lock()
	e.halt = halt
	e.mu.Unlock()
	switch {
	case e.pausedNow():
		halt(errPaused)
	case !e.stillProtected(folders):
		halt(errRemoved)
	}
	return inner, func() {
		e.mu.Lock()
		e.halt = nil
		e.mu.Unlock()
		halt(nil)
	}
}

// halted tells whether a context of copying was ended for a while: what remains is done by a later run.
func halted(ctx context.Context) bool {
	why := context.Cause(ctx)
	return errors.Is(why, errPaused) || errors.Is(why, errRemoved)
}
