package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"lightproof/backup"
	"lightproof/backup/store"
	"lightproof/backup/store/local"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
	"lightproof/keystore"
	"lightproof/keystore/kit"
	"lightproof/keystore/secret"
	"lightproof/keystore/words"
)

// ErrOtherKit tells that a kit belongs to another vault than the one at the destination.
var ErrOtherKit = errors.New("the recovery kit belongs to other copies than these")

// RecoverOptions are what a fresh machine has: the folder with the copies, the kit and the passphrase.
type RecoverOptions struct {
	Home       string
	Dir        string // destination folder
	Words      []byte // the kit's words as typed
	Kit        *kit.Kit
	Passphrase []byte // of the kit; becomes the app passphrase too
	DeviceName string
	Mode       string
	Keychain   keystore.Keychain
	KDF        vault.KDF
	Now        time.Time
	KeepOthers bool // no computer was lost: this one takes a name of its own beside them (a clone)
}

// Recovered is a vault brought back, with this computer added to it.
type Recovered struct {
	Made
	NewestBackup time.Time // by the clock of the device that wrote it
	Control      uint64    // entries of the control chain
	KitSaw       uint64    // entries that the kit's checkpoint names, 0 = none
	Findings     []writer.Finding
}

// objects reads a destination folder for the vault's readers.
type objects struct{ s store.Store }

func (o objects) Get(ctx context.Context, name string) ([]byte, error) {
	b, err := o.s.Get(ctx, name, store.GetOptions{})
	if errors.Is(err, store.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", vault.ErrMissing, err)
	}
	return b, err
}

func (o objects) List(ctx context.Context, prefix string, fn func(string, int64) error) error {
	return o.s.List(ctx, prefix, func(i store.Info) error { return fn(i.Name, i.Size) })
}

// Recover opens the vault at a destination with kit and passphrase alone, adds this computer as a new device, revokes the lost ones (all
// others, unless KeepOthers is set) and starts a new generation. Nothing is written before the kit has opened everything; the destination itself is written by the engine.
// Errors: vault.ErrNewer (whatever the passphrase), ErrOtherKit, ErrWrongPassphrase, those of words, kit, destination and keychain.
func Recover(ctx context.Context, o RecoverOptions) (*Recovered, error) {
	if err := backup.CheckNew(o.Home); err != nil {
		return nil, err
	}
	if o.KDF == (vault.KDF{}) {
		o.KDF = vault.DefaultKDF
	}
	kitSecret, cp, err := o.secret()
	if err != nil {
		return nil, err
	}
	defer kitSecret.Wipe()
	id, err := local.ReadIdentity(o.Dir)
	var format *local.FormatError
	if errors.As(err, &format) {
		err = fmt.Errorf("%w: %w", vault.ErrNewer, err)
	}
	if err != nil {
		return nil, err
	}
	space := vault.SpaceID(id.Space)
	if o.Kit != nil && vault.SpaceID(o.Kit.SpaceID) != space {
		return nil, ErrOtherKit
	}
	s, err := local.Open(o.Dir, id)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	obj := objects{s}
	r, err := reader.Recover(ctx, obj, space, kitSecret, o.Passphrase, cp)
	if errors.Is(err, vault.ErrMissing) && !slotThere(ctx, obj, kitSecret, space) {
		err = fmt.Errorf("%w: %w", ErrOtherKit, err)
	}
	if err != nil {
		return nil, misfit(err)
	}
	defer r.Wipe()
	if o.Kit != nil && string(o.Kit.Fingerprint[:]) != string(r.Keys.Genesis[:10]) {
		return nil, ErrOtherKit
	}
	out := &Recovered{Findings: r.Findings, Control: uint64(len(r.Chain.Entries))}
	if cp != nil {
		out.KitSaw = cp.Control.Seq
	}
	lost, err := out.heads(ctx, obj, r)
	if err != nil {
		return nil, err
	}
	if o.KeepOthers {
		clear(lost)
	}
	en, err := r.Enrol(o.DeviceName, lost, o.Now.Unix())
	if err != nil {
		return nil, err
	}
	defer en.Writer.Wipe()
	if err := os.MkdirAll(o.Home, 0o700); err != nil {
		return nil, err
	}
	out.Reader, out.Mode = en.Reader, o.Mode
	so := Options{Home: o.Home, Passphrase: o.Passphrase, Mode: o.Mode, Keychain: o.Keychain, KDF: o.KDF, Now: o.Now}
	if out.Start, err = keep(ctx, so, en.Writer, en.Reader); err != nil {
		return nil, err
	}
	if err := backup.WriteFirst(o.Home, en.Objects); err != nil {
		return nil, err
	}
	return out, backup.WriteDevice(o.Home, backup.DeviceInfo{Space: space, Device: en.Writer.Device, Mode: o.Mode})
}

func slotThere(ctx context.Context, o objects, kitSecret secret.Secret, space vault.SpaceID) bool {
	name := vault.SlotName(reader.SlotID(kitSecret, space))
	for _, n := range []string{name, vault.Mirror(name)} {
		if _, err := o.s.Stat(ctx, n); err == nil {
			return true
		}
	}
	return false
}

func (o RecoverOptions) secret() (secret.Secret, *reader.Checkpoint, error) {
	if o.Kit == nil {
		s, err := words.Parse(o.Words, words.Kit)
		return s, nil, err
	}
	s, err := o.Kit.Secret()
	if err != nil {
		return s, nil, err
	}
	c := o.Kit.Checkpoint
	if c.ControlSeq == 0 {
		return s, nil, nil
	}
	cp := &reader.Checkpoint{Control: vault.Head{Seq: c.ControlSeq, Hash: c.ControlHash}}
	for _, h := range c.Heads {
		cp.Heads = append(cp.Heads, vault.SeenHead{Tag: h.DevTag, Head: vault.Head{Seq: h.Seq}})
	}
	return s, cp, nil
}

// heads walks all logs: the newest valid commit of each active device is its cap, and the newest of all dates the backup. A log that
// ends before what the printed kit saw is a finding: what is left can still be restored.
func (out *Recovered) heads(ctx context.Context, o objects, r *reader.Recovered) (map[vault.DeviceID]vault.Head, error) {
	lost := map[vault.DeviceID]vault.Head{}
	all := map[vault.DevTag]vault.Head{}
	for _, p := range r.Chain.Principals() {
		if p.Device == nil {
			continue
		}
		head, found, err := writer.WalkLog(ctx, o, r.View, r.Chain, p.Device.Tag, vault.Head{}, func(lc writer.LogCommit) error {
			if t := time.Unix(lc.Header.Time, 0); t.After(out.NewestBackup) {
				out.NewestBackup = t
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out.Findings = append(out.Findings, found...)
		all[p.Device.Tag] = head
		if p.Active {
			lost[p.Device.ID] = head
		}
	}
	if err := r.CheckHeads(all); err != nil {
		out.Findings = append(out.Findings, writer.Finding{Name: "l/", Err: err})
	}
	return lost, nil
}
