package backup

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore"
	"lightproof/keystore/secret"
)

// Alarms that a person must hear of.
const (
	alarmRolledBack = "rolled-back" // what is stored is older than what this computer vouches for
	alarmClone      = "identity"    // somebody else writes as this computer
)

// savePin writes the newest state beside the keychain secret. A keychain that does not answer costs the alarm, not the backup.
func (e *Engine) savePin(ctx context.Context) {
	e.mu.Lock()
	p := writer.Pin{Control: e.facts.Control, Tag: e.keys.Tag, Log: e.log}
	done := p == e.pinned
	e.mu.Unlock()
	if e.o.Keychain == nil || e.info.Mode == ModePassphraseAtStart || done {
		return
	}
	raw, err := base64.StdEncoding.DecodeString(p.Encode(e.start, e.keys.Device)) // the keychain encodes it once more by itself
	if err != nil {
		return
	}
	if e.o.Keychain.Set(ctx, keystore.PinItem(e.keys.Space, e.keys.Device), secret.New(raw)) == nil {
		e.mu.Lock()
		e.pinned = p
		e.mu.Unlock()
	}
}

// checkPin holds the local records against the pin: a data folder restored from an old image is noticed here. If a destination has what
// the pin vouches for, the records are read from there; else it is an alarm.
func (e *Engine) checkPin(ctx context.Context) error {
	if e.o.Keychain == nil || e.info.Mode == ModePassphraseAtStart {
		return nil
	}
	item, err := e.o.Keychain.Get(ctx, keystore.PinItem(e.keys.Space, e.keys.Device))
	if err != nil {
		return nil // none yet, or the keychain is silent: the walk of the logs still finds gaps
	}
	p, err := writer.ParsePin(base64.StdEncoding.EncodeToString(item.Bytes()), e.start, e.keys.Device)
	if err != nil {
		return fmt.Errorf("pin: %w", err)
	}
	e.pinned = p
	if p.Log.Seq <= e.log.Seq {
		return nil
	}
	if err := e.relearn(ctx); err != nil {
		return err
	}
	e.mu.Lock()
	for _, f := range e.facts.Folders {
		f.LastScan = 0 // what the old records say of the originals is out of date, too
	}
	e.mu.Unlock()
	if p.Log.Seq > e.log.Seq {
		e.alarm(alarmRolledBack)
	}
	return nil
}

func (e *Engine) alarm(code string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.alarms[code] = true
}

func (e *Engine) calm(code string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.alarms, code)
}

// judgeHead compares the head of the own log at a destination with ours.
func (e *Engine) judgeHead(head vault.Head) {
	switch {
	case head.Seq > e.log.Seq, head.Seq == e.log.Seq && head.Seq > 0 && head.Hash != e.log.Hash:
		e.alarm(alarmClone)
	case head == e.log:
		e.calm(alarmClone)
		e.calm(alarmRolledBack)
	}
}

// errAlarm keeps a run from writing on top of a state that a person must look at first.
var errAlarm = errors.New("what is stored does not follow from what this computer wrote")

// checkHead looks whether a destination's newest commit of this device is one that we wrote. Another writer under our name (a cloned
// disk) is an alarm, and nothing is added to its history.
func (e *Engine) checkHead(ctx context.Context, d *destination) error {
	next := vault.CommitName(e.keys.Tag, e.log.Seq+1)
	for _, n := range []string{next, vault.Mirror(next)} {
		_, err := d.store().Stat(ctx, n)
		if errors.Is(err, store.ErrNotExist) {
			continue
		}
		if err == nil {
			e.alarm(alarmClone)
			err = errAlarm
		}
		return err
	}
	return nil
}
