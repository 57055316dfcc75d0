package cut

import (
	"encoding/binary"
	"slices"
)

// box is one box (ISO 14496-12, 4.2) in the file.
type box struct {
	kind      string
	head      int64 // where it begins
	body, end int64 // its content
}

// media gives the starts of the boxes of the top level, the start of the content of each mdat and both ends of each Exif and XMP item.
func (f *reader) media() (cuts []int64) {
	var meta []box
	f.boxes(0, f.size, true, func(b box) {
		cuts = append(cuts, b.head)
		switch b.kind {
		case "mdat":
			cuts = append(cuts, b.body)
		case "meta":
			meta = append(meta, b)
		}
	})
	if len(meta) > 1 {
		f.doubt = true
	}
	if len(meta) == 1 && !f.doubt {
		cuts = f.items(meta[0], cuts)
	}
	return cuts
}

// boxes calls do for each box of a range, which they have to fill exactly. Only on the top level may a box reach to the end of the
// file without saying its length.
func (f *reader) boxes(from, to int64, top bool, do func(box)) {
	for n := 0; from < to; n++ {
		if n == maxBoxes {
			f.doubt = true
			return
		}
		h := f.at(from, 8)
		if h == nil {
			return
		}
		b := box{kind: string(h[4:]), head: from, body: from + 8}
		length := int64(binary.BigEndian.Uint32(h))
		if length == 1 {
			length = f.number(from+8, 8, binary.BigEndian)
			b.body += 8
		} else if length == 0 && top {
			length = to - from
		}
		if !printable(b.kind) || length < b.body-from || length > to-from {
			f.doubt = true
		}
		if f.doubt {
			return
		}
		b.end = from + length
		do(b)
		from = b.end
	}
}

// printable tells a box type from bytes that are none: four printable characters, or the © of QuickTime.
func printable(kind string) bool {
	for _, c := range []byte(kind) {
		if (c < 0x20 || c > 0x7E) && c != 0xA9 {
			return false
		}
	}
	return true
}

// items adds both ends of each extent of the items that hold Exif or XMP (ISO 14496-12, 8.11; ISO 23008-12, annex A).
func (f *reader) items(meta box, cuts []int64) []int64 {
	body := meta.body + 4 // version and flags, which QuickTime leaves out
	if h := f.at(meta.body, 8); h != nil && string(h[4:]) == "hdlr" {
		body = meta.body
	}
	var info, location box
	f.boxes(body, meta.end, false, func(b box) {
		switch {
		case b.kind == "iinf" && info.kind == "":
			info = b
		case b.kind == "iloc" && location.kind == "":
			location = b
		case b.kind == "iinf", b.kind == "iloc":
			f.doubt = true
		}
	})
	if f.doubt || info.kind == "" || location.kind == "" {
		return cuts
	}
	wanted := f.metadataItems(info)
	for _, e := range f.extents(location, wanted) {
		cuts = append(cuts, e.start, e.end)
	}
	return cuts
}

// metadataItems gives the numbers of the items of type Exif and mime (XMP).
func (f *reader) metadataItems(info box) (wanted []uint64) {
	version := f.number(info.body, 1, binary.BigEndian)
	from := info.body + 6 // version, flags, a count of 16 bits
	if version != 0 {
		from += 2
	}
	if f.doubt {
		return nil
	}
	f.boxes(from, info.end, false, func(b box) {
		if b.kind != "infe" || b.end-b.body < 12 {
			return
		}
		e := f.at(b.body, 12)
		if e == nil || e[0] != 2 && e[0] != 3 { // older ones have no type
			return
		}
		id, kind := uint64(binary.BigEndian.Uint16(e[4:])), string(e[8:12])
		if e[0] == 3 {
			e = f.at(b.body, 14)
			if b.end-b.body < 14 || e == nil {
				f.doubt = true
				return
			}
			id, kind = uint64(binary.BigEndian.Uint32(e[4:])), string(e[10:14])
		}
		if kind == "Exif" || kind == "mime" {
			wanted = append(wanted, id)
		}
	})
	if len(wanted) > maxItems {
		f.doubt = true
	}
	return wanted
}

// extents gives where the wanted items lie in the file. Those in idat, or made of other items, lie in the meta box or nowhere.
func (f *reader) extents(location box, wanted []uint64) (out []run) {
	t := &table{b: f.all(location.body, location.end-location.body)}
	version := t.next(1)
	t.next(3)
	sizes := t.next(2)
	offsetSize, lengthSize, baseSize, indexSize := int(sizes>>12), int(sizes>>8&15), int(sizes>>4&15), int(sizes&15)
	if version > 2 {
		f.doubt = true
	}
	if version == 0 {
		indexSize = 0
	}
	idSize := 2
	if version == 2 {
		idSize = 4
	}
	left := uint64(maxExtents)
	for n := t.next(idSize); n > 0 && !t.short && !f.over(); n-- {
		id, method := t.next(idSize), uint64(0)
		if version > 0 {
			method = t.next(2) & 15
		}
		elsewhere := t.next(2) != 0 // the index of another file
		mine := slices.Contains(wanted, id) && method == 0 && !elsewhere
		base := t.next(baseSize)
		extents := t.next(2)
		if extents > left {
			f.doubt = true
			return nil
		}
		left -= extents
		for ; extents > 0 && !t.short; extents-- {
			t.next(indexSize)
			start, length := base+t.next(offsetSize), t.next(lengthSize)
			if !mine || t.short {
				continue
			}
			if start < base || start > uint64(f.size) || length == 0 || length > uint64(f.size)-start || len(out) == maxItems {
				f.doubt = true
				return nil
			}
			out = append(out, run{int64(start), int64(start + length)})
		}
	}
	f.doubt = f.doubt || t.short
	return out
}

// table reads numbers of 0 to 8 bytes one after another, big-endian.
type table struct {
	b     []byte
	short bool // more was asked for than is there
}

func (t *table) next(n int) (v uint64) {
	if n > len(t.b) || n > 8 {
		t.short, t.b = true, nil
		return 0
	}
	for _, c := range t.b[:n] {
		v = v<<8 | uint64(c)
	}
	t.b = t.b[n:]
	return v
}
