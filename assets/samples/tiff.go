package samples

import (
	"encoding/binary"
	"slices"
)

// Field types of TIFF 6.0, section 2.
const (
	typeByte     = 1
	typeASCII    = 2
	typeShort    = 3
	typeLong     = 4
	typeRational = 5
)

// Tags of TIFF 6.0, Exif 2.32 and DNG 1.4 that the samples carry.
const (
	tagImageWidth       = 0x0100
	tagImageLength      = 0x0101
	tagBitsPerSample    = 0x0102
	tagCompression      = 0x0103
	tagPhotometric      = 0x0106
	tagMake             = 0x010F
	tagModel            = 0x0110
	tagStripOffsets     = 0x0111
	tagOrientation      = 0x0112
	tagSamplesPerPixel  = 0x0115
	tagRowsPerStrip     = 0x0116
	tagStripByteCounts  = 0x0117
	tagDateTime         = 0x0132
	tagExifIFD          = 0x8769
	tagGPSIFD           = 0x8825
	tagExposureTime     = 0x829A
	tagFNumber          = 0x829D
	tagISO              = 0x8827
	tagExifVersion      = 0x9000
	tagDateTimeOriginal = 0x9003
	tagOffsetOriginal   = 0x9011
	tagFocalLength      = 0x920A
	tagLensModel        = 0xA434
	tagGPSLatitudeRef   = 0x0001
	tagGPSLatitude      = 0x0002
	tagGPSLongitudeRef  = 0x0003
	tagGPSLongitude     = 0x0004
	tagDNGVersion       = 0xC612
	tagUniqueModel      = 0xC614
)

// field is one directory entry, its value already in little-endian bytes.
type field struct {
	tag, kind uint16
	count     uint32
	value     []byte
}

// directory is one IFD; sub names the directories that its pointer fields lead to.
type directory struct {
	fields []field
	sub    map[uint16]*directory
}

func (d *directory) ascii(tag uint16, s string) {
	d.fields = append(d.fields, field{tag, typeASCII, uint32(len(s) + 1), append([]byte(s), 0)})
}

func (d *directory) bytes(tag uint16, b ...byte) {
	d.fields = append(d.fields, field{tag, typeByte, uint32(len(b)), b})
}

func (d *directory) short(tag uint16, values ...uint16) {
	f := field{tag: tag, kind: typeShort, count: uint32(len(values))}
	for _, v := range values {
		f.value = binary.LittleEndian.AppendUint16(f.value, v)
	}
	d.fields = append(d.fields, f)
}

func (d *directory) long(tag uint16, v uint32) {
	d.fields = append(d.fields, field{tag, typeLong, 1, binary.LittleEndian.AppendUint32(nil, v)})
}

// rational takes numerator, denominator, numerator, ...
func (d *directory) rational(tag uint16, parts ...uint32) {
	f := field{tag: tag, kind: typeRational, count: uint32(len(parts) / 2)}
	for _, p := range parts {
		f.value = binary.LittleEndian.AppendUint32(f.value, p)
	}
	d.fields = append(d.fields, f)
}

func (d *directory) point(tag uint16, to *directory) {
	if d.sub == nil {
		d.sub = map[uint16]*directory{}
	}
	d.sub[tag] = to
	d.long(tag, 0)
}

// set overwrites the value of a long that is there already.
func (d *directory) set(tag uint16, v uint32) {
	for i := range d.fields {
		if d.fields[i].tag == tag {
			d.fields[i].value = binary.LittleEndian.AppendUint32(nil, v)
		}
	}
}

// tiff writes a little-endian TIFF file: header, root with all that hangs from it, then pixels as one strip where given
// (the root must then carry tagStripOffsets).
func tiff(root *directory, pixels []byte) []byte {
	if pixels != nil {
		root.set(tagStripOffsets, uint32(8+root.size()))
	}
	file := binary.LittleEndian.AppendUint32([]byte("II*\x00"), 8)
	file = root.append(file)
	return append(file, pixels...)
}

// size is the number of bytes of the directory, its long values and its subdirectories.
func (d *directory) size() int {
	n := 2 + 12*len(d.fields) + 4
	for _, f := range d.fields {
		if len(f.value) > 4 {
			n += len(f.value) + len(f.value)%2
		}
	}
	for _, s := range d.sub {
		n += s.size()
	}
	return n
}

// append writes the directory at the end of file: entries in ascending order as TIFF demands, then long values, then
// subdirectories.
func (d *directory) append(file []byte) []byte {
	slices.SortFunc(d.fields, func(a, b field) int { return int(a.tag) - int(b.tag) })
	next := uint32(len(file) + 2 + 12*len(d.fields) + 4)
	below := next
	for _, f := range d.fields {
		if len(f.value) > 4 {
			below += uint32(len(f.value) + len(f.value)%2)
		}
	}
	var values []byte
	file = binary.LittleEndian.AppendUint16(file, uint16(len(d.fields)))
	var order []*directory
	for _, f := range d.fields {
		file = binary.LittleEndian.AppendUint16(file, f.tag)
		file = binary.LittleEndian.AppendUint16(file, f.kind)
		file = binary.LittleEndian.AppendUint32(file, f.count)
		switch s := d.sub[f.tag]; {
		case s != nil:
			file = binary.LittleEndian.AppendUint32(file, below)
			below += uint32(s.size())
			order = append(order, s)
		case len(f.value) > 4:
			file = binary.LittleEndian.AppendUint32(file, next)
			values = append(values, f.value...)
			if len(f.value)%2 == 1 {
				values = append(values, 0)
			}
			next += uint32(len(f.value) + len(f.value)%2)
		default:
			file = append(file, f.value...)
			file = append(file, make([]byte, 4-len(f.value))...)
		}
	}
	file = append(file, 0, 0, 0, 0) // no further directory
	file = append(file, values...)
	for _, s := range order {
		file = s.append(file)
	}
	return file
}
