package live

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"lightproof/app/channel"
	"lightproof/app/window/face"
	"lightproof/app/window/present"
	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/setup"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/keystore"
)

// Unlocker opens the unlocked side. Both fields must be set.
type Unlocker struct {
	Desk  *Desk
	Setup *Setup
}

// Unlock implements face.Unlocker.
func (u *Unlocker) Unlock(ctx context.Context, passphrase []byte) (face.Library, error) {
	u.Desk.parting.Lock() // the Library before it may still be at its end, and holds the records until then
	u.Desk.parting.Unlock()
	return u.open(ctx, passphrase)
}

// open is Unlock without waiting for a Library that is being closed.
func (u *Unlocker) open(ctx context.Context, passphrase []byte) (face.Library, error) {
	svc, err := u.Desk.Connect(ctx)
	if err != nil {
		return nil, err
	}
	var keys *reader.Keyset
	if keys = u.Setup.takeKeys(); keys != nil && len(passphrase) > 0 { // of a set-up; the passphrase gives its own
		keys.Wipe()
		keys = nil
	}
	if keys == nil {
		// Turning the passphrase into a key takes a lot of memory once; the runtime would keep it for minutes.
		defer debug.FreeOSMemory()
		if keys, err = setup.Unlock(keystore.AllowPrompt(ctx), u.Desk.Home, u.Desk.Keychain, passphrase); err != nil {
			return nil, unlockError(err)
		}
		if err := u.startEngine(ctx, svc, passphrase); err != nil {
			keys.Wipe()
			return nil, err
		}
	}
	if err := u.Desk.lockReader(); err != nil {
		keys.Wipe()
		if errors.Is(err, channel.ErrHeld) {
			err = fmt.Errorf("%w: %w", face.ErrElsewhere, err)
		}
		return nil, err
	}
	lib, err := library.Open(ctx, svc, keys, u.Desk.Home)
	if err != nil {
		keys.Wipe()
		u.Desk.unlockReader()
		return nil, err
	}
	l := &Library{unlocker: u, desk: u.Desk, setup: u.Setup, svc: svc, lib: lib}
	l.leaving, l.leave = context.WithCancel(context.Background())
	return l, nil
}

// unlockError gives an error of opening the keys the form that the window decides on.
func unlockError(err error) error {
	switch {
	case errors.Is(err, setup.ErrWrongPassphrase):
		return fmt.Errorf("%w: %w", face.ErrWrongPassphrase, err)
	case errors.Is(err, vault.ErrNewer):
		return &present.Refused{Code: "newer", Err: err}
	case noKeychain(err) || errors.Is(err, keystore.ErrMissing):
		return fmt.Errorf("%w: %w", face.ErrKeychain, err)
	}
	return err
}

// startEngine hands the engine its start secret where only the passphrase gives it, or where it started before the keychain opened.
func (u *Unlocker) startEngine(ctx context.Context, svc backup.Service, passphrase []byte) error {
	st, err := svc.State(ctx)
	if err != nil || st.Safety.KeysUsable {
		return err
	}
	start, err := setup.Start(ctx, u.Desk.Home, u.Desk.Keychain)
	if errors.Is(err, setup.ErrNoPassphrase) {
		start, err = setup.StartWith(u.Desk.Home, passphrase)
	}
	if err != nil {
		return err
	}
	defer start.Wipe()
	key := slices.Clone(start.Bytes())
	defer clear(key)
	_, err = svc.Do(ctx, backup.Unseal{Key: key})
	return err
}
