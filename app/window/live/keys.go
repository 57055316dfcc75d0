package live

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"lightproof/app/window/face"
	"lightproof/app/window/present"
	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/setup"
	"lightproof/backup/vault"
	"lightproof/keystore"
	"lightproof/keystore/kit"
	"lightproof/keystore/words"
)

// NewKit implements face.Keys.
func (l *Library) NewKit(ctx context.Context, passphrase, kitPass []byte) (face.Kit, error) {
	defer debug.FreeOSMemory()
	info, err := backup.ReadDevice(l.desk.Home)
	if err != nil {
		return face.Kit{}, err
	}
	if info.Mode != backup.ModeConvenient {
		if err := l.desk.prove(ctx, passphrase); err != nil {
			return face.Kit{}, err
		}
		if kitPass == nil {
			kitPass = passphrase
		}
	}
	if len(kitPass) == 0 {
		return face.Kit{}, setup.ErrNoPassphrase
	}
	ctx, release, err := l.keep(ctx)
	if err != nil {
		return face.Kit{}, err
	}
	defer release()
	places, err := l.places(ctx)
	if err != nil {
		return face.Kit{}, err
	}
	k, err := l.lib.NewKit(ctx, kitPass, l.desk.KDF, places, time.Now())
	if err != nil {
		return face.Kit{}, err
	}
	return l.setup.hold(k, kitPass), nil
}

// prove tells whether a passphrase opens this computer.
func (d *Desk) prove(ctx context.Context, passphrase []byte) error {
	keys, err := setup.Unlock(keystore.AllowPrompt(ctx), d.Home, d.Keychain, passphrase)
	if err != nil {
		return unlockError(err)
	}
	keys.Wipe()
	return nil
}

// places are the folders that hold the copies, as a kit prints them.
func (l *Library) places(ctx context.Context) ([]string, error) {
	p, err := l.svc.List(ctx, backup.Query{What: "destinations", Limit: 500})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range p.Rows {
		if r.Path != "" && len(out) < kit.MaxEndpoints {
			out = append(out, r.Path)
		}
	}
	return out, nil
}

// CheckKit implements face.Keys.
func (l *Library) CheckKit(ctx context.Context, typed []string, passphrase []byte) (face.CheckedKit, error) {
	defer debug.FreeOSMemory()
	text := []byte(strings.Join(typed, " "))
	defer clear(text)
	ctx, release, err := l.keep(ctx)
	if err != nil {
		return face.CheckedKit{}, err
	}
	defer release()
	if err := l.lib.Sync(ctx); err != nil {
		return face.CheckedKit{}, err
	}
	c, err := l.lib.CheckKit(ctx, text, passphrase)
	switch {
	case err == nil:
	case errors.Is(err, library.ErrReplaced), errors.Is(err, vault.ErrNewer):
		return face.CheckedKit{}, kitError(err)
	case errors.Is(err, vault.ErrMissing): // no part of these copies opens with such words
		return face.CheckedKit{}, fmt.Errorf("%w: %w", face.ErrWrongWords, err)
	case errors.Is(err, vault.ErrWrongKey), errors.Is(err, vault.ErrTampered):
		return face.CheckedKit{}, fmt.Errorf("%w: %w", face.ErrWrongPassphrase, err)
	default:
		return face.CheckedKit{}, kitError(err)
	}
	out := face.CheckedKit{Newest: c.Newest}
	if c.Ending && !c.Newest {
		out.Until = time.Now().Add(c.Left)
		return out, nil
	}
	// The newest, or the one that a lost computer would need as long as the newer is not checked.
	if _, err := l.svc.Do(ctx, backup.KitChecked{}); err != nil || !c.Newest {
		return out, err
	}
	n, left, err := l.lib.ReplaceOlderKits(ctx, time.Now())
	if n > 0 {
		out.Older, out.Until = n, time.Now().Add(left)
	}
	return out, err
}

// kitError gives an error of a kit the form that the window decides on.
func kitError(err error) error {
	var unknown *words.UnknownWordError
	var count *words.CountError
	switch {
	case errors.Is(err, vault.ErrNewer):
		return &present.Refused{Code: "newer", Err: err}
	case errors.Is(err, library.ErrReplaced):
		return fmt.Errorf("%w: %w", face.ErrReplaced, err)
	case errors.As(err, &unknown), errors.As(err, &count), errors.Is(err, words.ErrChecksum), errors.Is(err, setup.ErrOtherKit):
		return fmt.Errorf("%w: %w", face.ErrWrongWords, err)
	case errors.Is(err, setup.ErrWrongPassphrase):
		return fmt.Errorf("%w: %w", face.ErrWrongPassphrase, err)
	}
	return err
}

// hold keeps a kit that was just made until it is checked, and gives what is shown of it. The passphrase stays the caller's.
func (s *Setup) hold(k *kit.Kit, passphrase []byte) face.Kit {
	s.ForgetKit()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kit, s.pass = k, slices.Clone(passphrase)
	return face.Kit{Words: slices.Clone(k.Words), Lines: kitLines(k)}
}
