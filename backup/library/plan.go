package library

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"hash"
	"slices"
	"sync/atomic"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// Bounds of what is planned at once: versions, bytes of content, versions that are gone through together.
const (
	jobVersions = 256
	jobBytes    = 32 << 20
	familySize  = 8
	largeFamily = 4096 // versions of files that begin in the same place
)

// unit is one version to open. It holds no pointers: there may be very many.
type unit struct {
	object uint64 // the head of the name of the first object of the file's first version to open: names are pseudorandom
	offset uint32 // of that version's first part within a bundle
	spots  uint32 // how many of the plan's, from spot on
	lists  uint32 // how many of the plan's, from list on
	spot   int
	list   int
	id     versionID
	size   int64
	want   vault.Hash
	broken bool // its parts point nowhere
}

// spot is where a part lies: in the object itself, or at an offset of a bundle.
type spot struct {
	cap    vault.Cap
	bundle bool
	ref    vault.Ref // its Bundle is 0
}

// cursor goes through the parts of one version, or of several that are the same.
type cursor struct {
	versions []versionID
	size     int64
	want     vault.Hash

	// Of the goroutine that opens.
	spots []spot // what is left of the parts at hand
	lists []vault.Cap
	begun bool
	over  bool // a list of it could not be used, and it was judged

	wrong atomic.Bool // a part of it cannot be opened, and it was judged: fetch leaves the others

	// Of the goroutine that hashes.
	sum  hash.Hash
	used []proof // the objects gone through
	fed  int64   // bytes of content counted as gone through, of all versions together
}

// proof is an object that was opened, and the SHA-256 of its stored bytes.
type proof struct {
	cid vault.CID
	sum vault.Hash
}

// versionID names one version.
type versionID struct {
	file    vault.FileID
	version vault.VersionID
}

// plan hands out what is to be opened, in an order in which each bundle is needed during one short time. Not for concurrent use.
type plan struct {
	only  map[versionID]bool // nil: all
	units []unit
	spots []spot
	lists []vault.Cap

	versions, bytes int64 // all that is to be opened
}

// newPlan lists the versions with content. only: nothing but these.
func (l *Library) newPlan(ctx context.Context, only map[versionID]bool) (*plan, error) {
	p := &plan{only: only}
	if err := l.Each(ctx, p.add); err != nil {
		return nil, err
	}
	slices.SortFunc(p.units, func(a, b unit) int {
		return cmp.Or(cmp.Compare(a.object, b.object), cmp.Compare(a.offset, b.offset), bytes.Compare(a.id.file[:], b.id.file[:]), cmp.Compare(a.spot, b.spot))
	})
	return p, nil
}

// add takes up what is to be opened of a file.
func (p *plan) add(f *reader.File) error {
	var first *unit
	for i := range f.Versions {
		v := &f.Versions[i]
		id := versionID{f.ID, v.ID}
		if v.Removed || len(v.Parts)+len(v.Lists) == 0 || p.only != nil && !p.only[id] {
			continue
		}
		u := unit{id: id, size: int64(v.Size), want: v.Sum, spot: len(p.spots), list: len(p.lists), lists: uint32(len(v.Lists))}
		var ok bool
		p.spots, ok = appendSpots(p.spots, v.Parts, f.Bundles)
		p.lists = append(p.lists, v.Lists...)
		u.spots, u.broken = uint32(len(p.spots)-u.spot), !ok
		if first != nil {
			u.object, u.offset = first.object, first.offset
		} else if u.spots > 0 {
			s := &p.spots[u.spot]
			u.object, u.offset = binary.BigEndian.Uint64(s.cap.CID[:]), s.ref.Off
		} else if u.lists > 0 {
			u.object = binary.BigEndian.Uint64(v.Lists[0].CID[:])
		}
		p.versions++
		p.bytes += u.size
		p.units = append(p.units, u)
		if first == nil {
			first = &u
		}
	}
	return nil
}

// next gives the next few families, nil at the end. The versions of a family may have parts in common, which are read once for all of them:
// the versions of one file, and those of files that begin in the same place. bad are versions whose parts make no sense.
func (p *plan) next() (families [][]*cursor, bad []versionID) {
	var size int64
	for n := 0; n < jobVersions && size < jobBytes && len(p.units) > 0; {
		same := 1
		for same < len(p.units) && same < largeFamily && p.units[same].object == p.units[0].object && p.units[same].offset == p.units[0].offset {
			same++
		}
		var family []*cursor
		for i := range p.units[:same] {
			u := &p.units[i]
			if u.broken {
				bad = append(bad, u.id)
				continue
			}
			size += u.size
			family = join(family, &cursor{versions: []versionID{u.id}, size: u.size, want: u.want,
				spots: p.spots[u.spot : u.spot+int(u.spots)], lists: p.lists[u.list : u.list+int(u.lists)]})
		}
		for part := range slices.Chunk(family, familySize) {
			families = append(families, part)
		}
		n += same
		p.units = p.units[same:]
	}
	return families, bad
}

// join adds a version to a family, or to the cursor of one that is the same.
func join(family []*cursor, c *cursor) []*cursor {
	for _, o := range family {
		if o.want == c.want && o.size == c.size && slices.Equal(o.spots, c.spots) && slices.Equal(o.lists, c.lists) {
			o.versions = append(o.versions, c.versions...)
			return family
		}
	}
	return append(family, c)
}

// appendSpots resolves parts with the table beside them; ok is false, and nothing is appended, where one points outside it.
func appendSpots(out []spot, parts []vault.Part, table []vault.BundleRef) (all []spot, ok bool) {
	all = out
	for _, p := range parts {
		if !p.Small {
			all = append(all, spot{cap: p.Cap})
			continue
		}
		if int(p.Ref.Bundle) >= len(table) {
			return out, false
		}
		s := spot{cap: table[p.Ref.Bundle].Cap, bundle: true, ref: p.Ref}
		s.ref.Bundle = 0
		all = append(all, s)
	}
	return all, true
}

// choose gives the place to open next for a family, in which each cursor has spots at hand: one which all that still need it need next, so
// that it is opened once. Where the orders contradict each other there is none, and the first's is opened.
func choose(family []*cursor) spot {
	if len(family) > 1 {
		for _, c := range family {
			s := c.spots[0]
			if !slices.ContainsFunc(family, func(o *cursor) bool { return o.spots[0] != s && slices.Contains(o.spots, s) }) {
				return s
			}
		}
	}
	return family[0].spots[0]
}
