// Package setup makes a vault on this computer, opens its keys, and brings a vault back from a destination and its recovery kit. It works
// at reader level; the engine that then runs on the home holds the writer keyset only.
package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
	"lightproof/keystore"
	"lightproof/keystore/kit"
	"lightproof/keystore/secret"
)

// Errors that callers decide on.
var (
	ErrWrongPassphrase = errors.New("the passphrase does not fit")
	ErrNoPassphrase    = errors.New("a passphrase is needed")
)

// Options of Create.
type Options struct {
	Home          string
	DeviceName    string
	Passphrase    []byte // app passphrase; with the kit it also recovers, unless KitPassphrase is set
	KitPassphrase []byte // a second one for the kit alone, nil = the same
	Mode          string // backup.ModeStrict, ModeConvenient or ModePassphraseAtStart
	Keychain      keystore.Keychain
	KDF           vault.KDF // zero: vault.DefaultKDF
	Now           time.Time
	Endpoints     []string // where the copies are, printed on the kit
}

// Made is a new vault: the kit to show, the secret that starts the engine, and the opened reader keyset.
type Made struct {
	Kit    *kit.Kit
	Start  secret.Secret
	Reader *reader.Keyset
	Mode   string
}

// Create makes a vault. Nothing on this computer counts as set up before the last file is written, so a Create cut short can be
// repeated. Errors: backup.ErrAlreadySetUp, ErrNoPassphrase, those of the keychain.
func Create(ctx context.Context, o Options) (*Made, error) {
	if err := backup.CheckNew(o.Home); err != nil {
		return nil, err
	}
	if o.KDF == (vault.KDF{}) {
		o.KDF = vault.DefaultKDF
	}
	kitPass := o.KitPassphrase
	if kitPass == nil {
		kitPass = o.Passphrase
	}
	if len(kitPass) == 0 || len(o.Passphrase) == 0 && o.Mode != backup.ModeConvenient {
		return nil, ErrNoPassphrase
	}
	if err := os.MkdirAll(o.Home, 0o700); err != nil {
		return nil, err
	}
	c, err := reader.Create(reader.CreateOptions{DeviceName: o.DeviceName, Passphrase: kitPass, KDF: o.KDF, Now: o.Now.Unix()})
	if err != nil {
		return nil, err
	}
	defer c.Writer.Wipe()
	m := &Made{Reader: c.Reader, Mode: o.Mode}
	if m.Start, err = keep(ctx, o, c.Writer, c.Reader); err != nil {
		return nil, err
	}
	if err := backup.WriteFirst(o.Home, c.Objects); err != nil {
		return nil, err
	}
	if m.Kit, err = library.KitOf(c.Kit, c.Writer.Space, c.Writer.Genesis, c.Genesis.Head(), o.Endpoints, o.Now); err != nil {
		return nil, err
	}
	return m, backup.WriteDevice(o.Home, backup.DeviceInfo{Space: c.Writer.Space, Device: c.Writer.Device, Mode: o.Mode})
}

// keep seals both keysets on this computer and returns the secret that starts the engine.
func keep(ctx context.Context, o Options, w *writer.Keyset, r *reader.Keyset) (start secret.Secret, err error) {
	lock := reader.Lock{Passphrase: o.Passphrase}
	var head []byte
	switch o.Mode {
	case backup.ModeStrict, backup.ModeConvenient:
		start = secret.Random(32)
		if err := o.Keychain.Set(ctx, keystore.KeyItem(w.Space, w.Device), start); err != nil {
			return start, err
		}
		lock.Start = start
		if o.Mode == backup.ModeConvenient {
			lock.Passphrase = nil
		}
	case backup.ModePassphraseAtStart:
		h := vault.NewStartHead(o.KDF)
		if start, err = h.KDF.Stretch(o.Passphrase, h.Salt); err != nil {
			return start, err
		}
		head = h.Encode()
	default:
		return start, fmt.Errorf("mode %q: %w", o.Mode, vault.ErrMalformed)
	}
	rb, err := r.Seal(lock, o.KDF)
	if err != nil {
		return start, err
	}
	wb, err := w.Seal(start)
	if err != nil {
		return start, err
	}
	if err := backup.WriteFile(filepath.Join(o.Home, backup.ReaderFile), rb); err != nil {
		return start, err
	}
	return start, backup.WriteFile(filepath.Join(o.Home, backup.WriterFile), append(head, wb...))
}

// Start fetches the secret that starts the engine from the keychain. In the mode "passphrase at each start" it is ErrNoPassphrase: see
// StartWith.
func Start(ctx context.Context, home string, k keystore.Keychain) (secret.Secret, error) {
	d, err := backup.ReadDevice(home)
	if err != nil {
		return secret.Secret{}, err
	}
	if d.Mode == backup.ModePassphraseAtStart {
		return secret.Secret{}, ErrNoPassphrase
	}
	return k.Get(ctx, keystore.KeyItem(d.Space, d.Device))
}

// StartWith derives the engine's start secret from the passphrase ("passphrase at each start") and proves that it fits. It finishes a
// change of the passphrase that was cut short.
func StartWith(home string, pass []byte) (secret.Secret, error) {
	d, err := backup.ReadDevice(home)
	if err != nil {
		return secret.Secret{}, err
	}
	b, err := os.ReadFile(filepath.Join(home, backup.WriterFile))
	if err != nil {
		return secret.Secret{}, err
	}
	h, env, ok, err := vault.SplitStart(b)
	switch {
	case err != nil:
		return secret.Secret{}, fmt.Errorf("writer.bin: %w", err)
	case !ok:
		return secret.Secret{}, fmt.Errorf("writer.bin: %w", vault.ErrMalformed)
	}
	start, err := h.KDF.Stretch(pass, h.Salt)
	if err != nil {
		return secret.Secret{}, err
	}
	w, err := writer.Open(d.Space, d.Device, env, start)
	if err != nil {
		if next, ok := finishChange(home, d, pass); ok {
			return next, nil
		}
		return secret.Secret{}, misfit(err)
	}
	w.Wipe()
	return start, nil
}

// NeedsPassphrase tells whether unlocking asks for a passphrase.
func NeedsPassphrase(home string) (bool, error) {
	b, err := os.ReadFile(filepath.Join(home, backup.ReaderFile))
	if err != nil {
		return false, err
	}
	return reader.NeedsPassphrase(b)
}

// Unlock opens the reader keyset. Errors: vault.ErrNewer, ErrWrongPassphrase, those of the keychain.
func Unlock(ctx context.Context, home string, k keystore.Keychain, pass []byte) (*reader.Keyset, error) {
	d, err := backup.ReadDevice(home)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(home, backup.ReaderFile))
	if err != nil {
		return nil, err
	}
	lock := reader.Lock{Passphrase: pass}
	if d.Mode != backup.ModePassphraseAtStart {
		if lock.Start, err = k.Get(ctx, keystore.KeyItem(d.Space, d.Device)); err != nil {
			return nil, err
		}
		defer lock.Start.Wipe()
	}
	keys, err := reader.Open(d.Space, d.Device, b, lock)
	if err != nil {
		return nil, misfit(err)
	}
	if err := settleChange(home, d, pass); err != nil {
		keys.Wipe()
		return nil, err
	}
	return keys, nil
}

// misfit tells a passphrase that does not fit from what a newer version sealed: both come as a key that opens nothing.
func misfit(err error) error {
	if errors.Is(err, vault.ErrWrongKey) && !errors.Is(err, vault.ErrNewer) {
		return fmt.Errorf("%w: %w", ErrWrongPassphrase, err)
	}
	return err
}
