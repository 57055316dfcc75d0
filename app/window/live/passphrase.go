package live

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"time"

	"lightproof/app/channel"
	"lightproof/app/window/face"
	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/keystore"
)

// endWait is how long the background part may take to end: it finishes the part that it is at.
const endWait = 20 * time.Second

// errConvenient says that there is no passphrase to change.
var errConvenient = errors.New("this computer opens without a passphrase")

// ChangePassphrase implements face.Keys. Keys that are open would go on to seal under the old passphrase, so everything that holds some is
// closed first: this Library always, the engine where the passphrase starts it.
func (l *Library) ChangePassphrase(ctx context.Context, old, fresh []byte) (face.Library, error) {
	defer debug.FreeOSMemory()
	l.closing.Lock()
	defer l.closing.Unlock()
	if l.closed || l.leaving.Err() != nil {
		return nil, backup.ErrLocked
	}
	info, err := backup.ReadDevice(l.desk.Home)
	if err != nil {
		return l, err
	}
	if info.Mode == backup.ModeConvenient {
		return l, errConvenient
	}
	if err := l.desk.prove(ctx, old); err != nil {
		return l, err
	}
	l.closed = true
	_ = l.lib.Close()
	change := func() error {
		return setup.ChangePassphrase(keystore.AllowPrompt(ctx), l.desk.Home, l.desk.Keychain, old, fresh, l.desk.KDF)
	}
	if info.Mode == backup.ModePassphraseAtStart {
		err = l.desk.withoutEngine(ctx, change)
	} else {
		err = change()
	}
	l.desk.unlockReader()
	next, again := l.unlocker.open(ctx, fresh)
	if errors.Is(again, face.ErrWrongPassphrase) {
		next, again = l.unlocker.open(ctx, old)
	} else if again == nil {
		err = nil // a change that was cut short after it was decided: the new passphrase opens
	}
	if again != nil {
		l.setup.ForgetKit()
		return nil, err
	}
	return next, err
}

// withoutEngine ends the background part, does something in its place, and lets it be started again. Nothing was done where it does not
// end: face.ErrBusy.
func (d *Desk) withoutEngine(ctx context.Context, do func() error) error {
	d.mu.Lock() // Connect, which would start it, waits
	defer d.mu.Unlock()
	if c := d.client.Load(); c != nil {
		if _, err := c.Do(ctx, backup.Retire{Reason: "passphrase"}); err != nil && !errors.Is(err, backup.ErrGone) {
			return err
		}
	}
	release, err := d.engineLock(ctx)
	if err != nil {
		return err
	}
	defer release()
	return do()
}

// engineLock waits until the background part has freed its lock.
func (d *Desk) engineLock(ctx context.Context) (release func() error, err error) {
	ctx, cancel := context.WithTimeout(ctx, endWait)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		release, err := channel.Lock(filepath.Join(d.Home, channel.EngineLock))
		if !errors.Is(err, channel.ErrHeld) {
			return release, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", face.ErrBusy, err)
		case <-tick.C:
		}
	}
}
