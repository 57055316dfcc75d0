package library

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"lightproof/backup"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
)

// ErrReplaced tells that a kit was replaced by a newer one: it opens what was backed up until then, and nothing since.
var ErrReplaced = errors.New("this recovery kit was replaced by a newer one")

// CheckedKit is what the control chain says of a kit that opened.
type CheckedKit struct {
	Newest bool          // no newer kit is in force
	Ending bool          // a newer one replaces it,
	Left   time.Duration // in so much credited time at least
}

// CheckKit proves that words and passphrase open this vault's recovery slot, and that the kit is in force as of the last Sync. Errors: vault.ErrMissing (no
// slot for these words), ErrReplaced, those of reader.OpenSlot.
func (l *Library) CheckKit(ctx context.Context, kit []byte, passphrase []byte) (CheckedKit, error) {
	secretOf, err := parseKit(kit)
	if err != nil {
		return CheckedKit{}, err
	}
	defer secretOf.Wipe()
	name := vault.SlotName(reader.SlotID(secretOf, l.keys.Space))
	keys, _, err := writer.Doubled(ctx, objects{svc: l.svc}, name, func(obj []byte) (*reader.RecoveryKeys, error) {
		return reader.OpenSlot(l.keys.Space, secretOf, passphrase, obj)
	})
	if err != nil {
		return CheckedKit{}, err
	}
	defer keys.Wipe()
	kits := activeKits(l.Chain())
	out := CheckedKit{}
	for i, p := range kits {
		if p.Recovery.ID == keys.ID {
			out.Newest = i == len(kits)-1
			out.Left, out.Ending = l.ending(keys.ID)
			return out, nil
		}
	}
	return out, ErrReplaced
}

// activeKits are the recovery keys in force, in the order in which they were added.
func activeKits(c *vault.Chain) (out []*vault.Principal) {
	for _, p := range c.Principals() {
		if p.Recovery != nil && p.Active {
			out = append(out, p)
		}
	}
	return out
}

// ending tells whether the end of a kit waits in the chain, and for how much longer.
func (l *Library) ending(kit vault.DeviceID) (left time.Duration, ok bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for i, e := range l.chain.Entries {
		if e.Type == vault.CtlRecoveryRevoke && e.Target == kit && l.chain.Effects[i].Delayed {
			return max(vault.LongDelay-l.credits[e.Head().Hash], 0), true
		}
	}
	return 0, false
}

// ReplaceOlderKits ends all recovery kits but the newest: to be called once the newest was checked by who keeps it. That takes effect after
// a delay, within which an older kit can undo it; then the next unlock starts keys that the older kits do not get. kits is how many are
// ending, left the longest time that one has.
func (l *Library) ReplaceOlderKits(ctx context.Context, now time.Time) (kits int, left time.Duration, err error) {
	if err := l.Sync(ctx); err != nil {
		return 0, 0, err
	}
	built, err := l.keys.RevokeOlderKits(l.Chain(), now.Unix())
	if err != nil {
		return 0, 0, err
	}
	if len(built) > 0 {
		if err := l.trust(ctx, built, false); err != nil {
			return 0, 0, err
		}
	}
	for _, p := range activeKits(l.Chain()) {
		if d, ok := l.ending(p.Recovery.ID); ok {
			kits, left = kits+1, max(left, d)
		}
	}
	return kits, left, nil
}

// rotate starts new keys where somebody who is active no more still has a part of the current ones. It never holds an unlock up: while the
// engine is busy, or where it cannot be done now, the next unlock does it.
func (l *Library) rotate(ctx context.Context) error {
	chain := l.Chain()
	own := chain.Device(l.keys.Device)
	if !chain.RotationDue() || own == nil || !own.Active || own.Rank() < 1 {
		return nil
	}
	s, err := l.svc.State(ctx)
	if err != nil {
		return err
	}
	built, err := l.keys.Rotate(chain, s.At.Unix())
	if err == nil {
		err = l.trust(ctx, built, true)
	}
	if err != nil {
		l.mu.RLock()
		defer l.mu.RUnlock()
		return cmp.Or(l.broken, ctx.Err()) // nothing can be read any more after the first
	}
	return nil
}

// trust stores what changes the control chain, and follows it. idle: not while a run goes on.
func (l *Library) trust(ctx context.Context, built []writer.Built, idle bool) error {
	b := backup.SealedBatch{Idle: idle}
	for _, o := range built {
		b.Envelopes = append(b.Envelopes, backup.SealedObject{Name: o.Name, Class: 255, Data: o.Object})
	}
	if err := l.svc.Sealed(ctx, b); err != nil {
		return err
	}
	return l.Sync(ctx)
}

// reseal keeps a generation that the keys took in. Where it cannot (a full disk must not stand in the way of a restore), the next unlock
// takes it in again. The file is replaced as a whole: cut short, it is the old one.
func (l *Library) reseal() {
	path := filepath.Join(l.home, backup.ReaderFile)
	old, err := os.ReadFile(path)
	if err != nil {
		return
	}
	if b, ok, err := l.keys.Reseal(old); ok && err == nil {
		backup.WriteFile(path, b)
	}
}
