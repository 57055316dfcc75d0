package backup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"lightproof/backup/catalog"
	"lightproof/backup/direct"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// target is one object at one destination that can be read back: what must stand there is known from our own signed records.
type target struct {
	key  catalog.CopyKey
	name string
	want vault.Hash
	size int64
	copy catalog.Copy
	page bool
}

// targets lists what a destination should hold. all false: only copies that were never read back since they were written, or whose
// proof is due to be renewed.
func (e *Engine) targets(ctx context.Context, d *destination, all bool) (out []target, err error) {
	copies := map[catalog.CopyKey]catalog.Copy{}
	err = e.db.Copies.Each(ctx, func(k catalog.CopyKey, c catalog.Copy) error {
		if k.Destination == d.id {
			copies[k] = c
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	now := e.clock.Now()
	renew, future := now.Add(-renewAfter).Unix(), now.Add(clockSlack).Unix()
	add := func(t target) {
		known := false
		if t.copy, known = copies[t.key]; !known {
			return // never sent there: owed, not damaged (see debts)
		}
		at := max(t.copy.CheckedAt, t.copy.OpenedAt)
		if all || t.copy.Level < catalog.LevelChecked || t.copy.Fault != catalog.FaultNone || at < renew || at > future {
			out = append(out, t)
		}
	}
	err = e.db.Objects.Each(ctx, func(cid [32]byte, o catalog.Object) error {
		if o.FirstSeq == 0 {
			return nil
		}
		t := target{key: catalog.CopyKey{Destination: d.id, CID: cid}, name: vault.ChunkName(cid), want: o.CTH, size: int64(o.Size), page: vault.Class(o.Class) == vault.ClassPage}
		add(t)
		if t.page {
			t.name = vault.Mirror(t.name)
			t.key = catalog.CopyKey{Destination: d.id, Name: t.name}
			add(t)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = e.db.State.Scan(ctx, func(k, v []byte) error {
		name, ok := strings.CutPrefix(string(k), rowEnvelope)
		if !ok || len(v) < 8 {
			return nil
		}
		for _, n := range []string{name, vault.Mirror(name)} {
			add(target{key: catalog.CopyKey{Destination: d.id, Name: n}, name: n, want: objectHash(v[8:]), size: int64(len(v) - 8), page: true})
		}
		return nil
	})
	return out, err
}

// readBack reads stored objects back and compares every byte with our records; what is wrong is healed where another good copy or the
// original itself still gives the same bytes. all false: only copies without proof.
func (r *runner) readBack(ctx context.Context, all bool) error {
	for _, d := range r.destinations() {
		list, err := r.e.targets(ctx, d, all)
		if err != nil {
			return err
		}
		if err := r.readBackAt(ctx, d, list); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) readBackAt(ctx context.Context, d *destination, list []target) error {
	if len(list) == 0 {
		return nil
	}
	e := r.e
	var bytes int64
	for _, t := range list {
		bytes += t.size
	}
	r.phase("reading-back", int64(len(list)), bytes)
	pending := map[catalog.CopyKey]catalog.Copy{}
	flush := func() error {
		ctx := context.WithoutCancel(ctx)
		err := e.db.Update(ctx, func(w *catalog.Writer) error {
			for k, c := range pending {
				if err := w.Copies.Put(ctx, k, c); err != nil {
					return err
				}
			}
			return nil
		})
		clear(pending)
		return err
	}
	err := readEach(ctx, d.store(), list, func(got readObject) error {
		t, now := got.target, e.clock.Now().Unix()
		c := t.copy
		if err := ofPlace(ctx, d, got.err); err != nil {
			if ctx.Err() == nil {
				r.lose(d, err)
			}
			return errLost
		}
		switch {
		case got.good && c.Fault == catalog.FaultUnopened:
			r.result.Bad++ // the right bytes, of what was sealed wrong
		case got.good:
			c.Level, c.CheckedAt, c.Fault, c.FaultAt = max(c.Level, catalog.LevelChecked), now, catalog.FaultNone, 0
		default:
			c.Level, c.Fault, c.FaultAt = catalog.LevelNone, catalog.FaultDamaged, now
			if errors.Is(got.err, store.ErrNotExist) {
				c.Fault = catalog.FaultMissing
			}
			r.result.Bad++
			pending[t.key] = c // whatever ends the healing, what was found is known
			if err := e.heal(ctx, d, t); err == nil {
				r.result.Repaired++
				c = catalog.Copy{Level: catalog.LevelChecked, SentAt: now, CheckedAt: now}
			} else if ctx.Err() != nil {
				return ctx.Err()
			} else if errors.Is(err, errAlarm) {
				r.lose(d, err)
				return err
			} else if !errors.Is(err, vault.ErrMissing) {
				r.issue(Issue{Code: healCode(err), Args: map[string]string{"destination": d.set.Label}})
			}
		}
		pending[t.key] = c
		if c.Level >= catalog.LevelChecked {
			r.begun.prove(t.key, false)
		}
		r.done.Add(1)
		r.result.Objects++
		r.progress(int64(got.size))
		if len(pending) >= 1000 {
			return flush()
		}
		return nil
	})
	switch {
	case errors.Is(err, errLost):
		return errors.Join(ctx.Err(), flush())
	case err != nil:
		return errors.Join(err, flush())
	}
	if err := flush(); err != nil {
		return err
	}
	r.lastRead(d)
	return ctx.Err()
}

// ofPlace gives the reason why the destination cannot be read any more, if the error of reading one object is such a reason; nil otherwise.
// An error that concerns the object alone is believed only as long as the destination is there.
func ofPlace(ctx context.Context, d *destination, err error) error {
	if err == nil || errors.Is(err, store.ErrNotExist) || errors.Is(err, store.ErrDamaged) {
		return nil
	}
	if store.OfPlace(err) {
		return err
	}
	return d.store().Check(ctx)
}

// healCode is the message class of a copy that could not be healed: its destination's, or that it stays damaged.
func healCode(err error) string {
	if store.OfPlace(err) {
		return storeCode(err)
	}
	return "damaged-copy"
}

// lastRead notes that a destination was read back.
func (r *runner) lastRead(d *destination) {
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	r.e.destFact(d.set.ID).LastRead = r.e.clock.Now().Unix()
}

// errLost ends a read-back whose destination cannot be reached any more; what was read so far counts.
var errLost = errors.New("the destination left the run")

// readObject is what came of reading one object back.
type readObject struct {
	target
	good bool // its bytes are those of our records
	size int
	err  error
}

// readEach reads objects past the cache, several at a time, and hands each outcome to judge, one after the other in any order. An error of
// judge, or the end of ctx, ends it and is returned.
func readEach(ctx context.Context, s store.Store, list []target, judge func(readObject) error) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	var next atomic.Int64
	var all sync.WaitGroup
	out := make(chan readObject)
	for range min(readers(), len(list), max(1, s.Properties().Parallel)) {
		all.Go(func() {
			var buffer []byte
			for i := next.Add(1) - 1; i < int64(len(list)) && inner.Err() == nil; i = next.Add(1) - 1 {
				t := list[i]
				if int64(cap(buffer)) < t.size {
					buffer = direct.Buffer(int(t.size))
				}
				b, err := s.Get(inner, t.name, store.GetOptions{Fresh: true, Buffer: buffer})
				select {
				case out <- readObject{target: t, good: err == nil && objectHash(b) == t.want, size: len(b), err: err}:
				case <-inner.Done():
				}
			}
		})
	}
	go func() {
		all.Wait()
		close(out)
	}()
	var err error
	for got := range out {
		if err == nil {
			if err = judge(got); err != nil {
				cancel()
			}
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// check verifies at the wanted level and heals what it finds.
func (e *Engine) check(ctx context.Context, c Check) (*Run, error) {
	if c.Level == CheckStopped {
		return e.stopCheck(ctx)
	}
	e.run.Lock()
	defer e.run.Unlock()
	r := e.newRunner("reading-back")
	switch c.Level {
	case CheckRecords:
		r.begun = e.beginCheck()
	case CheckRest:
		r.begun = e.endCheck()
	}
	defer e.endWork(ctx)
	r.connect(ctx)
	if c.Destination != "" {
		var kept []*destination
		for _, d := range r.dests {
			if d.set.ID == c.Destination || d.set.Label == c.Destination {
				kept = append(kept, d)
			}
		}
		r.dests = kept
	}
	if len(r.dests) == 0 {
		e.endCheck()
		return r.end(ctx), fmt.Errorf("%w: %w", errNoPlace, r.lastLoss())
	}
	var err error
	switch c.Level {
	case "quick", "structural", "full", "", CheckRecords:
		err = r.look(ctx, c.Level == "structural" || c.Level == CheckRecords)
		if err == nil && c.Level == "full" {
			err = r.readBack(ctx, true)
		}
	case CheckRest:
		err = r.readRest(ctx)
	default:
		return nil, fmt.Errorf("level %q: %w", c.Level, vault.ErrMalformed)
	}
	res := r.end(ctx)
	res.Stopped = ctx.Err() != nil
	if errors.Is(err, errAlarm) {
		res.Stopped, err = true, nil // named in the issues, and in the state
	}
	switch {
	case c.Level == CheckRest:
		r.begun.join(res)
	case c.Level == CheckRecords && (err != nil || res.Stopped):
		e.endCheck()
	case c.Level == CheckRecords:
		r.begun.hold(res)
	}
	if c.Level != CheckRecords || err != nil || res.Stopped {
		if nerr := e.noteRun(context.WithoutCancel(ctx), noteCheck, res); err == nil {
			err = nerr
		}
	}
	if aerr := e.afterRun(context.WithoutCancel(ctx)); err == nil {
		err = aerr
	}
	return res, err
}

// look checks each destination without reading its contents; records: it reads both copies of all records.
func (r *runner) look(ctx context.Context, records bool) error {
	for _, d := range r.destinations() {
		if err := r.quick(ctx, d); err != nil {
			return err
		}
		if !records {
			continue
		}
		if err := r.structural(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// quick checks chain, heads, signatures, and names and sizes of everything listed.
func (r *runner) quick(ctx context.Context, d *destination) error {
	e := r.e
	objects := vaultObjects{d.store()}
	if err := e.followChain(ctx); err != nil {
		return err
	}
	head, found, err := writer.WalkLog(ctx, objects, e.keys, e.chain, e.keys.Tag, vault.Head{}, func(writer.LogCommit) error { return ctx.Err() })
	if err != nil {
		return err
	}
	doubtful := map[string]bool{} // read back below and counted there, as far as they are records of ours
	for _, f := range found {
		doubtful[f.Name] = true
		if !errors.Is(f.Err, vault.ErrMissing) && !errors.Is(f.Err, vault.ErrTampered) {
			r.issue(Issue{Code: "damaged-copy", Args: map[string]string{"destination": d.set.Label}})
		}
	}
	e.judgeHead(ctx, d, head)
	if head.Seq < e.log.Seq {
		e.alarm(alarmRolledBack, d)
		r.issue(Issue{Code: "rolled-back", Count: int64(e.log.Seq - head.Seq), Args: map[string]string{"destination": d.set.Label}})
	}
	sizes := map[string]int64{}
	if err := d.store().List(ctx, "", func(i store.Info) error { sizes[i.Name] = i.Size; return nil }); err != nil {
		return err
	}
	list, err := e.targets(ctx, d, true)
	if err != nil {
		return err
	}
	others := maps.Clone(doubtful)
	var wrong, right []target
	for _, t := range list {
		r.result.Objects++
		plain := strings.TrimPrefix(t.name, "m2/")
		doubt := doubtful[t.name] || doubtful[plain]
		delete(others, t.name)
		delete(others, plain)
		if size, ok := sizes[t.name]; ok && size == t.size && !doubt {
			right = append(right, t)
		} else {
			wrong = append(wrong, t)
		}
	}
	if err := e.confirm(ctx, right); err != nil {
		return err
	}
	r.result.Bad += int64(len(others))
	return r.readBackAt(ctx, d, wrong)
}

// confirm records that copies are listed with their size.
func (e *Engine) confirm(ctx context.Context, list []target) error {
	now := e.clock.Now().Unix()
	for some := range slices.Chunk(list, rowsAtOnce) {
		err := e.db.Update(ctx, func(w *catalog.Writer) error {
			for _, t := range some {
				c, err := w.Copies.Get(ctx, t.key) // as it is now: another check may have found it bad
				if errors.Is(err, catalog.ErrNotFound) {
					continue
				}
				if err != nil {
					return err
				}
				if c.Level == catalog.LevelNone && c.Fault == catalog.FaultNone || c.Level == catalog.LevelSent {
					c.Level = catalog.LevelConfirmed
				}
				c.ConfirmedAt = now
				if err := w.Copies.Put(ctx, t.key, c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// structural reads both copies of all records.
func (r *runner) structural(ctx context.Context, d *destination) error {
	list, err := r.e.targets(ctx, d, true)
	if err != nil {
		return err
	}
	var records []target
	for _, t := range list {
		if t.page {
			records = append(records, t)
		}
	}
	return r.readBackAt(ctx, d, records)
}
