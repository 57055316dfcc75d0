package terminal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"lightproof/app/channel"
	"lightproof/backup"
	"lightproof/backup/setup"
)

const newPassphraseFlag = "new-passphrase-file"

func (a *app) passphraseCommand() *cobra.Command {
	c := &cobra.Command{Use: "passphrase", Short: "Change the passphrase of this computer", Args: cobra.NoArgs,
		Long: `Change the passphrase that opens Lightproof on this computer. Recovery kits go on to need the passphrase that they were made with;
lightproof kit new makes one for the new passphrase. Where the passphrase also starts the background part (--keychain none), that part
must not be running.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.changePassphrase(c.Context()) }}
	a.secretFile(c, newPassphraseFlag, "file with the new passphrase on its first line")
	return a.unlocks(c)
}

func (a *app) changePassphrase(ctx context.Context) error {
	info, err := backup.ReadDevice(a.home)
	if err != nil {
		return err
	}
	if info.Mode == backup.ModeConvenient {
		return wrongUsage("this computer opens without a passphrase (set up with --convenient)")
	}
	locks := []string{channel.ReaderLock}
	if info.Mode == backup.ModePassphraseAtStart { // the engine keeps the old start key and would seal with it
		locks = append(locks, channel.EngineLock)
	}
	for _, name := range locks {
		release, err := channel.Lock(filepath.Join(a.home, name))
		if err != nil {
			return err
		}
		defer release()
	}
	var old []byte
	err = a.trying(passphraseFlag, func(p []byte) error {
		keys, err := setup.Unlock(a.prompting(ctx), a.home, a.Keychain, p)
		if err == nil {
			keys.Wipe()
			old = p
		}
		return err
	})
	if err != nil {
		return err
	}
	next, err := a.newPassphrase(newPassphraseFlag, "Choose the new passphrase.", "New passphrase:", rand.Reader)
	if err != nil {
		return err
	}
	if err := setup.ChangePassphrase(a.prompting(ctx), a.home, a.Keychain, old, next, a.KDF); err != nil {
		return err
	}
	return a.print(struct {
		Changed bool `json:"changed"`
	}{true}, func(p *page) {
		p.line("The passphrase is changed. Your recovery kit still needs the passphrase that it was made with;")
		p.line("lightproof kit new makes one for the new passphrase.")
	})
}

func (a *app) lockCommand() *cobra.Command {
	return &cobra.Command{Use: "lock", Short: "Lock the open window", Args: cobra.NoArgs,
		Long: `Lock the open window: its keys leave memory and it asks for the passphrase again. Backups go on. Commands at the terminal keep
nothing open between one and the next, so without a window there is nothing to lock.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.lock(c.Context()) }}
}

// LockWindow is the argument by which the open window is asked to lock, as a later start of the program hands it over.
const LockWindow = "--lock"

func (a *app) lock(ctx context.Context) error {
	if _, err := backup.ReadDevice(a.home); err != nil {
		return err
	}
	err := channel.Raise(ctx, a.home, channel.Start{Args: []string{LockWindow}})
	if err != nil && !errors.Is(err, backup.ErrGone) {
		return fmt.Errorf("asking the window: %w", err)
	}
	locked := err == nil
	return a.print(struct {
		Window bool `json:"window_asked"`
	}{locked}, func(p *page) {
		if locked {
			p.line("The window was asked to lock.")
			return
		}
		p.line("No window is open, so nothing is unlocked.")
	})
}
