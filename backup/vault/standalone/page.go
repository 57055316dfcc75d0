package standalone

import (
	"bytes"
	"fmt"
)

var (
	payloadShape  = shape{{1, 0, false}, {2, 0, false}, {3, capSize, false}}
	pageShape     = shape{{1, 0, false}, {2, 0, false}, {3, 0, false}, {4, 0, false}}
	sourceShape   = shape{{1, 16, true}, {2, 0, false}, {3, 0, false}}
	entryShape    = shape{{1, 16, true}, {2, 16, true}, {3, 0, true}, {4, 8, true}, {5, 8, false}, {6, 4, true}, {7, 1, true}, {8, 0, false}, {9, 0, false}, {10, 0, false}, {11, 16, false}}
	versionShape  = shape{{1, 16, true}, {2, 8, true}, {3, 32, true}, {4, 1, true}, {5, 0, false}, {6, 0, false}, {7, 0, false}, {8, 0, false}, {9, 8, true}, {10, 8, true}, {11, 1, true}}
	partListShape = shape{{1, 0, false}, {2, 0, false}}
)

// Limits of FORMAT.md, "Limits".
const (
	maxPayload = 1 << 20
	maxPage    = 4 << 20
	maxEntry   = 1 << 20
	maxTable   = 65_536
)

// page is a stretch of the catalogue.
type page struct {
	sources  []record
	entries  []fileEntry
	children [][]byte // caps, of a root page
}

// fileEntry is a file as one page tells it.
type fileEntry struct {
	record
	attributes []Attribute
	versions   []*version
}

// version is one state of a file's content; its parts know their bundles already.
type version struct {
	record
	parts []part
	lists [][]byte
}

func (v *version) recorded() int64 { return int64(num64(v.record[10])) }
func (v *version) removed() bool   { return v.record[11][0]&1 != 0 }

// parsePage decodes a page; one that breaks a rule is refused whole.
func parsePage(b []byte) (*page, error) {
	if len(b) > maxPage || !bytes.HasPrefix(b, []byte("LPP1")) {
		return nil, fmt.Errorf("not a page: %w", ErrMalformed)
	}
	r, err := pageShape.parse(b[4:])
	if err != nil {
		return nil, err
	}
	out := &page{}
	sources, err := items(r[1], 4096)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		sr, err := sourceShape.parse(s)
		if err != nil {
			return nil, err
		}
		out.sources = append(out.sources, sr)
	}
	table, err := bare(r[2], rowSize, maxTable)
	if err != nil {
		return nil, err
	}
	children, err := bare(r[4], 16+capSize, maxPage)
	if err != nil {
		return nil, err
	}
	for i, c := range children {
		if i > 0 && bytes.Compare(children[i-1][:16], c[:16]) >= 0 {
			return nil, fmt.Errorf("children out of order: %w", ErrMalformed)
		}
		out.children = append(out.children, c[16:])
	}
	entries, err := items(r[3], 500)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 && len(children) > 0 {
		return nil, fmt.Errorf("a root page with entries: %w", ErrMalformed)
	}
	var last []byte
	for _, e := range entries {
		f, err := parseEntry(e, table)
		if err != nil {
			return nil, err
		}
		if last != nil && bytes.Compare(last, f.record[1]) >= 0 {
			return nil, fmt.Errorf("entries out of order: %w", ErrMalformed)
		}
		last = f.record[1]
		out.entries = append(out.entries, f)
	}
	return out, nil
}

func parseEntry(b []byte, table [][]byte) (f fileEntry, err error) {
	if len(b) > maxEntry {
		return f, fmt.Errorf("file entry of %d bytes: %w", len(b), ErrMalformed)
	}
	r, err := entryShape.parse(b)
	if err != nil {
		return f, err
	}
	if len(r[3]) == 0 || r[7][0] > 1 {
		return f, fmt.Errorf("path or type of a file: %w", ErrMalformed)
	}
	f.record = r
	rows, err := items(r[9], 1024)
	if err != nil {
		return f, err
	}
	for _, row := range rows {
		if len(row) < 2 || len(row)-2 < num16(row) {
			return f, fmt.Errorf("attribute: %w", ErrMalformed)
		}
		n := 2 + num16(row)
		f.attributes = append(f.attributes, Attribute{string(row[2:n]), row[n:]})
	}
	versions, err := items(r[10], 16384)
	if err != nil {
		return f, err
	}
	for _, row := range versions {
		v, err := parseVersion(row, table)
		if err != nil {
			return f, err
		}
		f.versions = append(f.versions, v)
	}
	return f, nil
}

func parseVersion(b []byte, table [][]byte) (*version, error) {
	r, err := versionShape.parse(b)
	if err != nil {
		return nil, err
	}
	if r[4][0] > 3 || r[11][0] > 3 {
		return nil, fmt.Errorf("splitter or flags of a version: %w", ErrNewer)
	}
	v := &version{record: r}
	if r[6] != nil {
		if _, err := parsePart(r[6], table); err != nil {
			return nil, err
		}
	}
	if v.parts, err = parseParts(r[7], 64, table); err != nil {
		return nil, err
	}
	if v.lists, err = bare(r[8], capSize, maxTable); err != nil {
		return nil, err
	}
	if len(v.lists) > 0 && len(v.parts) > 0 || v.removed() && len(v.lists)+len(v.parts) > 0 {
		return nil, fmt.Errorf("parts of a version: %w", ErrMalformed)
	}
	if len(v.lists) == 0 && !v.removed() && lengthOf(v.parts) != num64(r[2]) {
		return nil, fmt.Errorf("size of a version: %w", ErrMalformed)
	}
	return v, nil
}

func lengthOf(parts []part) (n uint64) {
	for _, p := range parts {
		n += p.size()
	}
	return n
}

// parsePartList decodes the parts of a long file.
func parsePartList(b []byte) ([]part, error) {
	if len(b) > maxPage || !bytes.HasPrefix(b, []byte("LPL1")) {
		return nil, fmt.Errorf("not a part list: %w", ErrMalformed)
	}
	r, err := partListShape.parse(b[4:])
	if err != nil {
		return nil, err
	}
	table, err := bare(r[1], rowSize, maxTable)
	if err != nil {
		return nil, err
	}
	parts, err := parseParts(r[2], 32768, table)
	if err == nil && len(parts) == 0 {
		err = fmt.Errorf("a list of no parts: %w", ErrMalformed)
	}
	return parts, err
}
