package setup_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/backup/vault"
	"lightproof/keystore/keystoretest"
)

// quickKDF is the weakest that the format allows: tests need the path, not the cost.
var quickKDF = vault.KDF{Time: 1, Memory: 64 << 10, Threads: 1}

// Where no keychain holds a key, both files open with the passphrase alone. A change that is cut short leaves one passphrase that opens
// both, and finishes or drops the rest when it is used; the other one opens neither for good.
func TestAChangeOfThePassphraseCutShort(t *testing.T) {
	old, next := []byte("the old passphrase"), []byte("the new passphrase")
	pending := backup.WriterFile + ".next"
	home, chain := t.TempDir(), &keystoretest.Memory{}
	m, err := setup.Create(t.Context(), setup.Options{Home: home, DeviceName: "desk", Passphrase: old, Mode: backup.ModePassphraseAtStart, Keychain: chain, KDF: quickKDF, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	m.Reader.Wipe()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(home, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	put := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(home, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	oldReader, oldWriter := read(backup.ReaderFile), read(backup.WriterFile)
	if err := setup.ChangePassphrase(t.Context(), home, chain, old, next, quickKDF); err != nil {
		t.Fatal(err)
	}
	newReader, newWriter := read(backup.ReaderFile), read(backup.WriterFile)
	if bytes.Equal(newWriter, oldWriter) {
		t.Fatal("nothing was changed")
	}
	unlock := func(pass []byte) error {
		keys, err := setup.Unlock(t.Context(), home, chain, pass)
		if keys != nil {
			keys.Wipe()
		}
		return err
	}
	begin := func(pass []byte) error {
		s, err := setup.StartWith(home, pass)
		if err == nil {
			s.Wipe()
		}
		return err
	}
	for _, c := range []struct {
		name          string
		reader, ahead bool // of the new state: the reader's file, the writer's file kept beside
		writer        bool
		good, bad     []byte
	}{
		{"before anything", false, false, false, old, next},
		{"the writer's file is prepared", false, true, false, old, next},
		{"the reader's file is replaced", true, true, false, next, old},
		{"the writer's file is replaced, the prepared one not removed", true, true, true, next, old},
		{"done", true, false, true, next, old},
	} {
		for _, unlockFirst := range []bool{true, false} {
			put(backup.ReaderFile, map[bool][]byte{false: oldReader, true: newReader}[c.reader])
			put(backup.WriterFile, map[bool][]byte{false: oldWriter, true: newWriter}[c.writer])
			if c.ahead {
				put(pending, newWriter)
			}
			if err := unlock(c.bad); !errors.Is(err, setup.ErrWrongPassphrase) {
				t.Errorf("%s: the other passphrase unlocks: %v", c.name, err)
			}
			steps := []func([]byte) error{begin, unlock}
			if unlockFirst {
				steps = []func([]byte) error{unlock, begin}
			}
			for i, step := range steps {
				if err := step(c.good); err != nil {
					t.Errorf("%s, unlock first %v: step %d: %v", c.name, unlockFirst, i, err)
				}
			}
			if err := begin(c.bad); !errors.Is(err, setup.ErrWrongPassphrase) {
				t.Errorf("%s: the other passphrase still starts: %v", c.name, err)
			}
			if _, err := os.Stat(filepath.Join(home, pending)); err == nil {
				t.Errorf("%s: a prepared file is left", c.name)
			}
		}
	}
}
