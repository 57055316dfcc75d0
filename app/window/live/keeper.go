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

	mu      sync.Mutex
	client  *channel.Client
	release func() error // of the reader's lock
}

// startWait is how long a background part may take until it answers.
const startWait = 15 * time.Second

// Connect reaches the background part, and starts it where none runs.
func (d *Desk) Connect(ctx context.Context) (backup.Service, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.client != nil {
		if _, err := d.client.Hello(ctx); err == nil {
			return d.client, nil
		}
	}
	if c, err := channel.Dial(ctx, d.Home); err == nil {
		d.client = c
		return c, nil
	} else if !errors.Is(err, backup.ErrGone) {
		return nil, err
	}
	if err := StartKeeper(d.Home); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := channel.Dial(ctx, d.Home)
		if err == nil {
			d.client = c
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", backup.ErrGone, err)
		case <-tick.C:
		}
	}
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
	d.mu.Lock()
	c := d.client
	d.client = nil
	d.mu.Unlock()
	if c != nil {
		if err := c.EndHung(ctx, "hung", 5*time.Second); err != nil && !errors.Is(err, backup.ErrGone) {
			return err
		}
		c.Close()
	}
	_, err := d.Connect(ctx)
	return err
}
