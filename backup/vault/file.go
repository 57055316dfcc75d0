package vault

import (
	"encoding/binary"
	"fmt"
)

// File is one file entry with a table of bundles of its own: references in its versions point into Bundles.
type File struct {
	Entry
	Bundles []BundleRef
}

// Page makes a page that holds just this file: the form that the local catalogue keeps.
func (f *File) Page() Page { return Page{Bundles: f.Bundles, Entries: []Entry{f.Entry}} }

// AppendPage encodes Page behind b.
func (f *File) AppendPage(b []byte) []byte {
	p := f.Page()
	return p.appendTo(b)
}

// FileOfPage is the reverse of File.Page.
func FileOfPage(p Page) (*File, error) {
	if len(p.Entries) != 1 {
		return nil, fmt.Errorf("catalogue row: %w", ErrMalformed)
	}
	return &File{Entry: p.Entries[0], Bundles: p.Bundles}, nil
}

// Own moves a reference from another table of bundles into the file's own.
func (f *File) Own(r Ref, table []BundleRef) (Ref, error) {
	if int(r.Bundle) >= len(table) {
		return r, fmt.Errorf("reference outside its table: %w", ErrMalformed)
	}
	b := table[r.Bundle]
	for i := range f.Bundles {
		if f.Bundles[i] == b { // the whole row: another device may give another key or hash for the same name
			r.Bundle = uint16(i)
			return r, nil
		}
	}
	if len(f.Bundles) > 1<<16-1 {
		return r, fmt.Errorf("table of bundles: %w", ErrMalformed)
	}
	f.Bundles = append(f.Bundles, b)
	r.Bundle = uint16(len(f.Bundles) - 1)
	return r, nil
}

// PageBuilder joins files, given in ascending order of fileID, into one page with one table of bundles. Each is encoded once.
type PageBuilder struct {
	Sources []Source // of the page

	bundles []BundleRef
	at      map[BundleRef]uint16
	entries []byte // as in the page's field
	count   int

	versions []Version // reused by Add
	parts    []Part
}

// NewPageBuilder starts an empty page.
func NewPageBuilder() *PageBuilder { return &PageBuilder{at: map[BundleRef]uint16{}} }

// Files is how many were added.
func (b *PageBuilder) Files() int { return b.count }

// Size is about the encoded length so far, in bytes.
func (b *PageBuilder) Size() int { return 64 + len(b.entries) + len(b.bundles)*(CapLen+32) }

// Add takes a file over, unless it does not fit (false). The first file always fits; pages are kept to half of the format's limit, so that
// a page can grow before it splits.
func (b *PageBuilder) Add(f *File) bool {
	if b.count == MaxPageEntries || len(b.bundles)+len(f.Bundles) >= 1<<16 && b.count > 0 {
		return false
	}
	e := f.Entry
	added, start := len(b.bundles), len(b.entries)
	own := func(p *Part) {
		if !p.Small {
			return
		}
		br := f.Bundles[p.Ref.Bundle]
		i, ok := b.at[br]
		if !ok {
			i = uint16(len(b.bundles))
			b.at[br] = i
			b.bundles = append(b.bundles, br)
		}
		p.Ref.Bundle = i
	}
	// The versions and parts that are changed are copies, which are done with when the entry is encoded.
	b.versions, b.parts = append(b.versions[:0], e.Versions...), b.parts[:0]
	e.Versions = b.versions
	for i := range e.Versions {
		v := &e.Versions[i]
		first := len(b.parts)
		b.parts = append(b.parts, v.Parts...)
		v.Parts = b.parts[first:len(b.parts):len(b.parts)]
		for j := range v.Parts {
			own(&v.Parts[j])
		}
		if v.Tile != nil {
			tile := *v.Tile
			own(&tile)
			v.Tile = &tile
		}
	}
	b.entries = e.appendTo(append(b.entries, 0, 0, 0, 0))
	binary.BigEndian.PutUint32(b.entries[start:], uint32(len(b.entries)-start-4))
	if b.count > 0 && b.Size() > MaxPageBytes/2 {
		b.entries = b.entries[:start]
		for _, br := range b.bundles[added:] {
			delete(b.at, br)
		}
		b.bundles = b.bundles[:added]
		return false
	}
	b.count++
	return true
}

// Reset makes the builder one of an empty page; what was encoded stays as it is. Sources are kept off it.
func (b *PageBuilder) Reset() {
	clear(b.at)
	b.Sources, b.bundles, b.entries, b.count = nil, b.bundles[:0], b.entries[:0], 0
}

// Encode makes the page's plaintext.
func (b *PageBuilder) Encode() []byte {
	f := (&Page{Sources: b.Sources, Bundles: b.bundles}).fields(nil)
	if b.count > 0 {
		f.Bytes(tagPageEntries, b.entries)
	}
	return f.Encoded()
}
