package e2e

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/backup/vault"
	"lightproof/keystore/keystoretest"
)

// newer makes an envelope say that a later version wrote it; a start header before it stays.
func newer(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	at := bytes.Index(b, []byte("LPE"))
	if at < 0 {
		t.Fatalf("%s holds no envelope", path)
	}
	b[at+4]++
	must(t, os.Remove(path))
	must(t, os.WriteFile(path, b, 0o600))
}

// What a newer version wrote is told as that, never as a wrong passphrase, and nothing is changed.
func TestWhatANewerVersionWroteIsNamedSo(t *testing.T) {
	recoverAt := func(m *machine) error {
		r, err := setup.Recover(t.Context(), setup.RecoverOptions{Home: filepath.Join(m.dir, "elsewhere"), Dir: m.place("a"), Words: []byte(strings.Join(m.made.Kit.Words, " ")), Passphrase: passphrase,
			DeviceName: "new", Mode: backup.ModeStrict, Keychain: &keystoretest.Memory{}, KDF: quickKDF, Now: m.clock.Now()})
		if r != nil {
			r.Reader.Wipe()
		}
		return err
	}
	unlockAt := func(m *machine) error {
		keys, err := setup.Unlock(t.Context(), m.home, m.chain, passphrase)
		if keys != nil {
			keys.Wipe()
		}
		return err
	}
	for name, c := range map[string]struct {
		change func(m *machine)
		open   func(m *machine) error
	}{
		"recovery slot, both copies": {func(m *machine) {
			for _, dir := range []string{"r", "m2/r"} {
				list, err := filepath.Glob(filepath.Join(m.place("a"), dir, "*"))
				must(t, err)
				for _, f := range list {
					newer(t, f)
				}
				if len(list) == 0 {
					t.Fatal("no slot at the destination")
				}
			}
		}, recoverAt},
		"the destination's format": {func(m *machine) {
			path := filepath.Join(m.place("a"), "space.json")
			b, err := os.ReadFile(path)
			must(t, err)
			must(t, os.Remove(path))
			must(t, os.WriteFile(path, bytes.Replace(b, []byte("v1"), []byte("v2"), 1), 0o600))
		}, recoverAt},
		"the keys on this computer": {func(m *machine) { newer(t, filepath.Join(m.home, backup.ReaderFile)) }, unlockAt},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t).setUp().withFolderAndPlace()
			numbered(t, m.photos, "a", 1, 2, 20_000)
			m.backUpQuietly()
			m.stop()
			c.change(m)
			if err := c.open(m); !errors.Is(err, vault.ErrNewer) || errors.Is(err, setup.ErrWrongPassphrase) {
				t.Errorf("told as %v", err)
			}
			if _, err := os.Stat(filepath.Join(m.dir, "elsewhere", backup.WriterFile)); err == nil {
				t.Error("a new computer was set up")
			}
		})
	}
}
