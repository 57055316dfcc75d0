package library

import (
	"context"

	"lightproof/backup"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// foldAfter is how many deltas may gather before a fold pays: each fold rewrites pages.
const foldAfter = 2048

// Fold packs the catalogue into a full commit if enough deltas gathered (or force). ErrHeadMoved from a running backup is tried anew
// with the next Sync.
func (l *Library) Fold(ctx context.Context, force bool) error {
	if err := l.Sync(ctx); err != nil {
		return err
	}
	if err := l.whole(ctx); err != nil {
		return err
	}
	l.sync.Lock()
	defer l.sync.Unlock()
	l.mu.RLock()
	own := l.chain.Device(l.keys.Device)
	if own == nil || own.Device == nil || !force && l.deltas < foldAfter {
		l.mu.RUnlock()
		return nil
	}
	head := l.heads[own.Device.Tag]
	fold, err := reader.BuildFold(l.cat, l.view.Current())
	l.mu.RUnlock()
	if err != nil {
		return err
	}
	info := vault.PayloadInfo(l.keys.Space, l.keys.Device, head.Seq+1)
	payload, err := vault.SealTo(l.chain.EPK(l.view.Current().Number), info, fold.Payload)
	if err != nil {
		return err
	}
	b := backup.SealedBatch{Payload: payload, Extends: head.Hash, FoldedTo: head.Seq}
	for _, c := range fold.Chunks {
		b.Objects = append(b.Objects, backup.SealedObject{Name: c.Name(), Class: uint8(vault.ClassPage), Data: c.Object})
	}
	return l.svc.Sealed(ctx, b)
}
