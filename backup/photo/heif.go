package photo

import (
	"bytes"
	"encoding/binary"
)

// item is one item of an HEIF meta box (ISO 14496-12, 8.11; ISO 23008-12).
type item struct {
	kind, mime string
	extents    []extent
	inIdat     bool
}

// heifMeta is what the meta box of an HEIF file says.
type heifMeta struct {
	items                   map[uint32]*item
	primary                 uint32
	primaryAt               int64
	primaryBytes            int
	idat                    box
	thumbnails              []uint32 // of the primary item
	props                   []box    // of ipco, in order
	assoc                   map[uint32][]int
	refsBytes, assocEntries int
}

// heif reads an HEIF or AVIF file: its meta box names items, and one of them is an EXIF block.
func (p *parse) heif(s section) {
	p.topLevel(s, func(b box) {
		switch b.kind {
		case "meta":
			p.heifMeta(s, b)
		case "mpvd":
			// The box says it better than a length in XMP, which came first.
			p.f.Motion = Value[Motion]{V: Motion{Offset: b.at, Length: b.size()}, Source: "HEIF mpvd", State: OK}
		}
	})
}

func (p *parse) heifMeta(s section, meta box) {
	m := &heifMeta{items: map[uint32]*item{}, assoc: map[uint32][]int{}}
	var iloc box
	boxes(s, meta.at+4, meta.end, func(b box) bool {
		switch b.kind {
		case "pitm":
			m.readPrimary(s, b)
		case "iinf":
			m.readItems(s, b)
		case "iloc":
			iloc = b
		case "idat":
			m.idat = b
		case "iprp":
			m.readProperties(s, b)
		}
		return true
	})
	if b, ok := child(s, meta.at+4, meta.end, "iref"); ok {
		m.readReferences(s, b)
	}
	if iloc.kind != "" {
		m.readLocations(s, iloc)
	}
	p.heifTurn(s, m)
	p.heifThumbnail(s, m)
	p.heifContents(s, m)
}

func (m *heifMeta) readPrimary(s section, b box) {
	version, _ := s.u8(b.at)
	m.primaryAt, m.primaryBytes = b.at+4, 2
	var v int64
	if version == 0 {
		v, _ = s.u16(b.at+4, binary.BigEndian)
	} else {
		m.primaryBytes = 4
		v, _ = s.u32(b.at+4, binary.BigEndian)
	}
	m.primary = uint32(v)
}

// readItems reads the item types.
func (m *heifMeta) readItems(s section, b box) {
	if b.size() > maxItemTable {
		b.end = b.at + maxItemTable
	}
	from := b.at + 6
	if version, _ := s.u8(b.at); version != 0 {
		from = b.at + 8
	}
	boxes(s, from, b.end, func(e box) bool {
		if e.kind != "infe" || e.size() < 12 || len(m.items) >= maxItems {
			return len(m.items) < maxItems
		}
		raw := s.at(e.at, int(min(e.size(), 96)))
		if raw == nil || raw[0] < 2 {
			return raw != nil
		}
		id, rest := uint32(binary.BigEndian.Uint16(raw[4:])), raw[8:]
		if raw[0] > 2 {
			if len(raw) < 14 {
				return true
			}
			id, rest = binary.BigEndian.Uint32(raw[4:]), raw[10:]
		}
		it := &item{kind: string(rest[:4])}
		if it.kind == "mime" { // item name, then content type, both ended by NUL
			if parts := bytes.SplitN(rest[4:], []byte{0}, 3); len(parts) > 1 {
				it.mime = string(parts[1])
			}
		}
		if _, twice := m.items[id]; !twice {
			m.items[id] = it
		}
		return true
	})
}

// readLocations reads where the bytes of each item lie.
func (m *heifMeta) readLocations(s section, b box) {
	raw := s.bytes(b.at, int(min(b.size(), bufferSize)))
	if len(raw) < 8 {
		return
	}
	version := raw[0]
	r := &fieldReader{b: raw[4:]}
	sizes := r.uint(2)
	offsetSize, lengthSize, baseSize, indexSize := int(sizes>>12&15), int(sizes>>8&15), int(sizes>>4&15), int(sizes&15)
	if version == 0 {
		indexSize = 0
	}
	idSize := 2
	if version == 2 {
		idSize = 4
	}
	count := r.uint(idSize)
	for n := uint64(0); n < min(count, maxItems) && !r.short; n++ {
		id := uint32(r.uint(idSize))
		method := uint64(0)
		if version > 0 {
			method = r.uint(2) & 15
		}
		r.uint(2) // data reference
		base := r.uint(baseSize)
		extents := r.uint(2)
		it := m.items[id]
		for e := uint64(0); e < extents && !r.short; e++ {
			r.uint(indexSize)
			off, n := r.uint(offsetSize), r.uint(lengthSize)
			if it == nil || r.short || len(it.extents) >= maxExtents || method > 1 || base > 1<<62 || off > 1<<62 || n > 1<<62 {
				continue
			}
			it.inIdat = method == 1
			it.extents = append(it.extents, extent{int64(base + off), int64(n)})
		}
	}
}

// fieldReader reads big-endian numbers of varying width; past the end it gives zeros and sets short.
type fieldReader struct {
	b     []byte
	short bool
}

func (r *fieldReader) uint(n int) uint64 {
	if n > len(r.b) || n > 8 {
		r.short, r.b = true, nil
		return 0
	}
	v := uint64(0)
	for _, c := range r.b[:n] {
		v = v<<8 | uint64(c)
	}
	r.b = r.b[n:]
	return v
}

// readReferences finds the thumbnails of the primary item.
func (m *heifMeta) readReferences(s section, b box) {
	version, _ := s.u8(b.at)
	width := 2
	if version != 0 {
		width = 4
	}
	boxes(s, b.at+4, b.end, func(ref box) bool {
		if ref.kind != "thmb" {
			return true
		}
		r := &fieldReader{b: s.at(ref.at, int(min(ref.size(), 256)))}
		from, n := uint32(r.uint(width)), r.uint(2)
		for ; n > 0 && !r.short; n-- {
			if to := uint32(r.uint(width)); to == m.primary && !r.short && len(m.thumbnails) < maxPreviews {
				m.thumbnails = append(m.thumbnails, from)
			}
		}
		return true
	})
}

// readProperties reads the list of properties and which items have which.
func (m *heifMeta) readProperties(s section, iprp box) {
	boxes(s, iprp.at, iprp.end, func(b box) bool {
		switch b.kind {
		case "ipco":
			boxes(s, b.at, b.end, func(prop box) bool {
				m.props = append(m.props, prop)
				return len(m.props) < maxItems
			})
		case "ipma":
			m.readAssociations(s, b)
		}
		return true
	})
}

func (m *heifMeta) readAssociations(s section, b box) {
	raw := s.bytes(b.at, int(min(b.size(), bufferSize)))
	if len(raw) < 8 {
		return
	}
	version, wide := raw[0], raw[3]&1 == 1
	r := &fieldReader{b: raw[4:]}
	for n := min(r.uint(4), maxItems); n > 0 && !r.short; n-- {
		id := uint32(0)
		if version < 1 {
			id = uint32(r.uint(2))
		} else {
			id = uint32(r.uint(4))
		}
		var list []int
		for k := r.uint(1); k > 0 && !r.short; k-- {
			index := 0
			if wide {
				index = int(r.uint(2) & 0x7FFF)
			} else {
				index = int(r.uint(1) & 0x7F)
			}
			list = append(list, index)
		}
		if _, twice := m.assoc[id]; !twice {
			m.assoc[id] = list
		}
	}
}

// properties calls f for each property of an item, in their order.
func (m *heifMeta) properties(id uint32, f func(box)) {
	for _, i := range m.assoc[id] {
		if i >= 1 && i <= len(m.props) {
			f(m.props[i-1])
		}
	}
}

// size is the ispe property of an item.
func (m *heifMeta) size(s section, id uint32) (w, h int) {
	m.properties(id, func(b box) {
		if b.kind == "ispe" && w == 0 {
			if raw := s.at(b.at, int(min(b.size(), 12))); len(raw) == 12 {
				w, h = int(binary.BigEndian.Uint32(raw[4:])), int(binary.BigEndian.Uint32(raw[8:]))
			}
		}
	})
	if w <= 0 || h <= 0 || w >= 1<<24 || h >= 1<<24 {
		return 0, 0
	}
	return w, h
}

// heifTurn sets the size and the turning of the primary item: irot (quarter turns anticlockwise) and imir, in the order they are listed.
func (p *parse) heifTurn(s section, m *heifMeta) {
	if w, h := m.size(s, m.primary); w > 0 {
		p.f.Width.set(w, "HEIF ispe")
		p.f.Height.set(h, "HEIF ispe")
	}
	turn := 1
	m.properties(m.primary, func(b box) {
		v, ok := s.u8(b.at)
		if !ok || b.size() < 1 {
			return
		}
		switch b.kind {
		case "irot":
			turn = compose(turn, [4]int{1, 8, 3, 6}[v&3])
		case "imir": // 0 mirrors about a horizontal axis, 1 about a vertical one
			turn = compose(turn, [2]int{4, 2}[v&1])
		}
	})
	p.f.Turn = turn
}

// compose is the EXIF orientation of doing a, then b.
func compose(a, b int) int {
	// Each orientation as a 2 × 2 matrix acting on (x, y) of the picture.
	m := [9][4]int{1: {1, 0, 0, 1}, 2: {-1, 0, 0, 1}, 3: {-1, 0, 0, -1}, 4: {1, 0, 0, -1}, 5: {0, 1, 1, 0}, 6: {0, -1, 1, 0}, 7: {0, -1, -1, 0}, 8: {0, 1, -1, 0}}
	x, y := m[b], m[a]
	product := [4]int{x[0]*y[0] + x[1]*y[2], x[0]*y[1] + x[1]*y[3], x[2]*y[0] + x[3]*y[2], x[2]*y[1] + x[3]*y[3]}
	for o := 1; o <= 8; o++ {
		if m[o] == product {
			return o
		}
	}
	return 1
}

// heifThumbnail records which item is the thumbnail of the picture.
func (p *parse) heifThumbnail(s section, m *heifMeta) {
	if m.primaryAt == 0 {
		return
	}
	p.f.HEIF = &HEIFItems{PrimaryAt: m.primaryAt, PrimaryBytes: m.primaryBytes}
	for _, id := range m.thumbnails {
		it := m.items[id]
		if it == nil || id == 0 || id == m.primary || m.primaryBytes == 2 && id > 0xFFFF {
			continue
		}
		if it.kind == "jpeg" || p.f.HEIF.Thumbnail != 0 {
			continue
		}
		p.f.HEIF.Thumbnail, p.f.HEIF.HEVC = id, it.kind == "hvc1"
		p.f.HEIF.ThumbnailWidth, p.f.HEIF.ThumbnailHeight = m.size(s, id)
	}
}

// heifContents reads the EXIF and XMP items and the embedded JPEGs.
func (p *parse) heifContents(s section, m *heifMeta) {
	ids := make([]uint32, 0, len(m.items))
	for id, it := range m.items {
		if it.kind == "Exif" || it.kind == "jpeg" || it.mime == "application/rdf+xml" {
			ids = append(ids, id)
		}
	}
	sortIDs(ids)
	for _, id := range ids {
		it := m.items[id]
		part := m.section(s, it)
		switch {
		case part.size == 0:
			p.hint(HintEndsEarly, "an item of the container lies outside the file")
		case it.kind == "Exif" && p.exif.empty():
			p.exifItem(part)
		case it.kind == "jpeg" && len(part.parts) == 1:
			p.addPreview(p.w.whole(), part.parts[0].off, part.size, "HEIF jpeg")
		case it.mime != "":
			p.xmp(part, "XMP")
		}
	}
}

// section is where an item lies in the file.
func (m *heifMeta) section(s section, it *item) section {
	out := section{w: s.w}
	for _, e := range it.extents {
		part := s.sub(e.off, e.n)
		if it.inIdat {
			part = s.sub(m.idat.at, m.idat.size()).sub(e.off, e.n)
		}
		out.parts, out.size = append(out.parts, part.parts...), out.size+part.size
	}
	return out
}

// exifItem reads an EXIF item: a number of bytes to skip, then the TIFF block; some writers put "Exif\0\0" there without counting it.
func (p *parse) exifItem(s section) {
	skip, ok := s.u32(0, binary.BigEndian)
	if !ok {
		return
	}
	for _, at := range []int64{4 + skip, 4, 4 + skip + 6, 10, 0} {
		block := s.sub(at, s.size-at)
		if _, _, ok := openTIFF(block); ok {
			p.exifBlock(block)
			return
		}
	}
	p.hint(HintUnreadable, "the EXIF item holds no TIFF block")
}
