package backup

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// FirstFile holds the first objects of a new vault (or of a new device's enrolment) until the engine has taken them over. A set-up
// writes it before device.json.
const FirstFile = "first.json"

// WriteFirst hands objects to the engine that will run on this home.
func WriteFirst(home string, objects []writer.Built) error {
	out := make([]SealedObject, 0, len(objects))
	for _, o := range objects {
		out = append(out, SealedObject{Name: o.Name, Class: envelopeClass, Data: o.Object})
	}
	b, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(home, FirstFile), b)
}

const envelopeClass = 255

// adopt takes over first objects, rebuilds what a lost database no longer knows, and brings the control chain up to date.
func (e *Engine) adopt(ctx context.Context) error {
	path := filepath.Join(e.o.Home, FirstFile)
	b, err := os.ReadFile(path)
	if err == nil {
		var first []SealedObject
		if err := json.Unmarshal(b, &first); err != nil {
			return fmt.Errorf("%s: %w", FirstFile, vault.ErrMalformed)
		}
		if err := e.keepEnvelopes(ctx, first); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := e.followChain(ctx); err != nil && !errors.Is(err, vault.ErrMissing) {
		return err
	}
	if e.db.DB().Created() || e.log.Seq == 0 {
		return e.relearn(ctx)
	}
	return nil
}

// keepEnvelopes puts finished envelopes into the local cache; they are delivered with the next run.
func (e *Engine) keepEnvelopes(ctx context.Context, list []SealedObject) error {
	return e.db.Update(ctx, func(w *catalog.Writer) error {
		for i, o := range list {
			if !vault.ValidName(o.Name) || strings.HasPrefix(o.Name, "m2/") {
				return fmt.Errorf("object name: %w", vault.ErrMalformed)
			}
			if err := w.State.Put(ctx, []byte(rowEnvelope+o.Name), envelopeRow(uint64(i), o.Data)); err != nil {
				return err
			}
		}
		return nil
	})
}

// cached serves the vault's readers from the local cache of envelopes and pages.
type cached struct{ e *Engine }

func (c cached) Get(ctx context.Context, name string) ([]byte, error) {
	name = strings.TrimPrefix(name, "m2/")
	if cid, ok := vault.ParseChunkName(name); ok {
		b, err := c.e.db.State.Get(ctx, append([]byte(rowPage), cid[:]...))
		if errors.Is(err, catalog.ErrNotFound) {
			return nil, fmt.Errorf("%s: %w", name, vault.ErrMissing)
		}
		return b, err
	}
	b, err := c.e.db.State.Get(ctx, []byte(rowEnvelope+name))
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, fmt.Errorf("%s: %w", name, vault.ErrMissing)
	}
	if err != nil || len(b) < 8 {
		return nil, err
	}
	return b[8:], nil
}

func (c cached) List(ctx context.Context, prefix string, fn func(string, int64) error) error {
	if strings.HasPrefix(prefix, "m2/") {
		return nil
	}
	return c.e.db.State.Scan(ctx, func(k, v []byte) error {
		if name, ok := strings.CutPrefix(string(k), rowEnvelope); ok && strings.HasPrefix(name, prefix) {
			return fn(name, int64(len(v)-8))
		}
		return nil
	})
}

// followChain evaluates the control chain of the local cache, joined by what reachable destinations have, and takes new generations.
func (e *Engine) followChain(ctx context.Context) error {
	objects := layered{cached{e}}
	for _, d := range e.destinations() {
		if d.store() != nil {
			objects = append(objects, vaultObjects{d.store()})
		}
	}
	credited := e.credit()
	chain, _, grew, err := writer.LoadChain(ctx, objects, e.keys, func(h vault.Hash) time.Duration { return credited[h.String()] }, 0)
	if err != nil {
		return err
	}
	control, err := e.keys.Follows(chain) // older than the chain's head where this computer got no keys of its newest generation
	if err != nil {
		return err
	}
	e.mu.Lock()
	for i, c := range chain.Entries {
		if _, ok := e.facts.FirstSeen[c.Head().Hash.String()]; !ok && i > 0 {
			e.facts.FirstSeen[c.Head().Hash.String()] = 0
		}
	}
	e.chain = chain
	e.facts.Control = control
	e.mu.Unlock()
	if grew {
		return saveWriter(e.o.Home, e.keys, e.start)
	}
	return nil
}

// credit gives each control entry the time that passed since the last run, 0 to 24 hours and never more, whatever the clock did; delays
// are counted in it.
func (e *Engine) credit() map[string]time.Duration {
	now := e.clock.Now().Unix()
	e.mu.Lock()
	defer e.mu.Unlock()
	passed := time.Duration(now-e.facts.Credited) * time.Second
	if e.facts.Credited == 0 || passed < 0 {
		passed = 0
	}
	e.facts.Credited = now
	out := make(map[string]time.Duration, len(e.facts.FirstSeen))
	for h, d := range e.facts.FirstSeen {
		e.facts.FirstSeen[h] = d + min(passed, 24*time.Hour)
		out[h] = e.facts.FirstSeen[h]
	}
	return out
}

// layered asks one source of objects after another.
type layered []writer.Objects

func (l layered) Get(ctx context.Context, name string) ([]byte, error) {
	err := fmt.Errorf("%s: %w", name, vault.ErrMissing)
	for _, o := range l {
		b, gerr := o.Get(ctx, name)
		if gerr == nil {
			return b, nil
		}
		if !errors.Is(gerr, vault.ErrMissing) {
			err = gerr
		}
	}
	return nil, err
}

func (l layered) List(ctx context.Context, prefix string, fn func(string, int64) error) error {
	seen := map[string]bool{}
	for _, o := range l {
		err := o.List(ctx, prefix, func(n string, size int64) error {
			if seen[n] {
				return nil
			}
			seen[n] = true
			return fn(n, size)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// relearn fills an empty database from a destination: object lists, envelopes and the head of the own log. Which file is which is not
// in them (this keyset cannot read that): files are read again, found to be stored, and joined by the next fold.
func (e *Engine) relearn(ctx context.Context) error {
	for _, d := range e.destinations() {
		if d.connect(ctx, e.o.Open) != nil {
			continue
		}
		objects := vaultObjects{d.store()}
		if err := e.cacheEnvelopes(ctx, d); err != nil {
			return err
		}
		if err := e.followChain(ctx); err != nil {
			return err
		}
		tags, err := writer.Logs(ctx, objects)
		if err != nil {
			return err
		}
		var seen []vault.SeenHead
		for _, tag := range tags {
			head, _, err := writer.WalkLog(ctx, objects, e.keys, e.chain, tag, vault.Head{}, func(lc writer.LogCommit) error {
				return e.learnList(ctx, d, lc)
			})
			if err != nil {
				return err
			}
			if tag == e.keys.Tag {
				e.mu.Lock()
				e.log = head
				e.mu.Unlock()
				if head.Seq > 0 {
					e.loseMap()
				}
			} else if head.Seq > 0 {
				seen = append(seen, vault.SeenHead{Tag: tag, Head: head})
			}
		}
		return e.saveSeen(ctx, seen)
	}
	return nil
}

func (e *Engine) learnList(ctx context.Context, d *destination, lc writer.LogCommit) error {
	now := e.clock.Now().Unix()
	return e.db.Update(ctx, func(w *catalog.Writer) error {
		for _, o := range lc.List.Records {
			row := catalog.Object{CTH: o.Object, Size: o.Size, Class: uint8(o.Class), FirstSeq: lc.Header.Seq}
			if err := w.Objects.Put(ctx, o.CID, row); err != nil {
				return err
			}
			// Known to be listed, not yet looked at here: old evidence, so that the next use asks the destination.
			c := catalog.Copy{Level: catalog.LevelSent, SentAt: now - recheckAfter - 1}
			if err := w.Copies.Put(ctx, catalog.CopyKey{Destination: d.id, CID: o.CID}, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// cacheEnvelopes copies all envelopes of a destination into the local cache.
func (e *Engine) cacheEnvelopes(ctx context.Context, d *destination) error {
	for _, prefix := range []string{"k/", "e/", "r/", "l/"} {
		var names []string
		if err := d.store().List(ctx, prefix, func(i store.Info) error { names = append(names, i.Name); return nil }); err != nil {
			return err
		}
		for _, n := range names {
			if !vault.ValidName(n) {
				continue
			}
			if ok, err := e.db.State.Has(ctx, []byte(rowEnvelope+n)); err != nil || ok {
				if err != nil {
					return err
				}
				continue
			}
			b, err := d.store().Get(ctx, n, store.GetOptions{})
			if err != nil {
				return err
			}
			_, seq, _, _ := vault.ParseCommitName(n)
			if err := e.db.State.Put(ctx, []byte(rowEnvelope+n), envelopeRow(seq, b)); err != nil {
				return err
			}
		}
	}
	return nil
}

// envelope is one cached envelope to deliver.
type envelope struct {
	name  string
	phase int    // what others refer to comes in an earlier phase
	order uint64 // within the phase
}

// The phases in which records are delivered, each ended by a Barrier.
const (
	phaseParts   = iota // object lists, epoch objects, recovery slots
	phaseControl        // control entries, which commits name
	phaseCommits
	phases
)

// owed lists the envelopes that a destination does not hold yet, as far as is known, in the order in which they must be stored. Commits
// after through, and their lists, are held back.
func (e *Engine) owed(ctx context.Context, d *destination, through uint64) (out []envelope, err error) {
	have := map[string]bool{}
	err = e.db.Copies.Each(ctx, func(k catalog.CopyKey, c catalog.Copy) error {
		if k.Destination == d.id && k.Name != "" && c.Level != catalog.LevelNone && c.Fault == catalog.FaultNone {
			have[k.Name] = true
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
		x := envelope{name: name, order: binary.BigEndian.Uint64(v)}
		tag, seq, _, isCommit := vault.ParseCommitName(strings.SplitN(name, ".", 2)[0])
		switch {
		case isCommit && tag == e.keys.Tag && seq > through:
			return nil
		case isCommit && !vault.IsListName(name):
			x.phase, x.order = phaseCommits, seq
		case strings.HasPrefix(name, "k/"):
			x.phase = phaseControl
		}
		for _, n := range []string{name, vault.Mirror(name)} {
			if !have[n] {
				x.name = n
				out = append(out, x)
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b envelope) int {
		return cmp.Or(cmp.Compare(a.phase, b.phase), cmp.Compare(a.order, b.order), strings.Compare(a.name, b.name))
	})
	return out, err
}

// deliver stores at one destination what it still lacks of records, in phases, with a Barrier after each: lists and the like, control
// entries, commits in their order. Only commits up to through, a number of the own log, are delivered.
func (e *Engine) deliver(ctx context.Context, d *destination, through uint64) error {
	err := e.deliverOnce(ctx, d, through)
	for errors.Is(err, errMoved) {
		err = e.deliverOnce(ctx, d, through) // under another name, which is random: this ends
	}
	return err
}

func (e *Engine) deliverOnce(ctx context.Context, d *destination, through uint64) error {
	list, err := e.owed(ctx, d, through)
	if err != nil || len(list) == 0 {
		return err
	}
	now := e.clock.Now().Unix()
	for phase := range phases {
		end := slices.IndexFunc(list, func(x envelope) bool { return x.phase > phase })
		if end < 0 {
			end = len(list)
		}
		if err := e.deliverPhase(ctx, d, list[:end], now); err != nil {
			return err
		}
		list = list[end:]
	}
	e.mu.Lock()
	e.destFact(d.set.ID).LastWrite = now
	e.mu.Unlock()
	return nil
}

func (e *Engine) deliverPhase(ctx context.Context, d *destination, list []envelope, now int64) error {
	if len(list) == 0 {
		return nil
	}
	for _, x := range list {
		obj, err := (cached{e}).Get(ctx, x.name)
		if err != nil {
			return err
		}
		if err := e.putRecord(ctx, d, x.name, obj); err != nil {
			return err
		}
	}
	err := d.store().Barrier(ctx)
	var taken *store.BarrierError
	if errors.As(err, &taken) {
		// Another writer was there first, between our look and the Barrier.
		for _, name := range taken.Taken {
			obj, err := (cached{e}).Get(ctx, name)
			if err != nil {
				return err
			}
			if err := e.settle(ctx, d, name, obj); err != nil {
				return err
			}
		}
		err = nil
	}
	if err != nil {
		return err
	}
	return e.db.Update(ctx, func(w *catalog.Writer) error {
		for _, x := range list {
			key := catalog.CopyKey{Destination: d.id, Name: x.name}
			if err := w.Copies.Put(ctx, key, catalog.Copy{Level: catalog.LevelSent, SentAt: now}); err != nil {
				return err
			}
		}
		return nil
	})
}
