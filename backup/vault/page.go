package vault

import (
	"bytes"
	"fmt"
	"slices"
)

// Source is a protected folder as the catalogue knows it.
type Source struct {
	ID   [16]byte
	Root string // the operating system's bytes
	Rule string // rules as the user sees them, one a line
}

// BundleRef is a row of the table that references point into.
type BundleRef struct {
	Cap  Cap
	Salt [32]byte
}

// Child is one row of a root page.
type Child struct {
	First FileID
	Cap   Cap
}

// Page is a stretch of the catalogue (or a delta's body): sources, bundles and entries sorted by fileID; a root page has Children instead.
type Page struct {
	Sources  []Source
	Bundles  []BundleRef
	Entries  []Entry
	Children []Child
}

const (
	tagPageSources = iota + 1
	tagPageBundles
	tagPageEntries
	tagPageChildren
)

const pageMagic = "LPP1"

// Encode makes the page's plaintext.
func (p Page) Encode() []byte { return p.appendTo(nil) }

// appendTo encodes behind b.
func (p *Page) appendTo(b []byte) []byte {
	f := p.fields(b)
	if len(p.Entries) > 0 {
		f.Begin(tagPageEntries)
		for i := range p.Entries {
			f.BeginItem()
			f.Raw(p.Entries[i].appendTo)
			f.End()
		}
		f.End()
	}
	if len(p.Children) > 0 {
		var b []byte
		for _, c := range p.Children {
			b = c.Cap.Append(append(b, c.First[:]...))
		}
		f.Bytes(tagPageChildren, b)
	}
	return f.Encoded()
}

// fields begins the page behind b with what stands before its entries.
func (p *Page) fields(b []byte) *Fields {
	f := AppendFields(append(b, pageMagic...))
	if len(p.Sources) > 0 {
		f.Begin(tagPageSources)
		for _, s := range p.Sources {
			f.BeginItem()
			f.Bytes(1, s.ID[:]).Str(2, s.Root).Str(3, s.Rule)
			f.End()
		}
		f.End()
	}
	if len(p.Bundles) > 0 {
		f.Bytes(tagPageBundles, appendBundles(nil, p.Bundles))
	}
	return f
}

func appendBundles(b []byte, t []BundleRef) []byte {
	for _, r := range t {
		b = append(r.Cap.Append(b), r.Salt[:]...)
	}
	return b
}

func parseBundles(b []byte) (out []BundleRef, err error) {
	if len(b)%(CapLen+32) != 0 || len(b)/(CapLen+32) > 1<<16 {
		return nil, fmt.Errorf("table of bundles: %w", ErrMalformed)
	}
	for ; len(b) > 0; b = b[CapLen+32:] {
		c, err := ParseCap(b[:CapLen])
		if err != nil {
			return nil, err
		}
		out = append(out, BundleRef{Cap: c, Salt: [32]byte(b[CapLen : CapLen+32])})
	}
	return out, nil
}

// ParsePage decodes a page, which keeps nothing of b, and checks limits, order and that every reference points into the table of bundles.
func ParsePage(b []byte) (p Page, err error) {
	fail := func(e error) (Page, error) { return Page{}, fmt.Errorf("page: %w", e) }
	if len(b) < 4 || string(b[:4]) != pageMagic || len(b) > MaxPageBytes {
		return fail(ErrMalformed)
	}
	r, err := ParseFields(b[4:], 1, 2, 3, 4)
	if err != nil {
		return fail(err)
	}
	items, err := r.List(tagPageSources, 4096)
	if err != nil {
		return fail(err)
	}
	for _, it := range items {
		sr, err := ParseFields(it, 1, 2, 3)
		if err != nil {
			return fail(err)
		}
		s := Source{Root: string(sr.Bytes(2)), Rule: string(sr.Bytes(3))}
		if err := sr.Fixed(1, s.ID[:]); err != nil {
			return fail(err)
		}
		p.Sources = append(p.Sources, s)
	}
	if p.Bundles, err = parseBundles(r.Bytes(tagPageBundles)); err != nil {
		return fail(err)
	}
	if items, err = r.List(tagPageEntries, MaxPageEntries); err != nil {
		return fail(err)
	}
	p.Entries = slices.Grow(p.Entries, len(items))
	for _, it := range items {
		e, err := ParseEntry(it)
		if err != nil {
			return fail(err)
		}
		if n := len(p.Entries); n > 0 && bytes.Compare(p.Entries[n-1].ID[:], e.ID[:]) >= 0 {
			return fail(ErrMalformed)
		}
		for _, v := range e.Versions {
			for _, part := range v.Parts {
				if part.Small && int(part.Ref.Bundle) >= len(p.Bundles) {
					return fail(ErrMalformed)
				}
			}
			if v.Tile != nil && v.Tile.Small && int(v.Tile.Ref.Bundle) >= len(p.Bundles) {
				return fail(ErrMalformed)
			}
		}
		p.Entries = append(p.Entries, e)
	}
	kids := r.Bytes(tagPageChildren)
	if len(kids)%(16+CapLen) != 0 {
		return fail(ErrMalformed)
	}
	for ; len(kids) > 0; kids = kids[16+CapLen:] {
		c := Child{First: FileID(kids[:16])}
		if c.Cap, err = ParseCap(kids[16 : 16+CapLen]); err != nil {
			return fail(err)
		}
		if n := len(p.Children); n > 0 && bytes.Compare(p.Children[n-1].First[:], c.First[:]) >= 0 {
			return fail(ErrMalformed)
		}
		p.Children = append(p.Children, c)
	}
	return p, nil
}

// Payload is the plaintext of a commit's payload: a body inside it, or capabilities of page chunks, or of a root page.
type Payload struct {
	Body  []byte // an encoded Page, nil if Pages or Root stand in its place
	Pages []Cap  // of a delta too large for the payload
	Root  *Cap   // of a full commit
}

// Encode makes the payload's plaintext.
func (p Payload) Encode() []byte {
	f := NewFields()
	if p.Body != nil {
		f.Bytes(1, p.Body)
	}
	if len(p.Pages) > 0 {
		f.Bytes(2, appendCaps(nil, p.Pages))
	}
	if p.Root != nil {
		f.Bytes(3, p.Root.Append(nil))
	}
	return f.Encoded()
}

// ParsePayload decodes a payload's plaintext.
func ParsePayload(b []byte) (p Payload, err error) {
	if len(b) > MaxPayload {
		return p, fmt.Errorf("commit payload: %w", ErrMalformed)
	}
	r, err := ParseFields(b, 1, 2, 3)
	if err != nil {
		return p, fmt.Errorf("commit payload: %w", err)
	}
	p.Body = r.Bytes(1)
	if p.Pages, err = parseCaps(r.Bytes(2)); err != nil {
		return p, err
	}
	if r.Has(3) {
		c, err := ParseCap(r.Bytes(3))
		if err != nil {
			return p, err
		}
		p.Root = &c
	}
	return p, nil
}

// PartList is the continuation of a long file: a chunk of class page.
type PartList struct {
	Bundles []BundleRef
	Parts   []Part
}

const partListMagic = "LPL1"

// MaxListedParts is the number of parts in one part list.
const MaxListedParts = 32768

// Encode makes the part list's plaintext.
func (l PartList) Encode() []byte {
	items := make([][]byte, len(l.Parts))
	for i, p := range l.Parts {
		items[i] = p.Append(nil)
	}
	return append([]byte(partListMagic), NewFields().Bytes(1, appendBundles(nil, l.Bundles)).List(2, items).Encoded()...)
}

// ParsePartList decodes a part list. One without parts is malformed: it would stand for nothing.
func ParsePartList(b []byte) (l PartList, err error) {
	fail := func(e error) (PartList, error) { return PartList{}, fmt.Errorf("part list: %w", e) }
	if len(b) < 4 || string(b[:4]) != partListMagic || len(b) > MaxPageBytes {
		return fail(ErrMalformed)
	}
	r, err := ParseFields(b[4:], 1, 2)
	if err != nil {
		return fail(err)
	}
	if l.Bundles, err = parseBundles(r.Bytes(1)); err != nil {
		return fail(err)
	}
	items, err := r.List(2, MaxListedParts)
	if err != nil {
		return fail(err)
	}
	if len(items) == 0 {
		return fail(ErrMalformed)
	}
	for _, it := range items {
		p, err := ParsePart(it)
		if err != nil || p.Small && int(p.Ref.Bundle) >= len(l.Bundles) {
			return fail(ErrMalformed)
		}
		l.Parts = append(l.Parts, p)
	}
	return l, nil
}
