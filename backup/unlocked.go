package backup

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"lightproof/backup/catalog"
	"lightproof/backup/priority"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// Challenge implements Service: 32 random bytes sealed to the reader keyset.
func (e *Engine) Challenge(context.Context) ([]byte, error) {
	if err := e.ready(); err != nil {
		return nil, err
	}
	var plain [32]byte
	rand.Read(plain[:])
	e.mu.Lock()
	defer e.mu.Unlock()
	sealed, err := vault.SealTo(e.keys.EPK(), []byte(vault.UnlockInfo), plain[:])
	if err != nil {
		return nil, err
	}
	e.tokens.Store(sha256.Sum256(plain[:]), true)
	return sealed, nil
}

// Prove implements Service. An answer serves once.
func (e *Engine) Prove(_ context.Context, answer []byte) error {
	if _, ok := e.tokens.LoadAndDelete(sha256.Sum256(answer)); !ok {
		return ErrLocked
	}
	return nil
}

// ObjectInto is Object, fresh and from the destination named, into buffer where it is long enough.
func (e *Engine) ObjectInto(ctx context.Context, name, destination string, buffer []byte) ([]byte, error) {
	return e.object(ctx, name, destination, store.GetOptions{Fresh: true, Buffer: buffer})
}

// Object implements Service. Without a destination named, each reachable one is asked in turn, then the local cache of records.
func (e *Engine) Object(ctx context.Context, name, destination string, fresh bool) ([]byte, error) {
	return e.object(ctx, name, destination, store.GetOptions{Fresh: fresh})
}

func (e *Engine) object(ctx context.Context, name, destination string, o store.GetOptions) ([]byte, error) {
	defer priority.Asked()() // a restore or a picture waits for it
	if err := e.ready(); err != nil {
		return nil, err
	}
	if !vault.ValidName(name) {
		return nil, fmt.Errorf("%q: %w", name, store.ErrInvalidName)
	}
	err := fmt.Errorf("%s: %w", name, store.ErrNotExist)
	for _, d := range e.destinations() {
		if destination != "" && d.set.ID != destination {
			continue
		}
		s := d.store()
		if s == nil {
			if cerr := d.connect(ctx, e.o.Open); cerr != nil {
				if err = cerr; !store.OfPlace(err) { // such as a marker that is damaged: no object's fault
					err = fmt.Errorf("%w: %w", store.ErrAway, cerr)
				}
				continue
			}
			s = d.store()
		}
		b, gerr := s.Get(ctx, name, o)
		if gerr == nil {
			return b, nil
		}
		err = gerr
	}
	if destination == "" {
		if b, cerr := (cached{e}).Get(ctx, name); cerr == nil {
			return b, nil
		}
	}
	return nil, err
}

// Objects implements Service. Without a destination named, all reachable ones and the local cache are joined.
func (e *Engine) Objects(ctx context.Context, prefix, destination string, fn func(string, int64) error) error {
	if err := e.ready(); err != nil {
		return err
	}
	all := layered{}
	if destination == "" {
		all = append(all, cached{e})
	}
	for _, d := range e.destinations() {
		if destination != "" && d.set.ID != destination {
			continue
		}
		if d.store() == nil && d.connect(ctx, e.o.Open) != nil {
			continue
		}
		all = append(all, vaultObjects{d.store()})
	}
	return all.List(ctx, prefix, fn)
}

// Sealed implements Service: a trust change or a fold that the unlocked side built. ErrHeadMoved: it was built on what is the newest no more.
func (e *Engine) Sealed(ctx context.Context, s SealedBatch) error {
	if err := e.ready(); err != nil {
		return err
	}
	if s.Idle && !e.run.TryLock() {
		return errRunning
	} else if !s.Idle {
		e.run.Lock()
	}
	defer e.run.Unlock()
	defer e.endWork(ctx)
	if len(s.Envelopes) > 0 {
		if err := e.namesFree(ctx, s.Envelopes); err != nil {
			return err
		}
		if err := e.keepEnvelopes(ctx, s.Envelopes); err != nil {
			return err
		}
	}
	r := e.newRunner("backing-up")
	r.connect(ctx)
	if e.alarmed(alarmClone) {
		return errAlarm
	}
	if s.Payload != nil {
		if err := e.fold(ctx, r, s); err != nil {
			return err
		}
	}
	for _, d := range r.destinations() {
		if err := r.catchUp(ctx, d); err != nil {
			return err
		}
	}
	if len(s.Envelopes) > 0 {
		if err := e.followChain(ctx); err != nil {
			return err
		}
	}
	if err := r.readBack(ctx, false); err != nil {
		return err
	}
	return e.afterRun(ctx)
}

// namesFree refuses a trust change whose names other records took meanwhile: the local cache holds one record under each name.
func (e *Engine) namesFree(ctx context.Context, list []SealedObject) error {
	for _, o := range list {
		b, err := (cached{e}).Get(ctx, o.Name)
		switch {
		case errors.Is(err, vault.ErrMissing):
		case err != nil:
			return err
		case !bytes.Equal(b, o.Data):
			return fmt.Errorf("%s: %w", o.Name, ErrHeadMoved)
		}
	}
	return nil
}

// fold commits pages that the unlocked side built on the head it names.
func (e *Engine) fold(ctx context.Context, r *runner, s SealedBatch) error {
	if e.log.Hash != s.Extends {
		return ErrHeadMoved
	}
	b := newBatch(r, e.keys, e.log.Seq+1)
	for _, o := range s.Objects {
		cid, ok := vault.ParseChunkName(o.Name)
		if !ok || vault.Class(o.Class) != vault.ClassPage {
			return fmt.Errorf("fold: %w", vault.ErrMalformed)
		}
		if e.mayPut(cid) != nil {
			return ErrHeadMoved // the unlocked side has not read the intent yet
		}
		rec := vault.ObjectRecord{CID: cid, Object: objectHash(o.Data), Size: uint32(len(o.Data)), Class: vault.ClassPage}
		sent, err := e.send(ctx, b, rec, o.Name, o.Data)
		if err != nil {
			return err
		}
		if _, err := e.send(ctx, b, rec, vault.Mirror(o.Name), o.Data); err != nil {
			return err
		}
		b.note(rec, sent)
		b.pages[cid] = o.Data
	}
	if err := e.barrier(ctx, b); err != nil {
		return err
	}
	list, err := e.newRecords(ctx, b)
	if err != nil {
		return err
	}
	now := e.clock.Now().Unix()
	head := vault.Commit{Seq: b.seq, Prev: e.prev(), Time: now, Control: e.facts.Control, Seen: e.facts.Seen, Type: vault.CommitFull, FoldedTo: s.FoldedTo}
	envelopes, err := e.attach(e.keys, &head, list)
	if err != nil {
		return err
	}
	built, err := e.keys.SealCommit(head, s.Payload)
	if err != nil {
		return err
	}
	return e.journal(ctx, b, nil, list, append(envelopes, built.Built), built.Head, now)
}

// recordOpened takes over what the unlocked side found when it decrypted copies. What is right by its keys, and not by our own records,
// is left to the next read-back.
func (e *Engine) recordOpened(ctx context.Context, c RecordOpened) error {
	id := id16(c.Destination)
	now := e.clock.Now().Unix()
	if len(c.Sums) > 0 && len(c.Sums) != len(c.Objects) {
		return fmt.Errorf("sums of objects: %w", vault.ErrMalformed)
	}
	var good, bad []catalog.CopyKey
	err := e.db.Update(ctx, func(w *catalog.Writer) error {
		for i, raw := range c.Objects {
			if len(raw) != 32 {
				return fmt.Errorf("object: %w", vault.ErrMalformed)
			}
			key := catalog.CopyKey{Destination: id, CID: [32]byte(raw)}
			if len(c.Sums) > 0 {
				o, err := w.Objects.Get(ctx, key.CID)
				if err != nil && !errors.Is(err, catalog.ErrNotFound) {
					return err
				}
				if err == nil && !bytes.Equal(c.Sums[i], o.CTH[:]) {
					continue
				}
			}
			row, err := w.Copies.Get(ctx, key)
			if err != nil && !errors.Is(err, catalog.ErrNotFound) {
				return err
			}
			row.Level, row.OpenedAt, row.CheckedAt, row.Fault, row.FaultAt = catalog.LevelOpened, now, now, catalog.FaultNone, 0
			if err := w.Copies.Put(ctx, key, row); err != nil {
				return err
			}
			good = append(good, key)
		}
		for _, raw := range c.Bad {
			if len(raw) != 32 {
				return fmt.Errorf("object: %w", vault.ErrMalformed)
			}
			key := catalog.CopyKey{Destination: id, CID: [32]byte(raw)}
			row, err := w.Copies.Get(ctx, key)
			if err != nil && !errors.Is(err, catalog.ErrNotFound) {
				return err
			}
			row.Level, row.Fault, row.FaultAt = catalog.LevelNone, catalog.FaultUnopened, now
			if err := w.Copies.Put(ctx, key, row); err != nil {
				return err
			}
			bad = append(bad, key)
		}
		return nil
	})
	if err != nil {
		return err
	}
	e.opened(good, bad)
	if c.More {
		return nil
	}
	if err := e.recount(ctx); err != nil {
		return err
	}
	e.publishNow()
	return nil
}

func (e *Engine) recordPractice(ctx context.Context, c RecordPractice) error {
	e.mu.Lock()
	e.facts.Practice, e.facts.Passed = e.clock.Now().Unix(), c.Passed
	e.mu.Unlock()
	e.publishNow()
	passed := int64(0)
	if c.Passed {
		passed = 1
	}
	return errors.Join(e.note(ctx, notePractice, int64(c.Files), passed), e.saveFacts(ctx))
}

func (e *Engine) leaveUnprotected(ctx context.Context, c LeaveUnprotected) error {
	now := e.clock.Now().Unix()
	return e.change(ctx, func(s *settings) {
		for _, k := range c.Keys {
			s.Accepted[k] = now
		}
	})
}
