package restore

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"

	"lightproof/backup/direct"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// Fetcher brings stored objects. Calls come from several goroutines.
type Fetcher interface {
	// Object returns the bytes stored under name. attempt 0 is the copy that is best to read from; each higher number asks for another
	// copy, because the one before could not be had or was damaged. ErrNoMoreCopies ends the asking. Errors matching vault.ErrMissing
	// or store.ErrNotExist count as "no such copy", all others as "could not be reached". The result belongs to the caller, who writes over it.
	Object(ctx context.Context, name string, attempt int) ([]byte, error)
}

// IntoFetcher is a Fetcher that can use memory of the caller's.
type IntoFetcher interface {
	Fetcher
	// ObjectInto is Object; the result lies in buffer, a direct.Buffer, where that has room.
	ObjectInto(ctx context.Context, name string, attempt int, buffer []byte) ([]byte, error)
}

const (
	maxAttempts = 8                                         // copies tried of one object
	bundleCache = 2 * (vault.MaxChunkObject + direct.Align) // bytes of rooms of opened bundles kept
	openAtOnce  = 4                                         // large parts held in memory at a time, each of at most vault.MaxChunkObject bytes and opened in place
)

// ahead is how many parts of a file are fetched while an earlier one is written.
const ahead = 1

// fault is an error with what it means for the report.
type fault struct {
	reason Reason
	err    error
}

func (f *fault) Error() string {
	if f.err == nil {
		return f.reason.String()
	}
	return f.err.Error()
}

func (f *fault) Unwrap() error { return f.err }

// opener fetches, checks and decrypts.
type opener struct {
	space vault.SpaceID
	fetch Fetcher
	found func(name string, attempt int, err error) // of damaged copies, may be nil
	slots chan *[]byte                              // the buffers of large parts: openAtOnce, each as large as was needed so far

	records sync.Pool     // of *[]byte: rooms of small contents
	ahead   chan struct{} // holds a token while a bundle is opened that nobody waits for yet
	opening sync.WaitGroup
	ended   context.Context // of what is opened ahead
	stop    func()

	mu      sync.Mutex
	bundles map[vault.CID]*bundle
	recent  list.List // of *bundle, newest first
	bytes   int
	rooms   [][]byte // of bundles that are not kept any more
}

func newOpener(space vault.SpaceID, f Fetcher, found func(string, int, error)) *opener {
	o := &opener{space: space, fetch: f, found: found, slots: make(chan *[]byte, openAtOnce), ahead: make(chan struct{}, 1), bundles: map[vault.CID]*bundle{}}
	o.ended, o.stop = context.WithCancel(context.Background())
	for range openAtOnce {
		o.slots <- new([]byte)
	}
	return o
}

// chunk opens the object of a capability from the first copy that is whole, in buffer where that has room. names are the names it is
// stored under.
func (o *opener) chunk(ctx context.Context, c vault.Cap, buffer []byte, names ...string) ([]byte, error) {
	var damaged, away, missing error
	for attempt := range maxAttempts {
		ended := 0
		for _, name := range names {
			obj, err := o.object(ctx, name, attempt, buffer)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			switch {
			case errors.Is(err, ErrNoMoreCopies):
				ended++
				continue
			case errors.Is(err, vault.ErrMissing), errors.Is(err, store.ErrNotExist):
				missing = err
				continue
			case err != nil:
				away = err
				continue
			}
			plain, err := reader.OpenChunkInPlace(o.space, c, obj)
			if err == nil {
				return plain, nil
			}
			damaged = err
			if o.found != nil {
				o.found(name, attempt, err)
			}
		}
		if ended == len(names) {
			break
		}
	}
	switch {
	case damaged != nil:
		return nil, &fault{ReasonDamaged, damaged}
	case away != nil:
		return nil, &fault{ReasonAway, away}
	case missing == nil:
		missing = vault.ErrMissing
	}
	return nil, &fault{ReasonMissing, missing}
}

func (o *opener) object(ctx context.Context, name string, attempt int, buffer []byte) ([]byte, error) {
	if f, ok := o.fetch.(IntoFetcher); ok && buffer != nil {
		return f.ObjectInto(ctx, name, attempt, buffer)
	}
	return o.fetch.Object(ctx, name, attempt)
}

// content calls fn with the bytes of a version, part after part, each checked against its own capability.
func (o *opener) content(ctx context.Context, v *vault.Version, table []vault.BundleRef, fn func([]byte) error) error {
	if len(v.Lists) == 0 {
		return o.parts(ctx, v.Parts, table, fn)
	}
	for _, c := range v.Lists {
		l, err := o.list(ctx, c)
		if err != nil {
			return err
		}
		if err := o.parts(ctx, l.Parts, l.Bundles, fn); err != nil {
			return err
		}
	}
	return nil
}

// list opens a part list.
func (o *opener) list(ctx context.Context, c vault.Cap) (vault.PartList, error) {
	name := vault.ChunkName(c.CID)
	plain, err := o.chunk(ctx, c, nil, name, vault.Mirror(name))
	if err != nil {
		return vault.PartList{}, err
	}
	l, err := vault.ParsePartList(plain)
	if err != nil {
		return l, &fault{ReasonDamaged, err}
	}
	return l, nil
}

// listed is how many bytes the part lists of a version add up to.
func (o *opener) listed(ctx context.Context, v *vault.Version) (n int64, err error) {
	for _, c := range v.Lists {
		l, err := o.list(ctx, c)
		if err != nil {
			return 0, err
		}
		for _, p := range l.Parts {
			n += p.Len()
		}
	}
	return n, nil
}

func (o *opener) parts(ctx context.Context, parts []vault.Part, table []vault.BundleRef, fn func([]byte) error) error {
	if len(parts) < 2 {
		for _, p := range parts {
			if err := o.give(o.part(ctx, p, table))(fn); err != nil {
				return err
			}
		}
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	next := make(chan func(func([]byte) error) error, ahead-1)
	go func() {
		defer close(next)
		for _, p := range parts {
			b, back, err := o.part(ctx, p, table)
			select {
			case next <- o.give(b, back, err):
			case <-ctx.Done():
				back()
				return
			}
			if err != nil {
				return
			}
		}
	}()
	defer func() { // whatever was fetched and is not wanted gives its room back
		stop()
		for give := range next {
			give(func([]byte) error { return nil })
		}
	}()
	n := 0
	for give := range next {
		if err := give(fn); err != nil {
			return err
		}
		n++
	}
	if n < len(parts) {
		return ctx.Err()
	}
	return nil
}

// give hands a part over once and gives its room back.
func (o *opener) give(b []byte, back func(), err error) func(func([]byte) error) error {
	return func(fn func([]byte) error) error {
		defer back()
		if err != nil {
			return err
		}
		return fn(b)
	}
}

// enter waits for room in memory; leave gives it back.
func (o *opener) enter(ctx context.Context) (*[]byte, error) {
	select {
	case slot := <-o.slots:
		return slot, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (o *opener) leave(slot *[]byte) {
	if slot != nil {
		o.slots <- slot
	}
}

// part opens one part. The bytes are good until back is called, which is due with an error, too.
func (o *opener) part(ctx context.Context, p vault.Part, table []vault.BundleRef) (b []byte, back func(), err error) {
	back = func() {}
	if !p.Small {
		slot, err := o.enter(ctx)
		if err != nil {
			return nil, back, err
		}
		if size := vault.PaddedObjectSize(int(p.Cap.Len)); cap(*slot) < size {
			*slot = direct.Buffer(size)
		}
		b, err = o.chunk(ctx, p.Cap, *slot, vault.ChunkName(p.Cap.CID))
		return b, func() { o.leave(slot) }, err
	}
	if int(p.Ref.Bundle) >= len(table) {
		return nil, back, &fault{ReasonDamaged, fmt.Errorf("reference outside its table: %w", vault.ErrMalformed)}
	}
	in, err := o.bundle(ctx, table[p.Ref.Bundle].Cap)
	if err != nil {
		return nil, back, err
	}
	defer o.done(in)
	room, _ := o.records.Get().(*[]byte)
	if room == nil {
		room = new([]byte)
	}
	if b, err = reader.AppendRecord((*room)[:0], o.space, p.Ref, in.data); err != nil {
		return nil, back, &fault{ReasonDamaged, err}
	}
	*room = b
	return b, func() { o.records.Put(room) }, nil
}

// firstObject is what has to be fetched first for a version: files are taken in this order, so that each bundle is fetched once.
func firstObject(v *vault.Version, table []vault.BundleRef) (c vault.CID) {
	switch {
	case len(v.Lists) > 0:
		return v.Lists[0].CID
	case len(v.Parts) == 0:
		return c
	case !v.Parts[0].Small:
		return v.Parts[0].Cap.CID
	case int(v.Parts[0].Ref.Bundle) < len(table):
		return table[v.Parts[0].Ref.Bundle].Cap.CID
	}
	return c
}

// objects lists the names of all objects that a version is known to need; those behind part lists are not looked up.
func objects(v *vault.Version, table []vault.BundleRef) (out []vault.CID) {
	for _, c := range v.Lists {
		out = append(out, c.CID)
	}
	for _, p := range v.Parts {
		switch {
		case !p.Small:
			out = append(out, p.Cap.CID)
		case int(p.Ref.Bundle) < len(table):
			out = append(out, table[p.Ref.Bundle].Cap.CID)
		}
	}
	return out
}
