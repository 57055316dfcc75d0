package terminal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"lightproof/app/channel"
	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/setup"
	"lightproof/backup/vault/reader"
	"lightproof/keystore"
	"lightproof/keystore/secret"
)

// passphraseFlag names the flag of the app passphrase, on every command that may need it.
const passphraseFlag = "passphrase-file"

const askPassphrase = "Passphrase:"

// secretFile gives a command a flag that names a file with a passphrase.
func (a *app) secretFile(c *cobra.Command, flag, usage string) *cobra.Command {
	v, ok := a.files[flag]
	if !ok {
		v = new(string)
		a.files[flag] = v
	}
	c.Flags().StringVar(v, flag, "", usage)
	return c
}

// unlocks gives a command the flag of the app passphrase.
func (a *app) unlocks(c *cobra.Command) *cobra.Command {
	return a.secretFile(c, passphraseFlag, "file with the passphrase on its first line; without it the passphrase is asked")
}

// session is the engine that a command talks to, and, once unlocked, the library.
type session struct {
	a       *app
	svc     backup.Service
	remote  bool // behind the line: names in lists need the proof of unlock
	info    backup.DeviceInfo
	keys    *reader.Keyset
	library *library.Library
	closers []func()
}

// Close ends what was opened, newest first.
func (s *session) Close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	s.closers = nil
}

func (s *session) atEnd(f func()) { s.closers = append(s.closers, f) }

// prompting lets the system ask to open its keychain where a person waits.
func (a *app) prompting(ctx context.Context) context.Context {
	if a.Prompter.Present() {
		return keystore.AllowPrompt(ctx)
	}
	return ctx
}

// open finds the engine of a home that is set up, or runs it. Errors: backup.ErrNotSetUp, channel.ErrHeld, those of the keys.
func (a *app) open(ctx context.Context) (*session, error) {
	info, err := backup.ReadDevice(a.home)
	if err != nil {
		return nil, err
	}
	s := &session{a: a, info: info}
	if err := s.connect(ctx, true); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// openLibrary is open, then unlock: what was opened is closed where the key does not open it.
func (a *app) openLibrary(ctx context.Context) (*session, *library.Library, error) {
	s, err := a.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	l, err := s.unlock(ctx)
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	return s, l, nil
}

// openFrugal is openLibrary for work that goes through the files once: they stay on the disk.
func (a *app) openFrugal(ctx context.Context) (*session, *library.Library, error) {
	s, err := a.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	l, err := s.unlockWith(ctx, library.OpenFrugal)
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	return s, l, nil
}

// openNamed is open, then namedIfPossible.
func (a *app) openNamed(ctx context.Context) (*session, error) {
	s, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.namedIfPossible(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// openBare finds or runs the engine of a home without a vault, for set-up and recovery.
func (a *app) openBare(ctx context.Context) (*session, error) {
	if err := backup.CheckNew(a.home); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(a.home, 0o700); err != nil {
		return nil, err
	}
	s := &session{a: a}
	if err := s.connect(ctx, false); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// engine finds who serves the home, or takes the engine's lock. Between a keeper's lock and its first answer, and while another
// command works, there is neither: that is waited for a little.
func (a *app) engine(ctx context.Context) (client *channel.Client, release func(), err error) {
	patience := time.After(heldPatience)
	for {
		client, err = channel.Dial(ctx, a.home)
		switch {
		case err == nil:
			return client, nil, nil
		case client != nil: // of another version
			client.Close()
			return nil, nil, err
		case !errors.Is(err, backup.ErrGone):
			return nil, nil, err
		}
		free, err := channel.Lock(filepath.Join(a.home, channel.EngineLock))
		if err == nil {
			return nil, func() { free() }, nil
		}
		if !errors.Is(err, channel.ErrHeld) {
			return nil, nil, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-patience:
			return nil, nil, err
		case <-time.After(heldEvery):
		}
	}
}

// How long and how often a held engine is tried.
const (
	heldPatience = 5 * time.Second
	heldEvery    = 100 * time.Millisecond
)

func (s *session) connect(ctx context.Context, keyed bool) error {
	client, release, err := s.a.engine(ctx)
	if err != nil {
		return err
	}
	if client != nil {
		s.svc, s.remote = client, true
		s.atEnd(client.Close)
		return s.unseal(ctx)
	}
	s.atEnd(release)
	var start secret.Secret
	if keyed {
		if start, err = s.startSecret(ctx); err != nil {
			return err
		}
		defer start.Wipe()
	}
	e, err := backup.Open(ctx, backup.Options{Home: s.a.home, Build: s.a.Version, Keychain: s.a.Keychain}, start)
	if err != nil {
		return err
	}
	s.svc = e
	s.atEnd(func() { e.Close() })
	return nil
}

// startSecret is what opens the engine's keys: from the keychain, or made of the passphrase.
func (s *session) startSecret(ctx context.Context) (secret.Secret, error) {
	if s.info.Mode != backup.ModePassphraseAtStart {
		return setup.Start(s.a.prompting(ctx), s.a.home, s.a.Keychain)
	}
	var start secret.Secret
	err := s.a.trying(passphraseFlag, func(p []byte) (err error) {
		start, err = setup.StartWith(s.a.home, p)
		return err
	})
	return start, err
}

// trying calls f with the app passphrase; a typed one that is wrong is asked again.
func (a *app) trying(flag string, f func([]byte) error) error {
	for left := attempts; ; left-- {
		p, err := a.passphrase(flag, askPassphrase)
		if err != nil {
			if errors.Is(err, errNoTerminal) {
				err = errors.Join(setup.ErrNoPassphrase, err)
			}
			return err
		}
		err = f(p)
		if !errors.Is(err, setup.ErrWrongPassphrase) || !a.typed(flag) || left == 1 {
			return err
		}
		a.retype(flag)
		a.Prompter.Say(a.explain(err).What)
	}
}

// unseal opens the keys of a keeper that was started without them.
func (s *session) unseal(ctx context.Context) error {
	st, err := s.svc.State(ctx)
	if err != nil {
		return err
	}
	if !st.Safety.SetUp || st.Safety.KeysUsable {
		return nil
	}
	start, err := s.startSecret(ctx)
	if err != nil {
		return err
	}
	defer start.Wipe()
	_, err = s.svc.Do(ctx, backup.Unseal{Key: start.Bytes()})
	return err
}

// unlock opens the library. It holds the reader's lock until Close.
func (s *session) unlock(ctx context.Context) (*library.Library, error) {
	return s.unlockWith(ctx, library.Open)
}

func (s *session) unlockWith(ctx context.Context, open func(context.Context, backup.Service, *reader.Keyset, string) (*library.Library, error)) (*library.Library, error) {
	if s.library != nil {
		return s.library, nil
	}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	l, err := open(ctx, s.svc, s.keys, s.a.home)
	if err != nil {
		return nil, err
	}
	s.library, s.keys = l, nil // they belong to the library
	s.atEnd(func() { l.Close() })
	return l, nil
}

// prepare takes the reader's lock and opens the keys, so that a later unlock asks for nothing.
func (s *session) prepare(ctx context.Context) error {
	if s.library != nil || s.keys != nil {
		return nil
	}
	release, err := channel.Lock(filepath.Join(s.a.home, channel.ReaderLock))
	if err != nil {
		return err
	}
	keys, err := s.readerKeys(ctx)
	if err != nil {
		release()
		return err
	}
	s.keys = keys
	s.atEnd(func() {
		if s.keys != nil {
			s.keys.Wipe()
		}
		release()
	})
	return nil
}

// readerKeys opens the reader keyset with keychain and passphrase, as the mode asks.
func (s *session) readerKeys(ctx context.Context) (keys *reader.Keyset, err error) {
	needs, err := setup.NeedsPassphrase(s.a.home)
	if err != nil {
		return nil, err
	}
	open := func(p []byte) (err error) {
		keys, err = setup.Unlock(s.a.prompting(ctx), s.a.home, s.a.Keychain, p)
		return err
	}
	if !needs {
		return keys, open(nil)
	}
	return keys, s.a.trying(passphraseFlag, open)
}

// named makes lists hold names where a keeper answers them: it proves the unlock if that needs no question that nobody can answer.
func (s *session) named(ctx context.Context) error {
	if !s.remote {
		return nil
	}
	_, err := s.unlock(ctx)
	return err
}

// namedIfPossible is named for lists that make sense without names too; it says so if they come without.
func (s *session) namedIfPossible(ctx context.Context) error {
	err := s.named(ctx)
	if errors.Is(err, setup.ErrNoPassphrase) || errors.Is(err, channel.ErrHeld) {
		s.a.note("Names are shown only with the passphrase: give --%s.", passphraseFlag)
		return nil
	}
	return err
}

// rows reads a whole list.
func (s *session) rows(ctx context.Context, what, filter string) (out []backup.Row, err error) {
	q := backup.Query{What: what, Filter: filter, Limit: 500}
	for {
		p, err := s.svc.List(ctx, q)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Rows...)
		if p.Next == "" {
			return out, nil
		}
		q.After = p.Next
	}
}
