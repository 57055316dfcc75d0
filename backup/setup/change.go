package setup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"lightproof/backup"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
	"lightproof/keystore"
	"lightproof/keystore/passphrase"
	"lightproof/keystore/secret"
)

// nextWriter is the writer's file under a new passphrase, from before the reader's file is replaced until after. Where it is found, a
// change was cut short.
const nextWriter = backup.WriterFile + ".next"

// ChangePassphrase seals the reader keyset under a new app passphrase. The kit goes on to need the passphrase it was made with. Cut
// short at any moment, either the old passphrase opens everything or the new one does.
func ChangePassphrase(ctx context.Context, home string, k keystore.Keychain, old, next []byte, kdf vault.KDF) error {
	if kdf == (vault.KDF{}) {
		kdf = vault.DefaultKDF
	}
	d, err := backup.ReadDevice(home)
	if err != nil {
		return err
	}
	keys, err := Unlock(ctx, home, k, old)
	if err != nil {
		return err
	}
	defer keys.Wipe()
	if _, err := passphrase.Normalize(next); err != nil {
		return err
	}
	lock := reader.Lock{Passphrase: next}
	if d.Mode == backup.ModePassphraseAtStart {
		return changeStart(home, d, keys, old, next, kdf)
	}
	if lock.Start, err = k.Get(ctx, keystore.KeyItem(d.Space, d.Device)); err != nil {
		return err
	}
	b, err := keys.Seal(lock, kdf)
	if err != nil {
		return err
	}
	return backup.WriteFile(filepath.Join(home, backup.ReaderFile), b)
}

// changeStart seals both files anew where the passphrase opens the writer keyset too. Two files cannot be replaced at once, so the
// writer's new one is kept beside the old one first; replacing the reader's file then decides, and what remains is finished by whoever
// opens either file next (finishChange).
func changeStart(home string, d backup.DeviceInfo, keys *reader.Keyset, old, next []byte, kdf vault.KDF) error {
	start, err := StartWith(home, old)
	if err != nil {
		return err
	}
	defer start.Wipe()
	b, err := os.ReadFile(filepath.Join(home, backup.WriterFile))
	if err != nil {
		return err
	}
	_, env, _, err := vault.SplitStart(b)
	if err != nil {
		return err
	}
	w, err := writer.Open(d.Space, d.Device, env, start)
	if err != nil {
		return err
	}
	defer w.Wipe()
	h := vault.NewStartHead(kdf)
	fresh, err := h.KDF.Stretch(next, h.Salt)
	if err != nil {
		return err
	}
	defer fresh.Wipe()
	wb, err := w.Seal(fresh)
	if err != nil {
		return err
	}
	rb, err := keys.Seal(reader.Lock{Passphrase: next}, kdf)
	if err != nil {
		return err
	}
	if err := backup.WriteFile(filepath.Join(home, nextWriter), append(h.Encode(), wb...)); err != nil {
		return err
	}
	if err := backup.WriteFile(filepath.Join(home, backup.ReaderFile), rb); err != nil {
		return err
	}
	return adoptWriter(home)
}

// adoptWriter puts the writer's new file in the place of the old one.
func adoptWriter(home string) error {
	b, err := os.ReadFile(filepath.Join(home, nextWriter))
	if err != nil {
		return err
	}
	if err := backup.WriteFile(filepath.Join(home, backup.WriterFile), b); err != nil {
		return err
	}
	return os.Remove(filepath.Join(home, nextWriter))
}

// finishChange goes on with a change of the passphrase that was cut short, if pass is the new one and the change was decided: then the
// reader's file opens with it already. ok tells whether the writer's file now opens with start.
func finishChange(home string, d backup.DeviceInfo, pass []byte) (start secret.Secret, ok bool) {
	b, err := os.ReadFile(filepath.Join(home, nextWriter))
	if err != nil {
		return start, false
	}
	rb, err := os.ReadFile(filepath.Join(home, backup.ReaderFile))
	if err != nil {
		return start, false
	}
	keys, err := reader.Open(d.Space, d.Device, rb, reader.Lock{Passphrase: pass})
	if err != nil {
		return start, false
	}
	keys.Wipe()
	h, env, headed, err := vault.SplitStart(b)
	if err != nil || !headed {
		return start, false
	}
	if start, err = h.KDF.Stretch(pass, h.Salt); err != nil {
		return start, false
	}
	w, err := writer.Open(d.Space, d.Device, env, start)
	if err != nil {
		start.Wipe()
		return secret.Secret{}, false
	}
	w.Wipe()
	return start, adoptWriter(home) == nil
}

// settleChange ends a change that was cut short, once a passphrase has opened the reader's file: decided, the writer's file follows; not
// decided, its new form is dropped.
func settleChange(home string, d backup.DeviceInfo, pass []byte) error {
	if _, err := os.Stat(filepath.Join(home, nextWriter)); d.Mode != backup.ModePassphraseAtStart || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	start, err := StartWith(home, pass)
	if err != nil {
		return fmt.Errorf("a change of the passphrase was cut short: %w", err)
	}
	start.Wipe()
	if err := os.Remove(filepath.Join(home, nextWriter)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
