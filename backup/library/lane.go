package library

import (
	"context"
	"crypto/sha256"
	"errors"

	"lightproof/backup/direct"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// lane opens families one after the other. It has three goroutines, so that one large version, whose parts must be hashed in order, keeps more
// than one core busy and the medium, too: while one hashes a part, another opens the next, and a third reads the one after.
type lane struct {
	p      *pass
	small  chan []byte // what records of bundles are opened into
	read   chan step
	opened chan step
	held   *bundle
	near   []byte // the record of a version that is one record
}

// step is one part, and who it is for.
type step struct {
	object []byte // as it was read, where it is still to be opened
	plain  []byte
	spot   *spot
	to     []*cursor // one stands here as often as the part follows itself
	done   []*cursor // those of them that end with it
	lost   []*cursor // those that need it where it cannot be used
	free   func()    // gives the room of object and plain back; nil: there is none
}

func newLane(p *pass) *lane {
	a := &lane{p: p, small: make(chan []byte, 3), read: make(chan step), opened: make(chan step)}
	for range cap(a.small) {
		a.small <- nil
	}
	return a
}

// fetch reads until there is nothing left, and closes read. Bundles and lists, which it takes the next parts out of, it opens itself.
func (a *lane) fetch(ctx context.Context) error {
	defer close(a.read)
	defer a.let()
	for {
		families, bad := a.p.next()
		for range bad {
			a.p.senseless()
		}
		if len(families) == 0 && len(bad) == 0 {
			return nil
		}
		for _, f := range families {
			if err := a.family(ctx, f); err != nil {
				return err
			}
		}
	}
}

// family opens the parts of the versions of a family.
func (a *lane) family(ctx context.Context, family []*cursor) error {
	for {
		var err error
		if family, err = a.ready(ctx, family); err != nil {
			return err
		}
		if len(family) == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		s := choose(family)
		if c := family[0]; s.bundle && len(family) == 1 && len(c.spots) == 1 && len(c.lists) == 0 && !c.begun {
			family = nil
			err = a.record(ctx, c, &s)
		} else {
			family, err = a.part(ctx, family, &s)
		}
		if err != nil {
			return err
		}
	}
}

// ready drops the versions that are through or wrong, and reads the list of the next parts of those that have come to the end of one.
func (a *lane) ready(ctx context.Context, family []*cursor) ([]*cursor, error) {
	left := family[:0]
	for _, c := range family {
		if c.wrong.Load() {
			continue
		}
		for len(c.spots) == 0 && len(c.lists) > 0 {
			list := c.lists[0]
			c.lists, c.begun = c.lists[1:], true
			st := step{spot: &spot{cap: list}}
			switch err := a.list(ctx, c, list); {
			case errors.Is(err, errUnusable):
				st.lost = []*cursor{c}
				c.spots, c.lists, c.over = nil, nil, true
			case err != nil:
				return nil, err
			default:
				st.to = []*cursor{c}
			}
			if !a.send(ctx, st) {
				return nil, ctx.Err()
			}
		}
		switch {
		case len(c.spots) > 0:
			left = append(left, c)
		case !c.over && !a.send(ctx, step{done: []*cursor{c}}): // nothing is left of it: it is judged by what it came to
			return nil, ctx.Err()
		}
	}
	return left, nil
}

func (a *lane) list(ctx context.Context, c *cursor, list vault.Cap) error {
	buffer := <-a.p.large
	defer func() { a.p.large <- buffer }()
	plain, err := a.p.open(ctx, list, buffer)
	if err != nil {
		return err
	}
	parts, err := vault.ParsePartList(plain)
	if err != nil {
		return unusable(err)
	}
	var ok bool
	if c.spots, ok = appendSpots(nil, parts.Parts, parts.Bundles); !ok {
		return unusable(errOutside)
	}
	return nil
}

// part reads one part and gives it to all that need it next; what is left of the family comes back.
func (a *lane) part(ctx context.Context, family []*cursor, s *spot) ([]*cursor, error) {
	st := step{spot: s}
	var err error
	if s.bundle {
		room := <-a.small
		st.plain, err = a.take(ctx, s, room)
		if err == nil {
			room = st.plain
		}
		st.free = func() { a.small <- room }
	} else {
		room := <-a.p.large
		st.object, err = a.p.read(ctx, s.cap, room)
		st.free = func() { a.p.large <- room }
	}
	if err != nil {
		st.free()
		st.free = nil
		if !errors.Is(err, errUnusable) {
			return nil, err
		}
	}
	left := family[:0]
	for _, c := range family {
		c.begun = true
		switch {
		case c.spots[0] != *s:
			left = append(left, c)
		case err != nil:
			st.lost = append(st.lost, c)
		default:
			for len(c.spots) > 0 && c.spots[0] == *s {
				st.to = append(st.to, c)
				c.spots = c.spots[1:]
			}
			if len(c.spots)+len(c.lists) == 0 {
				st.done = append(st.done, c)
			} else {
				left = append(left, c)
			}
		}
	}
	if !a.send(ctx, st) {
		return nil, ctx.Err()
	}
	return left, nil
}

// record opens a version that is one record, and compares it at once: it is short.
func (a *lane) record(ctx context.Context, c *cursor, s *spot) error {
	plain, err := a.take(ctx, s, a.near)
	if errors.Is(err, errUnusable) {
		a.p.lost(c, proof{s.cap.CID, s.cap.Object})
		return nil
	}
	if err != nil {
		return err
	}
	a.near = plain
	a.p.compared(c, sha256.Sum256(plain), []proof{{s.cap.CID, s.cap.Object}})
	return nil
}

// take opens a record of a bundle into room.
func (a *lane) take(ctx context.Context, s *spot, room []byte) ([]byte, error) {
	if a.held == nil || a.held.cap != s.cap {
		a.let()
		a.held = a.p.bundles.take(ctx, s.cap, a.p.open)
	}
	if a.held.err != nil {
		return nil, a.held.err
	}
	plain, err := reader.AppendRecord(room[:0], a.p.l.keys.Space, s.ref, a.held.plain)
	return plain, unusable(err)
}

func (a *lane) let() {
	if a.held != nil {
		a.p.bundles.give(a.held)
		a.held = nil
	}
}

func (a *lane) send(ctx context.Context, s step) bool {
	select {
	case a.read <- s:
		return true
	case <-ctx.Done():
		return false
	}
}

// open opens what fetch read, until it ends, and closes opened.
func (a *lane) open() {
	defer close(a.opened)
	for s := range a.read {
		if s.object != nil {
			var err error
			if s.plain, err = reader.OpenChunkInPlace(a.p.l.keys.Space, s.spot.cap, s.object); err != nil {
				s.to, s.done, s.lost = nil, nil, append(s.lost, s.to...)
			}
		}
		a.opened <- s
	}
}

// hash takes what was opened, until it ends.
func (a *lane) hash() {
	for s := range a.opened {
		for _, c := range s.lost {
			a.lost(c, s.spot)
		}
		for _, c := range s.to {
			if !c.wrong.Load() {
				feed(c, s.spot, s.plain)
				a.p.count(c, len(s.plain))
			}
		}
		for _, c := range s.done {
			if !c.wrong.Load() {
				a.p.compared(c, c.total(), c.used)
			}
		}
		if s.free != nil {
			s.free()
		}
	}
}

// lost judges versions by a part that cannot be opened, unless they were by one before it.
func (a *lane) lost(c *cursor, s *spot) {
	if c.wrong.CompareAndSwap(false, true) {
		a.p.lost(c, proof{s.cap.CID, s.cap.Object})
	}
}

// total is the SHA-256 of all that c was fed.
func (c *cursor) total() vault.Hash {
	if c.sum == nil {
		return sha256.Sum256(nil)
	}
	return vault.Hash(c.sum.Sum(nil))
}

func feed(c *cursor, s *spot, plain []byte) {
	if c.sum == nil {
		c.sum = sha256.New()
	}
	c.sum.Write(plain)
	if n := len(c.used); n == 0 || c.used[n-1].cid != s.cap.CID {
		c.used = append(c.used, proof{s.cap.CID, s.cap.Object})
	}
}

// roomFor makes buffer hold an object whose content has n bytes. One that gets large gets room for the largest at once: what it would grow out
// of again and again is memory, too, until it is collected.
func roomFor(buffer *[]byte, n int) []byte {
	if size := vault.PaddedObjectSize(n); cap(*buffer) < size {
		if size > vault.MaxChunkObject/8 {
			size = vault.MaxChunkObject
		}
		*buffer = direct.Buffer(size)
	}
	return *buffer
}
