package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// heal puts an object's right bytes back: from the local cache of records, the doubled copy, another destination, or the original.
func (e *Engine) heal(ctx context.Context, d *destination, t target) error {
	obj, err := e.goodCopy(ctx, d, t)
	if err != nil {
		return err
	}
	if _, err := d.store().Stat(ctx, t.name); errors.Is(err, store.ErrNotExist) {
		if err := d.store().PutNew(ctx, t.name, obj); err != nil {
			return err
		}
		if err := d.store().Barrier(ctx); err != nil {
			return err
		}
	} else if err != nil {
		return err
	} else if err := e.putRight(ctx, d, t.name, obj); err != nil {
		return err
	}
	back, err := d.store().Get(ctx, t.name, store.GetOptions{Fresh: true})
	if err == nil && objectHash(back) != t.want {
		err = fmt.Errorf("healed copy of %s reads back wrong: %w", t.name, vault.ErrTampered)
	}
	return err
}

// putRight replaces wrong bytes, and those that cannot be read, but never another history.
func (e *Engine) putRight(ctx context.Context, d *destination, name string, obj []byte) error {
	have, err := d.store().Get(ctx, name, store.GetOptions{})
	if gone := ofPlace(ctx, d, err); gone != nil {
		return gone
	}
	switch {
	case err == nil && objectHash(have) != objectHash(obj) && e.isHistory(name, have):
		return e.forked(d, name)
	case err != nil && !errors.Is(err, store.ErrDamaged) && mayBeHistory(name):
		if twin, terr := d.store().Get(ctx, twinName(name), store.GetOptions{}); terr != nil || objectHash(twin) != objectHash(obj) {
			return fmt.Errorf("%s may be of another history: %w", name, err)
		}
	}
	return d.store().Replace(ctx, name, obj)
}

// mayBeHistory tells whether the name is one under which another history could stand: a commit's or a control entry's. Of one that cannot
// be read, the copy beside it tells whose it is, for every writer stores both.
func mayBeHistory(name string) bool {
	name = strings.TrimPrefix(name, "m2/")
	_, _, _, commit := vault.ParseCommitName(name)
	_, _, control := vault.ParseControlName(name)
	return commit || control
}

// twinName is the name of the other copy of a doubled record.
func twinName(name string) string {
	if plain, mirror := strings.CutPrefix(name, "m2/"); mirror {
		return plain
	}
	return vault.Mirror(name)
}

// goodCopy finds bytes whose hash is the recorded one, at another place or by making them again. ErrMissing where there are none.
func (e *Engine) goodCopy(ctx context.Context, d *destination, t target) ([]byte, error) {
	b, err := e.storedCopy(ctx, d, t)
	if err == nil {
		return b, nil
	}
	if cid, ok := vault.ParseChunkName(strings.TrimPrefix(t.name, "m2/")); ok {
		return e.remake(ctx, cid, t.want)
	}
	return nil, fmt.Errorf("%s: %w", t.name, vault.ErrMissing)
}

// storedCopy finds bytes whose hash is the recorded one: in the local cache of records, the doubled copy, another destination. The error
// matches ErrMissing if all of them could be asked and none has it.
func (e *Engine) storedCopy(ctx context.Context, d *destination, t target) ([]byte, error) {
	if cid, ok := vault.ParseChunkName(strings.TrimPrefix(t.name, "m2/")); ok && e.mayPut(cid) != nil {
		return nil, fmt.Errorf("%s is no more to be kept: %w", t.name, vault.ErrMissing)
	}
	plain := strings.TrimPrefix(t.name, "m2/")
	names := []string{plain}
	if t.page {
		if b, err := (cached{e}).Get(ctx, plain); err == nil && objectHash(b) == t.want {
			return b, nil
		}
		names = append(names, vault.Mirror(plain))
	}
	silent := error(nil)
	for _, at := range e.destinations() {
		s := at.store()
		if s == nil {
			silent = store.ErrAway
			continue
		}
		for _, n := range names {
			if at == d && n == t.name {
				continue
			}
			b, err := s.Get(ctx, n, store.GetOptions{})
			if err == nil && objectHash(b) == t.want {
				return b, nil
			}
			if err != nil && !errors.Is(err, store.ErrNotExist) && !errors.Is(err, store.ErrDamaged) {
				silent = err
			}
		}
	}
	if silent != nil {
		return nil, fmt.Errorf("%s: %w", t.name, silent)
	}
	return nil, fmt.Errorf("%s: %w", t.name, vault.ErrMissing)
}
