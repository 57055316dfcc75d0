package cut

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// The tags that say where picture data lies (TIFF 6.0; TIFF Technical Note 1; 0118: Panasonic, the place of the sensor data).
const (
	tagStripOffsets = 0x0111
	tagStripBytes   = 0x0117
	tagSensorData   = 0x0118
	tagTileOffsets  = 0x0144
	tagTileBytes    = 0x0145
	tagSubIFDs      = 0x014A
	tagJPEGOffset   = 0x0201
	tagJPEGBytes    = 0x0202
)

// run is a stretch of picture data, end excluded.
type run struct{ start, end int64 }

// tiffWalk goes through the directories of one file.
type tiffWalk struct {
	*reader
	order     binary.ByteOrder
	big       bool // BigTIFF: numbers of 64 bits
	panasonic bool
	ahead     []int64 // directories still to be read
	seen      []int64 // directories found, so that none is read twice
	runs      []run
}

// tiff gives both ends of each run of picture data.
func (f *reader) tiff() []int64 {
	head := f.at(0, 16)
	if head == nil {
		return nil
	}
	t := &tiffWalk{reader: f, order: binary.LittleEndian}
	if head[0] == 'M' {
		t.order = binary.BigEndian
	}
	version := t.order.Uint16(head[2:])
	t.panasonic, t.big = version == 0x55, version == 43
	first := int64(t.order.Uint32(head[4:]))
	if t.big {
		if t.order.Uint16(head[4:]) != 8 || t.order.Uint16(head[6:]) != 0 {
			f.doubt = true
		}
		first = f.number(8, 8, t.order)
	}
	t.follow(first)
	for len(t.ahead) > 0 && !f.doubt {
		off := t.ahead[0]
		t.ahead = t.ahead[1:]
		t.directory(off)
	}
	cuts := make([]int64, 0, 2*len(t.runs))
	for _, r := range t.runs {
		cuts = append(cuts, r.start, r.end)
	}
	return cuts
}

// follow puts a directory on the list. One that is pointed at twice is a doubt: a ring, or damage.
func (t *tiffWalk) follow(off int64) {
	if slices.Contains(t.seen, off) || len(t.seen) == maxDirectories {
		t.doubt = true
		return
	}
	t.seen, t.ahead = append(t.seen, off), append(t.ahead, off)
}

// field is where the numbers of a directory entry lie. An entry that is missing has none.
type field struct {
	at    int64
	count int64
	width int // bytes of each
}

// directory reads one directory: where its picture data lies, which directories hang below it, which one follows.
func (t *tiffWalk) directory(off int64) {
	counter, entry, pointer := 2, int64(12), 4
	if t.big {
		counter, entry, pointer = 8, 20, 8
	}
	count := t.number(off, counter, t.order)
	if count == 0 || count > maxEntries {
		t.doubt = true
		return
	}
	found := map[uint16]field{}
	first := off + int64(counter)
	for i := range count {
		at := first + i*entry
		e := t.at(at, int(entry))
		if e == nil {
			return
		}
		switch tag := t.order.Uint16(e); tag {
		case tagStripOffsets, tagStripBytes, tagSensorData, tagTileOffsets, tagTileBytes, tagSubIFDs, tagJPEGOffset, tagJPEGBytes:
			if _, twice := found[tag]; twice {
				t.doubt = true
				return
			}
			found[tag] = t.field(e, at)
		}
	}
	from := len(t.runs)
	if sensor, ok := found[tagSensorData]; ok && t.panasonic { // what the strips say is wrong beside it
		t.sensor(sensor)
	} else {
		t.images(found[tagStripOffsets], found[tagStripBytes])
	}
	t.images(found[tagTileOffsets], found[tagTileBytes])
	t.runs = joinRuns(t.runs, from)
	t.images(found[tagJPEGOffset], found[tagJPEGBytes]) // a picture of its own, even where it lies directly behind the strips
	t.below(found[tagSubIFDs])
	if next := t.number(first+count*entry, pointer, t.order); next != 0 {
		t.follow(next)
	}
}

// field says where the value of the entry e, which lies at off, stands: in the entry, if it fits there.
func (t *tiffWalk) field(e []byte, off int64) field {
	v := field{width: integerWidth(t.order.Uint16(e[2:]))}
	inline, at := 4, off+8
	v.count = int64(t.order.Uint32(e[4:]))
	if t.big {
		inline, at = 8, off+12
		v.count, _ = decode(e[4:12], t.order)
	}
	if v.width == 0 || v.count == 0 || v.count > maxStrips {
		t.doubt = true
		return v
	}
	bytes, ok := int64(v.width)*v.count, true
	if v.at = at; bytes > int64(inline) {
		v.at, ok = decode(e[at-off:], t.order)
	}
	if !ok || !t.inside(v.at, bytes) {
		t.doubt = true
	}
	return v
}

// integerWidth is the length in bytes of the field types that give a place or a length (TIFF 6.0, section 2; BigTIFF), 0 of all others.
func integerWidth(kind uint16) int {
	switch kind {
	case 3: // SHORT
		return 2
	case 4, 13: // LONG, IFD
		return 4
	case 16, 18: // LONG8, IFD8
		return 8
	}
	return 0
}

// images adds the data of the images whose places and lengths two fields give, as runs in the order in which they are listed.
func (t *tiffWalk) images(places, lengths field) {
	if places.count != lengths.count {
		t.doubt = true
	}
	if t.doubt || places.count == 0 {
		return
	}
	// Both lists are read a piece at a time, so that a long one costs no more memory than a short one.
	const most = 256
	var starts, sizes [most]int64
	at := len(t.runs)
	for done := int64(0); done < places.count && !t.doubt; done += most {
		n := int(min(most, places.count-done))
		t.numbers(starts[:n], places, done)
		t.numbers(sizes[:n], lengths, done)
		if t.doubt {
			return
		}
		for i, length := range sizes[:n] {
			start := starts[i]
			if length == 0 { // left out by the writer
				continue
			}
			if start == 0 || !t.inside(start, length) {
				t.doubt = true
				return
			}
			if last := len(t.runs) - 1; last >= at && start >= t.runs[last].end && start-t.runs[last].end <= maxGap {
				t.runs[last].end = start + length
				continue
			}
			if len(t.runs) == maxRuns {
				t.doubt = true
				return
			}
			t.runs = append(t.runs, run{start, start + length})
		}
	}
}

// numbers reads numbers of a field from the given one on.
func (t *tiffWalk) numbers(out []int64, v field, from int64) {
	b := t.at(v.at+from*int64(v.width), len(out)*v.width)
	if b == nil {
		return
	}
	for i := range out {
		var ok bool
		if out[i], ok = decode(b[i*v.width:][:v.width], t.order); !ok {
			t.doubt = true
		}
	}
}

// joinRuns joins the runs of one directory, which are those from the given one on, whatever their order was.
func joinRuns(runs []run, from int) []run {
	own := runs[from:]
	slices.SortFunc(own, func(a, b run) int { return cmp.Compare(a.start, b.start) })
	n := 0
	for i, r := range own {
		if i > 0 && r.start <= own[n-1].end+maxGap {
			own[n-1].end = max(own[n-1].end, r.end)
			continue
		}
		own[n] = r
		n++
	}
	return runs[:from+n]
}

// sensor adds the sensor data of an RW2. It is the last thing in the file and its length is not reliable.
func (t *tiffWalk) sensor(place field) {
	if place.count != 1 {
		t.doubt = true
		return
	}
	start := t.number(place.at, place.width, t.order)
	if start == 0 || start >= t.size {
		t.doubt = true
		return
	}
	t.runs = append(t.runs, run{start, t.size})
}

// below follows the SubIFDs of a directory, as many as there may be.
func (t *tiffWalk) below(subs field) {
	for i := range subs.count {
		off := t.number(subs.at+i*int64(subs.width), subs.width, t.order)
		if t.doubt {
			return
		}
		t.follow(off)
	}
}
