package vault

import (
	"fmt"
	"slices"
)

// File is one file entry with a table of bundles of its own: references in its versions point into Bundles.
type File struct {
	Entry
	Bundles []BundleRef
}

// Page makes a page that holds just this file: the form that the local catalogue keeps.
func (f *File) Page() Page { return Page{Bundles: f.Bundles, Entries: []Entry{f.Entry}} }

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

// PageBuilder joins files, given in ascending order of fileID, into one page with one table of bundles.
type PageBuilder struct {
	Page
	at   map[BundleRef]uint16
	size int
}

// NewPageBuilder starts an empty page.
func NewPageBuilder() *PageBuilder { return &PageBuilder{at: map[BundleRef]uint16{}, size: 64} }

// Fits tells whether the file can still be added. The first file always fits; pages are kept to half of the format's limit, so that a
// page can grow before it splits.
func (b *PageBuilder) Fits(f *File) bool {
	n := len(f.Entry.Encode()) + 16
	for _, r := range f.Bundles {
		if _, ok := b.at[r]; !ok {
			n += CapLen + 32
		}
	}
	return len(b.Entries) == 0 || len(b.Entries) < MaxPageEntries && b.size+n <= MaxPageBytes/2 && len(b.Bundles)+len(f.Bundles) < 1<<16
}

// Size is about the encoded length so far, in bytes.
func (b *PageBuilder) Size() int { return b.size }

// Add takes a file over.
func (b *PageBuilder) Add(f *File) {
	e := f.Entry
	e.Versions = slices.Clone(e.Versions)
	own := func(r Ref) Ref {
		br := f.Bundles[r.Bundle]
		i, ok := b.at[br]
		if !ok {
			i = uint16(len(b.Bundles))
			b.at[br] = i
			b.Bundles = append(b.Bundles, br)
			b.size += CapLen + 32
		}
		r.Bundle = i
		return r
	}
	for i := range e.Versions {
		v := &e.Versions[i]
		v.Parts = slices.Clone(v.Parts)
		for j := range v.Parts {
			if v.Parts[j].Small {
				v.Parts[j].Ref = own(v.Parts[j].Ref)
			}
		}
		if v.Tile != nil && v.Tile.Small {
			v.Tile = &Part{Small: true, Ref: own(v.Tile.Ref)}
		}
	}
	b.size += len(e.Encode()) + 16
	b.Entries = append(b.Entries, e)
}
