package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lightproof/backup/catalog"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// Limits of one batch of copying: so much is put under one Barrier.
const (
	copyObjects = 2000
	copyBytes   = 256 << 20
)

// debt is an object of our lists that a destination was never sent: the destination is new, or was away while others took it.
type debt struct {
	target
	cid vault.CID
	seq uint64 // commit that listed it first
}

// debts lists what a destination was never sent, in the order of the commits that need it. A copy that was there once and is no longer
// is no debt: that is damage, and reading back finds it.
func (e *Engine) debts(ctx context.Context, d *destination) (out []debt, err error) {
	sent := map[catalog.CopyKey]bool{}
	err = e.db.Copies.Each(ctx, func(k catalog.CopyKey, c catalog.Copy) error {
		if k.Destination == d.id {
			sent[k] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = e.db.Objects.Each(ctx, func(cid [32]byte, o catalog.Object) error {
		if o.FirstSeq == 0 {
			return nil
		}
		add := func(name string) {
			key := copyKey(d, cid, name)
			if !sent[key] {
				out = append(out, debt{cid: cid, seq: o.FirstSeq, target: target{key: key, name: name, want: o.CTH, size: int64(o.Size),
					page: vault.Class(o.Class) == vault.ClassPage}})
			}
		}
		add(vault.ChunkName(cid))
		if vault.Class(o.Class) == vault.ClassPage {
			add(vault.Mirror(vault.ChunkName(cid)))
		}
		return nil
	})
	slices.SortFunc(out, func(a, b debt) int { return cmp.Or(cmp.Compare(a.seq, b.seq), strings.Compare(a.name, b.name)) })
	return out, err
}

// before is the newest commit whose objects, and those of all commits before it, are not among the debts.
func before(list []debt) uint64 {
	if len(list) == 0 {
		return vault.MaxSeq
	}
	return list[0].seq - 1
}

// catchUp delivers to a destination the records that it may hold already: all, or those before the first object that it was never sent.
func (r *runner) catchUp(ctx context.Context, d *destination) error {
	lacks, ok := r.e.left(ctx, d)
	nothing := ok && lacks.Debts+lacks.Records == 0
	var list []debt
	if !nothing {
		var err error
		if list, err = r.e.debts(ctx, d); err != nil {
			return err
		}
	}
	r.mu.Lock()
	if r.behind == nil {
		r.behind = map[*destination]bool{}
	}
	r.behind[d] = len(list) > 0
	r.mu.Unlock()
	if !nothing {
		if err := r.e.deliver(ctx, d, before(list)); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		r.delivered(d)
	}
	return nil
}

// delivered notes that a destination holds all records that were journaled so far. Within a run its own commits add to them, and what is learned of others (recordsCame).
func (r *runner) delivered(d *destination) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current == nil {
		r.current = map[*destination]bool{}
	}
	r.current[d] = true
}

// recordsCame notes that there may be new records that some destinations do not hold.
func (r *runner) recordsCame() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = nil
}

// lacksNothing tells whether a destination held all records before the newest commit.
func (r *runner) lacksNothing(d *destination) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current[d]
}

// isBehind tells whether commits wait at a destination for objects of earlier ones.
func (r *runner) isBehind(d *destination) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.behind[d]
}

// replicate brings a destination up to date: batch by batch, in the order of the commits, objects and a Barrier, then the records that
// they complete. What nobody can give now (the only other copy is away, the original has changed) stays owed and holds nothing up.
func (r *runner) replicate(ctx context.Context, d *destination) error {
	e := r.e
	list, err := e.debts(ctx, d)
	if err != nil || len(list) == 0 {
		return err
	}
	there := map[string]int64{}
	for _, prefix := range []string{"c/", "m2/c/"} {
		err := d.store().List(ctx, prefix, func(i store.Info) error { there[i.Name] = i.Size; return nil })
		if err != nil {
			return r.unreached(ctx, d, err)
		}
	}
	var total int64
	for _, t := range list {
		total += t.size
	}
	r.phase("backing-up", int64(len(list)), total)
	for len(list) > 0 {
		n, size := 0, int64(0)
		for n < len(list) && n < copyObjects && size < copyBytes {
			size += list[n].size
			n++
		}
		err := r.copyBatch(ctx, d, list[:n], there)
		list = list[n:]
		if err == nil {
			err = e.deliver(ctx, d, before(list))
		}
		if err != nil {
			return r.unreached(ctx, d, err)
		}
	}
	r.show(true)
	return nil
}

// unreached takes a destination that failed out of the run; errors of our own end it.
func (r *runner) unreached(ctx context.Context, d *destination, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errRecords):
		return err
	case errors.Is(err, errAlarm):
		r.lose(d, err)
		return err
	}
	r.lose(d, err)
	return nil
}

// errRecords marks an error of this computer's own records, not of a destination.
var errRecords = errors.New("this computer's records")

// copyBatch puts a batch of objects at a destination and makes them durable with one Barrier; only then are they recorded as sent.
func (r *runner) copyBatch(ctx context.Context, d *destination, list []debt, there map[string]int64) error {
	e := r.e
	rows := map[catalog.CopyKey]catalog.Copy{}
	now := e.clock.Now().Unix()
	put := func(t debt, obj []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := putNew(ctx, d.store(), t.name, obj, t.want); err != nil {
			return err
		}
		rows[t.key] = catalog.Copy{Level: catalog.LevelSent, SentAt: now}
		r.result.Copied++
		r.done.Add(1)
		r.wrote(int64(len(obj)))
		r.progress(int64(len(obj)))
		return nil
	}
	lost := map[vault.CID]debt{}
	var nowhere []debt // no destination has it, and all could be asked
	for _, t := range list {
		if size, ok := there[t.name]; ok && size == t.size {
			// It stands there already: our record of it was lost, or a run was cut short. Reading back compares its bytes.
			rows[t.key] = catalog.Copy{Level: catalog.LevelConfirmed, ConfirmedAt: now}
			r.done.Add(1)
			r.progress(t.size)
			continue
		}
		obj, err := e.storedCopy(ctx, d, t.target)
		switch {
		case err == nil:
			if err := put(t, obj); err != nil {
				return err
			}
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			if errors.Is(err, vault.ErrMissing) {
				nowhere = append(nowhere, t)
			}
			if !t.page {
				lost[t.cid] = t
			}
		}
	}
	wanted := make(map[vault.CID]vault.Hash, len(lost))
	for cid, t := range lost {
		wanted[cid] = t.want
	}
	unknown, err := e.remakeAll(ctx, wanted, func(cid vault.CID, obj []byte) error { return put(lost[cid], obj) })
	if err != nil {
		return err
	}
	for _, t := range nowhere {
		if t.page || unknown[t.cid] {
			rows[t.key] = catalog.Copy{Fault: catalog.FaultMissing, FaultAt: now} // gone for good, as far as we can see: no debt, a loss
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := durable(ctx, d.store()); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	err = e.db.Update(ctx, func(w *catalog.Writer) error {
		for k, c := range rows {
			if err := w.Copies.Put(ctx, k, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errRecords, err)
	}
	return nil
}

// durable is a Barrier. Names that were taken meanwhile are those of other writers of the same content: what stands there is compared
// when it is read back.
func durable(ctx context.Context, s store.Store) error {
	err := s.Barrier(ctx)
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}
