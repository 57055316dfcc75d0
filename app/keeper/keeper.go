package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"lightproof/backup"
)

// Options of Run.
type Options struct {
	Home    string         // folder for what the notifications remember
	Service backup.Service // the engine, in this process
	// Act carries out the intents that the keeper does not: OpenHome, OpenProblems, OpenWork, OpenRestore, OpenWindow, LockWindow,
	// Quit. It must return soon.
	Act func(Intent)
	// Sleep is told when the computer is about to sleep and when it woke; nil where nobody asks.
	Sleep func(asleep bool)
	// Failed is told what did not work beside the engine (a notification, the tray's bus); such a thing never stops the keeper. nil:
	// not told.
	Failed func(error)

	Sender  Sender           // nil: NewSender
	Now     func() time.Time // nil: time.Now
	Silence time.Duration    // after which an engine that does not beat is shown as silent; 0: 60 s
	NoTray  bool             // for a machine without a desktop
}

// notified is the file in the home that holds a Policy's memory.
const notified = "notified.json"

// Run shows tray and notifications for the engine until ctx ends, or with ErrEnded until the engine's stream does. It must be called on the main goroutine: on macOS the tray needs
// the main thread. Without a session bus it goes on without tray and notifications.
func Run(ctx context.Context, o Options) error {
	k := newDesk(o)
	st, err := o.Service.State(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	if o.Sleep != nil {
		wg.Go(func() { _ = WatchSleep(ctx, o.Sleep) }) // a machine without logind finds out by the clock
	}
	if o.NoTray || !canTray(ctx) {
		return k.follow(ctx, st, func(View) {})
	}
	tray := NewTray(ViewOf(st, k.now()), func(i Intent) { k.click(ctx, i) })
	done := make(chan error, 1)
	wg.Go(func() {
		done <- k.follow(ctx, st, tray.Show)
		tray.Close()
	})
	tray.Run()
	cancel()
	return <-done
}

// desk is a running keeper.
type desk struct {
	Options
	policy *Policy
	pace   pace
}

func newDesk(o Options) *desk {
	k := &desk{Options: o}
	if k.Sender == nil {
		k.Sender = NewSender()
	}
	if k.Silence == 0 {
		k.Silence = time.Minute
	}
	k.policy = NewPolicy(k.load())
	return k
}

func (k *desk) now() time.Time {
	if k.Now != nil {
		return k.Now()
	}
	return time.Now()
}

func (k *desk) failed(err error) {
	if err != nil && k.Failed != nil && !errors.Is(err, context.Canceled) {
		k.Failed(err)
	}
}

// ErrEnded means that the engine closed its stream of events though nobody asked it to.
var ErrEnded = errors.New("the engine stopped telling what it does")

// follow shows every change of the engine until ctx ends. While nothing changes it wakes at the engine's own beat only.
func (k *desk) follow(ctx context.Context, last *backup.State, show func(View)) error {
	events, err := k.Service.Events(ctx)
	if err == nil {
		err = k.watch(ctx, events, last, show)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (k *desk) watch(ctx context.Context, events <-chan backup.Event, last *backup.State, show func(View)) error {
	heard := k.now()
	quiet := time.NewTimer(k.Silence)
	defer quiet.Stop()
	held := time.NewTimer(time.Hour)
	held.Stop()
	defer held.Stop()
	offer := func(s *backup.State) {
		now := k.now()
		v := ViewOf(s, now)
		if ok, wait := k.pace.offer(v, now); ok {
			show(v)
		} else if wait > 0 {
			held.Reset(wait)
		}
	}
	offer(last)
	k.restored(ctx)
	mute := false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case ev, open := <-events:
			if !open {
				offer(silent(last, heard))
				return ErrEnded
			}
			heard = k.now()
			quiet.Reset(k.Silence)
			k.restored(ctx)
			if ev.State != nil {
				last = ev.State
				k.notify(ctx, last)
			}
			if ev.State != nil || mute {
				mute = false
				offer(last)
			}
		case <-quiet.C:
			mute = true
			offer(silent(last, heard))
		case <-held.C:
			if v, ok := k.pace.due(k.now()); ok {
				show(v)
			}
		}
	}
}

// restoreNews is how old the end of a restore may be and still be told.
const restoreNews = time.Hour

// restored tells of a restore that ended since the last look. It looks at the engine's beats, which come every few seconds: no timer
// of its own wakes the computer.
func (k *desk) restored(ctx context.Context) {
	r, err := backup.TakeRestoreEnded(k.Home)
	k.failed(err)
	now := k.now()
	if r == nil || now.Sub(r.At) > restoreNews || r.At.Sub(now) > restoreNews {
		return
	}
	k.tell(ctx, now, func() []Occasion {
		if r.Waits {
			return k.policy.RestoreStuck(now, r.Identical, r.Total)
		}
		return k.policy.RestoreEnded(now, r.Identical, r.Total)
	})
}

// notify sends what the policy wants sent about a state.
func (k *desk) notify(ctx context.Context, s *backup.State) {
	now := k.now()
	k.tell(ctx, now, func() []Occasion { return k.policy.State(now, s) })
}

// tell sends what was decided and keeps what the policy remembers of it. It does not wait: a desktop may take seconds.
func (k *desk) tell(ctx context.Context, now time.Time, decide func() []Occasion) {
	before := k.policy.Memory()
	k.send(ctx, now, decide())
	if after := k.policy.Memory(); !sameMemory(before, after) {
		k.failed(k.save(after))
	}
}

func (k *desk) send(ctx context.Context, now time.Time, occasions []Occasion) {
	for _, o := range occasions {
		words, ok := o.words(now)
		if !ok {
			continue
		}
		go func() { k.failed(k.Sender.Send(ctx, o.Kind, words)) }()
	}
}

// click carries out what the keeper can, and hands on the rest.
func (k *desk) click(ctx context.Context, i Intent) {
	var cmd backup.Command
	if d, ok := pauseFor(i, k.now()); ok {
		cmd = backup.PauseFor{For: d}
	}
	switch i {
	case BackUpNow:
		cmd = backup.BackUp{}
	case Resume:
		cmd = backup.Resume{}
	}
	if cmd != nil {
		go func() { // a backup takes as long as it takes
			_, err := k.Service.Do(ctx, cmd)
			k.failed(err)
		}()
		return
	}
	if k.Act != nil {
		k.Act(i)
	}
}

// sameMemory ignores when a red cause was last seen, which changes with every state and may be an hour old on disk.
func sameMemory(a, b Memory) bool {
	if len(a.Sent) != len(b.Sent) || len(a.Red) != len(b.Red) || len(a.Networks) != len(b.Networks) ||
		!a.Freshness.Equal(b.Freshness) || a.FirstSafe != b.FirstSafe {
		return false
	}
	for code, at := range b.Red {
		if was, ok := a.Red[code]; !ok || at.Sub(was) >= time.Hour {
			return false
		}
	}
	return true
}

func (k *desk) load() Memory {
	var m Memory
	if b, err := os.ReadFile(filepath.Join(k.Home, notified)); err == nil && json.Unmarshal(b, &m) != nil {
		m = Memory{} // at worst something is told twice
	}
	return m
}

func (k *desk) save(m Memory) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(k.Home, notified), b, 0o600)
}

// replaceFile writes a file so that a crash leaves the old or the new one.
func replaceFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already if all went well
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
