package backup

import (
	"context"
	"errors"
	"fmt"

	"lightproof/backup/priority"
	"lightproof/backup/vault"
	"lightproof/keystore/secret"
)

// Do implements Service. Whoever gives a command waits for its end: until then, work of the schedule goes at full speed too.
func (e *Engine) Do(ctx context.Context, c Command) (Reply, error) {
	defer priority.Asked()()
	switch c := c.(type) {
	case SetUp:
		return Reply{}, e.setUp(ctx, c)
	case Unseal:
		if err := e.ready(); !errors.Is(err, ErrLocked) {
			return Reply{}, err
		}
		err := e.unseal(ctx, secret.New(c.Key))
		e.publish(ctx)
		e.nudge()
		return Reply{}, err
	case Retire:
		e.retire()
		return Reply{}, nil
	}
	if err := e.ready(); err != nil {
		return Reply{}, err
	}
	switch c := c.(type) {
	case AddFolder:
		id, err := e.addFolder(ctx, c)
		return Reply{ID: id}, err
	case RemoveFolder:
		return Reply{}, e.removeFolder(ctx, c)
	case AddDestination:
		id, err := e.addDestination(ctx, c)
		return Reply{ID: id}, err
	case TestDestination:
		p, err := e.testDestination(ctx, c)
		return Reply{Probe: p}, err
	case LimitDestination:
		return Reply{}, e.limitDestination(ctx, c)
	case BackUp:
		r, err := e.backUp(ctx, c)
		return Reply{Run: r}, err
	case Check:
		r, err := e.check(ctx, c)
		return Reply{Run: r}, err
	case PauseFor:
		return Reply{}, e.pause(ctx, c.For)
	case Resume:
		return Reply{}, e.pause(ctx, 0)
	case KitChecked:
		return Reply{}, e.change(ctx, func(s *settings) { s.KitChecked = e.clock.Now().Unix() })
	case FileMap:
		return Reply{}, e.fileMap(ctx, c)
	case AdoptHistory:
		err := e.adoptHistory(ctx)
		return Reply{}, err
	case RecordOpened:
		return Reply{}, e.recordOpened(ctx, c)
	case RecordPractice:
		return Reply{}, e.recordPractice(ctx, c)
	case LeaveUnprotected:
		return Reply{}, e.leaveUnprotected(ctx, c)
	case Retry:
		e.nudge()
		return Reply{}, nil
	}
	return Reply{}, fmt.Errorf("command %s: %w", c.CommandName(), vault.ErrNewer)
}

// Woke tells that the computer slept: what became due meanwhile is done now. Without it the next beat finds out by the clock.
func (e *Engine) Woke() { e.nudge() }

// nudge makes the schedule look at once.
func (e *Engine) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (e *Engine) setUp(ctx context.Context, c SetUp) error {
	if err := e.ready(); !errors.Is(err, ErrNotSetUp) {
		if err == nil {
			err = ErrAlreadySetUp
		}
		return err
	}
	info, err := ReadDevice(e.o.Home)
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.info = info
	e.mu.Unlock()
	if err := e.unseal(ctx, secret.New(c.Key)); err != nil {
		return err
	}
	now := e.clock.Now().Unix()
	return e.change(ctx, func(s *settings) {
		s.SetUpAt = now
		if c.KitChecked {
			s.KitChecked = now
		}
	})
}

// change alters and saves the settings and publishes the new state.
func (e *Engine) change(ctx context.Context, fn func(*settings)) error {
	e.mu.Lock()
	fn(e.set)
	err := e.set.save(e.o.Home, e.keys)
	e.mu.Unlock()
	e.publish(ctx)
	return err
}
