package photo

import (
	"encoding/binary"
	"slices"
)

// Tags of TIFF 6.0, Exif 2.32 and DNG 1.4 that the walk itself looks at.
const (
	tagNewSubfileType = 0x00FE
	tagWidth          = 0x0100
	tagHeight         = 0x0101
	tagCompression    = 0x0103
	tagStripOffsets   = 0x0111
	tagOrientation    = 0x0112
	tagStripBytes     = 0x0117
	tagSubIFDs        = 0x014A
	tagJPEGOffset     = 0x0201
	tagJPEGBytes      = 0x0202
	tagXMP            = 0x02BC
	tagIPTC           = 0x83BB
	tagExifIFD        = 0x8769
	tagGPSIFD         = 0x8825
	tagMakerNote      = 0x927C
	tagInterop        = 0xA005
	tagDNGVersion     = 0xC612
	tagPanasonicJPEG  = 0x002E
)

// entry is one directory entry whose value was checked against the section. value is nil where only its place is wanted.
type entry struct {
	tag, typ uint16
	count    uint32
	at       int64 // of the value, in the section
	value    []byte
}

// bytes is the length of the value; counts are multiplied in 64 bits, because 8 × 0x20000001 is 8 in 32.
func (e entry) bytes() int64 { return int64(e.count) * typeSize(e.typ) }

func typeSize(typ uint16) int64 {
	switch typ {
	case 1, 2, 6, 7:
		return 1
	case 3, 8:
		return 2
	case 4, 9, 11, 13:
		return 4
	case 5, 10, 12:
		return 8
	}
	return 0
}

// directory is one IFD: the entries that were asked for with their values, and the places of those that the walk follows itself, the first
// of each tag.
type directory struct {
	kept  []entry
	links []entry
	low   []entry // every entry below tag 0020 of a directory in which nothing is asked for; only maker notes number so low
	next  int64
}

// find returns the first entry of a tag.
func find(list []entry, tag uint16) (entry, bool) {
	for i := range list {
		if list[i].tag == tag {
			return list[i], true
		}
	}
	return entry{}, false
}

func add(list *[]entry, e entry) {
	if _, twice := find(*list, e.tag); !twice {
		*list = append(*list, e)
	}
}

// isLink says which entries are followed or measured by the walk and never copied: offsets would be wrong in a copy, maker notes
// and embedded profiles have no business there.
func isLink(tag uint16) bool {
	switch tag {
	case tagStripOffsets, tagStripBytes, tagSubIFDs, tagJPEGOffset, tagJPEGBytes, tagXMP, tagIPTC, 0x8649, 0x8773,
		tagExifIFD, tagGPSIFD, tagMakerNote, tagInterop, 0xC634, 0xC4A5, tagPanasonicJPEG:
		return true
	}
	return false
}

// measured entries are copied and also wanted by the walk.
func isMeasured(tag uint16) bool {
	switch tag {
	case tagNewSubfileType, tagWidth, tagHeight, tagCompression, tagOrientation, tagDNGVersion:
		return true
	}
	return false
}

// tiffWalk walks the directories of one TIFF block. Every offset is followed once, whatever points at it.
type tiffWalk struct {
	s       section
	order   binary.ByteOrder
	seen    []int64
	scratch []byte
}

func newTIFFWalk(s section, order binary.ByteOrder) *tiffWalk {
	return &tiffWalk{s: s, order: order}
}

// openTIFF reads the header of a TIFF block: byte order, a magic number that ORF and RW2 vary, the offset of IFD0.
func openTIFF(s section) (*tiffWalk, int64, bool) {
	head := s.at(0, 8)
	if head == nil {
		return nil, 0, false
	}
	var order binary.ByteOrder
	switch string(head[:2]) {
	case "II":
		order = binary.LittleEndian
	case "MM":
		order = binary.BigEndian
	default:
		return nil, 0, false
	}
	switch order.Uint16(head[2:]) {
	case 42, 0x4F52, 0x5352, 0x0055:
	default:
		return nil, 0, false
	}
	return newTIFFWalk(s, order), int64(order.Uint32(head[4:])), true
}

// directory reads the IFD at off, with the values of the entries that asked names. It gives nil where nothing can be read, where
// the offset was followed before and where the file has used up its directories.
func (t *tiffWalk) directory(off int64, asked []uint16) *directory {
	if off <= 0 || len(t.seen) >= maxIFDs || slices.Contains(t.seen, off) {
		return nil
	}
	t.seen = append(t.seen, off)
	count, ok := t.s.u16(off, t.order)
	if !ok || count == 0 {
		return nil
	}
	n := min(count, maxScanned, (t.s.size-off-2)/12)
	raw := t.s.ahead(off+2, int(n*12), int(n*12))
	if raw == nil {
		return nil
	}
	t.scratch = append(t.scratch[:0], raw...)
	d := &directory{}
	if asked != nil {
		d.kept, d.links = t.s.w.kept.room(min(int(n), len(asked))), t.s.w.kept.room(int(min(n, 8)))
	}
	d.next, _ = t.s.u32(off+2+count*12, t.order)
	budget := int64(maxKeptBytes)
	for i := range n {
		e := t.scratch[i*12:][:12]
		en := entry{tag: t.order.Uint16(e), typ: t.order.Uint16(e[2:]), count: t.order.Uint32(e[4:]), at: off + 2 + i*12 + 8}
		total := en.bytes()
		if total <= 0 {
			continue
		}
		if total > 4 {
			en.at = int64(t.order.Uint32(e[8:]))
		}
		if asked == nil && en.tag < 0x20 && en.at <= t.s.size {
			add(&d.low, en)
		}
		link := isLink(en.tag)
		if (link || isMeasured(en.tag)) && en.at <= t.s.size {
			add(&d.links, en)
		}
		if link || !slices.Contains(asked, en.tag) || en.typ == 13 || en.at > t.s.size || total > t.s.size-en.at || total > min(maxValue, budget) {
			continue
		}
		if _, twice := find(d.kept, en.tag); twice {
			continue
		}
		if typeSize(en.typ) > 1 && en.count > maxElements {
			continue
		}
		if total <= 4 {
			en.value = t.s.w.kept.value(e[8 : 8+total])
		} else if value := t.s.ahead(en.at, int(total), int(total)); value != nil {
			en.value = t.s.w.kept.value(value)
		} else {
			continue
		}
		budget -= total
		d.kept = append(d.kept, en)
	}
	return d
}

// number is element i of an integer entry, read from the file.
func (t *tiffWalk) number(e entry, i uint32) (int64, bool) {
	if i >= e.count {
		return 0, false
	}
	at := e.at + int64(i)*typeSize(e.typ)
	switch e.typ {
	case 1, 7:
		return t.s.u8(at)
	case 3:
		return t.s.u16(at, t.order)
	case 4, 13:
		return t.s.u32(at, t.order)
	}
	return 0, false
}

// link is the first number of a link entry, 0 where it is absent.
func (t *tiffWalk) link(d *directory, tag uint16) int64 {
	e, ok := find(d.links, tag)
	if !ok {
		return 0
	}
	v, _ := t.number(e, 0)
	return v
}
