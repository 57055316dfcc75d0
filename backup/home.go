package backup

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"lightproof/backup/store/limit"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// Files in the data folder ("home"). FORMAT.md, "Files on this computer", gives their layouts.
const (
	deviceFile   = "device.json"  // public identifiers and the mode
	WriterFile   = "writer.bin"   // sealed writer keyset
	ReaderFile   = "reader.bin"   // sealed reader keyset; only the unlocked side reads it
	settingsFile = "settings.bin" // sealed settings
	writerDB     = "writer.db"
	endedFile    = "restore-ended.json" // left for the background part, which takes it
)

// The modes in which the keys are kept on this computer.
const (
	ModeStrict            = "strict"              // keychain and passphrase
	ModeConvenient        = "convenient"          // keychain alone
	ModePassphraseAtStart = "passphrase-at-start" // no keychain: the passphrase at each start
)

// DeviceInfo is the public identity of this computer's vault.
type DeviceInfo struct {
	Space  vault.SpaceID
	Device vault.DeviceID
	Mode   string
}

type deviceJSON struct {
	Space  string `json:"space"`
	Device string `json:"device"`
	Mode   string `json:"mode"`
}

// ReadDevice reads the public identity; ErrNotSetUp where there is none.
func ReadDevice(home string) (d DeviceInfo, err error) {
	b, err := os.ReadFile(filepath.Join(home, deviceFile))
	if errors.Is(err, fs.ErrNotExist) {
		return d, ErrNotSetUp
	}
	if err != nil {
		return d, err
	}
	var j deviceJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return d, fmt.Errorf("%s: %w", deviceFile, vault.ErrMalformed)
	}
	if d.Space, err = vault.ParseSpaceID(j.Space); err != nil {
		return d, err
	}
	if d.Device, err = vault.ParseDeviceID(j.Device); err != nil {
		return d, err
	}
	switch d.Mode = j.Mode; d.Mode {
	case ModeStrict, ModeConvenient, ModePassphraseAtStart:
		return d, nil
	}
	return d, fmt.Errorf("%s: mode: %w", deviceFile, vault.ErrNewer)
}

// CheckNew reports ErrAlreadySetUp where home belongs to a device already, and what made that unreadable.
func CheckNew(home string) error {
	_, err := ReadDevice(home)
	switch {
	case err == nil:
		return ErrAlreadySetUp
	case errors.Is(err, ErrNotSetUp):
		return nil
	}
	return err
}

// WriteDevice writes the public identity durably; it is the last step of a set-up, so that a set-up cut short is none.
func WriteDevice(home string, d DeviceInfo) error {
	b, err := json.Marshal(deviceJSON{Space: d.Space.String(), Device: d.Device.String(), Mode: d.Mode})
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(home, deviceFile), append(b, '\n'))
}

// WriteFile replaces a file durably: temporary name, flush, rename, flush of the folder. Mode 0600.
func WriteFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// RestoreEnded is how a restore ended, in numbers alone. A restore runs in the window or at the terminal; the one who tells of it is the
// background part, so this is left in the data folder for it.
type RestoreEnded struct {
	At        time.Time `json:"at"`
	Identical int64     `json:"identical"` // of Total, proven
	Total     int64     `json:"total"`
	Waits     bool      `json:"waits"` // it could not go on: the target is full or gone
}

// LeaveRestoreEnded puts it into the data folder; it replaces one that nobody took.
func LeaveRestoreEnded(home string, r RestoreEnded) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(home, endedFile), append(b, '\n'))
}

// TakeRestoreEnded gives what was left, once; nil where nothing was. What cannot be read is dropped: it is news, not a record.
func TakeRestoreEnded(home string) (*RestoreEnded, error) {
	path := filepath.Join(home, endedFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if rerr := os.Remove(path); rerr != nil {
		return nil, rerr // else it would be told at every beat
	}
	var r RestoreEnded
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// openWriter opens writer.bin with the start secret.
func openWriter(home string, d DeviceInfo, start secret.Secret) (*writer.Keyset, error) {
	b, err := os.ReadFile(filepath.Join(home, WriterFile))
	if err != nil {
		return nil, err
	}
	_, env, _, err := vault.SplitStart(b)
	if err != nil {
		return nil, err
	}
	return writer.Open(d.Space, d.Device, env, start)
}

// saveWriter writes writer.bin anew, keeping a head of "passphrase at each start" as it is.
func saveWriter(home string, k *writer.Keyset, start secret.Secret) error {
	path := filepath.Join(home, WriterFile)
	var head []byte
	if old, err := os.ReadFile(path); err == nil {
		if h, _, ok, err := vault.SplitStart(old); err == nil && ok {
			head = h.Encode()
		}
	}
	b, err := k.Seal(start)
	if err != nil {
		return err
	}
	return WriteFile(path, append(head, b...))
}

// settings are the user's choices; they are sealed because they hold folder names.
type settings struct {
	Folders      []folderSetting      `json:"folders"`
	Destinations []destinationSetting `json:"destinations"`
	Plan         Plan                 `json:"plan"`
	KitChecked   int64                `json:"kit_checked"` // Unix seconds, 0 = never
	SetUpAt      int64                `json:"set_up_at"`
	Accepted     map[string]int64     `json:"accepted"` // row key of a file left unprotected by choice → when
	Credits      map[string]int64     `json:"credits"`  // control entry hash → seconds of credited time known, for when the database is lost
}

type folderSetting struct {
	ID      string   `json:"id"`
	Path    []byte   `json:"path"` // the operating system's bytes
	Exclude []string `json:"exclude,omitempty"`
}

type destinationSetting struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`
	Dir      []byte          `json:"dir"`
	Label    string          `json:"label"`
	Place    string          `json:"place"`
	Away     bool            `json:"away"`
	Identity json.RawMessage `json:"identity"`
	Limits   limit.Limits    `json:"limits,omitzero"` // settings of before there were any have none
}

const settingsName = "local/settings"

func settingsKey(k *writer.Keyset) []byte {
	return vault.DeriveKey(k.CacheKey.Bytes(), nil, []byte("lp1/local-settings"), 32)
}

func loadSettings(home string, k *writer.Keyset) (*settings, error) {
	s := &settings{Plan: Plan{Places: 2, Away: 1}, Accepted: map[string]int64{}}
	b, err := os.ReadFile(filepath.Join(home, settingsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	body, err := vault.OpenEnvelope(vault.KindLocalWriter, k.Space, settingsName, settingsKey(k), b)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	if err := json.Unmarshal(body.Payload, s); err != nil {
		return nil, fmt.Errorf("settings: %w", vault.ErrMalformed)
	}
	if s.Accepted == nil {
		s.Accepted = map[string]int64{}
	}
	return s, nil
}

func (s *settings) save(home string, k *writer.Keyset) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	obj, err := vault.SealEnvelope(vault.KindLocalWriter, 0, k.Space, settingsName, settingsKey(k), vault.Body{Payload: b})
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(home, settingsFile), obj)
}

// objectHash is cth: what object lists record.
func objectHash(b []byte) vault.Hash { return sha256.Sum256(b) }
