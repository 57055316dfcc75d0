package backup

import (
	"context"
	"encoding/base64"

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
	if err != nil { // somebody wrote there: it vouches for nothing, and the next commit puts a good one in its place
		return e.note(ctx, "tampered", 1)
	}
	e.pinned = p
	if p.Log.Seq > e.log.Seq {
		if err := e.relearn(ctx); err != nil {
			return err
		}
		e.mu.Lock()
		for _, f := range e.facts.Folders {
			f.LastScan = 0 // what the old records say of the originals is out of date, too
		}
		e.mu.Unlock()
	}
	own, known := e.ownHead(ctx, p.Log.Seq)
	switch {
	case p.Log.Seq > e.log.Seq:
		e.alarm(alarmRolledBack, nil)
	case p.Log.Seq > 0 && known && own != p.Log:
		e.alarm(alarmClone, nil) // these records hold another history than the one that this computer vouched for
	}
	return nil
}
