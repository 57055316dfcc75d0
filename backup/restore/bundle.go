package restore

import (
	"container/list"
	"context"
	"errors"
	"slices"

	"lightproof/backup/direct"
	"lightproof/backup/vault"
)

// bundle is one opened bundle, or one that is being opened.
type bundle struct {
	cid   vault.CID
	ready chan struct{}
	data  []byte
	err   error
	at    *list.Element

	// Under the opener's mu.
	users int
	gone  bool   // not kept any more: the room is free once nobody uses it
	room  []byte // that data is in
}

// size is the memory that it takes.
func (b *bundle) size() int { return max(len(b.data), cap(b.room)) }

// bundle opens a bundle, once for all who want it at the same time, and keeps the latest. It is used until it is given to done.
func (o *opener) bundle(ctx context.Context, c vault.Cap) (*bundle, error) {
	for {
		o.mu.Lock()
		b := o.bundles[c.CID]
		if b == nil {
			b = &bundle{cid: c.CID, ready: make(chan struct{}), users: 1}
			o.bundles[c.CID] = b
			o.mu.Unlock()
			var slot *[]byte
			if slot, b.err = o.enter(ctx); b.err == nil { // the bundle is kept and has memory of its own
				room := o.room(vault.PaddedObjectSize(int(c.Len)))
				b.data, b.err = o.chunk(ctx, c, room, vault.ChunkName(c.CID))
				o.settle(b, room)
				o.leave(slot)
			}
			o.keep(b)
			close(b.ready)
			return o.opened(b)
		}
		if b.at != nil {
			o.recent.MoveToFront(b.at)
		}
		b.users++
		o.mu.Unlock()
		select {
		case <-b.ready:
		case <-ctx.Done():
			o.done(b)
			return nil, ctx.Err()
		}
		if b.err != nil && ctx.Err() == nil && (errors.Is(b.err, context.Canceled) || errors.Is(b.err, context.DeadlineExceeded)) {
			o.done(b)
			continue // the other was called off, we were not
		}
		return o.opened(b)
	}
}

func (o *opener) opened(b *bundle) (*bundle, error) {
	if b.err != nil {
		o.done(b)
		return nil, b.err
	}
	return b, nil
}

// done ends a use of a bundle.
func (o *opener) done(b *bundle) {
	o.mu.Lock()
	defer o.mu.Unlock()
	b.users--
	o.freeLocked(b)
}

// freeLocked gives the room of a bundle back that is neither kept nor used.
func (o *opener) freeLocked(b *bundle) {
	if b.gone && b.users == 0 && b.room != nil {
		if len(o.rooms) < openAtOnce {
			o.rooms = append(o.rooms, b.room)
		}
		b.room, b.data = nil, nil
	}
}

// room is room for an object of so many bytes, nil where the fetcher has no use for it.
func (o *opener) room(size int) []byte {
	if _, ok := o.fetch.(IntoFetcher); !ok {
		return nil
	}
	if size > vault.MaxChunkObject/8 {
		size = vault.MaxChunkObject // full bundles differ by a few bytes, and no room should lie there for being too short
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, r := range o.rooms {
		if cap(r) >= size && cap(r)/2 <= size {
			o.rooms = slices.Delete(o.rooms, i, i+1)
			return r
		}
	}
	return direct.Buffer(size)
}

// settle leaves a bundle the room that its data is in, or gives it back.
func (o *opener) settle(b *bundle, room []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if direct.Within(room, b.data) {
		b.room = room
	} else if room != nil && len(o.rooms) < openAtOnce {
		o.rooms = append(o.rooms, room)
	}
}

// close ends what is opened ahead.
func (o *opener) close() {
	o.stop()
	o.opening.Wait()
}

// expect has a bundle opened that will be wanted soon, while earlier ones are written. It is nothing where another one is opened so already, and
// errors are met by whoever wants it.
func (o *opener) expect(ctx context.Context, c vault.Cap) {
	select {
	case o.ahead <- struct{}{}:
	default:
		return
	}
	o.opening.Go(func() {
		defer func() { <-o.ahead }()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(o.ended, cancel)()
		o.mu.Lock()
		o.trimLocked(bundleCache / 2) // its room serves this one
		o.mu.Unlock()
		if b, err := o.bundle(ctx, c); err == nil {
			o.done(b)
		}
	})
}

func (o *opener) keep(b *bundle) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if b.err != nil {
		delete(o.bundles, b.cid)
		b.gone = true
		return
	}
	b.at = o.recent.PushFront(b)
	o.bytes += b.size()
	o.trimLocked(bundleCache)
}

// trimLocked keeps the latest bundles of so many bytes, and one at least.
func (o *opener) trimLocked(most int) {
	for o.bytes > most && o.recent.Len() > 1 {
		old := o.recent.Remove(o.recent.Back()).(*bundle)
		delete(o.bundles, old.cid)
		o.bytes -= old.size()
		old.gone = true
		o.freeLocked(old)
	}
}
