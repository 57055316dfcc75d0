package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lightproof/backup/catalog"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// errAlarm stops a run: it would write on top of a state that a person must look at first.
var errAlarm = errors.New("what is stored does not follow from what this computer wrote")

// checkHead looks whether a destination holds a commit of this device beyond the newest that we wrote. Another writer under our name (a
// cloned disk, or this one restored from an image) is an alarm, and nothing is added to its history. Junk under such a name is none.
func (e *Engine) checkHead(ctx context.Context, d *destination) error {
	next := vault.CommitName(e.keys.Tag, e.log.Seq+1)
	folder := next[:strings.LastIndexByte(next, '/')+1]
	var beyond []string
	for _, prefix := range []string{folder, vault.Mirror(folder)} {
		err := d.store().List(ctx, prefix, func(i store.Info) error {
			_, seq, _, ok := vault.ParseCommitName(strings.TrimPrefix(i.Name, "m2/"))
			if ok && seq > e.log.Seq {
				beyond = append(beyond, i.Name)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, name := range beyond {
		b, err := d.store().Get(ctx, name, store.GetOptions{})
		if errors.Is(err, store.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if e.isHistory(name, b) {
			return e.forked(d, name)
		}
	}
	return nil
}

// forked raises the alarm that somebody else writes as this computer.
func (e *Engine) forked(d *destination, name string) error {
	e.alarm(alarmClone, d)
	return fmt.Errorf("%s: %w", name, errAlarm)
}

// isHistory tells whether bytes under the name of a commit or control entry are one that verifies: part of a history, never to be
// overwritten, whoever wrote it.
func (e *Engine) isHistory(name string, b []byte) bool {
	name = strings.TrimPrefix(name, "m2/")
	if tag, _, _, ok := vault.ParseCommitName(name); ok {
		oc, err := e.keys.OpenCommit(name, b)
		if err != nil || e.chain == nil {
			return false
		}
		author := e.chain.ByTag(tag)
		return author != nil && author.Device.LogKey.Verify(vault.KindCommit, oc.Body.Signed, oc.Body.Sigs) == nil
	}
	if _, _, ok := vault.ParseControlName(name); ok {
		_, g, err := vault.EnvelopeHead(b)
		if err != nil {
			return false
		}
		gen := e.keys.Generation(g)
		if gen == nil {
			return false
		}
		_, err = vault.OpenControl(e.keys.Space, name, gen.ControlKey(), b)
		return err == nil
	}
	return false
}

// errMoved tells that a commit was sealed anew under another name, because its own holds junk.
var errMoved = errors.New("a commit goes under another name")

// putRecord stores an envelope; settle decides where its name is taken.
func (e *Engine) putRecord(ctx context.Context, d *destination, name string, obj []byte) error {
	err := d.store().PutNew(ctx, name, obj)
	if !errors.Is(err, store.ErrExists) {
		return err
	}
	return e.settle(ctx, d, name, obj)
}

// settle looks at what stands under the taken name of an envelope. Another commit or control entry that verifies is another history and
// stops the run. A commit whose place holds junk is sealed anew under a longer name (FORMAT.md, "Names"): errMoved. The names of all
// others follow from their content or from chance, so what differs there is damage.
func (e *Engine) settle(ctx context.Context, d *destination, name string, obj []byte) error {
	have, err := d.store().Get(ctx, name, store.GetOptions{})
	switch {
	case errors.Is(err, store.ErrNotExist): // staged by this very store
		return nil
	case err != nil:
		return err
	case objectHash(have) == objectHash(obj):
		return nil
	case e.isHistory(name, have):
		return e.forked(d, name)
	}
	plain := strings.TrimPrefix(name, "m2/")
	if _, _, _, ok := vault.ParseCommitName(plain); !ok {
		return d.store().Replace(ctx, name, obj)
	}
	if err := e.sealBeside(ctx, plain, obj); err != nil {
		return err
	}
	return errMoved
}

// sealBeside seals a commit of the journal once more, under a name with a suffix, by which it is delivered everywhere from now on. It is
// the same commit, with the same hash.
func (e *Engine) sealBeside(ctx context.Context, name string, obj []byte) error {
	old, err := e.keys.OpenCommit(name, obj)
	if err != nil {
		return err
	}
	built, err := e.keys.SealCommitBeside(old.Header, old.Body.Payload)
	if err != nil {
		return err
	}
	if built.Head != old.Head {
		return fmt.Errorf("commit %d cannot be sealed again under another name: %w", old.Header.Seq, vault.ErrTampered)
	}
	if err := e.note(ctx, "tampered", 1); err != nil {
		return err
	}
	return e.db.Update(ctx, func(w *catalog.Writer) error {
		if err := w.State.Delete(ctx, []byte(rowEnvelope+name)); err != nil {
			return err
		}
		return w.State.Put(ctx, []byte(rowEnvelope+built.Name), envelopeRow(old.Header.Seq, built.Object))
	})
}

// ownHead is what this computer's own records say stands at a place of the own log; false where they do not know.
func (e *Engine) ownHead(ctx context.Context, seq uint64) (vault.Head, bool) {
	if seq == e.log.Seq {
		return e.log, true
	}
	name := vault.CommitName(e.keys.Tag, seq)
	b, err := (cached{e}).Get(ctx, name)
	if err != nil {
		return vault.Head{}, false
	}
	c, err := e.keys.OpenCommit(name, b)
	return c.Head, err == nil
}

// judgeHead compares the head of the own log at a destination with ours.
func (e *Engine) judgeHead(ctx context.Context, d *destination, head vault.Head) {
	if head == e.log {
		e.calm(alarmClone, d)
		e.calm(alarmRolledBack, d)
		return
	}
	own, known := e.ownHead(ctx, head.Seq)
	if head.Seq > e.log.Seq || head.Seq > 0 && known && own != head {
		e.alarm(alarmClone, d)
	}
}

// alarm notes what a person must hear of; d is nil for what concerns no single destination.
func (e *Engine) alarm(code string, d *destination) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.blame(code, alarmPlace(d))
}

// blame notes a destination's part in an alarm. e.mu is held.
func (e *Engine) blame(code, place string) {
	if e.blamed[code] == nil {
		e.blamed[code] = map[string]bool{}
	}
	e.blamed[code][place], e.alarms[code] = true, true
}

// calm takes an alarm back, also one that concerned no single destination.
func (e *Engine) calm(code string, d *destination) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.blamed[code], alarmPlace(d))
	delete(e.blamed[code], "")
	if len(e.blamed[code]) == 0 {
		delete(e.alarms, code)
	}
}

func alarmPlace(d *destination) string {
	if d == nil {
		return ""
	}
	return d.set.ID
}

// alarmed tells whether an alarm stands.
func (e *Engine) alarmed(code string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.alarms[code]
}
