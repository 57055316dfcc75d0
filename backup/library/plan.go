package library

import (
	"cmp"
	"encoding/binary"
	"hash"
	"slices"

	"lightproof/backup/vault"
)

// Bounds of what is planned at once: files, bytes of content, versions that are gone through together.
const (
	jobFiles    = 256
	jobBytes    = 32 << 20
	familySize  = 8
	largeFamily = 4096 // files with the same first part
)

// unit is one file with content to open, and where its first part lies.
type unit struct {
	object uint64 // the head of its name: names are pseudorandom
	offset uint32 // within a bundle
	id     vault.FileID
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
	l     *Library
	only  map[versionID]bool // nil: all
	units []unit

	versions, bytes int64 // all that is to be opened
}

// newPlan lists the files with content. only: nothing but these versions.
func (l *Library) newPlan(only map[versionID]bool) *plan {
	p := &plan{l: l, only: only}
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, f := range l.cat.Files {
		first := true
		for i := range f.Versions {
			v := &f.Versions[i]
			if !p.wants(f.ID, v) {
				continue
			}
			p.versions++
			p.bytes += int64(v.Size)
			if first {
				first = false
				p.units = append(p.units, unitOf(f.ID, v, f.Bundles))
			}
		}
	}
	slices.SortFunc(p.units, func(a, b unit) int {
		return cmp.Or(cmp.Compare(a.object, b.object), cmp.Compare(a.offset, b.offset))
	})
	return p
}

func (p *plan) wants(file vault.FileID, v *vault.Version) bool {
	return !v.Removed && len(v.Parts)+len(v.Lists) > 0 && (p.only == nil || p.only[versionID{file, v.ID}])
}

func unitOf(id vault.FileID, v *vault.Version, table []vault.BundleRef) unit {
	u := unit{id: id}
	var cid vault.CID
	switch {
	case len(v.Parts) == 0:
		cid = v.Lists[0].CID
	case !v.Parts[0].Small:
		cid = v.Parts[0].Cap.CID
	case int(v.Parts[0].Ref.Bundle) < len(table):
		cid, u.offset = table[v.Parts[0].Ref.Bundle].Cap.CID, v.Parts[0].Ref.Off
	}
	u.object = binary.BigEndian.Uint64(cid[:])
	return u
}

// next gives the next few families, nil at the end. The versions of a family may have parts in common, which are read once for all of them:
// the versions of one file, and those of files that begin in the same place. bad are versions whose parts make no sense.
func (p *plan) next() (families [][]*cursor, bad []versionID) {
	p.l.mu.RLock()
	defer p.l.mu.RUnlock()
	var bytes int64
	for n := 0; n < jobFiles && bytes < jobBytes && len(p.units) > 0; {
		same := 1
		for same < len(p.units) && same < largeFamily && p.units[same].object == p.units[0].object && p.units[same].offset == p.units[0].offset {
			same++
		}
		var family []*cursor
		for _, u := range p.units[:same] {
			f := p.l.cat.Files[u.id]
			if f == nil {
				continue
			}
			for i := range f.Versions {
				v := &f.Versions[i]
				if !p.wants(f.ID, v) {
					continue
				}
				id := versionID{f.ID, v.ID}
				c := &cursor{versions: []versionID{id}, size: int64(v.Size), want: v.Sum, lists: v.Lists}
				var ok bool
				if c.spots, ok = spotsOf(v.Parts, f.Bundles); !ok {
					bad = append(bad, id)
					continue
				}
				bytes += c.size
				family = join(family, c)
			}
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

// spotsOf resolves parts with the table beside them; ok is false where one points outside it.
func spotsOf(parts []vault.Part, table []vault.BundleRef) (out []spot, ok bool) {
	out = make([]spot, len(parts))
	for i, p := range parts {
		if !p.Small {
			out[i].cap = p.Cap
			continue
		}
		if int(p.Ref.Bundle) >= len(table) {
			return nil, false
		}
		out[i] = spot{cap: table[p.Ref.Bundle].Cap, bundle: true, ref: p.Ref}
		out[i].ref.Bundle = 0
	}
	return out, true
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
