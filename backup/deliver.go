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
		if tag, seq, _, isCommit := commitOf(name); isCommit && tag == e.keys.Tag && seq > through {
			return nil
		}
		for _, x := range both(name, binary.BigEndian.Uint64(v)) {
			if !have[x.name] {
				out = append(out, x)
			}
		}
		return nil
	})
	slices.SortFunc(out, inOrder)
	return out, err
}

// commitOf parses the name of a commit or of one of its lists.
func commitOf(name string) (vault.DevTag, uint64, string, bool) {
	return vault.ParseCommitName(strings.SplitN(name, ".", 2)[0])
}

// both are the two copies of a record that is cached under name, with the order that it has there.
func both(name string, order uint64) [2]envelope {
	x := envelope{name: name, order: order}
	_, seq, _, isCommit := commitOf(name)
	switch {
	case isCommit && !vault.IsListName(name):
		x.phase, x.order = phaseCommits, seq
	case strings.HasPrefix(name, "k/"):
		x.phase = phaseControl
	}
	y := x
	y.name = vault.Mirror(name)
	return [2]envelope{x, y}
}

func inOrder(a, b envelope) int {
	return cmp.Or(cmp.Compare(a.phase, b.phase), cmp.Compare(a.order, b.order), strings.Compare(a.name, b.name))
}

// moves bounds how often a run seals its commits anew: a destination with junk under every name that we think of is lying.
const moves = 8

// deliver stores at one destination what it still lacks of records, in phases, with a Barrier after each: lists and the like, control
// entries, commits in their order. Only commits up to through, a number of the own log, are delivered.
func (e *Engine) deliver(ctx context.Context, d *destination, through uint64) error {
	err := errMoved
	for range 1 + moves {
		if !errors.Is(err, errMoved) {
			break
		}
		var list []envelope
		if list, err = e.owed(ctx, d, through); err == nil {
			err = e.deliverList(ctx, d, list)
		}
	}
	return err
}

// deliverCommit is deliver for a destination that lacks nothing but the records of the commit that was just journaled under seq.
func (e *Engine) deliverCommit(ctx context.Context, d *destination, seq uint64, records []writer.Built) error {
	var list []envelope
	for _, r := range records {
		copies := both(r.Name, seq)
		list = append(list, copies[:]...)
	}
	slices.SortFunc(list, inOrder)
	err := e.deliverList(ctx, d, list)
	if errors.Is(err, errMoved) {
		err = e.deliver(ctx, d, vault.MaxSeq) // under another name, which is random
	}
	return err
}

func (e *Engine) deliverList(ctx context.Context, d *destination, list []envelope) error {
	if len(list) == 0 {
		return nil
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
			if !slices.ContainsFunc(list, func(x envelope) bool { return x.name == name }) {
				continue // an object of the next batch, which is filled already: what stands there is compared when it is read back
			}
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
