package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// Limits of one batch, which becomes one commit.
const (
	batchFiles = 5000
	batchBytes = 2 << 30
)

// errNoPlace ends a run in which no destination takes copies any more.
var errNoPlace = errors.New("no destination takes copies now")

// batch collects what becomes one commit. Its methods may be called by several workers.
type batch struct {
	run  *runner
	keys *writer.Keyset
	seq  uint64 // of the commit; what is made for it before may name one that is near

	// What was known of others when the batch began: the commit claims no more.
	control vault.Head
	seen    []vault.SeenHead

	mu      sync.Mutex
	places  []*destination                   // that take part in its commit; nil while it is filled: those of the run
	objects map[vault.CID]vault.ObjectRecord // all that this batch references
	sent    map[*destination]map[vault.CID]bool
	pages   map[vault.CID][]byte        // page objects, for the local cache
	putting map[vault.CID]chan struct{} // closed once the object is put or could not be
	done    []*stored
	open    int // originals in open bundles
	bundles map[vault.CID]catalog.Bundle
	bytes   int64

	readers  int // of originals, see readersOf
	free     buffers
	bundlers bundlers
}

func newBatch(r *runner, keys *writer.Keyset, seq uint64) *batch {
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	return &batch{run: r, keys: keys, seq: seq, control: r.e.facts.Control, seen: r.e.facts.Seen, objects: map[vault.CID]vault.ObjectRecord{}, sent: map[*destination]map[vault.CID]bool{},
		pages: map[vault.CID][]byte{}, putting: map[vault.CID]chan struct{}{}, bundles: map[vault.CID]catalog.Bundle{}}
}

// filled ends the filling. From here on the batch has destinations of its own: what the filling of the next one meets is no matter of this one,
// whose objects are all put.
func (b *batch) filled() {
	places := b.run.destinations()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.places = append([]*destination{}, places...)
}

// destinations are those that hold all objects of the batch so far.
func (b *batch) destinations() []*destination {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.places == nil {
		return b.run.destinations()
	}
	return b.places
}

// lose takes a destination out of the batch, and out of the run with all that follows.
func (b *batch) lose(d *destination, err error) {
	b.mu.Lock()
	if b.places != nil {
		b.places = slices.DeleteFunc(slices.Clone(b.places), func(x *destination) bool { return x == d })
	}
	b.mu.Unlock()
	b.run.lose(d, err)
}

func (b *batch) full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.done)+b.open >= batchFiles || b.bytes >= batchBytes
}

func (b *batch) empty() bool { return len(b.done) == 0 }

// add takes a finished original over; it goes with the commit.
func (b *batch) add(s *stored) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = append(b.done, s)
}

// count adds to what the batch has read.
func (b *batch) count(read int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes += read
}

// putChunk sends an object to the destinations, once for each content.
func (b *batch) putChunk(ctx context.Context, e *Engine, s vault.Sealed, class vault.Class) (vault.ObjectRecord, error) {
	cid := s.Cap.CID
	b.mu.Lock()
	for b.putting[cid] != nil {
		other := b.putting[cid] // the same content, met twice
		b.mu.Unlock()
		<-other
		b.mu.Lock()
	}
	rec, ok := b.objects[cid]
	if ok && rec.Object == s.Cap.Object {
		b.mu.Unlock()
		return rec, nil
	}
	ended := make(chan struct{})
	b.putting[cid] = ended
	b.mu.Unlock()
	rec = vault.ObjectRecord{CID: cid, Object: s.Cap.Object, Size: uint32(len(s.Object)), Class: class}
	sent, err := e.send(ctx, b, rec, s.Name(), s.Object)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.note(rec, sent)
	}
	delete(b.putting, cid)
	close(ended)
	return rec, err
}

// putContent stores a chunk of a file that was just sealed in buf. Where its name holds foreign bytes, the content goes under the next one
// (FORMAT.md, "Chunks": variant), at every destination of the run.
func (b *batch) putContent(ctx context.Context, e *Engine, buf *vault.ChunkBuffer, s vault.Sealed) (vault.Sealed, vault.ObjectRecord, error) {
	g := b.keys.Current()
	for {
		rec, err := b.putChunk(ctx, e, s, vault.ClassContent)
		if !errors.Is(err, errForeign) {
			return s, rec, err
		}
		if s, err = g.SealNext(buf, s, nil); err != nil {
			return s, rec, err
		}
	}
}

// note remembers a record and where it went. b.mu is held.
func (b *batch) note(rec vault.ObjectRecord, sent []*destination) {
	b.objects[rec.CID] = rec
	for _, d := range sent {
		if b.sent[d] == nil {
			b.sent[d] = map[vault.CID]bool{}
		}
		b.sent[d][rec.CID] = true
	}
}

// sealPage makes a chunk of class page; its object is a copy of its own.
func (b *batch) sealPage(plain []byte) (vault.Sealed, error) {
	buf := vault.NewChunkBufferFor(len(plain))
	n := copy(buf.Room(), plain)
	return b.keys.Current().Seal(buf, n, 0, nil)
}

// putPage stores a page under both its names and keeps it for the local cache.
func (b *batch) putPage(ctx context.Context, e *Engine, s vault.Sealed) (vault.ObjectRecord, error) {
	rec, err := b.putChunk(ctx, e, s, vault.ClassPage)
	if err != nil {
		return rec, err
	}
	if _, err := e.send(ctx, b, rec, vault.Mirror(s.Name()), s.Object); err != nil {
		return rec, err
	}
	b.mu.Lock()
	b.pages[rec.CID] = s.Object // sealPage made it for this page alone
	b.mu.Unlock()
	return rec, nil
}

// send puts one object of the batch to every destination of it that does not hold it, and returns those that it was put to. A destination
// that fails leaves the run; without any left the run ends.
func (e *Engine) send(ctx context.Context, b *batch, rec vault.ObjectRecord, name string, obj []byte) ([]*destination, error) {
	if err := e.mayPut(rec.CID); err != nil {
		return nil, err
	}
	r := b.run
	var sent []*destination
	for _, d := range b.destinations() {
		held, err := e.holds(ctx, d, rec, name)
		if err == nil && held {
			continue
		}
		if err == nil {
			err = e.sendNew(ctx, d, rec, name, obj)
		}
		if errors.Is(err, errForeign) {
			r.foreign(d)
			return nil, err
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			b.lose(d, err)
			continue
		}
		r.wrote(int64(len(obj)))
		sent = append(sent, d)
	}
	if len(b.destinations()) == 0 {
		return nil, fmt.Errorf("%w: %w", errNoPlace, r.lastLoss())
	}
	return sent, nil
}

// errForeign tells that other bytes stand under a name that only this content can have, and that no list of ours vouches for.
var errForeign = errors.New("foreign bytes stand under the name of a chunk")

// sendNew is putNew for what may be new here. Only the name of a file's content can be foretold, by who has the keys or saw it elsewhere;
// foreign bytes under it are left alone, unless our own lists name it: then they are damage, and healed in place. The names of bundles and
// pages follow from chance.
func (e *Engine) sendNew(ctx context.Context, d *destination, rec vault.ObjectRecord, name string, obj []byte) error {
	err := d.store().PutNew(ctx, name, obj)
	if !errors.Is(err, store.ErrExists) {
		return err
	}
	o, err := e.db.Objects.Get(ctx, rec.CID)
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return err
	}
	if rec.Class == vault.ClassContent && !(err == nil && o.CTH == rec.Object && o.FirstSeq != 0) {
		have, err := d.store().Get(ctx, name, store.GetOptions{})
		if err == nil && objectHash(have) != rec.Object {
			return errForeign
		}
	}
	return replaceWrong(ctx, d.store(), name, obj, rec.Object)
}

// putNew stores an object; a name that is taken is fine if it holds these very bytes.
func putNew(ctx context.Context, s store.Store, name string, obj []byte, want vault.Hash) error {
	err := s.PutNew(ctx, name, obj)
	if !errors.Is(err, store.ErrExists) {
		return err
	}
	return replaceWrong(ctx, s, name, obj, want)
}

// replaceWrong compares what stands under a taken name and heals it where it differs: the name is derived from the content, so other
// bytes there are damage (a torn write) or sabotage.
//
// A taken name under which nothing stands is staged in this very Store: by the batch before, whose Barrier is still to come, or by a run
// that ended before its Barrier. The Barrier of this batch covers it as well. A Store that does not show what it has staged is taken at its
// word: whatever this process stages under such a name it sealed itself, always to the same bytes, or compared with the recorded hash.
func replaceWrong(ctx context.Context, s store.Store, name string, obj []byte, want vault.Hash) error {
	have, err := s.Get(ctx, name, store.GetOptions{Staged: true})
	switch {
	case errors.Is(err, store.ErrNotExist):
		return nil
	case err != nil:
		return err
	case objectHash(have) == want:
		return nil
	}
	return s.Replace(ctx, name, obj)
}

// recheckAfter is how old a listing may be before a deduplication hit is looked at again.
const recheckAfter = 7 * 24 * 3600

// holds tells whether a destination has this object for sure enough not to send it again: it stands in our own signed lists with the
// same bytes, no fault is known, and the destination was seen to have it within a week (else it is asked).
func (e *Engine) holds(ctx context.Context, d *destination, rec vault.ObjectRecord, name string) (bool, error) {
	o, err := e.db.Objects.Get(ctx, rec.CID)
	if errors.Is(err, catalog.ErrNotFound) || err == nil && (o.CTH != rec.Object || o.FirstSeq == 0) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	key := copyKey(d, rec.CID, name)
	c, held, err := kept(ctx, e.db, key)
	if err != nil || !held {
		return false, err
	}
	now := e.clock.Now().Unix()
	for _, seen := range [...]int64{c.SentAt, c.ConfirmedAt, c.CheckedAt, c.OpenedAt} {
		// A time in the future is one of a clock that was wrong.
		if now-seen < recheckAfter && seen <= now+int64(clockSlack/time.Second) {
			return true, nil
		}
	}
	info, err := d.store().Stat(ctx, name)
	if errors.Is(err, store.ErrNotExist) || err == nil && info.Size != int64(rec.Size) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = e.db.Update(ctx, func(w *catalog.Writer) error {
		// A fault may have been found since, by the unlocked side: it stays.
		var c catalog.Copy
		if c, held, err = kept(ctx, w, key); err != nil || !held {
			return err
		}
		c.ConfirmedAt, c.Level = now, max(c.Level, catalog.LevelConfirmed)
		return w.Copies.Put(ctx, key, c)
	})
	return held && err == nil, err
}

// kept is what is known of a copy, and whether its destination took it and no fault is known.
func kept(ctx context.Context, w *catalog.Writer, key catalog.CopyKey) (c catalog.Copy, is bool, err error) {
	c, err = w.Copies.Get(ctx, key)
	if errors.Is(err, catalog.ErrNotFound) {
		return c, false, nil
	}
	return c, err == nil && c.Fault == catalog.FaultNone && c.Level != catalog.LevelNone, err
}

// copyKey names an object's copy: anonymous chunks by cid, the mirror of a page and all others by name.
func copyKey(d *destination, cid vault.CID, name string) catalog.CopyKey {
	if c, ok := vault.ParseChunkName(name); ok && c == cid {
		return catalog.CopyKey{Destination: d.id, CID: cid}
	}
	return catalog.CopyKey{Destination: d.id, Name: name}
}
