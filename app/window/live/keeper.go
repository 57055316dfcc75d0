// Package live joins the window to the real vault: set-up, unlocking, timeline and restore on the engine that runs behind the local
// channel.
package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"lightproof/app/channel"
	"lightproof/backup"
	"lightproof/backup/vault"
	"lightproof/keystore"
)

// Desk is what the window's pages share: the home, the engine's client, the keychain.
type Desk struct {
	Home     string
	Keychain keystore.Keychain
	KDF      vault.KDF // zero: the format's default
	// InFront tells whether the person sees the window now: then nothing needs a notification. nil: not known, so they are sent.
	InFront func() bool
	// Start starts the background part on a home; nil: StartKeeper.
	Start func(home string) error

	// parting is held for reading while a Library is being closed, for which it may have to wait: the next one is opened after it.
	parting sync.RWMutex
	mu      sync.Mutex
	release func() error // of the reader's lock
	client  atomic.Pointer[channel.Client]
}

// startWait is how long a background part may take until it answers.
const startWait = 15 * time.Second

// Connect reaches the background part, and starts it where none runs.
func (d *Desk) Connect(ctx context.Context) (backup.Service, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.dial(ctx); err == nil {
		return d.client.Load(), nil
	} else if !errors.Is(err, backup.ErrGone) {
		return nil, err
	}
	start := d.Start
	if start == nil {
		start = StartKeeper
	}
	if err := start(d.Home); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := d.dial(ctx)
		if err == nil {
			return d.client.Load(), nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", backup.ErrGone, err)
		case <-tick.C:
		}
	}
}

// dial asks the background part for a sign of life. The client is made once: it reaches whichever process serves the home, and the
// pages hold it for as long as the window is open. d.mu is held.
func (d *Desk) dial(ctx context.Context) error {
	c := d.client.Load()
	if c == nil {
		c, err := channel.Dial(ctx, d.Home)
		if err == nil {
			d.client.Store(c)
		}
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, channel.Silence, channel.ErrHung)
	defer cancel()
	h, err := c.Hello(ctx)
	if err == nil && h.Protocol != backup.Protocol {
		return channel.ErrOtherProtocol
	}
	return err
}

// Hung tells whether the background part was last seen alive but silent.
func (d *Desk) Hung() bool {
	c := d.client.Load()
	return c != nil && c.Health().Condition == channel.Hung
}

// StartKeeper starts the background part as a process of its own that outlives this one.
func StartKeeper(home string) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(exe, "--home", home, "keeper")
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// lockReader takes the reader's lock: one unlocked Lightproof at a time.
func (d *Desk) lockReader() error {
	release, err := channel.Lock(filepath.Join(d.Home, channel.ReaderLock))
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.release = release
	d.mu.Unlock()
	return nil
}

func (d *Desk) unlockReader() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.release != nil {
		_ = d.release()
		d.release = nil
	}
}

// Restart ends a background part that does not answer and starts another.
func (d *Desk) Restart(ctx context.Context) error {
	if c := d.client.Load(); c != nil {
		if err := c.EndHung(ctx, "hung", 5*time.Second); err != nil && !errors.Is(err, backup.ErrGone) {
			return err
		}
	}
	_, err := d.Connect(ctx)
	return err
}
